//! [`Metadata`] of queues: its rules, and how requests and answers carry it.

mod names;

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::{DecodeError, DecodeProblem, ErrorCode, InvalidMetadata, ServiceError};
use crate::header::META_PREFIX;
use crate::limits::MAX_METADATA;
pub use names::MetadataNames;

/// Names and values that a queue carries.
///
/// The order is kept. Names are C# identifiers of ASCII; they are compared without case and keep
/// the case in which they were given, as far as the transport can send it: [`MetadataNames`] says
/// how. Two sets are equal when they have the same items in whatever order.
///
/// Values are visible ASCII. Blanks around a value are cut off, since HTTP drops them and a
/// signature over them would not match; runs of blanks inside are refused, since services and
/// signers disagree on how to sign them. What was read from a request or an answer may break these
/// two rules, and is kept as it came.
///
/// ```
/// use queue_proto::Metadata;
///
/// let mut metadata = Metadata::new();
/// metadata.insert("Team", " orders ")?;
/// assert_eq!(metadata.get("TEAM"), Some("orders"));
/// assert_eq!(
///     metadata.insert("a-b", "1").unwrap_err().to_string(),
///     "metadata name has the character '-' at position 2: it must start with a letter or an \
///      underscore and go on with letters, digits and underscores"
/// );
/// # Ok::<(), queue_proto::InvalidMetadata>(())
/// ```
#[derive(Clone, Default)]
pub struct Metadata(Vec<(String, String)>);

/// The most items that are read from an answer. The limit is far above what a queue can have, and
/// keeps what is read writable: a header map takes no more than some 24,000 items.
const MAX_ITEMS: usize = 4096;

impl Metadata {
    /// A set without items.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets an item, in place of one whose name differs in case alone, and returns the value that
    /// was replaced.
    ///
    /// # Errors
    ///
    /// When name or value breaks a rule, or all items together would have more than 8 KiB.
    pub fn insert(
        &mut self,
        name: impl Into<String>,
        value: impl AsRef<str>,
    ) -> Result<Option<String>, InvalidMetadata> {
        let name = name.into();
        check_name(&name)?;
        let value = check_value(value.as_ref())?.to_owned();
        let replaced = self.0.iter().position(|(key, _)| key.eq_ignore_ascii_case(&name));
        let old = replaced.and_then(|at| self.0.get(at));
        let size = self.size() + name.len() + value.len()
            - old.map_or(0, |(name, value)| name.len() + value.len());
        if size > MAX_METADATA {
            return Err(InvalidMetadata::TooLarge { size, limit: MAX_METADATA });
        }
        match replaced.and_then(|at| self.0.get_mut(at)) {
            Some(item) => Ok(Some(std::mem::replace(item, (name, value)).1)),
            None => {
                self.0.push((name, value));
                Ok(None)
            }
        }
    }

    /// The value of the item `name`, whatever its case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Removes the item `name`, whatever its case, and returns its value.
    pub fn remove(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(self.0.remove(at).1)
    }

    /// The items in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> + Clone {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The number of items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when there is no item.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The size of all names and values in bytes, which the limit is about.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.len()).sum()
    }

    /// Adds the items as headers `x-ms-meta-*`.
    pub(crate) fn write(&self, mut add: impl FnMut(HeaderName, HeaderValue)) {
        for (name, value) in &self.0 {
            let name = HeaderName::try_from(format!("{META_PREFIX}{name}"));
            // Fails only for what was received in XML and cannot stand in a header.
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
                add(name, value);
            }
        }
    }

    /// Reads the items of a request.
    ///
    /// A header `x-ms-meta` without the hyphen is ignored: the Python SDK sends one beside the
    /// items.
    pub(crate) fn read_request(
        headers: &HeaderMap,
        names: Option<&MetadataNames>,
    ) -> Result<Self, ServiceError> {
        let mut metadata = Self::new();
        for (name, value) in items(headers) {
            let name = names.and_then(|names| names.spelling(name)).unwrap_or(name);
            let value = value
                .to_str()
                .ok()
                .map(trim)
                .filter(|_| name.is_empty() || check_name(name).is_ok())
                .ok_or(ErrorCode::InvalidMetadata)?;
            if name.is_empty() {
                return Err(ErrorCode::EmptyMetadataKey.into());
            }
            if metadata.size() + name.len() + value.len() > MAX_METADATA {
                return Err(ErrorCode::MetadataTooLarge.into());
            }
            if !metadata.push_received(name, value) {
                return Err(ErrorCode::InvalidMetadata.into());
            }
        }
        Ok(metadata)
    }

    /// Reads the items of an answer.
    pub(crate) fn read_response(headers: &HeaderMap) -> Result<Self, DecodeError> {
        let mut metadata = Self::new();
        for (name, value) in items(headers) {
            let value = std::str::from_utf8(value.as_bytes()).map(trim);
            if !value.is_ok_and(|value| metadata.push_received(name, value)) {
                return Err(DecodeError::new(DecodeProblem::Header("x-ms-meta-*")));
            }
        }
        Ok(metadata)
    }

    /// Spells the names as `names` has them.
    pub(crate) fn respell(&mut self, names: &MetadataNames) {
        for (name, _) in &mut self.0 {
            if let Some(spelling) = names.spelling(name) {
                spelling.clone_into(name);
            }
        }
    }

    /// Adds an item as it came; false when there are too many or the name is there already.
    pub(crate) fn push_received(&mut self, name: &str, value: &str) -> bool {
        if self.0.len() >= MAX_ITEMS || self.get(name).is_some() {
            return false;
        }
        self.0.push((name.to_owned(), value.to_owned()));
        true
    }
}

