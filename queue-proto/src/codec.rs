//! [`Codec`]s: how the programs that share a queue write their values as text.
//!
//! A message is text, and the service does not say what the text means. Which codec a queue uses
//! is an agreement between its senders and receivers:
//!
//! | Written by | Codec |
//! | --- | --- |
//! | this crate, the Python and the JavaScript SDK, .NET from version 12 on, with their defaults | [`Text`] |
//! | .NET before version 12; Azure Functions, by default | [`Base64Text`], [`Base64Bytes`] |
//! | several of them, or nobody knows | [`Auto`], to read |
#![cfg_attr(feature = "json", doc = "| JSON of any of them | [`Json`] |")]
//!
//! What cannot be decoded is no reason to lose the message: [`Decoded`] keeps it.
//!
//! # What others write
//!
//! The codecs of this module write one form each, which every program below reads. What they read
//! is wider. The columns of Python, JavaScript and Java were measured with Python 3.11, Node 20 and
//! Java 17; those of .NET, which Azure Functions use as well, are from its documentation. "yes" means
//! that the text is read, "no" that it is refused, "drops" that it is read without an error but with
//! something left out. Event Grid only writes to queues: standard base64 of JSON, on one line and
//! padded.
//!
//! | Text of base64 | .NET, Functions | Python | Node | Java | [`Base64Text`], [`Base64Bytes`] | [`Auto`] |
//! | --- | --- | --- | --- | --- | --- | --- |
//! | standard, padded, one line | yes | yes | yes | yes | yes | yes |
//! | broken into lines of 76 or 64 characters | yes | yes | yes | no | yes | yes |
//! | a line break at the end, blanks around it | yes | yes | yes | no | yes | yes |
//! | blanks within a line, lines of other lengths | yes | yes | yes | no | yes | as text |
//! | without padding | no | no | yes | yes | yes | as text |
//! | padding that is cut off (`aR=`) | no | no | yes | no | yes | as text |
//! | more padding than needed (`aGk==`) | no | yes | yes | no | no | as text |
//! | bits that stand for nothing (`aGl=`) | yes | yes | yes | yes | yes | as text |
//! | something behind the padding | no | drops | drops | no | no | as text |
//! | the alphabet for URLs (`-`, `_`) | no | drops | yes | no | no | as text |
//! | other characters (`aGk!=`) | no | drops | drops | no | no | as text |
//! | nothing at all | yes | yes | yes | yes | yes | as text |
//! | not UTF-8, read as text | replaced | no | replaced | replaced | no | as text |
//!
//! Where one of the others drops something this module refuses it: a message that lost a piece looks
//! like a message.
//!
//! | Text | .NET, Functions | Python | JavaScript | Java | [`Text`] |
//! | --- | --- | --- | --- | --- | --- |
//! | any text, blanks and line breaks around it | as it is | as it is | as it is | as it is | as it is |
//! | a byte order mark in front | kept | kept | kept | kept | kept |
//!
#![cfg_attr(feature = "json", doc = include_str!("codec/json.md"))]
//!
//! ```
//! use queue_proto::codec::{Base64Bytes, Codec, Text};
//!
//! let text = Base64Bytes.encode(&b"\x00\x01\x02".as_slice().into())?;
//! assert_eq!(text.as_str(), "AAEC");
//! assert_eq!(Base64Bytes.decode(&text)?, &b"\x00\x01\x02"[..]);
//!
//! // Two generations of senders: what one of them wrote, the other cannot read.
//! let plain = Text.encode(&"hello, world".to_owned())?;
//! assert_eq!(
//!     Base64Bytes.decode(&plain).unwrap_err().to_string(),
//!     "message is not base64, which the codec base64 of bytes expects"
//! );
//! # Ok::<(), queue_proto::codec::CodecError>(())
//! ```

mod auto;
mod binary;
#[cfg(feature = "json")]
mod json;

use std::error::Error;
use std::fmt;

pub use self::auto::{Auto, AutoText, Encoding};
pub use self::binary::{Base64Bytes, Base64Text};
#[cfg(feature = "json")]
pub use self::json::Json;
use crate::error::InvalidText;
use crate::message::MessageText;
use crate::message::stored::{PeekedMessage, ReceivedMessage};

/// How a value becomes the text of a message, and the text a value again.
///
/// An implementation must decode what it encoded to an equal value, and must refuse to encode a
/// value that does not fit.
pub trait Codec: fmt::Debug + Send + Sync {
    /// The type of the values that the text stands for.
    type Value;

