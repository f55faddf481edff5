//! [`Base`]: one location of a service, read from a URL and an account that is known.

use std::sync::Arc;

use http::uri::Authority;

use crate::endpoint::invalid::InvalidEndpoint;
use crate::endpoint::rule::{self, SECONDARY};
use crate::endpoint::url::{Scheme, UrlParts, check_authority};
use crate::name::AccountName;

/// The longest path in front of the queue, in bytes. Servers read targets of a few thousand bytes,
/// and most of these belong to the queue, the message and its receipt.
const MAX_PREFIX: usize = 1024;

/// The way in which a URL names the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the service has these two forms")]
pub enum AddressingStyle {
    /// The host, and the prefix of the path if there is one, belong to the account: the path does
    /// not name it.
    Host,
    /// The segment of the path in front of the queue is the account.
    Path,
}

/// One location: scheme, host and port, and the path in front of the queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Base {
    pub(super) scheme: Scheme,
    pub(super) authority: Authority,
    /// The path in front of the queue: empty, or it starts with a slash and ends without one.
    pub(super) prefix: Arc<str>,
    /// Says whether the last segment of the prefix is the account, or the account and
    /// `-secondary`.
    pub(super) names_account: bool,
}

impl Base {
    /// Reads a base URL of an account that is known, by the rule of
    /// [`Endpoint`](crate::Endpoint#where-the-account-is).
    pub(super) fn parse(url: &str, account: &AccountName) -> Result<Self, InvalidEndpoint> {
        let parts = UrlParts::split(url)?;
        let authority = check_authority(parts.authority, parts.scheme)?;
        let path = parts.path.strip_suffix('/').unwrap_or(parts.path);
        let mut base =
            Self { scheme: parts.scheme, authority, prefix: Arc::default(), names_account: false };
        if path.is_empty() {
            return Ok(base);
        }
        base.prefix = check_prefix(path)?;
        base.names_account = path.rsplit('/').next().is_some_and(|last| names(last, account));
        let host = base.authority.host();
        if rule::account_in_host(host).is_some() {
            return Err(InvalidEndpoint::ServicePath);
        }
        let names_it_elsewhere = path.split('/').any(|segment| names(segment, account));
        if !base.names_account && (names_it_elsewhere || !rule::has_domain(host)) {
            return Err(InvalidEndpoint::Path);
        }
        Ok(base)
    }

    pub(super) fn style(&self) -> AddressingStyle {
        if self.names_account { AddressingStyle::Path } else { AddressingStyle::Host }
    }

    /// The same location with another path in front of the account, or of the queue where the path
    /// does not name the account.
    pub(super) fn with_prefix(mut self, prefix: &str) -> Result<Self, InvalidEndpoint> {
        let path = prefix.strip_suffix('/').unwrap_or(prefix);
        let path = path.strip_prefix('/').unwrap_or(path);
        let account = self.prefix.rsplit('/').next().filter(|_| self.names_account);
        let path = match account {
            Some(account) if path.is_empty() => account.to_owned(),
            Some(account) => format!("{path}/{account}"),
            None => path.to_owned(),
        };
        self.prefix = if path.is_empty() { Arc::default() } else { check_prefix(&path)? };
        Ok(self)
    }

    /// The secondary by the service's rule: `-secondary` behind the account, in the path or in the
    /// first label of the host, there in front of `-ipv6` and `-dualstack`.
    pub(super) fn secondary(&self, account: &AccountName) -> Option<Self> {
        let mut base = self.clone();
        if self.names_account {
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

fn names(segment: &str, account: &AccountName) -> bool {
    segment.strip_suffix(SECONDARY).unwrap_or(segment) == account.as_str()
}

/// Checks a path without its first slash. Only what URL parsers leave alone may stand in it, since
/// Shared Key signs the path as it is sent.
fn check_prefix(path: &str) -> Result<Arc<str>, InvalidEndpoint> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    let fits = path.len() < MAX_PREFIX
        && path
            .split('/')
            .all(|segment| !matches!(segment, "" | "." | "..") && segment.bytes().all(plain));
    if fits { Ok(format!("/{path}").into()) } else { Err(InvalidEndpoint::PathCharacters) }
}
