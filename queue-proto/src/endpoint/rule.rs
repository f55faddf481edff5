//! The rule by which a URL names its account: [`split`] applies it to the URL of an account or a
//! queue, and [`Endpoint`](crate::Endpoint#where-the-account-is) states it for readers.

use std::net::Ipv4Addr;

use http::uri::Authority;

use crate::endpoint::invalid::InvalidEndpoint;
use crate::endpoint::url::{UrlParts, check_authority};
use crate::name::AccountName;

/// The mark that follows the account in the address of its secondary.
pub(super) const SECONDARY: &str = "-secondary";

/// The segment of a path that stands between a queue and a message.
const MESSAGES: &str = "messages";

/// The parts that the URL of an account or a queue names by itself.
pub(super) struct Named<'a> {
    pub(super) account: AccountName,
    /// The base URL of the account.
    pub(super) base: &'a str,
    pub(super) queue: Option<&'a str>,
}

/// Reads the URL of an account, of a queue, of its messages or of one message.
pub(super) fn split(url: &str) -> Result<Named<'_>, InvalidEndpoint> {
    let parts = UrlParts::split(url)?;
    let authority = check_authority(parts.authority, parts.scheme)?;
    let origin_length = url.len() - parts.path.len();
    let origin = url.get(..origin_length).unwrap_or(url);

    let mut segments = parts.path.strip_suffix('/').unwrap_or(parts.path).split('/');
    let (base, account) = match account_in_host(authority.host()) {
        Some(account) => (origin, account),
        None => {
            let first = segments.next().filter(|first| !first.is_empty());
            let first = first.ok_or(InvalidEndpoint::NoAccount)?;
            let account = account_of_label(first).ok_or(InvalidEndpoint::NoAccount)?;
            (url.get(..origin_length + first.len()).unwrap_or(url), account)
        }
    };
    let queue = segments.next().filter(|queue| !queue.is_empty());
    let behind = (segments.next(), segments.next(), segments.next());
    match (queue, behind) {
        // `/orders/messages` on a host with a domain that is not the service's: an account and its
        // queue, or a queue and its messages on a domain of the account's own.
        (Some(MESSAGES), (None, ..)) if is_ambiguous(&authority) => Err(InvalidEndpoint::Ambiguous),
        (_, (None, ..)) | (Some(_), (Some(MESSAGES), _, None)) => {
            Ok(Named { account, base, queue })
        }
        _ => Err(InvalidEndpoint::Resource),
    }
}

/// Says whether a host could be a domain of the account's own as well as that of an emulator.
pub(super) fn is_ambiguous(authority: &Authority) -> bool {
    let host = authority.host();
    has_domain(host) && account_in_host(host).is_none()
}

/// The account that a host of the service names: `{account}.queue.{suffix}`, where the account may
/// have the marks of a secondary and of an address family, and `queue` may follow on a DNS zone
/// (`z01`) or `privatelink`.
pub(super) fn account_in_host(host: &str) -> Option<AccountName> {
    let host = host.to_ascii_lowercase();
    let mut labels = host.split('.');
    let account = labels.next()?;
    let mut labels = labels.skip_while(|label| *label == "privatelink" || is_zone(label));
    if labels.next()? != "queue" {
        return None;
    }
    // `azurite.queue.svc.cluster.local` is a service of Kubernetes in the namespace "queue".
    labels.next().filter(|label| *label != "svc")?;
    account_of_label(account)
}

fn is_zone(label: &str) -> bool {
    label
        .strip_prefix('z')
        .is_some_and(|digits| digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Says whether a host is a name of several labels, such as `queues.contoso.example`: neither an
/// address nor a name that only one machine or one network of containers knows.
pub(super) fn has_domain(host: &str) -> bool {
    let is_address = host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok();
    !is_address && host.contains('.')
}

/// The account in the first label of a host, or in the first segment of a path.
fn account_of_label(label: &str) -> Option<AccountName> {
    let name = ["-ipv6", "-dualstack", SECONDARY]
        .iter()
        .fold(label, |name, mark| name.strip_suffix(mark).unwrap_or(name));
    AccountName::new(name).ok()
}
