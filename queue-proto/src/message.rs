//! The parts of a message: [`MessageText`], [`MessageId`] and [`PopReceipt`]. Whole messages are in
//! [`stored`].

mod short;
pub(crate) mod stored;

use std::fmt;
use std::str::FromStr;

use self::short::ShortText;
use crate::characters::first_illegal;
use crate::error::{InvalidText, InvalidValue};
use crate::limits::MAX_MESSAGE_TEXT;

/// The text of a message: characters that XML can carry, at most 65,536 bytes of UTF-8.
///
/// The text is what the service stores. What it means (plain text, base64, JSON) is between the
/// programs that share the queue.
///
/// A text that was read from the service keeps the rule on characters, but may be larger than what
/// [`new`](Self::new) allows, should the service allow more one day; so may one that is
/// [not meant to be sent](Self::of_any_size).
///
/// [`Debug`](fmt::Debug) shows the size and not the text, so that logs do not carry messages.
///
/// ```
/// use queue_proto::MessageText;
///
/// let text = MessageText::new("a & b")?;
/// assert_eq!(text.as_str(), "a & b");
/// assert_eq!(
///     MessageText::new("a\u{1}b").unwrap_err().to_string(),
///     "message text has the character '\\u{1}' at byte 1, which XML cannot carry: \
///      encode the message, for example with base64"
/// );
/// # Ok::<(), queue_proto::InvalidText>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct MessageText(String);

/// The id of a message: 1 to 128 letters, digits, `-`, `_`, `.` and `~`, and not only dots. The
/// service uses GUIDs in lower case. Cheap to clone.
///
/// The alphabet keeps an id one segment of a path whatever the HTTP library makes of the URI; `..`
/// and `%2e%2e` are refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(ShortText);

/// The receipt that Get Messages, Put Message and Update Message return, and that Delete Message
/// and Update Message need: 1 to 1,024 visible ASCII characters, opaque.
///
/// Whoever has it may delete the message, so [`Debug`](fmt::Debug) does not show it. It may contain
/// `+`, `/` and `=`; the operations encode it. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PopReceipt(ShortText);

const MAX_ID: usize = 128;
const MAX_RECEIPT: usize = 1024;

/// The most bytes of UTF-8 that the text of a message read from the service may have.
pub(crate) const MAX_RECEIVED_TEXT: usize = 4 * MAX_MESSAGE_TEXT;

