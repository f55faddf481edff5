//! [`endpoint`]: the account that a request goes to, and the address by which the client knows it.

use std::borrow::Cow;

use http::Request;
use http::header::HOST;
use queue_proto::{AccountName, Endpoint, ErrorCode, ServiceError};

use crate::account::Account;
use crate::emulator::Emulator;

const SECONDARY: &str = "-secondary";

/// The endpoint of the account's primary, in the style and with the host that the client used.
///
/// The account is in the host (`account.queue.localhost`), or else the first segment of the path
/// (`/account/queue`); both may name the secondary.
pub(crate) fn endpoint<B>(
    request: &Request<B>,
    https: bool,
    emulator: &Emulator,
) -> Result<Endpoint, ServiceError> {
    let authority = &*authority(request)?;
    let in_host = authority
        .split_once(".queue.")
        .and_then(|(label, rest)| Some((find(emulator, label)?, Some(rest))));
    let (account, host) = match in_host {
        Some(found) => found,
        None => {
            let path = request.uri().path();
            let segment = path.trim_start_matches('/').split('/').next().unwrap_or_default();
            (find(emulator, segment).ok_or(ErrorCode::ResourceNotFound)?, None)
        }
    };
    emulator.last_endpoint().get_or_make(authority, https, account, || {
        let scheme = if https { "https" } else { "http" };
        let url = match host {
            Some(rest) => format!("{scheme}://{account}.queue.{rest}"),
            None => format!("{scheme}://{authority}/{account}"),
        };
        Endpoint::parse(&url, account.clone()).map_err(|_| ErrorCode::InvalidUri.into())
    })
}

/// The account of this name, or whose secondary has it.
fn find<'a>(emulator: &'a Emulator, name: &str) -> Option<&'a AccountName> {
    let primary = name.strip_suffix(SECONDARY).unwrap_or(name);
    emulator.accounts().iter().map(Account::name).find(|account| account.as_str() == primary)
}

/// Host and port that the client used. HTTP/1.0 has none, and then any will do.
///
/// Names of hosts have no case, so they are compared in lower case.
fn authority<B>(request: &Request<B>) -> Result<Cow<'_, str>, ServiceError> {
    let given = match (request.uri().authority(), request.headers().get(HOST)) {
        (Some(authority), _) => authority.as_str(),
        (None, None) => "localhost",
        (None, Some(host)) => host.to_str().map_err(|_| ErrorCode::InvalidHeaderValue)?,
    };
    if given.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Ok(Cow::Owned(given.to_ascii_lowercase()));
    }
    Ok(Cow::Borrowed(given))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(uri: &str, host: Option<&str>) -> Option<String> {
        let mut request = Request::get(uri);
        if let Some(host) = host {
            request = request.header(HOST, host);
        }
        let account = Account::new("contoso", &["a2V5"]).unwrap();
        let emulator = Emulator::builder().account(account).account(Account::devstore()).build();
        let endpoint = endpoint(&request.body(()).unwrap(), false, &emulator).ok()?;
        Some(endpoint.to_string())
    }

    #[test]
    fn account_in_the_path_or_in_the_host() {
        let local = Some("127.0.0.1:10001");
        for (uri, host, endpoint) in [
            ("/devstoreaccount1/q/messages", local, "http://127.0.0.1:10001/devstoreaccount1/"),
            ("/contoso?comp=list", local, "http://127.0.0.1:10001/contoso/"),
            ("/contoso-secondary/", local, "http://127.0.0.1:10001/contoso/"),
            ("http://azurite:1/contoso/q", None, "http://azurite:1/contoso/"),
            ("/q", Some("contoso.queue.localhost:1"), "http://contoso.queue.localhost:1/"),
            // The account's name is also a good name for a queue.
            ("/contoso", Some("contoso.queue.localhost"), "http://contoso.queue.localhost/"),
            ("/q", Some("contoso-secondary.queue.localhost"), "http://contoso.queue.localhost/"),
            ("/q", Some("Contoso.Queue.LocalHost"), "http://contoso.queue.localhost/"),
            ("/contoso/q", None, "http://localhost/contoso/"),
        ] {
            assert_eq!(target(uri, host).as_deref(), Some(endpoint), "{uri} {host:?}");
        }
    }

    #[test]
    fn unknown_accounts_are_not_served() {
        for (uri, host) in [
            ("/", "127.0.0.1"),
            ("/other/q", "127.0.0.1"),
            ("/q", "other.queue.localhost"),
            ("/contoso-tertiary/q", "127.0.0.1"),
            ("/contoso/q", "host with blanks"),
        ] {
            assert_eq!(target(uri, Some(host)), None, "{uri} {host}");
        }
    }
}
