//! [`Refused`]: why a request was refused, as data beside the answer. Look here for what a log may
//! print, and for the list of everything that can refuse a request.

use std::fmt;

use http::{Response, StatusCode};
use queue_proto::redact::REDACTED;
use queue_proto::{ErrorCode, ServiceError};

/// The check that refused a request, in the order in which requests are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Check {
    /// The transfer of the body: too long, too slow, or cut off.
    Transfer,
    /// A [`Fault`](crate::Fault) that was asked for.
    Fault,
    /// The headers that HTTP itself needs: one `Host`, and a `Content-Length` that is true.
    Head,
    /// The account, by host or path.
    Account,
    /// The size of the body.
    Size,
    /// The form of the request: path, name of the queue, version, and `timeout`.
    Form,
    /// The question of a browser whether it may call.
    Preflight,
    /// Who sent the request.
    Authentication,
    /// Account keys, where they are forbidden.
    AccountKeys,
    /// Whether there is such an operation, and whether the version has it.
    Operation,
    /// Primary or secondary.
    Location,
    /// What the sender may do.
    Permission,
    /// The announced length and checksum of the body.
    Digest,
    /// The values of parameters, headers and body.
    Values,
    /// The limits of the service: messages and requests in a second.
    Limits,
    /// The state: a queue or message that is not there, is there already, or is not the sender's.
    State,
    /// The store, which could not keep the change.
    Storage,
}

impl Check {
    /// Every check, in the order in which requests are checked.
    pub const ALL: [Self; 16] = [
        Self::Transfer,
        Self::Fault,
        Self::Head,
        Self::Account,
        Self::Size,
        Self::Form,
        Self::Preflight,
        Self::Authentication,
        Self::AccountKeys,
        Self::Operation,
        Self::Location,
        Self::Permission,
        Self::Digest,
        Self::Values,
        Self::State,
        Self::Storage,
    ];
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Transfer => "transfer",
            Self::Fault => "fault",
            Self::Head => "head",
            Self::Account => "account",
            Self::Size => "size",
            Self::Form => "form",
            Self::Preflight => "preflight",
            Self::Authentication => "authentication",
            Self::AccountKeys => "account-keys",
            Self::Operation => "operation",
            Self::Location => "location",
            Self::Permission => "permission",
            Self::Digest => "digest",
            Self::Values => "values",
            Self::Limits => "limits",
            Self::State => "state",
            Self::Storage => "storage",
        })
    }
}

/// Why a request was refused: an extension of every answer that refuses one.
///
/// It holds no secret: no signature, no token, no pop receipt, no key, and no value that the
/// request had. It names the rule that was broken, and the parameter, header or element that broke
/// it.
///
/// ```
/// use queue_emulator::{Check, Emulator, Refused};
///
/// let emulator = Emulator::new();
/// let request = http::Request::get("http://127.0.0.1:10001/devstoreaccount1?comp=list")
///     .header("x-ms-version", "2026-10-06")
///     .body(bytes::Bytes::new())?;
/// let response = emulator.handle(request);
/// let refused = response.extensions().get::<Refused>().ok_or("an anonymous request is refused")?;
/// assert_eq!(refused.check(), Check::Authentication);
/// assert_eq!(
///     refused.to_string(),
///     "authentication: 401 NoAuthenticationInformation: the request carries no credentials"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    check: Check,
    status: StatusCode,
    code: ErrorCode,
    reason: String,
}

impl Refused {
    /// The check that refused the request.
    #[must_use]
    pub fn check(&self) -> Check {
        self.check
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The error code of the answer.
    #[must_use]
    pub fn code(&self) -> &ErrorCode {
        &self.code
    }

    /// What was wrong, in words; empty when the code says it all.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { check, status, code, reason } = self;
        write!(f, "{check}: {} {code}", status.as_u16())?;
        if reason.is_empty() { Ok(()) } else { write!(f, ": {reason}") }
    }
}

/// A refusal on its way to the client: the check, the service's answer, and the reason in words
/// where the answer does not have it.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) check: Check,
    pub(crate) error: ServiceError,
    reason: Option<String>,
}

impl Refusal {
    pub(crate) fn new(check: Check, error: impl Into<ServiceError>) -> Self {
        Self { check, error: error.into(), reason: None }
    }

    pub(crate) fn because(mut self, reason: String) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Notes in `response` why the request was refused.
    pub(crate) fn mark<B>(&self, response: &mut Response<B>) {
        let refused = Refused {
            check: self.check,
            status: response.status(),
            code: self.error.code().clone(),
            reason: self.reason.clone().unwrap_or_else(|| described(&self.error)),
        };
        response.extensions_mut().insert(refused);
    }
}

/// Makes refusals of one check: `.map_err(by(Check::Size))`.
pub(crate) fn by<E: Into<ServiceError>>(check: Check) -> impl Fn(E) -> Refusal {
    move |error| Refusal::new(check, error)
}

/// The details of an answer that tell of rules and names. Those that repeat what the request said
/// are left out, for they may be secret: values, and the string to sign.
const TELLING: [&str; 6] =
    ["QueryParameterName", "HeaderName", "XmlNodeName", "MaxLimit", "LineNumber", "Reason"];
/// The most characters of one detail: names of elements are the client's.
const MAX_DETAIL: usize = 200;
/// The most characters of the name of an element.
const MAX_NODE: usize = 20;

fn described(error: &ServiceError) -> String {
    let mut out = String::new();
    for (name, value) in error.details().filter(|(name, _)| TELLING.contains(name)) {
        if !out.is_empty() {
            out.push_str(", ");
        }
        // The longest name of an element of the protocol has fewer characters than a receipt.
        let value = if name == "XmlNodeName" && value.len() > MAX_NODE { REDACTED } else { value };
        let shown = value.chars().filter(|character| !character.is_control()).take(MAX_DETAIL);
        out.extend(name.chars().chain([' ']).chain(shown));
    }
    out
}
