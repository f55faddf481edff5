//! [`probe`]: which operations a credential allows on a queue, found by requests that change nothing.
//! The service decides about permissions before it looks at the values, so a request that cannot work
//! tells whether it was allowed.

use std::time::Duration;

use queue_client::{
    Error, QueueClient,
    proto::{
        ErrorCode, MessageId, MessageText, Operation, PopReceipt, TimeToLive, VisibilityTimeout,
        ops::{DeleteMessage, GetQueueMetadata, PeekMessages, PutMessage, UpdateMessage},
    },
};

/// The answer of one probe.
#[derive(Debug)]
pub(crate) enum Verdict {
    Allowed,
    /// It is refused for want of a permission or role, or of a valid credential.
    Refused(Error),
    /// It failed for another reason.
    Failed(Error),
}

/// What one operation answered.
#[derive(Debug)]
pub(crate) struct Probe {
    /// The operation in a word: `peek`, `metadata`, `put`, `update`, `delete`.
    pub(crate) name: &'static str,
    /// The letter of a shared access signature that allows it.
    pub(crate) letter: char,
    pub(crate) verdict: Verdict,
}

/// An id that no message has.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// Tries every operation on messages of a queue.
pub(crate) async fn probe(queue: &QueueClient) -> Vec<Probe> {
    let name = queue.name();
    let mut probes = Vec::new();
    let mut add = |name, letter, verdict| probes.push(Probe { name, letter, verdict });
    add("peek", 'r', ask(queue, &PeekMessages::new(name.clone())).await);
    add("metadata", 'r', ask(queue, &GetQueueMetadata::new(name.clone())).await);
    if let Some(put) = impossible_put(queue) {
        add("put", 'a', ask(queue, &put).await);
    }
    if let (Ok(id), Ok(receipt)) = (MessageId::new(NOBODY), PopReceipt::new("AgAAAAMAAAAAAAAA")) {
        let hidden = VisibilityTimeout::ZERO;
        let update = UpdateMessage::new(name.clone(), id.clone(), receipt.clone(), hidden);
        add("update", 'u', ask(queue, &update).await);
        // Get Messages has the same permission, and would hide messages.
        add("delete", 'p', ask(queue, &DeleteMessage::new(name.clone(), id, receipt)).await);
    }
    probes
}

/// A message that would be hidden for longer than it lives, which the service refuses.
fn impossible_put(queue: &QueueClient) -> Option<PutMessage> {
    let text = MessageText::new("").ok()?;
    let life = TimeToLive::try_from(Duration::from_secs(1)).ok()?;
    let hidden = VisibilityTimeout::try_from(Duration::from_secs(60)).ok()?;
    Some(PutMessage::new(queue.name().clone(), text).visibility_timeout(hidden).time_to_live(life))
}

async fn ask<O: Operation>(queue: &QueueClient, operation: &O) -> Verdict {
    let Err(error) = queue.execute(operation).await else { return Verdict::Allowed };
    match error.code() {
        Some(
            ErrorCode::MessageNotFound
            | ErrorCode::PopReceiptMismatch
            | ErrorCode::OutOfRangeQueryParameterValue
            | ErrorCode::InvalidQueryParameterValue,
        ) => Verdict::Allowed,
        _ if error
            .service_error()
            .is_some_and(|answer| matches!(answer.status().as_u16(), 401 | 403)) =>
        {
            Verdict::Refused(error)
        }
        _ => Verdict::Failed(error),
    }
}