impl MessageText {
    /// Checks the characters and the size of a text.
    ///
    /// # Errors
    ///
    /// When `text` has a character that XML cannot carry or more than 65,536 bytes of UTF-8.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidText> {
        let text = Self::of_any_size(text)?;
        if text.len() > MAX_MESSAGE_TEXT {
            return Err(InvalidText::TooLarge { size: text.len(), limit: MAX_MESSAGE_TEXT });
        }
        Ok(text)
    }

    /// Checks the characters of `text` and not its size, for texts that are stored elsewhere when
    /// they are too large to be sent.
    ///
    /// # Errors
    ///
    /// When `text` has a character that XML cannot carry.
    pub fn of_any_size(text: impl Into<String>) -> Result<Self, InvalidText> {
        let text = text.into();
        match first_illegal(&text) {
            Some((offset, character)) => Err(InvalidText::Character { character, offset }),
            None => Ok(Self(text)),
        }
    }

    /// Takes text whose characters the XML reader has checked.
    pub(crate) fn from_xml(text: String) -> Self {
        debug_assert!(first_illegal(&text).is_none());
        Self(text)
    }

    /// The text as a string slice.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as an owned string.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// The size in bytes of UTF-8, in which the service measures its limit.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when the text is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl MessageId {
    /// Checks the text of an id.
    ///
    /// # Errors
    ///
    /// When `id` is empty, too long, only dots, or has a character outside the alphabet.
    pub fn new(id: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let id = id.as_ref();
        if id.is_empty() || id.len() > MAX_ID {
            return Err(InvalidValue::number(
                "message id",
                "must have 1 to 128 characters",
                id.len() as u64,
            ));
        }
        if !are_all(id, is_unreserved) || id.bytes().all(|b| b == b'.') {
            return Err(InvalidValue::new(
                "message id",
                "must have only letters, digits, '-', '_', '.' and '~', and not only dots",
            ));
        }
        Ok(Self(id.into()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl PopReceipt {
    /// Checks the text of a receipt.
    ///
    /// # Errors
    ///
    /// When `receipt` is empty, too long, or has a character that is not visible ASCII.
    pub fn new(receipt: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let receipt = receipt.as_ref();
        if receipt.is_empty() || receipt.len() > MAX_RECEIPT {
            return Err(InvalidValue::number(
                "pop receipt",
                "must have 1 to 1024 characters",
                receipt.len() as u64,
            ));
        }
        if !are_all(receipt, u8::is_ascii_graphic) {
            return Err(InvalidValue::new(
                "pop receipt",
                "must have only visible ASCII characters",
            ));
        }
        Ok(Self(receipt.into()))
    }

    /// The receipt as text. Keep it out of logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Says whether all bytes are of a kind. No byte ends the walk, so that it takes several bytes in a
/// step: what is read is nearly always good.
fn are_all(text: &str, is_good: impl Fn(&u8) -> bool) -> bool {
    text.as_bytes().iter().fold(true, |good, byte| good & is_good(byte))
}

/// The characters that a URI has as they stand (RFC 3986, "Unreserved Characters").
fn is_unreserved(byte: &u8) -> bool {
    let is_letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let is_digit = byte.wrapping_sub(b'0') < 10;
    is_letter | is_digit | (*byte == b'-') | (*byte == b'_') | (*byte == b'.') | (*byte == b'~')
}

impl fmt::Debug for MessageText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageText({} bytes)", self.len())
    }
}

impl fmt::Debug for PopReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PopReceipt(redacted)")
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl AsRef<str> for MessageText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for MessageId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl From<MessageText> for String {
    fn from(text: MessageText) -> Self {
        text.0
    }
}

impl TryFrom<String> for MessageText {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, InvalidText> {
        Self::new(text)
    }
}

impl TryFrom<&str> for MessageText {
    type Error = InvalidText;

    fn try_from(text: &str) -> Result<Self, InvalidText> {
        Self::new(text)
    }
}

impl FromStr for MessageText {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        Self::new(text)
    }
}

impl FromStr for MessageId {
    type Err = InvalidValue;

    fn from_str(id: &str) -> Result<Self, InvalidValue> {
        Self::new(id)
    }
}

impl FromStr for PopReceipt {
    type Err = InvalidValue;

    fn from_str(receipt: &str) -> Result<Self, InvalidValue> {
        Self::new(receipt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_the_characters_of_xml() {
        for good in ["", "a\tb\r\nc", "\u{7f}\u{85}", "\u{D7FF}\u{E000}\u{FFFD}\u{10000}\u{10FFFF}"]
        {
            assert_eq!(MessageText::new(good).unwrap().as_str(), good);
        }
        for (bad, at) in
            [("\0", 0), ("é\u{b}", 2), ("ab\u{1f}", 2), ("\u{FFFE}", 0), ("x\u{FFFF}", 1)]
        {
            match MessageText::new(bad) {
                Err(InvalidText::Character { offset, .. }) => assert_eq!(offset, at),
                other => panic!("{bad:?}: {other:?}"),
            }
        }
        let late = format!("{}\u{8}", "x".repeat(1000));
        assert!(matches!(
            MessageText::new(late),
            Err(InvalidText::Character { offset: 1000, character: '\u{8}' })
        ));
    }

    #[test]
    fn text_is_measured_in_utf_8() {
        assert!(MessageText::new("a".repeat(65_536)).is_ok());
        let error = MessageText::new("é".repeat(32_769)).unwrap_err();
        assert_eq!(error, InvalidText::TooLarge { size: 65_538, limit: 65_536 });
    }

    #[test]
    fn ids_stay_one_segment() {
        assert!(MessageId::new("5f2c9a51-9d0b-4c7e-8a36-0f5b1c2d3e4f").is_ok());
        for bad in ["", ".", "..", "...", "%2e%2e", "../../other/messages", "a/b", "a b", "é"] {
            assert!(MessageId::new(bad).is_err(), "{bad}");
        }
        assert!(MessageId::new("a".repeat(129)).is_err());
    }

    #[test]
    fn nothing_secret_in_debug() {
        let receipt = PopReceipt::new("AgAAAAMAAAAAAAAApfesaQUG1QE=").unwrap();
        assert_eq!(format!("{receipt:?}"), "PopReceipt(redacted)");
        assert!(PopReceipt::new("a b").is_err());
        assert!(PopReceipt::new("").is_err());
        assert_eq!(format!("{:?}", MessageText::new("secret").unwrap()), "MessageText(6 bytes)");
    }
}
