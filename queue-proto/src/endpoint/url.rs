//! [`UrlParts`]: a URL cut into its parts, and the checks of host and port.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::uri::{self, Authority};

use crate::endpoint::invalid::InvalidEndpoint;

/// The scheme of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the service has these two")]
pub enum Scheme {
    /// Plain HTTP, which anybody on the way can read.
    Http,
    /// HTTP over TLS, `https`.
    Https,
}

impl Scheme {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    pub(super) fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    pub(super) fn to_uri_scheme(self) -> uri::Scheme {
        match self {
            Self::Http => uri::Scheme::HTTP,
            Self::Https => uri::Scheme::HTTPS,
        }
    }
}

/// A URL without a query, cut where its parts end.
pub(super) struct UrlParts<'a> {
    pub(super) scheme: Scheme,
    pub(super) authority: &'a str,
    /// The path without the slash that it starts with.
    pub(super) path: &'a str,
}

impl<'a> UrlParts<'a> {
    pub(super) fn split(url: &'a str) -> Result<Self, InvalidEndpoint> {
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
        Ok(Self { scheme, authority, path })
    }
}

/// Checks host and port, and brings them into the form in which URL parsers leave them alone.
pub(super) fn check_authority(
    authority: &str,
    scheme: Scheme,
) -> Result<Authority, InvalidEndpoint> {
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
