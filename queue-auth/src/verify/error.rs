//! [`VerifyError`]: why a request was refused, and what the service would answer.

use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::time::SystemTime;

use http::StatusCode;

use crate::date;
use crate::error::AuthError;
use crate::sas::error::InvalidSas;
use crate::sas::value::IpRange;

/// The reason why a request was refused. It never holds a correct signature.
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
        /// The rule that the header breaks.
        rule: &'static str,
    },
    /// The account is unknown, or the credentials name another one.
    WrongAccount,
    /// Neither `x-ms-date` nor `Date` is there.
    MissingDate,
    /// The date is not an RFC 1123 date.
    InvalidDate {
        /// The name of the header that holds the date.
        header: &'static str,
    },
    /// The date is more than 15 minutes away from the server's time.
    ClockSkew {
        /// The date of the request.
        date: SystemTime,
        /// The time of the server.
        now: SystemTime,
    },
    /// No string to sign exists for the request.
    Unsignable(AuthError),
    /// The signature of an account key in `Authorization` is not the right one.
    Mismatch {
        /// The string that the server signed.
        string_to_sign: String,
    },
    /// The shared access signature is not the right one.
    SasMismatch {
        /// The string that the server signed.
        string_to_sign: String,
    },
    /// There is a signature of an account key in `Authorization` and a shared access signature.
    TwoCredentials,
    /// A field of the shared access signature breaks its rule.
    Sas(InvalidSas),
    /// The shared access signature is for a queue, and the path names none.
    NoQueue,
    /// The shared access signature is not valid now.
    OutsideTime {
        /// The time from which the signature is valid, if a start is given.
        start: Option<SystemTime>,
        /// The time at which the signature expires.
        expiry: SystemTime,
        /// The time of the server.
        now: SystemTime,
    },
    /// The user delegation key behind the shared access signature is not valid now.
    KeyOutsideTime {
        /// The time from which the key is valid, if a start is given.
        start: Option<SystemTime>,
        /// The time at which the key expires.
        expiry: SystemTime,
        /// The time of the server.
        now: SystemTime,
    },
    /// The signature is for other client addresses.
    SourceIp {
        /// The addresses from which the signature may be used.
        allowed: IpRange,
        /// The client's address, if it is known.
        client: Option<IpAddr>,
    },
    /// The signature is for HTTPS only.
    Protocol,
    /// The account signature is for other services.
    Service,
    /// The stored access policy does not exist.
    UnknownPolicy,
    /// A field is not given exactly once by signature and stored access policy.
    PolicyConflict {
        /// The name of the field in the query.
        field: &'static str,
        /// Whether the field is given by both; otherwise it is given by neither.
        twice: bool,
    },
    /// The user delegation key was not given out by this server.
    UnknownDelegationKey,
    /// The signature is bound to a user whose bearer token did not come with it.
    NotTheBoundUser,
    /// Bearer tokens are not accepted here.
    BearerNotAccepted,
    /// A bearer token came over plain HTTP.
    BearerInClearText,
    /// Bearer tokens need `x-ms-version` 2017-11-09 or later.
    VersionTooOldForBearer,
    /// The bearer token is not valid.
    InvalidToken {
        /// The rule that the token breaks, after the words of the service.
        rule: &'static str,
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
    /// 401 `InvalidAuthenticationInfo`: a bearer token that is not valid. The answer should carry the
    /// challenge `WWW-Authenticate`.
    InvalidBearerToken,
    /// 403 `AuthorizationFailure`: a queue's signature used on something else.
    AuthorizationFailure,
    /// 403 `AuthorizationSourceIPMismatch`: the signature is for other addresses.
    AuthorizationSourceIpMismatch,
    /// 403 `AuthorizationProtocolMismatch`: the signature is for HTTPS only.
    AuthorizationProtocolMismatch,
    /// 403 `AuthorizationServiceMismatch`: the signature is for other services.
    AuthorizationServiceMismatch,
}

