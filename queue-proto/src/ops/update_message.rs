//! [`UpdateMessage`] and its response, by the page "Update Message" of the REST reference.

use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::date::http as http_date;
use crate::error::refusal::missing_query;
use crate::error::{DecodeError, ServiceError};
use crate::header::{self, POP_RECEIPT, TIME_NEXT_VISIBLE};
use crate::kind::OperationKind;
use crate::message::{MessageId, MessageText, PopReceipt};
use crate::name::QueueName;
use crate::numbers::VisibilityTimeout;
use crate::operation::{Operation, OperationResponse};
use crate::ops::delete_message::read_receipt;
use crate::request::{IncomingRequest, RequestWriter};
use crate::response::{ResponseWriter, expect_status, required_header};
use crate::xml::messages;

/// Update Message, `PUT /{queue}/messages/{id}`, changes how long a message stays invisible, and its
/// text if a new one is given. The dequeue count and the expiry stay.
///
/// The old receipt is void at once: a client that loses the answer has lost the message until the
/// message becomes visible again.
///
/// # Errors of the service
///
/// - 404 `MessageNotFound`: the message is gone, or another receiver has it.
/// - 400 `PopReceiptMismatch`: the receipt is not the newest one of the message.
/// - 404 `QueueNotFound`: the queue does not exist.
/// - 413 `RequestBodyTooLarge`: the text has more than 64 KiB, which [`MessageText`] prevents.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpdateMessage {
    /// The queue of the message.
    pub queue: QueueName,
    /// The message to change.
    pub id: MessageId,
    /// The newest receipt of the message.
    pub pop_receipt: PopReceipt,
    /// The time for which the message stays invisible from now on; 0 makes it visible at once.
    pub visibility_timeout: VisibilityTimeout,
    /// The new text of the message. Default: none, so that the text stays.
    pub text: Option<MessageText>,
}

/// The answer to [`UpdateMessage`]. Times are whole seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpdateMessageResponse {
    /// The receipt that is good from now on.
    pub pop_receipt: PopReceipt,
    /// The time at which the message becomes visible again.
    pub next_visible_at: SystemTime,
}

impl UpdateMessage {
    /// Makes a message invisible for `visibility_timeout` from now on.
    #[must_use]
    pub fn new(
        queue: QueueName,
        id: MessageId,
        pop_receipt: PopReceipt,
        visibility_timeout: VisibilityTimeout,
    ) -> Self {
        Self { queue, id, pop_receipt, visibility_timeout, text: None }
    }

    /// Sets the new text of the message.
    #[must_use]
    pub fn text(mut self, text: impl Into<Option<MessageText>>) -> Self {
        self.text = text.into();
        self
    }
}

impl UpdateMessageResponse {
    /// The answer with these values.
    #[must_use]
    pub fn new(pop_receipt: PopReceipt, next_visible_at: SystemTime) -> Self {
        Self { pop_receipt, next_visible_at }
    }
}

impl Operation for UpdateMessage {
    const KIND: OperationKind = OperationKind::UpdateMessage;
    type Response = UpdateMessageResponse;

    fn write(&self, out: &mut RequestWriter<'_>) {
        out.message(&self.queue, &self.id);
        out.query("popreceipt", self.pop_receipt.as_str());
        out.query("visibilitytimeout", self.visibility_timeout);
        if let Some(text) = &self.text {
            out.xml(messages::write_text(text));
        }
    }

    fn read(request: &IncomingRequest<'_>) -> Result<Self, ServiceError> {
        const TIMEOUT: &str = "visibilitytimeout";
        let (queue, id) = request.message()?;
        let pop_receipt = read_receipt(request)?;
        let visibility_timeout = request
            .query_number(TIMEOUT, VisibilityTimeout::RANGE)?
            .and_then(|seconds| VisibilityTimeout::from_secs(seconds.into()).ok())
            .ok_or_else(|| missing_query(TIMEOUT))?;
        let text = match request.body() {
            body if body.is_empty() => None,
            body => Some(messages::read_text(body)?),
        };
        Ok(Self { queue, id, pop_receipt, visibility_timeout, text })
    }
}

impl OperationResponse for UpdateMessageResponse {
    fn read(status: StatusCode, headers: &HeaderMap, _body: &Bytes) -> Result<Self, DecodeError> {
        expect_status(status, &[StatusCode::NO_CONTENT])?;
        Ok(Self {
            pop_receipt: required_header(headers, "x-ms-popreceipt", |text| {
                PopReceipt::new(text).ok()
            })?,
            next_visible_at: required_header(headers, "x-ms-time-next-visible", http_date::parse)?,
        })
    }

    fn write(&self, out: &mut ResponseWriter) {
        out.status(StatusCode::NO_CONTENT);
        out.header(POP_RECEIPT, header::value(self.pop_receipt.as_str()));
        out.header(TIME_NEXT_VISIBLE, header::value(http_date::display(self.next_visible_at)));
    }
}
