//! Peek Messages.

use std::time::SystemTime;

use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::date::http as http_date;
use crate::error::{DecodeError, ServiceError};
use crate::kind::OperationKind;
use crate::limits::MessageCount;
use crate::message::{MessageId, MessageText};
use crate::name::QueueName;
use crate::operation::{Operation, OperationResponse};
use crate::ops::get_messages::read_count;
use crate::request::{IncomingRequest, RequestWriter};
use crate::response::{ResponseWriter, expect_status};
use crate::xml::messages;

/// Peek Messages: `GET /{queue}/messages?peekonly=true`. Shows visible messages and leaves them as
/// they are.
///
/// # Errors of the service
///
/// 404 `QueueNotFound`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeekMessages {
    /// The queue.
    pub queue: QueueName,
    /// How many messages to show at most; one when there is none.
    pub count: Option<MessageCount>,
}

/// The answer to [`PeekMessages`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeekMessagesResponse {
    /// The messages.
    pub messages: Vec<PeekedMessage>,
}

/// A message that Peek Messages showed. Times are whole seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeekedMessage {
    /// The id.
    pub id: MessageId,
    /// When it was stored.
    pub inserted_at: SystemTime,
    /// When it expires; `None` for never.
    pub expires_at: Option<SystemTime>,
    /// How often it was handed out.
    pub dequeue_count: u32,
    /// The text.
    pub text: MessageText,
}

impl PeekMessages {
    /// Asks for one message of `queue`.
    #[must_use]
    pub fn new(queue: QueueName) -> Self {
        Self { queue, count: None }
    }

    /// Sets how many messages to show at most.
    #[must_use]
    pub fn count(mut self, count: impl Into<Option<MessageCount>>) -> Self {
        self.count = count.into();
        self
    }
}

impl PeekMessagesResponse {
    /// The answer with these messages.
    #[must_use]
    pub fn new(messages: Vec<PeekedMessage>) -> Self {
        Self { messages }
    }
}

impl PeekedMessage {
    /// A message that does not expire and was never handed out; the fields say otherwise where it
    /// matters.
    #[must_use]
    pub fn new(id: MessageId, inserted_at: SystemTime, text: MessageText) -> Self {
        Self { id, inserted_at, expires_at: None, dequeue_count: 0, text }
    }

    /// Sets when the message expires.
    #[must_use]
    pub fn expires_at(mut self, expires_at: impl Into<Option<SystemTime>>) -> Self {
        self.expires_at = expires_at.into();
        self
    }

    /// Sets how often it was handed out.
    #[must_use]
    pub fn dequeue_count(mut self, count: u32) -> Self {
        self.dequeue_count = count;
        self
    }
}

impl Operation for PeekMessages {
    const KIND: OperationKind = OperationKind::PeekMessages;
    type Response = PeekMessagesResponse;

    fn write(&self, out: &mut RequestWriter<'_>) {
        out.messages(&self.queue);
        out.query("peekonly", "true");
        out.query_if("numofmessages", self.count);
    }

    fn read(request: &IncomingRequest<'_>) -> Result<Self, ServiceError> {
        Ok(Self { queue: request.queue()?, count: read_count(request)? })
    }
}

impl OperationResponse for PeekMessagesResponse {
    fn read(status: StatusCode, _headers: &HeaderMap, body: &Bytes) -> Result<Self, DecodeError> {
        expect_status(status, &[StatusCode::OK])?;
        let messages = messages::read_list(body, |mut fields| {
            Ok(PeekedMessage {
                id: fields.id()?,
                inserted_at: fields.inserted_at()?,
                expires_at: fields.expires_at()?,
                dequeue_count: fields.dequeue_count(),
                text: fields.text()?,
            })
        })?;
        Ok(Self { messages })
    }

    fn write(&self, out: &mut ResponseWriter) {
        out.header(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let text = self.messages.iter().map(|message| message.text.len()).sum();
        let mut list = messages::start_list(self.messages.len(), text);
        for message in &self.messages {
            list.open("QueueMessage");
            list.element("MessageId", message.id.as_str());
            list.plain("InsertionTime", http_date::display(message.inserted_at));
            list.plain("ExpirationTime", http_date::display_expiry(message.expires_at));
            list.plain("DequeueCount", message.dequeue_count);
            list.element("MessageText", message.text.as_str());
            list.close("QueueMessage");
        }
        out.xml(messages::end_list(list, self.messages.len()));
    }
}
