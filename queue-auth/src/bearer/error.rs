//! [`TokenError`]: why a source gave no token.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::redact::{redact, shown};
use super::token::InvalidAccessToken;
use crate::error::{AuthError, BoxError};

/// The reason why a [`TokenSource`](super::TokenSource) gave no token. It never holds a secret, and is
/// cheap to clone, so that all who wait for one fetch share its error.
///
/// In an [`AuthError`] it is the `source` of [`Unavailable`](AuthError::Unavailable);
/// [`TokenError::of`] finds it there.
#[derive(Clone, Debug)]
pub struct TokenError {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    kind: TokenErrorKind,
    retry_after: Option<Duration>,
    source: Option<BoxError>,
}

/// The kinds of a [`TokenError`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenErrorKind {
    /// The identity provider gave no answer: no connection, or it broke. A later try may succeed.
    Unreachable,
    /// The identity provider answered that it cannot answer now: status 429 or 5xx. A later try may
    /// succeed; [`TokenError::retry_after`] says when.
    Busy {
        /// The HTTP status of the answer.
        status: u16,
    },
    /// The identity provider refused, with the fields `error` and `error_description` of RFC 6749.
    Refused {
        /// The error code, such as `invalid_client`.
        error: String,
        /// The words of the provider, shortened, and without what looks like a secret.
        description: Option<String>,
    },
    /// The answer of the identity provider is not what the protocol allows.
    InvalidAnswer {
        /// The rule that is broken, in words.
        rule: Cow<'static, str>,
    },
    /// The storage account belongs to another tenant than the one the source is set to.
    WrongTenant {
        /// The tenant that the source is set to.
        configured: String,
        /// The tenant that the service named.
        discovered: String,
    },
    /// The assertion that stands for the client secret could not be obtained.
    Assertion,
    /// A credential of another library failed.
    Credential {
        /// The words of that library, shortened, and without what looks like a secret.
        message: String,
    },
    /// A setting is wrong. Trying again does not help.
    Setting {
        /// The name of the setting.
        name: &'static str,
        /// The rule that is broken, in words.
        rule: Cow<'static, str>,
    },
}

impl TokenError {
    /// Makes an error of the given kind.
    pub fn new(kind: TokenErrorKind) -> Self {
        Self { inner: Arc::new(Inner { kind, retry_after: None, source: None }) }
    }

    /// Makes a refusal with the fields `error` and `error_description` of RFC 6749, made fit to be shown:
    /// on one line, at most 1,000 bytes, and with `secrets` and every long run of token characters
    /// replaced. What a provider or an attacker in its place sends back may quote the request.
    pub fn refused(error: &str, description: Option<&str>, secrets: &[&str]) -> Self {
        Self::new(TokenErrorKind::Refused {
            error: redact(error, secrets),
            description: description.map(|text| redact(text, secrets)),
        })
    }

    /// Adds the cause. It must not show a secret.
    #[must_use]
    pub fn with_source(self, source: impl Into<BoxError>) -> Self {
        self.map(|inner| inner.source = Some(source.into()))
    }

    /// Adds the time for which not to ask again, as the header `Retry-After` says it.
    #[must_use]
    pub fn with_retry_after(self, delay: Duration) -> Self {
        self.map(|inner| inner.retry_after = Some(delay))
    }

    fn map(self, change: impl FnOnce(&mut Inner)) -> Self {
        // A clone that is already out keeps what it has; it can share all but the cause.
        let mut inner = Arc::try_unwrap(self.inner).unwrap_or_else(|shared| Inner {
            kind: shared.kind.clone(),
            retry_after: shared.retry_after,
            source: None,
        });
        change(&mut inner);
        Self { inner: Arc::new(inner) }
    }

    pub(super) fn invalid_answer(rule: impl Into<Cow<'static, str>>) -> Self {
        Self::new(TokenErrorKind::InvalidAnswer { rule: rule.into() })
    }

    pub(super) fn setting(name: &'static str, rule: impl Into<Cow<'static, str>>) -> Self {
        Self::new(TokenErrorKind::Setting { name, rule: rule.into() })
    }

    /// The kind of the error.
    pub fn kind(&self) -> &TokenErrorKind {
        &self.inner.kind
    }

    /// The time for which the provider asks not to be asked again.
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after
    }

    /// Says whether a later try may succeed without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        match &self.inner.kind {
            TokenErrorKind::Unreachable | TokenErrorKind::Busy { .. } => true,
            TokenErrorKind::Refused { error, .. } => {
                matches!(error.as_str(), "temporarily_unavailable" | "server_error" | "slow_down")
            }
            _ => false,
        }
    }

    /// The token error inside an [`AuthError`], if that is why it failed.
    pub fn of(error: &AuthError) -> Option<&Self> {
        error.source().and_then(<dyn Error>::downcast_ref)
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.inner.kind {
            TokenErrorKind::Unreachable => f.write_str("the identity provider gave no answer"),
            TokenErrorKind::Busy { status } => {
                write!(f, "the identity provider cannot answer now (status {status})")
            }
            TokenErrorKind::Refused { error, description: None } => {
                write!(f, "the identity provider refused: {}", shown(error))
            }
            TokenErrorKind::Refused { error, description: Some(description) } => {
                write!(f, "the identity provider refused: {}: {}", shown(error), shown(description))
            }
            TokenErrorKind::InvalidAnswer { rule } => {
                write!(f, "the answer of the identity provider is not valid: {rule}")
            }
            TokenErrorKind::WrongTenant { configured, discovered } => write!(
                f,
                "the storage account belongs to tenant {discovered}, \
                 but tokens come from tenant {configured}"
            ),
            TokenErrorKind::Assertion => f.write_str("the client assertion could not be obtained"),
            TokenErrorKind::Credential { message } => {
                write!(f, "the credential gave no token: {}", shown(message))
            }
            TokenErrorKind::Setting { name, rule } => write!(f, "{name} is not usable: {rule}"),
        }
    }
}

impl Error for TokenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.inner.source.as_ref().map(|source| &**source as _)
    }
}

impl From<InvalidAccessToken> for TokenError {
    fn from(error: InvalidAccessToken) -> Self {
        Self::invalid_answer(error.to_string())
    }
}

impl From<TokenError> for AuthError {
    fn from(error: TokenError) -> Self {
        let (transient, retry_after) = (error.is_transient(), error.retry_after());
        Self::Unavailable {
            reason: "no access token".into(),
            source: Some(Box::new(error)),
            transient,
            retry_after,
        }
    }
}
