//! [`DeleteMessage`] and its response, by the page "Delete Message" of the REST reference.

use crate::error::refusal::invalid_query;
use crate::error::{ErrorCode, ServiceError};
use crate::kind::OperationKind;
use crate::message::{MessageId, PopReceipt};
use crate::name::QueueName;
use crate::operation::Operation;
use crate::ops::empty::empty_response;
use crate::request::{IncomingRequest, RequestWriter};

/// Delete Message, `DELETE /{queue}/messages/{id}`, removes a message for good.
///
/// A receipt is good until the message is handed out or updated once more, also when the message
/// became visible again meanwhile.
///
/// # Errors of the service
///
/// - 404 `MessageNotFound`: the message is gone, or another receiver has it.
/// - 400 `PopReceiptMismatch`: the receipt is not the newest one of the message.
/// - 404 `QueueNotFound`: the queue does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteMessage {
    /// The queue of the message.
    pub queue: QueueName,
    /// The message to delete.
    pub id: MessageId,
    /// The newest receipt of the message.
    pub pop_receipt: PopReceipt,
}

empty_response! {
    /// The answer to [`DeleteMessage`]: status 204.
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
