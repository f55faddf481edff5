//! [`BodyCodec`]: the bodies of messages as bytes, for the standard input of a command.

use queue_client::{
    codec::{Base64Bytes, Base64Text, Codec, CodecError, Text},
    proto::MessageText,
};

use crate::message::CodecArg;

/// Reads bodies as bytes. What the codec of the option cannot read is an error.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyCodec(pub(super) CodecArg);

impl Codec for BodyCodec {
    type Value = Vec<u8>;

    fn name(&self) -> &'static str {
        match self.0 {
            CodecArg::Auto => "text or base64 of text",
            CodecArg::Base64 => Base64Text.name(),
            CodecArg::Text => Text.name(),
            CodecArg::Bytes => Base64Bytes.name(),
        }
    }

    fn encode(&self, value: &Vec<u8>) -> Result<MessageText, CodecError> {
        Base64Bytes.encode(&value.clone().into())
    }

    fn decode(&self, text: &MessageText) -> Result<Vec<u8>, CodecError> {
        match self.0 {
            CodecArg::Auto | CodecArg::Text => Ok(self.0.decode(text).bytes),
            CodecArg::Base64 => Base64Text.decode(text).map(String::into_bytes),
            CodecArg::Bytes => Base64Bytes.decode(text).map(|bytes| bytes.to_vec()),
        }
    }
}
