//! [`XmlError`], what is wrong with a body, and what it becomes: the refusal of a request, or the
//! [`DecodeError`] of an answer.

use std::error::Error;

use crate::error::refusal::body_too_large;
use crate::error::{DecodeError, DecodeProblem, ErrorCode, ServiceError};

/// Why a body cannot be read.
#[derive(Debug)]
pub(crate) struct XmlError {
    problem: XmlProblem,
    offset: usize,
    /// The element whose text it is about, as far as that is known.
    element: Option<&'static str>,
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
    /// A request has this element twice.
    Twice(&'static str),
    Value {
        name: &'static str,
        /// The value of a request, cut off; empty for an answer, which may hold secrets.
        value: String,
        cause: Option<Box<dyn Error + Send + Sync>>,
    },
    Unsupported(String),
}

impl XmlError {
    pub(super) fn new(problem: XmlProblem, offset: usize) -> Self {
        Self { problem, offset, element: None }
    }

    /// Says which element the text is in.
    pub(super) fn within(self, element: &'static str) -> Self {
        Self { element: Some(element), ..self }
    }

    /// The answer to a request with this body.
    pub(crate) fn refuse(self, body: &[u8]) -> ServiceError {
        match self.problem {
            XmlProblem::Missing(name) => ServiceError::new(ErrorCode::MissingRequiredXmlNode)
                .with_detail("XmlNodeName", name),
            XmlProblem::Value { name, value, cause } => {
                let error = ServiceError::new(ErrorCode::InvalidXmlNodeValue)
                    .with_detail("XmlNodeName", name)
                    .with_detail("XmlNodeValue", value);
                match cause {
                    Some(cause) => error.with_detail("Reason", cause.to_string()),
                    None => error,
                }
            }
            XmlProblem::Unsupported(name) => {
                ServiceError::new(ErrorCode::UnsupportedXmlNode).with_detail("XmlNodeName", name)
            }
            XmlProblem::TooLong { limit } => body_too_large(limit),
            _ => self.refuse_document(body),
        }
    }

    /// The answer to a request with this body from a service that checks the body against a schema:
    /// a wrong value makes the whole document wrong. Set Queue ACL answers so.
    pub(crate) fn refuse_by_schema(self, body: &[u8]) -> ServiceError {
        match self.problem {
            XmlProblem::Value { .. } => self.refuse_document(body),
            _ => self.refuse(body),
        }
    }

    /// 400 `InvalidXmlDocument`, with the place.
    fn refuse_document(self, body: &[u8]) -> ServiceError {
        let reason = match self.problem {
            XmlProblem::Value { name, value, cause: Some(cause) } => {
                format!("{name} has the value '{value}': {cause}")
            }
            XmlProblem::Value { name, value, cause: None } => {
                format!("{name} has the value '{value}', which is not in its format")
            }
            XmlProblem::Syntax(error) => error.to_string(),
            XmlProblem::NotAllowed(reason) => reason.to_owned(),
            XmlProblem::Twice(name) => format!("{name} is there twice"),
            XmlProblem::Empty(name) | XmlProblem::Missing(name) => {
                format!("there is no element {name}")
            }
            XmlProblem::Unsupported(name) => format!("{name} is not known"),
            XmlProblem::TooLong { .. } => "text is too long".to_owned(),
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
        let XmlError { problem, offset, element } = error;
        let xml = |reason| DecodeProblem::Xml { reason, element, offset };
        match problem {
            XmlProblem::Syntax(cause) => Self::caused(xml("syntax error"), cause),
            XmlProblem::NotAllowed(reason) => Self::new(xml(reason)),
            XmlProblem::TooLong { .. } => Self::new(xml("text is too long")),
            XmlProblem::Empty(name) | XmlProblem::Missing(name) => {
                Self::new(DecodeProblem::MissingElement(name))
            }
            XmlProblem::Value { name, cause: None, .. } => {
                Self::new(DecodeProblem::Element { name, offset })
            }
            XmlProblem::Value { name, cause: Some(cause), .. } => {
                Self::caused(DecodeProblem::Element { name, offset }, cause)
            }
            // Answers are read with patience: these two are refusals of requests.
            XmlProblem::Twice(_) | XmlProblem::Unsupported(_) => {
                Self::new(xml("unexpected element"))
            }
        }
    }
}
