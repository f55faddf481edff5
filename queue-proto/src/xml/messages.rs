//! `<QueueMessagesList>` and `<QueueMessage>`: messages in answers, and the text of a message in a
//! request. The usual shape of an answer is read by [`scan`], every other one by the functions here.

mod scan;

use std::str::FromStr;
use std::time::SystemTime;

use bytes::Bytes;

use crate::date::http;
use crate::error::{DecodeError, DecodeProblem, InvalidValue, ServiceError};
use crate::limits::MAX_MESSAGE_TEXT;
use crate::message::stored::{PeekedMessage, ReceivedMessage, SentMessage};
use crate::message::{MAX_RECEIVED_TEXT, MessageId, MessageText, PopReceipt};
use crate::version::ServiceVersion;
use crate::xml::element::Element;
use crate::xml::problem::XmlError;
use crate::xml::reader::Reader;
use crate::xml::writer::Writer;

/// What an answer says about one message; which parts there are depends on the operation.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    id: Option<MessageId>,
    inserted_at: Option<SystemTime>,
    expires_at: Option<Option<SystemTime>>,
    pop_receipt: Option<PopReceipt>,
    next_visible_at: Option<SystemTime>,
    dequeue_count: Option<u32>,
    text: Option<MessageText>,
}

macro_rules! required {
    ($($name:ident: $type:ty = $element:literal,)*) => {
        impl Fields {
            $(
                pub(crate) fn $name(&mut self) -> Result<$type, DecodeError> {
                    self.$name.take().ok_or_else(|| {
                        DecodeError::new(DecodeProblem::MissingElement($element))
                    })
                }
            )*
        }
    };
}

required! {
    id: MessageId = "MessageId",
    inserted_at: SystemTime = "InsertionTime",
    expires_at: Option<SystemTime> = "ExpirationTime",
    pop_receipt: PopReceipt = "PopReceipt",
    next_visible_at: SystemTime = "TimeNextVisible",
    text: MessageText = "MessageText",
}

/// Since this version messages have dequeue counts.
const DEQUEUE_COUNTS: ServiceVersion = ServiceVersion::known(2009, 9, 19);

impl Fields {
    /// The dequeue count; 0 when the answer has none, as for queues made before version
    /// 2009-09-19.
    pub(crate) fn dequeue_count(&self) -> u32 {
        self.dequeue_count.unwrap_or_default()
    }
}

/// Reads the answer to Get Messages.
pub(crate) fn read_received(body: &[u8]) -> Result<Vec<ReceivedMessage>, DecodeError> {
    if let Some(messages) = scan::received(body) {
        return Ok(messages);
    }
    read_list(body, |mut fields| {
        Ok(ReceivedMessage {
            id: fields.id()?,
            inserted_at: fields.inserted_at()?,
            expires_at: fields.expires_at()?,
            pop_receipt: fields.pop_receipt()?,
            next_visible_at: fields.next_visible_at()?,
            dequeue_count: fields.dequeue_count(),
            text: fields.text()?,
        })
    })
}

/// Reads the answer to Peek Messages.
pub(crate) fn read_peeked(body: &[u8]) -> Result<Vec<PeekedMessage>, DecodeError> {
    read_list(body, |mut fields| {
        Ok(PeekedMessage {
            id: fields.id()?,
            inserted_at: fields.inserted_at()?,
            expires_at: fields.expires_at()?,
            dequeue_count: fields.dequeue_count(),
            text: fields.text()?,
        })
    })
}

/// Reads the answer to Put Message.
pub(crate) fn read_sent(body: &[u8]) -> Result<SentMessage, DecodeError> {
    if let Some(message) = scan::sent(body) {
        return Ok(message);
    }
    let messages = read_list(body, |mut fields| {
        Ok(SentMessage {
            id: fields.id()?,
            inserted_at: fields.inserted_at()?,
            expires_at: fields.expires_at()?,
            pop_receipt: fields.pop_receipt()?,
            next_visible_at: fields.next_visible_at()?,
        })
    })?;
    let missing = DecodeProblem::MissingElement("QueueMessage");
    messages.into_iter().next().ok_or_else(|| DecodeError::new(missing))
}

/// Reads the list in an answer, each message with `make`.
fn read_list<T>(
    body: &[u8],
    mut make: impl FnMut(Fields) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    let mut reader = Reader::of_answer(body);
    let root = reader.root("QueueMessagesList")?;
    let mut messages = Vec::new();
    while let Some(child) = reader.child(&root)? {
        if child.name() == "QueueMessage" {
            let fields = read_fields(&mut reader, &child)?;
            if messages.is_empty() && reader.offset() < body.len() / 2 {
                // Several messages come: 32 at most, so one allocation serves.
                messages.reserve_exact(32);
            }
            messages.push(make(fields)?);
        } else {
            reader.skip(&child)?;
        }
    }
    reader.finish()?;
    Ok(messages)
}