impl VerifyErrorKind {
    /// The name of the error code, as it stands in `x-ms-error-code`.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoAuthenticationInformation => "NoAuthenticationInformation",
            Self::InvalidAuthenticationInfo => "InvalidAuthenticationInfo",
            Self::InvalidBearerToken => "InvalidAuthenticationInfo",
            Self::AuthorizationFailure => "AuthorizationFailure",
            Self::AuthenticationFailed => "AuthenticationFailed",
            Self::InvalidHeaderValue => "InvalidHeaderValue",
            Self::InvalidQueryParameterValue => "InvalidQueryParameterValue",
            Self::AuthorizationSourceIpMismatch => "AuthorizationSourceIPMismatch",
            Self::AuthorizationProtocolMismatch => "AuthorizationProtocolMismatch",
            Self::AuthorizationServiceMismatch => "AuthorizationServiceMismatch",
        }
    }

    /// The HTTP status of the error code.
    pub fn status(self) -> StatusCode {
        match self {
            Self::NoAuthenticationInformation | Self::InvalidBearerToken => {
                StatusCode::UNAUTHORIZED
            }
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
            Self::MalformedAuthorization { .. }
            | Self::TwoCredentials
            | Self::BearerNotAccepted
            | Self::VersionTooOldForBearer => VerifyErrorKind::InvalidAuthenticationInfo,
            Self::InvalidToken { .. } => VerifyErrorKind::InvalidBearerToken,
            Self::NoQueue => VerifyErrorKind::AuthorizationFailure,
            Self::SourceIp { .. } => VerifyErrorKind::AuthorizationSourceIpMismatch,
            Self::Protocol => VerifyErrorKind::AuthorizationProtocolMismatch,
            Self::Service => VerifyErrorKind::AuthorizationServiceMismatch,
            // The page on stored access policies documents 400 for this.
            Self::PolicyConflict { .. } => VerifyErrorKind::InvalidQueryParameterValue,
            Self::Unsignable(AuthError::QueryNotText { .. }) => {
                VerifyErrorKind::InvalidQueryParameterValue
            }
            Self::Unsignable(_) => VerifyErrorKind::InvalidHeaderValue,
            Self::WrongAccount
            | Self::MissingDate
            | Self::InvalidDate { .. }
            | Self::ClockSkew { .. }
            | Self::Mismatch { .. }
            | Self::SasMismatch { .. }
            | Self::Sas(_)
            | Self::OutsideTime { .. }
            | Self::KeyOutsideTime { .. }
            | Self::UnknownPolicy
            | Self::UnknownDelegationKey
            | Self::NotTheBoundUser
            | Self::BearerInClearText => VerifyErrorKind::AuthenticationFailed,
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
            Self::SasMismatch { string_to_sign } => {
                Some(format!("Signature did not match. String to sign used was {string_to_sign}"))
            }
            // The service's words, and then what they mean.
            Self::Sas(error) => Some(format!(
                "Signature fields not well formed. {}: {}",
                error.field(),
                error.rule()
            )),
            Self::OutsideTime { start, expiry, now } => {
                // A signature without a start is valid from the moment of the request on.
                let [start, expiry, now] =
                    [start.as_ref().unwrap_or(now), expiry, now].map(date::show);
                Some(format!(
                    "Signature not valid in the specified time frame: Start [{start}] - Expiry \
                     [{expiry}] - Current [{now}]"
                ))
            }
            Self::KeyOutsideTime { start, expiry, now } => {
                let [start, expiry, now] =
                    [start.as_ref().unwrap_or(now), expiry, now].map(date::show);
                Some(format!(
                    "Signature not valid in the specified key time frame: Key start [{start}] - Key \
                     expiry [{expiry}] - Current [{now}]"
                ))
            }
            Self::InvalidToken { rule } => Some((*rule).to_owned()),
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
                date::show(date),
                date::show(now)
            ),
            Self::Unsignable(_) => f.write_str("the request has no string to sign"),
            Self::Mismatch { .. } | Self::SasMismatch { .. } => {
                f.write_str("the signature does not fit the request")
            }
            Self::TwoCredentials => {
                f.write_str("an account key and a shared access signature are used at once")
            }
            Self::Sas(_) => f.write_str("the shared access signature breaks a rule"),
            Self::NoQueue => {
                f.write_str("the shared access signature is for a queue, and none is named")
            }
            Self::OutsideTime { start, expiry, now } => {
                let start = start.as_ref().map_or_else(|| "any time".to_owned(), date::show);
                let (expiry, now) = (date::show(expiry), date::show(now));
                write!(f, "the signature is valid from {start} to {expiry}, and it is {now}")
            }
            Self::KeyOutsideTime { start, expiry, now } => {
                let start = start.as_ref().map_or_else(|| "any time".to_owned(), date::show);
                let (expiry, now) = (date::show(expiry), date::show(now));
                write!(
                    f,
                    "the user delegation key is valid from {start} to {expiry}, and it is {now}"
                )
            }
            Self::SourceIp { allowed, client: Some(client) } => {
                // An IPv4 client of a socket that serves both families arrives as `::ffff:a.b.c.d`.
                let client = client.to_canonical();
                write!(f, "the signature is for clients at {allowed}, not at {client}")
            }
            Self::SourceIp { allowed, client: None } => write!(
                f,
                "the signature is for clients at {allowed}, and the client's address is not known"
            ),
            Self::Protocol => f.write_str("the signature is for HTTPS only"),
            Self::Service => f.write_str("the signature is for other services, not for queues"),
            Self::UnknownPolicy => f.write_str("the stored access policy does not exist"),
            Self::PolicyConflict { field, twice: true } => {
                write!(f, "{field} is given by the signature and by the stored access policy")
            }
            Self::PolicyConflict { field, twice: false } => write!(
                f,
                "{field} is given neither by the signature nor by the stored access policy"
            ),
            Self::UnknownDelegationKey => f.write_str("the user delegation key is not known"),
            Self::NotTheBoundUser => f.write_str(
                "the signature is bound to a user whose bearer token did not come with it",
            ),
            Self::BearerNotAccepted => f.write_str("bearer tokens are not accepted here"),
            Self::BearerInClearText => {
                f.write_str("Authentication scheme Bearer is not allowed with HTTP.")
            }
            Self::VersionTooOldForBearer => {
                f.write_str("bearer tokens need x-ms-version 2017-11-09 or later")
            }
            Self::InvalidToken { rule } => write!(f, "the bearer token is not valid: {rule}"),
        }
    }
}

impl Error for VerifyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unsignable(source) => Some(source),
            Self::Sas(source) => Some(source),
            _ => None,
        }
    }
}

impl From<InvalidSas> for VerifyError {
    fn from(error: InvalidSas) -> Self {
        Self::Sas(error)
    }
}
