//! How strictly requests are read: what the service refuses is refused here too, with its code, in
//! the order of its checks and with a reason that a log may print.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../it/common.rs"]
mod common;
mod heads;
mod order;
#[expect(dead_code, reason = "shared with the tests of the listener, which use the rest")]
#[path = "../it/plain.rs"]
mod plain;
mod query;
mod reasons;
mod spelling;
mod taken;
#[expect(dead_code, reason = "shared with the list of differences, which uses all of it")]
#[path = "../wire/mod.rs"]
mod wire;

use queue_auth::sas::AccountSas;
use queue_proto::DEVSTORE_ACCOUNT;

use wire::{Wire, key};

/// A signature for everything that account signatures are for.
pub(crate) fn account_sas(wire: &Wire) -> String {
    let (letters, types) = ("rwdlacup".parse().unwrap(), "sco".parse().unwrap());
    let sas = AccountSas::new(letters, types, wire.after(3600));
    sas.sign(DEVSTORE_ACCOUNT, &key()).unwrap().expose().to_owned()
}
