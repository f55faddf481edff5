//! [`PeekMessages`] and its response, by the page "Peek Messages" of the REST reference.

use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::error::{DecodeError, ServiceError};
use crate::kind::OperationKind;
use crate::message::stored::PeekedMessage;
use crate::name::QueueName;
use crate::numbers::MessageCount;
use crate::operation::{Operation, OperationResponse};
use crate::ops::get_messages::read_count;
use crate::request::{IncomingRequest, RequestWriter};
use crate::response::{ResponseWriter, expect_status};
use crate::xml::messages;

/// Peek Messages, `GET /{queue}/messages?peekonly=true`, shows visible messages and leaves them as
/// they are.
///
/// # Errors of the service
///
/// 404 `QueueNotFound`: the queue does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeekMessages {
    /// The queue to look at.
    pub queue: QueueName,
    /// The most messages to show. Default: 1.
    pub count: Option<MessageCount>,
}

/// The answer to [`PeekMessages`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeekMessagesResponse {
    /// The messages, at most 32.
    pub messages: Vec<PeekedMessage>,
}

impl PeekMessages {
    /// Asks for one message of `queue`.
    #[must_use]
    pub fn new(queue: QueueName) -> Self {
        Self { queue, count: None }
    }

    /// Sets the most messages to show.
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

impl Operation for PeekMessages {
    const KIND: OperationKind = OperationKind::PeekMessages;
    type Response = PeekMessagesResponse;

    fn write(&self, out: &mut RequestWriter<'_>) {
        out.messages(&self.queue);
        out.fixed_query(Self::KIND);
        out.query_if("numofmessages", self.count);
    }

    fn read(request: &IncomingRequest<'_>) -> Result<Self, ServiceError> {
        Ok(Self { queue: request.queue()?, count: read_count(request)? })
    }
}

impl OperationResponse for PeekMessagesResponse {
    fn read(status: StatusCode, _headers: &HeaderMap, body: &Bytes) -> Result<Self, DecodeError> {
        expect_status(status, &[StatusCode::OK])?;
        Ok(Self { messages: messages::read_peeked(body)? })
    }

    fn write(&self, out: &mut ResponseWriter) {
        out.header(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        out.xml(messages::write_peeked(&self.messages, out.version()));
    }
}
