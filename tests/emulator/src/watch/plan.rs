//! [`Plan`]: what an operation is about to do to messages, noted before it is carried out, and which
//! events come of it.

use queue_proto::{AnyOperation, ErrorCode, MessageId, PopReceipt, QueueName, ServiceError};
use uuid::Uuid;

use super::event::{Happening, What};
use crate::apply::Applied;
use crate::state::{Created, Moment};
use crate::wire::{ReadReceipt, read_message_id, read_pop_receipt};

/// The part of an operation that matters to the lives of messages.
#[derive(Debug)]
pub(crate) enum Plan {
    /// The operation is about no queue.
    Nothing,
    /// The operation looks at a queue or its settings, and changes no message.
    Look(QueueName),
    /// The operation changes a queue or messages of it.
    Change(QueueName),
    /// The operation changes or deletes one message.
    Message { queue: QueueName, id: Uuid, receipt: u128, deletes: bool, writes: bool },
}

impl Plan {
    pub(crate) fn of(operation: &AnyOperation) -> Self {
        match operation {
            AnyOperation::PutMessage(put) => Self::Change(put.queue.clone()),
            AnyOperation::GetMessages(get) => Self::Change(get.queue.clone()),
            AnyOperation::ClearMessages(clear) => Self::Change(clear.queue.clone()),
            AnyOperation::CreateQueue(create) => Self::Change(create.queue.clone()),
            AnyOperation::DeleteQueue(delete) => Self::Change(delete.queue.clone()),
            AnyOperation::UpdateMessage(update) => {
                let writes = update.text.is_some();
                Self::message(&update.queue, &update.id, &update.pop_receipt, false, writes)
            }
            AnyOperation::DeleteMessage(delete) => {
                Self::message(&delete.queue, &delete.id, &delete.pop_receipt, true, false)
            }
            AnyOperation::PeekMessages(peek) => Self::Look(peek.queue.clone()),
            AnyOperation::GetQueueMetadata(get) => Self::Look(get.queue.clone()),
            AnyOperation::SetQueueMetadata(set) => Self::Look(set.queue.clone()),
            AnyOperation::GetQueueAcl(get) => Self::Look(get.queue.clone()),
            AnyOperation::SetQueueAcl(set) => Self::Look(set.queue.clone()),
            _ => Self::Nothing,
        }
    }

    fn message(
        queue: &QueueName,
        id: &MessageId,
        receipt: &PopReceipt,
        deletes: bool,
        writes: bool,
    ) -> Self {
        let Some(id) = read_message_id(id) else { return Self::Look(queue.clone()) };
        // No message has the receipt 0, and so a foreign one is told from all others.
        let receipt = match read_pop_receipt(receipt) {
            ReadReceipt::Known(receipt) => receipt,
            ReadReceipt::Foreign | ReadReceipt::Malformed => 0,
        };
        Self::Message { queue: queue.clone(), id, receipt, deletes, writes }
    }

    /// The queue that the operation is about.
    pub(crate) fn queue(&self) -> Option<&QueueName> {
        match self {
            Self::Nothing => None,
            Self::Look(queue) | Self::Change(queue) | Self::Message { queue, .. } => Some(queue),
        }
    }

    /// Whether an event may come of it.
    pub(super) fn is_eventful(&self) -> bool {
        matches!(self, Self::Change(_) | Self::Message { .. })
    }

    /// Tells `note` of each event that came of the operation.
    pub(super) fn outcome(
        &self,
        applied: &Result<Applied, ServiceError>,
        now: Moment,
        mut note: impl FnMut(What),
    ) {
        let of_queue = |what| What { what, ..nothing(now) };
        match (self, applied) {
            (_, Ok(Applied::Put(sent))) => note(What {
                what: Happening::Put,
                id: sent.id,
                receipt: sent.receipt,
                until: sent.next_visible_at,
                expires: sent.expires_at,
                ..nothing(now)
            }),
            (_, Ok(Applied::Got(messages))) => {
                for received in messages {
                    note(What {
                        what: Happening::Received,
                        id: received.message.id,
                        receipt: received.receipt,
                        until: received.next_visible_at,
                        expires: received.message.expires_at,
                        count: received.message.dequeue_count,
                        text_changed: false,
                    });
                }
            }
            (_, Ok(Applied::Cleared(_))) => note(of_queue(Happening::Cleared)),
            (_, Ok(Applied::Created(Created::New))) => note(of_queue(Happening::QueueCreated)),
            (_, Ok(Applied::Deleted(_))) => note(of_queue(Happening::QueueDeleted)),
            (Self::Message { id, writes, .. }, Ok(Applied::Updated(scheduled))) => {
                let hidden = scheduled.next_visible_at > now;
                note(What {
                    what: if hidden { Happening::Renewed } else { Happening::Released },
                    id: *id,
                    receipt: scheduled.receipt,
                    until: scheduled.next_visible_at,
                    text_changed: *writes,
                    ..nothing(now)
                });
            }
            (Self::Message { id, .. }, Ok(Applied::MessageDeleted)) => {
                note(What { what: Happening::Deleted, id: *id, ..nothing(now) });
            }
            (Self::Message { id, receipt, deletes, .. }, Err(error))
                if *error.code() == ErrorCode::MessageNotFound =>
            {
                let what =
                    if *deletes { Happening::DeleteRefused } else { Happening::UpdateRefused };
                note(What { what, id: *id, receipt: *receipt, ..nothing(now) });
            }
            _ => {}
        }
    }
}

fn nothing(now: Moment) -> What {
    What {
        what: Happening::QueueCreated,
        id: Uuid::nil(),
        receipt: 0,
        until: now,
        expires: Moment::NEVER,
        count: 0,
        text_changed: false,
    }
}
