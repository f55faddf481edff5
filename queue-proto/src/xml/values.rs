//! Values of elements: how a [`Reader`] reads them, refuses them and puts them into their places.

use std::borrow::Cow;
use std::error::Error;

use crate::xml::element::{Element, MAX_TEXT};
use crate::xml::problem::{XmlError, XmlProblem};
use crate::xml::reader::{Reader, is_space};

impl<'a> Reader<'a> {
    /// The value of `element`, which is called `name`, read with `parse`, which refuses what XML does
    /// not allow.
    pub(crate) fn parse<T>(
        &mut self,
        element: &Element<'_>,
        name: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, XmlError> {
        let text = self.value(element, name)?;
        parse(&text).ok_or_else(|| self.wrong(element, name, &text, None))
    }

    /// The value of `element`, which is called `name`, with the reason why it is none.
    pub(crate) fn checked<T, E: Error + Send + Sync + 'static>(
        &mut self,
        element: &Element<'_>,
        name: &'static str,
        check: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, XmlError> {
        let text = self.value(element, name)?;
        check(&text).map_err(|error| self.wrong(element, name, &text, Some(error.into())))
    }

    /// The value of `element` as it stands, blanks around it included: for names that are compared.
    pub(crate) fn checked_exactly<T, E: Error + Send + Sync + 'static>(
        &mut self,
        element: &Element<'_>,
        name: &'static str,
        check: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, XmlError> {
        let text = self.unchecked_text(element, MAX_TEXT).map_err(|error| error.within(name))?;
        check(&text).map_err(|error| self.wrong(element, name, &text, Some(error.into())))
    }

    /// The text of an element that has a value and not a text of somebody else's. Blanks around a
    /// value of an answer do not count: formatters of XML put them there.
    fn value(
        &mut self,
        element: &Element<'_>,
        name: &'static str,
    ) -> Result<Cow<'a, str>, XmlError> {
        let text = self.unchecked_text(element, MAX_TEXT).map_err(|error| error.within(name))?;
        Ok(match (self.is_request(), text) {
            (true, text) => text,
            (false, Cow::Borrowed(text)) => Cow::Borrowed(text.trim_matches(is_space)),
            (false, Cow::Owned(text)) => Cow::Owned(text.trim_matches(is_space).to_owned()),
        })
    }

    /// The refusal of a value. It repeats the value of a request to its sender; an answer may hold
    /// secrets.
    fn wrong(
        &self,
        element: &Element<'_>,
        name: &'static str,
        text: &str,
        cause: Option<Box<dyn Error + Send + Sync>>,
    ) -> XmlError {
        let value =
            if self.is_request() { text.chars().take(100).collect() } else { String::new() };
        XmlError::new(XmlProblem::Value { name, value, cause }, element.offset)
    }

    /// Puts the value of the element `name` into its place. A request must not have the element
    /// twice.
    pub(crate) fn put<T>(
        &self,
        place: &mut Option<T>,
        name: &'static str,
        value: T,
    ) -> Result<(), XmlError> {
        match place.replace(value) {
            Some(_) if self.is_request() => self.fail(XmlProblem::Twice(name)),
            _ => Ok(()),
        }
    }
}