fn items(headers: &HeaderMap) -> impl Iterator<Item = (&str, &HeaderValue)> {
    headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().strip_prefix(META_PREFIX)?, value)))
}

fn check_name(name: &str) -> Result<(), InvalidMetadata> {
    if name.is_empty() {
        return Err(InvalidMetadata::EmptyName);
    }
    let wrong = name.chars().enumerate().find(|(index, c)| {
        !(c.is_ascii_alphabetic() || *c == '_' || (*index > 0 && c.is_ascii_digit()))
    });
    match wrong {
        Some((index, character)) => Err(InvalidMetadata::Name { character, position: index + 1 }),
        None => Ok(()),
    }
}

/// Cuts off what HTTP drops around a value.
fn trim(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}

fn check_value(value: &str) -> Result<&str, InvalidMetadata> {
    let trimmed = trim(value);
    let cut = value.chars().take_while(|c| matches!(c, ' ' | '\t')).count();
    let mut previous = None;
    for (index, character) in trimmed.chars().enumerate() {
        let position = cut + index + 1;
        match character {
            ' ' if previous == Some(' ') => return Err(InvalidMetadata::BlankRun { position }),
            '\t' => return Err(InvalidMetadata::BlankRun { position }),
            ' '..='~' => {}
            _ => return Err(InvalidMetadata::Value { character, position }),
        }
        previous = Some(character);
    }
    Ok(trimmed)
}

impl PartialEq for Metadata {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl Eq for Metadata {}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<N: Into<String>, V: AsRef<str>, const LEN: usize> TryFrom<[(N, V); LEN]> for Metadata {
    type Error = InvalidMetadata;

    /// Refuses a name that is there twice.
    fn try_from(items: [(N, V); LEN]) -> Result<Self, InvalidMetadata> {
        let mut metadata = Self::new();
        for (name, value) in items {
            let name = name.into();
            if metadata.insert(name.clone(), value)?.is_some() {
                return Err(InvalidMetadata::Duplicate { name });
            }
        }
        Ok(metadata)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules() {
        let mut metadata = Metadata::try_from([("B", "2"), ("a", "1")]).unwrap();
        assert_eq!(metadata, Metadata::try_from([("A", "1"), ("b", "2")]).unwrap());
        assert_eq!(metadata.insert("b", "3").unwrap().as_deref(), Some("2"));
        assert_eq!(metadata.iter().collect::<Vec<_>>(), [("b", "3"), ("a", "1")]);
        assert_eq!(metadata.insert("", ""), Err(InvalidMetadata::EmptyName));
        assert_eq!(
            metadata.insert("1a", ""),
            Err(InvalidMetadata::Name { character: '1', position: 1 })
        );
        assert_eq!(metadata.insert("x", " a  b"), Err(InvalidMetadata::BlankRun { position: 4 }));
        assert_eq!(metadata.insert("x", "a\tb"), Err(InvalidMetadata::BlankRun { position: 2 }));
        for bad in ["a\r\nb", "é", "\u{7f}"] {
            assert!(matches!(metadata.insert("x", bad), Err(InvalidMetadata::Value { .. })));
        }
        assert!(matches!(
            metadata.insert("x", "v".repeat(MAX_METADATA)),
            Err(InvalidMetadata::TooLarge { .. })
        ));
        assert!(matches!(
            Metadata::try_from([("a", "1"), ("A", "1")]),
            Err(InvalidMetadata::Duplicate { .. })
        ));
        assert_eq!(metadata.remove("A").as_deref(), Some("1"));
    }

    #[test]
    fn a_server_reads_what_comes() {
        let mut headers = HeaderMap::new();
        headers.insert("x-ms-meta-color", HeaderValue::from_static(" a  b "));
        headers.insert("x-ms-meta", HeaderValue::from_static("{'Color': 'Blue'}"));
        let read = Metadata::read_request(&headers, None).unwrap();
        assert_eq!(read.iter().collect::<Vec<_>>(), [("color", "a  b")]);

        headers.append("x-ms-meta-color", HeaderValue::from_static("2"));
        let code =
            |headers: &HeaderMap| Metadata::read_request(headers, None).unwrap_err().code().clone();
        assert_eq!(code(&headers), ErrorCode::InvalidMetadata);
        headers.clear();
        headers.insert("x-ms-meta-", HeaderValue::from_static("x"));
        assert_eq!(code(&headers), ErrorCode::EmptyMetadataKey);
        headers.clear();
        headers.insert("x-ms-meta-a-b", HeaderValue::from_static("x"));
        assert_eq!(code(&headers), ErrorCode::InvalidMetadata);
        headers.clear();
        headers.insert("x-ms-meta-a", HeaderValue::try_from("x".repeat(9000)).unwrap());
        assert_eq!(code(&headers), ErrorCode::MetadataTooLarge);
    }
}
