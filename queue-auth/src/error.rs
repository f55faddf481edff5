//! [`AuthError`]: why a request could not be authorized.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use http::HeaderName;

use crate::service::Service;

/// Any error, as the cause of an [`AuthError`].
pub type BoxError = Box<dyn Error + Send + Sync>;

/// The reason why a request could not be authorized. It never holds a secret.
#[derive(Debug)]
#[non_exhaustive]
pub enum AuthError {
    /// A header that is signed occurs more than once; the service refuses that with 400.
    RepeatedHeader {
        /// The name of the header.
        name: HeaderName,
    },
    /// A header that is signed holds bytes that are not UTF-8, so no string to sign exists.
    HeaderNotText {
        /// The name of the header.
        name: HeaderName,
    },
    /// The value of a header that is signed has blanks at its ends, which HTTP drops on the way: the
    /// service would see another value.
    ChangedByHttp {
        /// The name of the header.
        name: HeaderName,
    },
    /// A query parameter is not UTF-8 after percent-decoding, so no string to sign exists, or holds
    /// a line end, so that one signature would fit two requests.
    QueryNotText {
        /// The position of the parameter in the query, counted from zero.
        position: usize,
    },
    /// The time is before 1970 or after 9999 and no HTTP date can express it.
    TimeOutOfRange,
    /// The account name cannot stand in a header.
    InvalidAccount,
    /// The request is for a service whose requests are signed by other rules, by its host name or, under
    /// other names, by its headers for tables; see [`SharedKey::for_service`](crate::SharedKey::for_service).
    OtherService {
        /// The service of the request.
        host: Service,
        /// The service for which the signer signs.
        signer: Service,
    },
    /// The header `x-ms-version` is missing, without which the service refuses a Shared Key; see
    /// [`SharedKey::without_version`](crate::SharedKey::without_version).
    MissingVersion,
    /// The URI with the credential appended is not a valid URI (too long, most likely).
    InvalidUri,
    /// The request has too many headers to add one.
    TooManyHeaders,
    /// The request goes over plain http, where everybody on the way could take the credential.
    ClearText,
    /// No credential is valid at the given time: none was fetched yet, or it has expired.
    /// Call [`Authorize::refresh`](crate::Authorize::refresh) first.
    NotReady {
        /// The thing that is missing, in words.
        reason: Cow<'static, str>,
    },
    /// A credential could not be obtained.
    #[non_exhaustive]
    Unavailable {
        /// The attempt that failed, in words.
        reason: Cow<'static, str>,
        /// The cause of the failure.
        source: Option<BoxError>,
        /// Whether a later try may succeed without anybody changing anything.
        transient: bool,
        /// The time for which the provider asks not to be asked again.
        retry_after: Option<Duration>,
    },
}

impl AuthError {
    /// Makes the error for a time at which no credential is valid.
    pub fn not_ready(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::NotReady { reason: reason.into() }
    }

    /// Makes the error for a credential that could not be obtained because of `source`.
    pub fn unavailable(
        reason: impl Into<Cow<'static, str>>,
        source: impl Into<Option<BoxError>>,
    ) -> Self {
        Self::Unavailable {
            reason: reason.into(),
            source: source.into(),
            transient: false,
            retry_after: None,
        }
    }

    /// Says whether a later try may succeed without anybody changing anything: a token could not be
    /// fetched because the identity provider was not reached or was busy.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { transient: true, .. })
    }

    /// The time for which the identity provider asks not to be asked again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RepeatedHeader { name } => {
                write!(f, "header {name} occurs more than once and cannot be signed")
            }
            Self::HeaderNotText { name } => {
                write!(f, "header {name} is not UTF-8 text and cannot be signed")
            }
            Self::ChangedByHttp { name } => {
                write!(f, "header {name} has blanks at the ends of its value, which HTTP drops")
            }
            Self::QueryNotText { position } => {
                write!(
                    f,
                    "query parameter {position} is not one line of UTF-8 text and cannot be signed"
                )
            }
            Self::TimeOutOfRange => f.write_str("the time is outside the years 1970 to 9999"),
            Self::InvalidAccount => {
                f.write_str("the account name holds characters that no header can carry")
            }
            Self::OtherService { host, signer } => write!(
                f,
                "the request is for the {host} service, and the signer signs for the {signer} service"
            ),
            Self::MissingVersion => {
                f.write_str("header x-ms-version is missing, which Shared Key needs")
            }
            Self::InvalidUri => f.write_str("the URI with the credential is not a valid URI"),
            Self::ClearText => f.write_str("the credential must not travel over plain http"),
            Self::TooManyHeaders => f.write_str("the request has too many headers"),
            Self::NotReady { reason } => write!(f, "no valid credential: {reason}"),
            Self::Unavailable { reason, .. } => write!(f, "no credential obtained: {reason}"),
        }
    }
}

impl Error for AuthError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unavailable { source: Some(source), .. } => Some(&**source),
            _ => None,
        }
    }
}
