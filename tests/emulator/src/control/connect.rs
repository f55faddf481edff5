//! Whether the emulator is there, and how to connect to it.

use bytes::Bytes;
use http::{HeaderValue, Response};
use queue_proto::header::REQUEST_ID;
use queue_proto::{DEVSTORE_ACCOUNT, DEVSTORE_KEY};
use serde_json::{Value, json};

use super::answer::{Ask, json as answer};
use super::show::time;
use crate::account::Account;
use crate::emulator::Emulator;

/// What stands in a connection string in place of a key that is nobody's business.
const SECRET: &str = "<the key of the account>";

/// That the emulator is there, with the header by which the program knows one of its kind.
pub(super) fn health(emulator: &Emulator) -> Response<Bytes> {
    let mut response = answer(&json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "now": time(emulator.message_time()),
        "recording": emulator.watch().is_some(),
    }));
    if let Ok(id) = HeaderValue::try_from(emulator.next_request_id().to_string()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

pub(super) fn connect(ask: &Ask<'_>) -> Response<Bytes> {
    let accounts: Vec<Value> = ask
        .emulator
        .accounts()
        .iter()
        .map(|account| {
            json!({
                "name": account.name().as_str(),
                "connectionString": connection_string(account, ask.service_url),
                "published": is_published(account),
            })
        })
        .collect();
    answer(&json!({ "url": ask.service_url, "accounts": accounts }))
}

/// Whether everybody knows the key of the account.
fn is_published(account: &Account) -> bool {
    account.name().as_str() == DEVSTORE_ACCOUNT && {
        let whole = account.connection_string("");
        whole.contains(DEVSTORE_KEY)
    }
}

fn connection_string(account: &Account, url: &str) -> String {
    if is_published(account) {
        return account.connection_string(url);
    }
    let scheme = url.split_once(':').map_or("http", |(scheme, _)| scheme);
    let name = account.name();
    format!(
        "DefaultEndpointsProtocol={scheme};AccountName={name};AccountKey={SECRET};\
         QueueEndpoint={url}/{name};"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_published_key_is_shown() {
        let account = Account::new("contoso", &["c2VjcmV0"]).unwrap();
        let shown = connection_string(&account, "http://127.0.0.1:1");
        assert!(!shown.contains("c2VjcmV0"), "{shown}");
        assert!(shown.contains("AccountName=contoso"), "{shown}");
        let shown = connection_string(&Account::devstore(), "http://127.0.0.1:1");
        assert_eq!(shown, Account::devstore().connection_string("http://127.0.0.1:1"));
        let other = Account::new(DEVSTORE_ACCOUNT, &["c2VjcmV0"]).unwrap();
        assert!(!connection_string(&other, "http://h").contains("c2VjcmV0"));
    }
}
