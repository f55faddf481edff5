//! [`AccessToken`]: the text of a token, and the time for which it holds.

use std::error::Error;
use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::HeaderValue;
use zeroize::Zeroizing;

use crate::renew::stock::Expires;

const SCHEME: &str = "Bearer ";

/// The longest life of a token, for the arithmetic: longer claims are cut to this.
const LONGEST_LIFE: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// An access token and the time until which it holds.
///
/// `Debug` shows the times only. Clones share one buffer, the header value of every request that was
/// authorized included; it is wiped when the last of them is dropped.
///
/// A token is also a [`TokenSource`](super::TokenSource): one that cannot be renewed.
#[derive(Clone)]
pub struct AccessToken {
    header: HeaderValue,
    expires_at: SystemTime,
    refresh_at: Option<SystemTime>,
}

impl AccessToken {
    /// Makes a token that holds until `expires_at`.
    ///
    /// # Errors
    ///
    /// When the token is empty or has characters that RFC 6750 does not allow in a bearer token
    /// (letters, digits and `-._~+/`, then any `=`). The error shows no part of it.
    pub fn new(
        secret: impl Into<String>,
        expires_at: SystemTime,
    ) -> Result<Self, InvalidAccessToken> {
        let secret = Zeroizing::new(secret.into());
        let body = secret.trim_end_matches('=');
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        if body.is_empty() {
            return Err(InvalidAccessToken { rule: "it is empty" });
        }
        if !body.bytes().all(allowed) {
            return Err(InvalidAccessToken { rule: "it has characters that no bearer token has" });
        }
        let mut line = Zeroizing::new(Vec::with_capacity(SCHEME.len() + secret.len()));
        line.extend_from_slice(SCHEME.as_bytes());
        line.extend_from_slice(secret.as_bytes());
        let mut header = HeaderValue::from_maybe_shared(Bytes::from_owner(line))
            .map_err(|_| InvalidAccessToken { rule: "no header can carry it" })?;
        header.set_sensitive(true);
        Ok(Self { header, expires_at, refresh_at: None })
    }

    /// Makes a token that was issued at `now` for the time `lifetime`, as `expires_in` says. More than a
    /// year counts as a year.
    ///
    /// # Errors
    ///
    /// When [`new`](Self::new) refuses the token.
    pub fn issued(
        secret: impl Into<String>,
        now: SystemTime,
        lifetime: Duration,
    ) -> Result<Self, InvalidAccessToken> {
        let expires_at = now.checked_add(lifetime.min(LONGEST_LIFE)).unwrap_or(now);
        Self::new(secret, expires_at)
    }

    /// Asks for a refresh from `time` on, as the provider advises with `refresh_in`. Without it, or
    /// when it lies after the time that [`Bearer`](super::Bearer) would choose, `Bearer` chooses.
    #[must_use]
    pub fn refresh_at(mut self, time: SystemTime) -> Self {
        self.refresh_at = Some(time);
        self
    }

    /// The text of the token. Whoever has it has its rights: keep it out of logs.
    pub fn secret(&self) -> &str {
        self.header.to_str().ok().and_then(|line| line.strip_prefix(SCHEME)).unwrap_or_default()
    }

    /// The time from which the token does not hold any more.
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// Says whether the token holds at `now`.
    pub fn is_valid_at(&self, now: SystemTime) -> bool {
        now < self.expires_at
    }

    pub(super) fn header(&self) -> HeaderValue {
        self.header.clone()
    }
}

impl Expires for AccessToken {
    // The longest that the provider issues, those of managed identities, hold about a day.
    const LONGEST_USE: Duration = Duration::from_secs(24 * 60 * 60);

    fn end(&self) -> Option<SystemTime> {
        Some(self.expires_at)
    }

    fn advised_renewal(&self) -> Option<SystemTime> {
        self.refresh_at
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("expires_at", &crate::date::show(&self.expires_at))
            .finish_non_exhaustive()
    }
}

/// The error for text that is no access token. It shows no part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidAccessToken {
    rule: &'static str,
}

impl fmt::Display for InvalidAccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the access token is unusable: {}", self.rule)
    }
}

impl Error for InvalidAccessToken {}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    #[test]
    fn only_bearer_token_characters() {
        for right in ["eyJ0.eyJh.sig-_", "a", "A+/~==", "0"] {
            assert_eq!(AccessToken::new(right, NOW).unwrap().secret(), right);
        }
        for wrong in ["", "=", "a b", "a\r\nx-evil: 1", "a=b", "ü", "a\0", "\"a\""] {
            let error = AccessToken::new(wrong, NOW).unwrap_err();
            assert!(wrong.len() < 3 || !error.to_string().contains(wrong));
        }
    }

    #[test]
    fn header_is_sensitive_and_debug_redacted() {
        let token = AccessToken::issued("top-secret", NOW, Duration::from_secs(60)).unwrap();
        assert!(token.header().is_sensitive());
        assert_eq!(token.header().as_bytes(), b"Bearer top-secret");
        assert!(!format!("{token:?} {token:#?} {:?}", token.header()).contains("secret"));
    }

    #[test]
    fn absurd_lifetimes_are_cut() {
        let token = AccessToken::issued("a", NOW, Duration::MAX).unwrap();
        assert_eq!(token.expires_at(), NOW + LONGEST_LIFE);
        assert!(!AccessToken::issued("a", NOW, Duration::ZERO).unwrap().is_valid_at(NOW));
    }
}
