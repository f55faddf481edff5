//! Refusals.

use std::error::Error;
use std::fmt;
use std::time::SystemTime;

use http::StatusCode;

use crate::{AuthError, date};

/// Why a request was refused. Never holds a correct signature.
///
/// `Display` says in one line what is wrong. A server answers with [`status`](Self::status),
/// [`code`](Self::code) and [`detail`](Self::detail).
#[derive(Debug)]
#[non_exhaustive]
pub enum VerifyError {
    /// The request carries no credentials.
    NoAuthentication,
    /// The `Authorization` header cannot be read.
    MalformedAuthorization {
        /// What is wrong with it.
        rule: &'static str,
    },
    /// The account is unknown, or the credentials name another one.
    WrongAccount,
    /// Neither `x-ms-date` nor `Date` is there.
    MissingDate,
    /// The date is not an RFC 1123 date.
    InvalidDate {
        /// The header that holds it.
        header: &'static str,
    },
    /// The date is more than 15 minutes away from the server's time.
    ClockSkew {
        /// The date of the request.
        date: SystemTime,
        /// The server's time.
        now: SystemTime,
    },
    /// No string to sign exists for the request.
    Unsignable(AuthError),
    /// The signature is not the right one.
    Mismatch {
        /// What the server signed.
        string_to_sign: String,
    },
}

/// The kinds of refusal, by the error code that the service has for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VerifyErrorKind {
    /// 401 `NoAuthenticationInformation`: no credentials.
    NoAuthenticationInformation,
    /// 400 `InvalidAuthenticationInfo`: credentials in a form that cannot be read.
    InvalidAuthenticationInfo,
    /// 403 `AuthenticationFailed`: wrong, expired or not understood.
    AuthenticationFailed,
    /// 400 `InvalidHeaderValue`: a header that is signed is repeated or no text.
    InvalidHeaderValue,
    /// 400 `InvalidQueryParameterValue`: a parameter that is signed is no text.
    InvalidQueryParameterValue,
    /// 403 `AuthorizationSourceIPMismatch`: the signature is for other addresses.
    AuthorizationSourceIpMismatch,
    /// 403 `AuthorizationProtocolMismatch`: the signature is for HTTPS only.
    AuthorizationProtocolMismatch,
    /// 403 `AuthorizationServiceMismatch`: the signature is for other services.
    AuthorizationServiceMismatch,
}

impl VerifyErrorKind {
    /// The name of the error code, as in `x-ms-error-code`.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoAuthenticationInformation => "NoAuthenticationInformation",
            Self::InvalidAuthenticationInfo => "InvalidAuthenticationInfo",
            Self::AuthenticationFailed => "AuthenticationFailed",
            Self::InvalidHeaderValue => "InvalidHeaderValue",
            Self::InvalidQueryParameterValue => "InvalidQueryParameterValue",
            Self::AuthorizationSourceIpMismatch => "AuthorizationSourceIPMismatch",
            Self::AuthorizationProtocolMismatch => "AuthorizationProtocolMismatch",
            Self::AuthorizationServiceMismatch => "AuthorizationServiceMismatch",
        }
    }

    /// The HTTP status that goes with it.
    pub fn status(self) -> StatusCode {
        match self {
            Self::NoAuthenticationInformation => StatusCode::UNAUTHORIZED,
            Self::InvalidAuthenticationInfo
            | Self::InvalidHeaderValue
            | Self::InvalidQueryParameterValue => StatusCode::BAD_REQUEST,
            _ => StatusCode::FORBIDDEN,
        }
    }
}

impl VerifyError {
    /// The kind, for a server that chooses its own answer.
    pub fn kind(&self) -> VerifyErrorKind {
        match self {
            Self::NoAuthentication => VerifyErrorKind::NoAuthenticationInformation,
            Self::MalformedAuthorization { .. } => VerifyErrorKind::InvalidAuthenticationInfo,
            Self::Unsignable(AuthError::QueryNotText { .. }) => {
                VerifyErrorKind::InvalidQueryParameterValue
            }
            Self::Unsignable(_) => VerifyErrorKind::InvalidHeaderValue,
            Self::WrongAccount
            | Self::MissingDate
            | Self::InvalidDate { .. }
            | Self::ClockSkew { .. }
            | Self::Mismatch { .. } => VerifyErrorKind::AuthenticationFailed,
        }
    }

    /// The HTTP status of the service's answer.
    pub fn status(&self) -> StatusCode {
        self.kind().status()
    }

    /// The error code of the service's answer.
    pub fn code(&self) -> &'static str {
        self.kind().code()
    }

    /// The text for `AuthenticationErrorDetail` in the answer, where the service gives one. It is
    /// meant for the client: it holds what the server signed, but no signature.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::NoAuthentication | Self::Unsignable(_) => None,
            Self::Mismatch { string_to_sign } => Some(format!(
                "The MAC signature found in the HTTP request is not the same as any computed \
                 signature. Server used following string to sign: '{string_to_sign}'."
            )),
            other => Some(other.to_string()),
        }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAuthentication => f.write_str("the request carries no credentials"),
            Self::MalformedAuthorization { rule } => {
                write!(f, "the Authorization header cannot be read: {rule}")
            }
            Self::WrongAccount => f.write_str("the credentials are not for this account"),
            Self::MissingDate => f.write_str("neither x-ms-date nor Date is given"),
            Self::InvalidDate { header } => write!(f, "{header} is not an RFC 1123 date"),
            Self::ClockSkew { date, now } => write!(
                f,
                "the date of the request, {}, is more than 15 minutes away from the server's \
                 time, {}",
                date::show(*date),
                date::show(*now)
            ),
            Self::Unsignable(_) => f.write_str("the request has no string to sign"),
            Self::Mismatch { .. } => f.write_str("the signature does not fit the request"),
        }
    }
}

impl Error for VerifyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unsignable(source) => Some(source),
            _ => None,
        }
    }
}
