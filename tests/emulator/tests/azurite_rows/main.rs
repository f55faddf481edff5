//! Where Azurite 3.37, the other emulator, differs from the service: here it is as in the service.
//!
//! One test for each difference that was found in it, in the order of its list: what all answers
//! have in common (1-9), authorization (10-21), messages (22-31), queues (32-37), settings (38-41).

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod answers;
mod authorization;
mod messages;
mod queues;
mod settings;
#[path = "../wire/mod.rs"]
mod wire;

use queue_auth::sas::{AccountSas, SasToken};
use queue_proto::DEVSTORE_ACCOUNT;

use wire::{Wire, key};

pub(crate) fn account_sas(wire: &Wire, letters: &str, types: &str) -> SasToken {
    let (letters, types) = (letters.parse().unwrap(), types.parse().unwrap());
    AccountSas::new(letters, types, wire.after(3600)).sign(DEVSTORE_ACCOUNT, &key()).unwrap()
}

pub(crate) fn acl(identifiers: &str) -> String {
    format!("<SignedIdentifiers>{identifiers}</SignedIdentifiers>")
}

pub(crate) fn identifier(id: &str, policy: &str) -> String {
    format!("<SignedIdentifier><Id>{id}</Id>{policy}</SignedIdentifier>")
}
