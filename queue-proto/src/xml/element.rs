//! [`Element`], an open element of a body, and what can be wrong with it.

use std::borrow::Cow;

use quick_xml::events::BytesStart;

use crate::characters::first_illegal;
use crate::xml::problem::{XmlError, XmlProblem};

/// The most bytes of text of an element whose text has no limit of its own.
pub(crate) const MAX_TEXT: usize = 16 * 1024;

/// An open element.
#[derive(Debug)]
pub(crate) struct Element<'a> {
    pub(super) start: BytesStart<'a>,
    pub(super) empty: bool,
    pub(super) offset: usize,
}

impl<'a> Element<'a> {
    pub(crate) fn name(&self) -> &str {
        self.start.name().into_inner()
    }

    /// Where the element starts, in bytes from the start of the body.
    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    /// Says that this element has no child `name`.
    pub(crate) fn missing(&self, name: &'static str) -> XmlError {
        XmlError::new(XmlProblem::Missing(name), self.offset)
    }

    /// Says that the children of this element make no value of the element `name`.
    pub(crate) fn wrong(&self, name: &'static str) -> XmlError {
        let problem = XmlProblem::Value { name, value: String::new(), cause: None };
        XmlError::new(problem, self.offset)
    }

    /// Says that the service does not take this element where it stands.
    pub(crate) fn unsupported(&self) -> XmlError {
        let name = self.name().chars().take(64).collect();
        XmlError::new(XmlProblem::Unsupported(name), self.offset)
    }

    /// The value of the attribute `name`, if it is there and readable.
    pub(crate) fn attribute(&self, name: &str) -> Option<String> {
        // Looking for repeated names would remember, and compare, all of a hostile million.
        let mut attributes = self.start.attributes();
        let attribute = attributes
            .with_checks(false)
            .map_while(Result::ok)
            .find(|attribute| attribute.key.into_inner() == name)?;
        attribute
            .normalized_value(quick_xml::XmlVersion::Implicit1_0)
            .ok()
            .filter(|value| value.len() <= MAX_TEXT && first_illegal(value).is_none())
            .map(Cow::into_owned)
    }
}