    /// The name of the codec in errors, such as `base64 of bytes`.
    fn name(&self) -> &'static str;

    /// Writes a value as text.
    ///
    /// # Errors
    ///
    /// When the value cannot be written, or its text cannot be the text of a message.
    fn encode(&self, value: &Self::Value) -> Result<MessageText, CodecError>;

    /// Writes a value that is not needed any more, which can save a copy.
    ///
    /// # Errors
    ///
    /// The same as those of [`encode`](Self::encode).
    fn encode_owned(&self, value: Self::Value) -> Result<MessageText, CodecError> {
        self.encode(&value)
    }

    /// Writes a value as text of any size, for programs that store elsewhere what does not fit into a
    /// message. A codec that does not implement this refuses it.
    ///
    /// # Errors
    ///
    /// When the value cannot be written, or its text has a character that XML cannot carry.
    fn encode_any_size(&self, value: &Self::Value) -> Result<MessageText, CodecError> {
        self.encode(value)
    }

    /// Reads a value from text.
    ///
    /// # Errors
    ///
    /// When the text is not one that the codec writes.
    fn decode(&self, text: &MessageText) -> Result<Self::Value, CodecError>;
}

/// The reason why a value cannot be written as text, or a text cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum CodecError {
    /// The text has a character that XML cannot carry.
    Text(InvalidText),
    /// The text is larger than a message may be.
    #[non_exhaustive]
    TooLarge {
        /// The name of the codec.
        codec: &'static str,
        /// The size of the value in bytes, before it was encoded.
        raw: usize,
        /// The size of the text in bytes of UTF-8.
        encoded: usize,
        /// The limit in bytes of UTF-8.
        limit: usize,
    },
    /// The text is not base64.
    #[non_exhaustive]
    NotBase64 {
        /// The name of the codec.
        codec: &'static str,
    },
    /// The text is base64, but not of UTF-8.
    #[non_exhaustive]
    NotUtf8 {
        /// The name of the codec.
        codec: &'static str,
    },
    /// The text is not one of a value of this type, or the value cannot be written.
    #[non_exhaustive]
    Value {
        /// The name of the codec.
        codec: &'static str,
        /// The reason, which shows no piece of the message.
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The text could not be encrypted, or what arrived could not be decrypted, by a codec that
    /// does that.
    #[non_exhaustive]
    Encryption {
        /// The reason, which shows no piece of the message and of no key.
        cause: Box<dyn Error + Send + Sync>,
        /// Whether the same may work later, as when a key vault could not be reached.
        temporary: bool,
    },
}

/// The codec for text that stands for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing to set")]
pub struct Text;

/// A message whose text was decoded, or could not be decoded. The message with its id, receipt and raw
/// text is there in both cases.
#[derive(Debug)]
#[non_exhaustive]
pub struct Decoded<M, V> {
    /// The message as it was received.
    pub message: M,
    /// The value that the text stands for, or the reason why there is none.
    pub value: Result<V, CodecError>,
}

impl Codec for Text {
    type Value = String;

    fn name(&self) -> &'static str {
        "text"
    }

    fn encode(&self, value: &String) -> Result<MessageText, CodecError> {
        self.encode_owned(value.clone())
    }

    fn encode_owned(&self, value: String) -> Result<MessageText, CodecError> {
        checked(self.name(), value.len(), value)
    }

    fn encode_any_size(&self, value: &String) -> Result<MessageText, CodecError> {
        unlimited(value.clone())
    }

    fn decode(&self, text: &MessageText) -> Result<String, CodecError> {
        Ok(text.as_str().to_owned())
    }
}

/// The text of a message, or an error that says how large the value was before it was encoded.
fn checked(codec: &'static str, raw: usize, text: String) -> Result<MessageText, CodecError> {
    MessageText::new(text).map_err(|error| CodecError::of_text(codec, raw, error))
}

impl CodecError {
    /// The error for a text that [`MessageText::new`] refused: `codec` wrote it, from a value of
    /// `raw` bytes.
    #[must_use]
    pub const fn of_text(codec: &'static str, raw: usize, error: InvalidText) -> Self {
        match error {
            InvalidText::TooLarge { size, limit } => {
                Self::TooLarge { codec, raw, encoded: size, limit }
            }
            other => Self::Text(other),
        }
    }

    /// The error for a value that `codec` cannot write, or for a text that it cannot read. The cause
    /// must show no piece of the message.
    pub fn value(codec: &'static str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Value { codec, cause: cause.into() }
    }

