//! Base64 of text and of bytes: [`Base64Text`] and [`Base64Bytes`]. What they read beside what they
//! write is listed in the table of [`codec`](crate::codec).

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

use crate::codec::{Codec, CodecError, checked, unlimited};
use crate::message::MessageText;

/// Base64 of text in UTF-8, on one line and with its padding. Line breaks, blanks and missing padding
/// are read too; [the table](crate::codec#what-others-write) says what else is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing to set")]
pub struct Base64Text;

/// Base64 of bytes, on one line and with its padding. Line breaks, blanks and missing padding are
/// read too; [the table](crate::codec#what-others-write) says what else is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing to set")]
pub struct Base64Bytes;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

pub(crate) fn encode(codec: &'static str, value: &[u8]) -> Result<MessageText, CodecError> {
    checked(codec, value.len(), LENIENT.encode(value))
}

pub(crate) fn encode_any_size(value: &[u8]) -> Result<MessageText, CodecError> {
    unlimited(LENIENT.encode(value))
}

pub(crate) fn decode(codec: &'static str, text: &str) -> Result<Vec<u8>, CodecError> {
    // Most texts have no blank, so they are not looked at twice.
    LENIENT
        .decode(text)
        .or_else(|error| match text.contains(is_blank) {
            true => LENIENT.decode(text.replace(is_blank, "")),
            false => Err(error),
        })
        .map_err(|_| CodecError::NotBase64 { codec })
}

/// The characters that .NET passes over in base64, and so Azure Functions do.
pub(crate) fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

impl Codec for Base64Text {
    type Value = String;

    fn name(&self) -> &'static str {
        "base64 of text"
    }

    fn encode(&self, value: &String) -> Result<MessageText, CodecError> {
        encode(self.name(), value.as_bytes())
    }

    fn encode_any_size(&self, value: &String) -> Result<MessageText, CodecError> {
        encode_any_size(value.as_bytes())
    }

    fn decode(&self, text: &MessageText) -> Result<String, CodecError> {
        String::from_utf8(decode(self.name(), text.as_str())?)
            .map_err(|_| CodecError::NotUtf8 { codec: self.name() })
    }
}

impl Codec for Base64Bytes {
    type Value = Bytes;

    fn name(&self) -> &'static str {
        "base64 of bytes"
    }

    fn encode(&self, value: &Bytes) -> Result<MessageText, CodecError> {
        encode(self.name(), value)
    }

    fn encode_any_size(&self, value: &Bytes) -> Result<MessageText, CodecError> {
        encode_any_size(value)
    }

    fn decode(&self, text: &MessageText) -> Result<Bytes, CodecError> {
        decode(self.name(), text.as_str()).map(Bytes::from)
    }
}
