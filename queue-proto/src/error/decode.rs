//! [`DecodeError`], for answers that are not what the protocol allows, and [`ResponseError`].

use std::error::Error;
use std::fmt;

use http::StatusCode;

use crate::error::ServiceError;

type Cause = Box<dyn Error + Send + Sync>;

/// An answer that is not what the protocol allows, as from a proxy or a broken server.
///
/// [`Display`](fmt::Display) names the part of the answer and what is wrong with that part. The content
/// of the answer, which may hold a message or a receipt, is never shown.
pub struct DecodeError(Box<Parts>);

// In a box: errors are rare, and every result of a call is as large as its error.
struct Parts {
    problem: DecodeProblem,
    cause: Option<Cause>,
}

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeProblem {
    /// The answer reports success with a status that the operation does not know.
    Status(StatusCode),
    /// The answer has no header of this name.
    MissingHeader(&'static str),
    /// This header has a value that cannot be read.
    Header(&'static str),
    /// The body has no element of this name.
    MissingElement(&'static str),
    /// This element, at this offset, has a value that cannot be read.
    #[non_exhaustive]
    Element {
        /// The name of the element.
        name: &'static str,
        /// The place of the element, in bytes from the start of the body.
        offset: usize,
    },
    /// This element has a value that an earlier page of the list had already: the list would never
    /// end.
    Repeated(&'static str),
    /// The body is not the XML that the operation expects.
    #[non_exhaustive]
    Xml {
        /// The reason why the body is not that XML.
        reason: &'static str,
        /// The element whose text is wrong, when it is the text of one.
        element: Option<&'static str>,
        /// The place of the fault, in bytes from the start of the body.
        offset: usize,
    },
}

/// The reason why there is no response: the service refused, or its answer cannot be read.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "an answer is read, or refused, or unreadable")]
pub enum ResponseError {
    /// The service answered with an error.
    Service(ServiceError),
    /// The answer is not what the protocol allows.
    Decode(DecodeError),
}

impl DecodeError {
    /// An error with this problem, for what is found out beyond a single answer.
    #[must_use]
    pub fn new(problem: DecodeProblem) -> Self {
        Self(Box::new(Parts { problem, cause: None }))
    }

    pub(crate) fn caused(problem: DecodeProblem, cause: impl Into<Cause>) -> Self {
        Self(Box::new(Parts { problem, cause: Some(cause.into()) }))
    }

    pub(crate) fn status(status: StatusCode) -> Self {
        Self::new(DecodeProblem::Status(status))
    }

    /// What is wrong with the answer.
    #[must_use]
    pub fn problem(&self) -> DecodeProblem {
        self.0.problem
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeError")
            .field("problem", &self.0.problem)
            .field("cause", &self.0.cause)
            .finish()
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.problem {
            DecodeProblem::Status(status) => {
                write!(f, "answer has the status {status}, which the operation does not know")
            }
            DecodeProblem::MissingHeader(name) => write!(f, "answer has no header {name}"),
            DecodeProblem::Header(name) => {
                write!(f, "answer has a header {name} that cannot be read")
            }
            DecodeProblem::MissingElement(name) => write!(f, "answer has no element <{name}>"),
            DecodeProblem::Element { name, offset } => {
                write!(f, "answer has an element <{name}> at byte {offset} that cannot be read")
            }
            DecodeProblem::Xml { reason, element, offset } => {
                write!(f, "answer is not the expected XML at byte {offset}")?;
                if let Some(name) = element {
                    write!(f, ", in the element <{name}>")?;
                }
                write!(f, ": {reason}")
            }
            DecodeProblem::Repeated(name) => {
                write!(
                    f,
                    "answer has an element <{name}> that was there before: the list never ends"
                )
            }
        }
    }
}

impl Error for DecodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as _)
    }
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(_) => f.write_str("the service refused the request"),
            Self::Decode(_) => f.write_str("the answer of the service cannot be read"),
        }
    }
}

impl Error for ResponseError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Service(error) => Some(error),
            Self::Decode(error) => Some(error),
        }
    }
}
