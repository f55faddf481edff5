//! One stored message, and the views of it that the operations hand out.

use queue_proto::MessageText;
use uuid::Uuid;

use super::Moment;

/// A message at rest. Its id is the key it is stored under.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) text: MessageText,
    /// 128 random bits, fresh for every put, get and update, so that a receipt can never equal a
    /// later one by chance.
    pub(super) receipt: u128,
    pub(super) inserted_at: Moment,
    pub(super) expires_at: Moment,
    pub(super) next_visible_at: Moment,
    /// Decides between messages that become visible at the same moment: smaller goes first.
    pub(super) turn: u64,
    pub(super) dequeue_count: u32,
}

/// What Put Message answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sent {
    pub(crate) id: Uuid,
    pub(crate) receipt: u128,
    pub(crate) inserted_at: Moment,
    pub(crate) expires_at: Moment,
    pub(crate) next_visible_at: Moment,
}

/// What Peek Messages answers for each message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Peeked {
    pub(crate) id: Uuid,
    pub(crate) inserted_at: Moment,
    pub(crate) expires_at: Moment,
    pub(crate) dequeue_count: u32,
    pub(crate) text: MessageText,
}

/// What Get Messages answers for each message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Received {
    pub(crate) message: Peeked,
    pub(crate) receipt: u128,
    pub(crate) next_visible_at: Moment,
}

/// What Update Message answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scheduled {
    pub(crate) receipt: u128,
    pub(crate) next_visible_at: Moment,
}

impl Message {
    pub(super) fn peeked(&self, id: Uuid) -> Peeked {
        Peeked {
            id,
            inserted_at: self.inserted_at,
            expires_at: self.expires_at,
            dequeue_count: self.dequeue_count,
            text: self.text.clone(),
        }
    }
}