/// Reads what an answer says about a message. An empty element counts as an absent one: other
/// servers write elements that the operation does not have, as an empty receipt for Peek Messages.
fn read_fields(reader: &mut Reader<'_>, message: &Element<'_>) -> Result<Fields, XmlError> {
    let mut fields = Fields::default();
    while let Some(child) = reader.child(message)? {
        match child.name() {
            "MessageId" => fields.id = read_checked(reader, &child, "MessageId")?,
            "InsertionTime" => fields.inserted_at = read_time(reader, &child, "InsertionTime")?,
            "ExpirationTime" => {
                fields.expires_at = read_time(reader, &child, "ExpirationTime")?.map(http::expiry);
            }
            "PopReceipt" => fields.pop_receipt = read_checked(reader, &child, "PopReceipt")?,
            "TimeNextVisible" => {
                fields.next_visible_at = read_time(reader, &child, "TimeNextVisible")?;
            }
            "DequeueCount" => {
                fields.dequeue_count = reader.parse(&child, "DequeueCount", |text| match text {
                    "" => Some(None),
                    // A count beyond the type is as good as the greatest one.
                    text => text
                        .parse::<u64>()
                        .ok()
                        .map(|count| Some(u32::try_from(count).unwrap_or(u32::MAX))),
                })?;
            }
            "MessageText" => {
                let text = reader.text(&child, "MessageText", MAX_RECEIVED_TEXT)?;
                fields.text = Some(MessageText::from_xml(text.into_owned()));
            }
            _ => reader.skip(&child)?,
        }
    }
    Ok(fields)
}

fn read_checked<T: FromStr<Err = InvalidValue>>(
    reader: &mut Reader<'_>,
    element: &Element<'_>,
    name: &'static str,
) -> Result<Option<T>, XmlError> {
    reader.checked(element, name, |text| match text {
        "" => Ok(None),
        text => text.parse().map(Some),
    })
}

fn read_time(
    reader: &mut Reader<'_>,
    element: &Element<'_>,
    name: &'static str,
) -> Result<Option<SystemTime>, XmlError> {
    reader.parse(element, name, |text| match text {
        "" => Some(None),
        text => http::parse(text).map(Some),
    })
}

/// Writes the answer to Get Messages as a service of `version` does.
pub(crate) fn write_received(messages: &[ReceivedMessage], version: ServiceVersion) -> Bytes {
    let text = messages.iter().map(|message| message.text.len()).sum();
    write_list(messages, text, |list, message| {
        list.element("MessageId", message.id.as_str());
        list.plain("InsertionTime", http::display(message.inserted_at));
        list.plain("ExpirationTime", http::display_expiry(message.expires_at));
        list.element("PopReceipt", message.pop_receipt.as_str());
        list.plain("TimeNextVisible", http::display(message.next_visible_at));
        list.plain_if("DequeueCount", (version >= DEQUEUE_COUNTS).then_some(message.dequeue_count));
        list.element("MessageText", message.text.as_str());
    })
}

/// Writes the answer to Peek Messages as a service of `version` does.
pub(crate) fn write_peeked(messages: &[PeekedMessage], version: ServiceVersion) -> Bytes {
    let text = messages.iter().map(|message| message.text.len()).sum();
    write_list(messages, text, |list, message| {
        list.element("MessageId", message.id.as_str());
        list.plain("InsertionTime", http::display(message.inserted_at));
        list.plain("ExpirationTime", http::display_expiry(message.expires_at));
        list.plain_if("DequeueCount", (version >= DEQUEUE_COUNTS).then_some(message.dequeue_count));
        list.element("MessageText", message.text.as_str());
    })
}

/// Writes the answer to Put Message.
pub(crate) fn write_sent(message: &SentMessage) -> Bytes {
    write_list(std::slice::from_ref(message), 0, |list, message| {
        list.element("MessageId", message.id.as_str());
        list.plain("InsertionTime", http::display(message.inserted_at));
        list.plain("ExpirationTime", http::display_expiry(message.expires_at));
        list.element("PopReceipt", message.pop_receipt.as_str());
        list.plain("TimeNextVisible", http::display(message.next_visible_at));
    })
}

/// Writes a list, with room for messages of so many bytes of text in all.
fn write_list<T>(messages: &[T], text: usize, write: impl Fn(&mut Writer, &T)) -> Bytes {
    let mut out = Writer::response(64 + messages.len() * 448 + text + text / 8);
    if messages.is_empty() {
        out.raw("<QueueMessagesList />");
        return out.finish();
    }
    out.raw("<QueueMessagesList>");
    for message in messages {
        out.raw("<QueueMessage>");
        write(&mut out, message);
        out.raw("</QueueMessage>");
    }
    out.raw("</QueueMessagesList>");
    out.finish()
}

/// Reads the body of Put Message or Update Message.
pub(crate) fn read_text(body: &[u8]) -> Result<MessageText, ServiceError> {
    read_text_xml(body).map_err(|error| error.refuse(body))
}

fn read_text_xml(body: &[u8]) -> Result<MessageText, XmlError> {
    let mut reader = Reader::of_request(body);
    let root = reader.root("QueueMessage")?;
    let mut text = None;
    while let Some(child) = reader.child(&root)? {
        if child.name() != "MessageText" {
            return Err(child.unsupported());
        }
        let value = reader.text(&child, "MessageText", MAX_MESSAGE_TEXT)?.into_owned();
        reader.put(&mut text, "MessageText", value)?;
    }
    let text = text.ok_or_else(|| root.missing("MessageText"))?;
    reader.finish()?;
    Ok(MessageText::from_xml(text))
}

/// Writes the body of Put Message or Update Message.
pub(crate) fn write_text(text: &MessageText) -> Bytes {
    const FRAME: usize = "<QueueMessage><MessageText></MessageText></QueueMessage>".len();
    // Exactly what a text without markup takes: a buffer that is full becomes `Bytes` as it is.
    let mut out = Writer::request(FRAME + text.len());
    out.raw("<QueueMessage><MessageText>");
    out.text(text.as_str());
    out.raw("</MessageText></QueueMessage>");
    out.finish()
}
