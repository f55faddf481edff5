//! Delete Message.

use crate::error::refusal::invalid_query;
use crate::error::{ErrorCode, ServiceError};
use crate::kind::OperationKind;
use crate::message::{MessageId, PopReceipt};
use crate::name::QueueName;
use crate::operation::Operation;
use crate::ops::empty::empty_response;
use crate::request::{IncomingRequest, RequestWriter};

/// Delete Message: `DELETE /{queue}/messages/{id}`.
///
/// The receipt stays good after the message became visible again, until it is handed out or updated
/// once more.
///
/// # Errors of the service
///
/// 404 `MessageNotFound` or 400 `PopReceiptMismatch` when the message is gone or the receipt is not
/// its newest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteMessage {
    /// The queue.
    pub queue: QueueName,
    /// The message.
    pub id: MessageId,
    /// Its newest receipt.
    pub pop_receipt: PopReceipt,
}

empty_response! {
    /// The answer to [`DeleteMessage`]: 204.
    DeleteMessageResponse, NO_CONTENT
}

impl DeleteMessage {
    /// Deletes the message `id` of `queue`.
    #[must_use]
    pub fn new(queue: QueueName, id: MessageId, pop_receipt: PopReceipt) -> Self {
        Self { queue, id, pop_receipt }
    }
}

impl Operation for DeleteMessage {
    const KIND: OperationKind = OperationKind::DeleteMessage;
    type Response = DeleteMessageResponse;

    fn write(&self, out: &mut RequestWriter<'_>) {
        out.message(&self.queue, &self.id);
        out.query("popreceipt", self.pop_receipt.as_str());
    }

    fn read(request: &IncomingRequest<'_>) -> Result<Self, ServiceError> {
        let (queue, id) = request.message()?;
        Ok(Self { queue, id, pop_receipt: read_receipt(request)? })
    }

    fn answer_if_applied_before(error: &ServiceError) -> Option<Self::Response> {
        matches!(error.code(), ErrorCode::MessageNotFound | ErrorCode::PopReceiptMismatch)
            .then(DeleteMessageResponse::new)
    }
}

/// The parameter `popreceipt`, which Update Message has too. The refusal has the value as it was
/// read, as the service answers: a blank in it tells of a plus sign that was not escaped.
pub(crate) fn read_receipt(request: &IncomingRequest<'_>) -> Result<PopReceipt, ServiceError> {
    const NAME: &str = "popreceipt";
    let value = request.query_required(NAME)?;
    PopReceipt::new(&value).map_err(|_| {
        invalid_query(NAME, &value).with_detail("Reason", "Invalid pop receipt format")
    })
}
