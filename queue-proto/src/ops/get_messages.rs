//! Get Messages.

use std::time::SystemTime;

use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::date::http as http_date;
use crate::error::{DecodeError, ServiceError};
use crate::kind::OperationKind;
use crate::limits::{LeaseTimeout, MessageCount};
use crate::message::{MessageId, MessageText, PopReceipt};
use crate::name::QueueName;
use crate::operation::{Operation, OperationResponse};
use crate::request::{IncomingRequest, RequestWriter};
use crate::response::{ResponseWriter, expect_status};
use crate::xml::{messages, scan};

/// Get Messages: `GET /{queue}/messages`. Hands out messages and hides them for a while.
///
/// The service answers at once, with no message when there is none; it has no long polling. The
/// order is roughly first in, first out, without a guarantee.
///
/// # Errors of the service
///
/// 404 `QueueNotFound`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetMessages {
    /// The queue.
    pub queue: QueueName,
    /// How many messages to hand out at most; one when there is none.
    pub count: Option<MessageCount>,
    /// How long they stay invisible; 30 seconds when there is none.
    pub visibility_timeout: Option<LeaseTimeout>,
}

/// The answer to [`GetMessages`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetMessagesResponse {
    /// The messages.
    pub messages: Vec<ReceivedMessage>,
}

/// A message that Get Messages handed out. Times are whole seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedMessage {
    /// The id.
    pub id: MessageId,
    /// When it was stored.
    pub inserted_at: SystemTime,
    /// When it expires; `None` for never.
    pub expires_at: Option<SystemTime>,
    /// The receipt with which to update or delete it. It means something only together with the
    /// id: messages of one answer may share one value.
    pub pop_receipt: PopReceipt,
    /// When it becomes visible again.
    pub next_visible_at: SystemTime,
    /// How often it was handed out, this time included; 0 when the service does not say, as for
    /// queues made before version 2009-09-19.
    pub dequeue_count: u32,
    /// The text.
    pub text: MessageText,
}

impl GetMessages {
    /// Asks for one message of `queue`, hidden for 30 seconds.
    #[must_use]
    pub fn new(queue: QueueName) -> Self {
        Self { queue, count: None, visibility_timeout: None }
    }

    /// Sets how many messages to hand out at most.
    #[must_use]
    pub fn count(mut self, count: impl Into<Option<MessageCount>>) -> Self {
        self.count = count.into();
        self
    }

    /// Sets how long they stay invisible.
    #[must_use]
    pub fn visibility_timeout(mut self, timeout: impl Into<Option<LeaseTimeout>>) -> Self {
        self.visibility_timeout = timeout.into();
        self
    }
}

impl GetMessagesResponse {
    /// The answer with these messages.
    #[must_use]
    pub fn new(messages: Vec<ReceivedMessage>) -> Self {
        Self { messages }
    }
}

impl ReceivedMessage {
    /// A message that does not expire and was handed out for the first time; the fields say
    /// otherwise where it matters.
    #[must_use]
    pub fn new(
        id: MessageId,
        pop_receipt: PopReceipt,
        inserted_at: SystemTime,
        next_visible_at: SystemTime,
        text: MessageText,
    ) -> Self {
        let (expires_at, dequeue_count) = (None, 1);
        Self { id, inserted_at, expires_at, pop_receipt, next_visible_at, dequeue_count, text }
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

impl Operation for GetMessages {
    const KIND: OperationKind = OperationKind::GetMessages;
    type Response = GetMessagesResponse;

    fn write(&self, out: &mut RequestWriter<'_>) {
        out.messages(&self.queue);
        out.query_if("numofmessages", self.count);
        out.query_if("visibilitytimeout", self.visibility_timeout);
    }

    fn read(request: &IncomingRequest<'_>) -> Result<Self, ServiceError> {
        Ok(Self {
            queue: request.queue()?,
            count: read_count(request)?,
            visibility_timeout: request
                .query_number("visibilitytimeout", LeaseTimeout::RANGE)?
                .and_then(|seconds| LeaseTimeout::from_secs(seconds.into()).ok()),
        })
    }
}

/// The parameter `numofmessages`, which Peek Messages has too.
pub(crate) fn read_count(
    request: &IncomingRequest<'_>,
) -> Result<Option<MessageCount>, ServiceError> {
    let count = request.query_number("numofmessages", MessageCount::RANGE)?;
    Ok(count.and_then(|count| MessageCount::new(count).ok()))
}

impl OperationResponse for GetMessagesResponse {
    fn read(status: StatusCode, _headers: &HeaderMap, body: &Bytes) -> Result<Self, DecodeError> {
        expect_status(status, &[StatusCode::OK])?;
        if let Some(messages) = scan::received(body) {
            return Ok(Self { messages });
        }
        let messages = messages::read_list(body, |mut fields| {
            Ok(ReceivedMessage {
                id: fields.id()?,
                inserted_at: fields.inserted_at()?,
                expires_at: fields.expires_at()?,
                pop_receipt: fields.pop_receipt()?,
                next_visible_at: fields.next_visible_at()?,
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
            list.element("PopReceipt", message.pop_receipt.as_str());
            list.plain("TimeNextVisible", http_date::display(message.next_visible_at));
            list.plain("DequeueCount", message.dequeue_count);
            list.element("MessageText", message.text.as_str());
            list.close("QueueMessage");
        }
        out.xml(messages::end_list(list, self.messages.len()));
    }
}
