//! Messages as the tool shows and writes them: [`CodecArg`] is what their text means, [`columns`] the
//! fields of a message in every format, [`row`] one message.

use std::time::SystemTime;

use clap::ValueEnum;
use queue_client::{
    codec::{Auto, Base64Bytes, Base64Text, Codec as _, CodecError, Encoding, Text},
    proto::{
        MessageText,
        ops::{PeekedMessage, ReceivedMessage},
    },
};

use crate::{
    failure::Failure,
    output::{Cell, Column, Layout, Row},
};

/// What the text of a message means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum CodecArg {
    /// Text, or base64 of text where it looks like it; written as text.
    #[default]
    Auto,
    /// Base64 of text, as Azure Functions and the old .NET library write it.
    Base64,
    /// The text as it stands.
    Text,
    /// Base64 of any bytes.
    Bytes,
}

/// The body of a message, read by a codec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Body {
    /// The codec that read it: `text`, `base64`, `bytes`, or `unreadable`.
    pub(crate) codec: &'static str,
    pub(crate) bytes: Vec<u8>,
}

impl CodecArg {
    /// The text of a message for a body.
    pub(crate) fn encode(self, body: &[u8]) -> Result<MessageText, Failure> {
        let text = || {
            String::from_utf8(body.to_vec()).map_err(|_| {
                Failure::usage("the body is not UTF-8: add --codec bytes to send it as base64")
            })
        };
        let encoded = match self {
            Self::Auto | Self::Text => Text.encode_owned(text()?),
            Self::Base64 => Base64Text.encode_owned(text()?),
            Self::Bytes => Base64Bytes.encode_owned(body.to_vec().into()),
        };
        encoded.map_err(|error| {
            let advice = match (&error, self) {
                (CodecError::Text(_), Self::Auto | Self::Text) => " (or add --codec base64)",
                _ => "",
            };
            Failure::usage(format!("{error}{advice}"))
        })
    }

    /// The body of a text; one that the codec cannot read stays as it is.
    pub(crate) fn decode(self, text: &MessageText) -> Body {
        let plain = |codec| Body { codec, bytes: text.as_str().as_bytes().to_vec() };
        match self {
            Self::Text => plain("text"),
            Self::Auto => match Auto.decode(text) {
                Ok(read) if read.encoding == Encoding::Base64 => {
                    Body { codec: "base64", bytes: read.text.into_bytes() }
                }
                _ => plain("text"),
            },
            Self::Base64 => match Base64Text.decode(text) {
                Ok(read) => Body { codec: "base64", bytes: read.into_bytes() },
                Err(_) => plain("unreadable"),
            },
            Self::Bytes => match Base64Bytes.decode(text) {
                Ok(read) => Body { codec: "bytes", bytes: read.to_vec() },
                Err(_) => plain("unreadable"),
            },
        }
    }
}

impl Body {
    /// The body for a reader: as text, or in hexadecimal digits where it is none.
    pub(crate) fn shown(&self) -> String {
        match std::str::from_utf8(&self.bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => {
                let digits: String = self.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("0x{digits}")
            }
        }
    }

    /// The body as a JSON value, if it is an object or an array.
    pub(crate) fn json(&self) -> Option<serde_json::Value> {
        let value: serde_json::Value = serde_json::from_slice(&self.bytes).ok()?;
        (value.is_object() || value.is_array()).then_some(value)
    }
}

/// A message from whichever answer it came.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) attempt: u32,
    pub(crate) inserted: SystemTime,
    pub(crate) expires: Option<SystemTime>,
    /// The end of its lease, if this is known.
    pub(crate) visible: Option<SystemTime>,
    pub(crate) text: MessageText,
}

impl From<PeekedMessage> for Message {
    fn from(message: PeekedMessage) -> Self {
        Self {
            id: message.id().as_str().to_owned(),
            attempt: message.dequeue_count(),
            inserted: message.inserted_at(),
            expires: message.expires_at(),
            visible: None,
            text: message.into_parts().1,
        }
    }
}

impl From<ReceivedMessage> for Message {
    fn from(message: ReceivedMessage) -> Self {
        Self {
            id: message.id().as_str().to_owned(),
            attempt: message.dequeue_count(),
            inserted: message.inserted_at(),
            expires: message.expires_at(),
            visible: Some(message.next_visible_at()),
            text: message.into_parts().2,
        }
    }
}

/// The columns of a message in lists.
pub(crate) const LAYOUT: Layout = Layout {
    list: "messages",
    columns: &[
        Column::new("id"),
        Column::new("attempt"),
        Column::new("inserted"),
        Column::extra("expires"),
        Column::extra("visible"),
        Column::extra("queue"),
        Column::extra("codec"),
        Column::new("size"),
        Column::text("body"),
        Column::extra("json"),
        Column { name: "text", shown: false, flexible: true },
    ],
};

/// One message, with a cell for each column of [`LAYOUT`].
pub(crate) fn row(message: &Message, queue: &str, codec: CodecArg) -> Row {
    let body = codec.decode(&message.text);
    let cells = vec![
        Cell::text(&message.id),
        Cell::Number(message.attempt.into()),
        Cell::Moment(message.inserted),
        message.expires.map_or(Cell::Never, Cell::Moment),
        message.visible.into(),
        Cell::text(queue),
        Cell::text(body.codec),
        Cell::Number(u64::try_from(message.text.len()).unwrap_or(u64::MAX)),
        Cell::text(body.shown()),
        body.json().map_or(Cell::Missing, Cell::Json),
        Cell::text(message.text.as_str()),
    ];
    Row { cells, raw: Some(body.bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_read_and_written() {
        let text = |text: &str| MessageText::new(text).unwrap();
        assert_eq!(CodecArg::Auto.decode(&text("aGVsbG8gd29ybGQ=")).shown(), "hello world");
        assert_eq!(CodecArg::Text.decode(&text("aGVsbG8gd29ybGQ=")).codec, "text");
        assert_eq!(CodecArg::Base64.decode(&text("not base64")).codec, "unreadable");
        assert_eq!(CodecArg::Bytes.decode(&text("/9g=")).shown(), "0xffd8");
        assert_eq!(CodecArg::Bytes.encode(b"\xff\xd8").unwrap().as_str(), "/9g=");
        let error = CodecArg::Auto.encode(b"\xff").unwrap_err();
        assert!(error.sentence().contains("--codec bytes"), "{error}");
        let error = CodecArg::Text.encode(b"\x01").unwrap_err();
        assert!(error.sentence().contains("--codec base64"), "{error}");
    }
}
