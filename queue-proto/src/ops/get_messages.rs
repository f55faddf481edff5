//! [`GetMessages`] and its response, by the page "Get Messages" of the REST reference.

use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::error::{DecodeError, ServiceError};
use crate::kind::OperationKind;
use crate::message::stored::ReceivedMessage;
use crate::name::QueueName;
use crate::numbers::{LeaseTimeout, MessageCount};
use crate::operation::{Operation, OperationResponse};
use crate::request::{IncomingRequest, RequestWriter};
use crate::response::{ResponseWriter, expect_status};
use crate::xml::messages;

/// Get Messages, `GET /{queue}/messages`, hands out messages and hides them for a while.
///
/// The service answers at once, also when the queue has no visible message: there is no long polling.
/// The order is roughly first in, first out, without a guarantee.
///
/// # Errors of the service
///
/// - 404 `QueueNotFound`: the queue does not exist.
/// - 400 `OutOfRangeQueryParameterValue`: a number is out of its range, which these types prevent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetMessages {
    /// The queue to receive from.
    pub queue: QueueName,
    /// The most messages to hand out. Default: 1.
    pub count: Option<MessageCount>,
    /// The time for which the messages stay invisible. Default: 30 seconds.
    pub visibility_timeout: Option<LeaseTimeout>,
}

/// The answer to [`GetMessages`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetMessagesResponse {
    /// The messages, at most 32; none when no message was visible.
    pub messages: Vec<ReceivedMessage>,
}

impl GetMessages {
    /// Asks for one message of `queue`, hidden for 30 seconds.
    #[must_use]
    pub fn new(queue: QueueName) -> Self {
        Self { queue, count: None, visibility_timeout: None }
    }

    /// Sets the most messages to hand out.
    #[must_use]
    pub fn count(mut self, count: impl Into<Option<MessageCount>>) -> Self {
        self.count = count.into();
        self
    }

    /// Sets the time for which the messages stay invisible.
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
        Ok(Self { messages: messages::read_received(body)? })
    }

    fn write(&self, out: &mut ResponseWriter) {
        out.header(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        out.xml(messages::write_received(&self.messages, out.version()));
    }
}
