//! What is wrong with a body, and what to make of it: an answer to send, or an error of decoding.

use std::error::Error;

use crate::error::{DecodeError, DecodeProblem, ErrorCode, ServiceError};
use crate::request::body_too_large;
use crate::xml::Element;

/// Why a body cannot be read.
#[derive(Debug)]
pub(crate) struct XmlError {
    pub(super) problem: XmlProblem,
    pub(super) offset: usize,
}

#[derive(Debug)]
pub(super) enum XmlProblem {
    Syntax(quick_xml::Error),
    NotAllowed(&'static str),
    TooLong {
        limit: usize,
    },
    /// There is no element at all, where this one should be the outermost.
    Empty(&'static str),
    Missing(&'static str),
    Value(&'static str, Option<Box<dyn Error + Send + Sync>>),
    Unsupported(String),
}

impl XmlError {
    /// An element is missing.
    pub(crate) fn missing(name: &'static str, parent: &Element<'_>) -> Self {
        Self { problem: XmlProblem::Missing(name), offset: parent.offset() }
    }

    /// The value of an element cannot be read.
    pub(crate) fn value(name: &'static str, element: &Element<'_>) -> Self {
        Self { problem: XmlProblem::Value(name, None), offset: element.offset() }
    }

    /// An element stands where the service does not take it.
    pub(crate) fn unsupported(element: &Element<'_>) -> Self {
        let name = element.name().chars().take(64).collect();
        Self { problem: XmlProblem::Unsupported(name), offset: element.offset() }
    }

    /// What a service finds that checks a document against a schema: a wrong value makes the whole
    /// document wrong.
    pub(crate) fn by_schema(self) -> Self {
        let problem = match self.problem {
            XmlProblem::Value("Id", _) => XmlProblem::NotAllowed("an Id has 1 to 64 characters"),
            XmlProblem::Value(..) => XmlProblem::NotAllowed("a value is not in its format"),
            problem => problem,
        };
        Self { problem, ..self }
    }

    /// The answer to a request with this body.
    pub(crate) fn refuse(self, body: &[u8]) -> ServiceError {
        let reason = match self.problem {
            XmlProblem::Missing(name) => {
                return ServiceError::new(ErrorCode::MissingRequiredXmlNode)
                    .with_detail("XmlNodeName", name);
            }
            XmlProblem::Value(name, cause) => {
                let error = ServiceError::new(ErrorCode::InvalidXmlNodeValue)
                    .with_detail("XmlNodeName", name);
                return match cause {
                    Some(cause) => error.with_detail("Reason", cause.to_string()),
                    None => error,
                };
            }
            XmlProblem::Unsupported(name) => {
                return ServiceError::new(ErrorCode::UnsupportedXmlNode)
                    .with_detail("XmlNodeName", name);
            }
            XmlProblem::TooLong { limit } => return body_too_large(limit),
            XmlProblem::Syntax(error) => error.to_string(),
            XmlProblem::NotAllowed(reason) => reason.to_owned(),
            XmlProblem::Empty(_) => "there is no element".to_owned(),
        };
        let before = body.get(..self.offset).unwrap_or(body);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        ServiceError::new(ErrorCode::InvalidXmlDocument)
            .with_detail("LineNumber", line.to_string())
            .with_detail("LinePosition", column.to_string())
            .with_detail("Reason", reason)
    }
}

impl From<XmlError> for DecodeError {
    fn from(error: XmlError) -> Self {
        let offset = error.offset;
        match error.problem {
            XmlProblem::Syntax(cause) => {
                Self::caused(DecodeProblem::Xml { reason: "syntax error", offset }, cause)
            }
            XmlProblem::NotAllowed(reason) => Self::new(DecodeProblem::Xml { reason, offset }),
            XmlProblem::TooLong { .. } => {
                Self::new(DecodeProblem::Xml { reason: "text is too long", offset })
            }
            XmlProblem::Empty(name) | XmlProblem::Missing(name) => {
                Self::new(DecodeProblem::MissingElement(name))
            }
            XmlProblem::Value(name, None) => Self::new(DecodeProblem::Element { name, offset }),
            XmlProblem::Value(name, Some(cause)) => {
                Self::caused(DecodeProblem::Element { name, offset }, cause)
            }
            XmlProblem::Unsupported(_) => {
                Self::new(DecodeProblem::Xml { reason: "unexpected element", offset })
            }
        }
    }
}