    /// The error of a codec that encrypts; `temporary` when the same may work later. The cause must
    /// show no piece of the message and of no key.
    pub fn encryption(cause: impl Into<Box<dyn Error + Send + Sync>>, temporary: bool) -> Self {
        Self::Encryption { cause: cause.into(), temporary }
    }

    /// Whether the same may work later: a processor tries the delivery again, and does not take the
    /// message for one that cannot be read.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Encryption { temporary: true, .. })
    }
}

/// The text of a message, or of what is stored elsewhere because it is too large for one.
fn unlimited(text: String) -> Result<MessageText, CodecError> {
    MessageText::of_any_size(text).map_err(CodecError::Text)
}

impl ReceivedMessage {
    /// Decodes the text of the message.
    #[must_use]
    pub fn decode<C: Codec + ?Sized>(self, codec: &C) -> Decoded<Self, C::Value> {
        let value = codec.decode(&self.text);
        Decoded { message: self, value }
    }
}

impl PeekedMessage {
    /// Decodes the text of the message.
    #[must_use]
    pub fn decode<C: Codec + ?Sized>(self, codec: &C) -> Decoded<Self, C::Value> {
        let value = codec.decode(&self.text);
        Decoded { message: self, value }
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("message cannot be sent as text"),
            Self::TooLarge { codec, raw, encoded, limit } if raw == encoded => {
                write!(f, "message has {raw} bytes as {codec}: the limit is {limit}")
            }
            Self::TooLarge { codec, raw, encoded, limit } => {
                write!(f, "message has {raw} bytes, {encoded} as {codec}: the limit is {limit}")
            }
            Self::NotBase64 { codec } => {
                write!(f, "message is not base64, which the codec {codec} expects")
            }
            Self::NotUtf8 { codec } => {
                write!(f, "message is base64 but not of UTF-8, which the codec {codec} expects")
            }
            Self::Value { codec, .. } => {
                write!(f, "message does not fit the type that the codec {codec} expects")
            }
            Self::Encryption { .. } => f.write_str("message cannot be encrypted or decrypted"),
        }
    }
}

impl Error for CodecError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Text(cause) => Some(cause),
            Self::Value { cause, .. } | Self::Encryption { cause, .. } => Some(cause.as_ref()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_before_and_after_encoding() {
        let error = Base64Bytes.encode(&vec![0; 52_100].into()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "message has 52100 bytes, 69468 as base64 of bytes: the limit is 65536"
        );
        assert!(Base64Bytes.encode(&vec![0; 49_152].into()).is_ok());
        assert!(Base64Bytes.encode(&vec![0; 49_153].into()).is_err());
        let error = Text.encode(&"x".repeat(70_000)).unwrap_err();
        assert_eq!(error.to_string(), "message has 70000 bytes as text: the limit is 65536");
    }

    #[test]
    fn any_size_is_read_again_but_not_any_character() {
        let large = "é".repeat(100_000);
        let bytes = bytes::Bytes::from(large.clone());
        let auto = AutoText::new(large.clone(), Encoding::Base64);
        assert_eq!(Text.decode(&Text.encode_any_size(&large).unwrap()).unwrap(), large);
        let text = Base64Text.encode_any_size(&large).unwrap();
        assert_eq!(Base64Text.decode(&text).unwrap(), large);
        let text = Base64Bytes.encode_any_size(&bytes).unwrap();
        assert_eq!(Base64Bytes.decode(&text).unwrap(), bytes);
        assert_eq!(Auto.decode(&Auto.encode_any_size(&auto).unwrap()).unwrap(), auto);
        assert!(Text.encode_any_size(&"a\0".to_owned()).is_err());
    }

    #[test]
    fn what_cannot_be_sent_as_text_says_why() {
        let error = Text.encode(&"a\0".to_owned()).unwrap_err();
        assert!(error.source().unwrap().to_string().contains("at byte 1"));
        assert_eq!(Base64Text.encode(&"a\0".to_owned()).unwrap().as_str(), "YQA=");
    }

    #[test]
    fn a_message_survives_its_decoding() {
        use std::time::UNIX_EPOCH;

        let message = ReceivedMessage::new(
            "id".parse().unwrap(),
            "receipt".parse().unwrap(),
            UNIX_EPOCH,
            UNIX_EPOCH,
            MessageText::new("not base64").unwrap(),
        );
        let decoded = message.clone().decode(&Base64Text);
        assert!(matches!(decoded.value, Err(CodecError::NotBase64 { .. })));
        assert_eq!(decoded.message, message);
        assert_eq!(message.decode(&Text).value.unwrap(), "not base64");
    }
}
