//! One location of a service, and the check of its URL.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use http::uri::Authority;

use crate::endpoint::{AddressingStyle, InvalidEndpoint, Scheme};
use crate::name::AccountName;

/// One location: scheme, host and port, and the account in front of the path if it is there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Base {
    pub(super) scheme: Scheme,
    pub(super) authority: Authority,
    /// Empty in host style; `/account` or `/account-secondary` in path style.
    pub(super) prefix: Arc<str>,
}

impl Base {
    pub(super) fn parse(url: &str, account: &AccountName) -> Result<Self, InvalidEndpoint> {
        if url.contains(['?', '#']) {
            return Err(InvalidEndpoint::Query);
        }
        let (scheme, rest) = url.split_once("://").ok_or(InvalidEndpoint::NotAUrl)?;
        let scheme = match scheme {
            _ if scheme.eq_ignore_ascii_case("http") => Scheme::Http,
            _ if scheme.eq_ignore_ascii_case("https") => Scheme::Https,
            _ => return Err(InvalidEndpoint::Scheme),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let authority = check_authority(authority, scheme)?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let prefix = if path.is_empty() {
            String::new()
        } else if path.strip_suffix(SECONDARY).unwrap_or(path) == account.as_str() {
            format!("/{path}")
        } else {
            return Err(InvalidEndpoint::Path);
        };
        Ok(Self { scheme, authority, prefix: prefix.into() })
    }

    pub(super) fn style(&self) -> AddressingStyle {
        if self.prefix.is_empty() { AddressingStyle::Host } else { AddressingStyle::Path }
    }

    /// The secondary by the service's rule: `-secondary` behind the account, in the path or in the
    /// first label of the host, there in front of `-ipv6` and `-dualstack`.
    pub(super) fn secondary(&self, account: &AccountName) -> Option<Self> {
        let mut base = self.clone();
        if !self.prefix.is_empty() {
            if self.prefix.ends_with(SECONDARY) {
                return None;
            }
            base.prefix = format!("{}{SECONDARY}", self.prefix).into();
            return Some(base);
        }
        let rest = self.authority.as_str().strip_prefix(account.as_str())?;
        let marked = ["", "-ipv6", "-dualstack"]
            .iter()
            .any(|mark| rest.strip_prefix(mark).is_some_and(|rest| rest.starts_with('.')));
        if !marked {
            return None;
        }
        // The longer name may be too long for DNS.
        base.authority =
            check_authority(&format!("{account}{SECONDARY}{rest}"), self.scheme).ok()?;
        Some(base)
    }
}

const SECONDARY: &str = "-secondary";

/// Checks host and port, and brings them into the form in which URL parsers leave them alone.
fn check_authority(authority: &str, scheme: Scheme) -> Result<Authority, InvalidEndpoint> {
    if authority.contains('@') {
        return Err(InvalidEndpoint::UserInfo);
    }
    // The colon of a port comes after the bracket of an IPv6 address.
    let (host, port) = match authority.rfind(':') {
        Some(colon) if !authority.ends_with(']') => {
            authority.split_at_checked(colon).ok_or(InvalidEndpoint::Host)?
        }
        _ => (authority, ""),
    };
    let host = check_host(&host.to_ascii_lowercase())?;
    let port = match port.strip_prefix(':') {
        None | Some("") => None,
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            Some(digits.parse::<u16>().map_err(|_| InvalidEndpoint::Port)?)
        }
        Some(_) => return Err(InvalidEndpoint::Port),
    };
    let authority = match port {
        Some(0) => return Err(InvalidEndpoint::Port),
        Some(port) if port != scheme.default_port() => format!("{host}:{port}"),
        _ => host,
    };
    Authority::try_from(authority).map_err(|_| InvalidEndpoint::Host)
}

fn check_host(host: &str) -> Result<String, InvalidEndpoint> {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        let address: Ipv6Addr = address.parse().map_err(|_| InvalidEndpoint::Host)?;
        // Rust writes the last part of such an address with dots, URL parsers do not.
        return Ok(match (address.to_ipv4_mapped(), address.segments()) {
            (Some(_), [.., high, low]) => format!("[::ffff:{high:x}:{low:x}]"),
            (None, _) => format!("[{address}]"),
        });
    }
    // The longest name of DNS has 253 characters.
    let fits = (1..=253).contains(&host.len())
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
        && !host.split('.').any(str::is_empty);
    // URL parsers read a host whose last label is a number as an IPv4 address.
    let last = host.rsplit('.').next().unwrap_or_default();
    let numeric = last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x");
    if !fits || (numeric && host.parse::<Ipv4Addr>().is_err()) {
        return Err(InvalidEndpoint::Host);
    }
    Ok(host.to_owned())
}
