//! [`Auto`], which reads queues to which programs write in different ways.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::characters::first_illegal;
use crate::codec::binary::{self, is_blank};
use crate::codec::{Codec, CodecError, checked, unlimited};
use crate::message::MessageText;

/// Text, or base64 of text: for reading a queue to which both are sent.
///
/// A text counts as base64 when all of this holds, and as itself otherwise:
///
/// 1. it is one line, or lines of the same length of at least 60 characters and a shorter last one,
///    as the tools that break base64 write it (60, 64 or 76); blanks and line breaks around it do not
///    count;
/// 2. without its line breaks it has at least eight characters, and a multiple of four;
/// 3. it is base64 in the standard alphabet, with its padding, and without bits that stand for
///    nothing;
/// 4. it decodes to UTF-8 without control characters other than tab, line feed and carriage return.
///
/// These rules are narrower than those of [`Base64Text`](crate::codec::Base64Text): a text of words
/// with blanks between them is a text, whatever its letters would decode to.
///
/// A rule cannot know what the sender meant: a text such as `Q0FGRUJBQkU=` may be meant as it
/// stands. So [`AutoText`] says which case it is, the text as it was sent stays in the message, and
/// where the senders agree on a codec, that codec is the better choice.
///
/// ```
/// use queue_proto::MessageText;
/// use queue_proto::codec::{Auto, Codec, Encoding};
///
/// let read = |text| Auto.decode(&MessageText::new(text).unwrap()).unwrap();
/// assert_eq!(read("aGVsbG8gd29ybGQ=").text, "hello world");
/// assert_eq!(read("aGVsbG8gd29ybGQ=").encoding, Encoding::Base64);
/// assert_eq!(read("message2").text, "message2");
/// assert_eq!(read("message2").encoding, Encoding::Text);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing to set")]
pub struct Auto;

/// A text that [`Auto`] has read, and how the text was written. Encoding writes it the same way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct AutoText {
    /// The decoded text.
    pub text: String,
    /// The way in which the text was written.
    pub encoding: Encoding,
}

/// The way in which a text was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there are these two ways")]
pub enum Encoding {
    /// The text as it stands.
    Text,
    /// Base64 of the text in UTF-8.
    Base64,
}

impl AutoText {
    /// A text to write in this way.
    #[must_use]
    pub fn new(text: impl Into<String>, encoding: Encoding) -> Self {
        Self { text: text.into(), encoding }
    }
}

impl Codec for Auto {
    type Value = AutoText;

    fn name(&self) -> &'static str {
        "text or base64 of text"
    }

    fn encode(&self, value: &AutoText) -> Result<MessageText, CodecError> {
        match value.encoding {
            Encoding::Text => checked(self.name(), value.text.len(), value.text.clone()),
            Encoding::Base64 => binary::encode(self.name(), value.text.as_bytes()),
        }
    }

    fn encode_any_size(&self, value: &AutoText) -> Result<MessageText, CodecError> {
        match value.encoding {
            Encoding::Text => unlimited(value.text.clone()),
            Encoding::Base64 => binary::encode_any_size(value.text.as_bytes()),
        }
    }

    fn decode(&self, text: &MessageText) -> Result<AutoText, CodecError> {
        let text = text.as_str();
        let decoded = one_line(text)
            .filter(|text| text.len() >= 8 && text.len().is_multiple_of(4))
            .and_then(|text| STANDARD.decode(text.as_bytes()).ok())
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .filter(|text| first_illegal(text).is_none());
        Ok(match decoded {
            Some(text) => AutoText { text, encoding: Encoding::Base64 },
            None => AutoText { text: text.to_owned(), encoding: Encoding::Text },
        })
    }
}

/// The shortest line at which tools break base64; MIME breaks it at 76, PEM at 64 characters.
const SHORTEST_LINE: usize = 60;

/// The text without the line breaks that tools put into base64; `None` when it is broken otherwise.
fn one_line(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim_matches(is_blank);
    let mut lines = text.lines();
    let first = lines.next()?;
    if first.len() == text.len() {
        return Some(Cow::Borrowed(text));
    }
    let mut joined = String::with_capacity(text.len());
    let mut is_last = false;
    for line in std::iter::once(first).chain(lines) {
        // Only the last line may be shorter than the first.
        if is_last || line.is_empty() || line.len() > first.len() {
            return None;
        }
        is_last = line.len() < first.len();
        joined.push_str(line);
    }
    (first.len() >= SHORTEST_LINE).then_some(Cow::Owned(joined))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let line = "a".repeat(60);
        for (text, joined) in [
            ("abc".to_owned(), Some("abc".to_owned())),
            ("\n abc \r\n".to_owned(), Some("abc".to_owned())),
            (format!("{line}\n{line}\r\nab\n"), Some(format!("{line}{line}ab"))),
            (format!("{line}\n{line}"), Some(format!("{line}{line}"))),
            (format!("{line}\nab\n{line}"), None),
            (format!("{line}\n\n{line}"), None),
            (format!("{line}\n{line}a"), None),
            ("abcd\nabcd".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(one_line(&text).as_deref(), joined.as_deref(), "{text:?}");
        }
    }

    #[test]
    fn rules() {
        for (text, decoded) in [
            ("aGVsbG8gd29ybGQ=", Some("hello world")),
            ("eyJhIjoxfQ==", Some("{\"a\":1}")),
            ("w6nDqcOp", Some("ééé")),
            // Too short, though it decodes.
            ("aGk=", None),
            // No padding, wrong padding, bits that stand for nothing.
            ("aGVsbG8gd29ybGQ", None),
            ("aGVsbG8gd29ybG==", None),
            ("eyJhIjoxfR==", None),
            // Not UTF-8, and a control character.
            ("message2", None),
            ("AAAAAAAA", None),
            ("hello, world", None),
            ("", None),
        ] {
            let read = Auto.decode(&MessageText::new(text).unwrap()).unwrap();
            let expected = match decoded {
                Some(decoded) => AutoText::new(decoded, Encoding::Base64),
                None => AutoText::new(text, Encoding::Text),
            };
            assert_eq!(read, expected);
            assert_eq!(Auto.encode(&read).unwrap().as_str(), text);
        }
    }
}
