//! [`Message`]: a stored message, and the views of it that the operations hand out.

use queue_proto::MessageText;
use uuid::Uuid;

use super::Moment;

/// A message at rest. Its id is the key it is found by.
#[derive(Debug)]
pub(super) struct Message {
    /// The number that the journal keeps it under; zero without a journal.
    pub(super) key: u64,
    /// `None` if the journal has it.
    pub(super) text: Option<MessageText>,
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

/// A message without its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    /// The number under which the message is kept; no two messages have the same.
    pub(crate) key: u64,
    pub(crate) id: Uuid,
    pub(crate) receipt: u128,
    pub(crate) inserted_at: Moment,
    pub(crate) expires_at: Moment,
    pub(crate) next_visible_at: Moment,
    pub(crate) turn: u64,
    pub(crate) dequeue_count: u32,
}

/// The part of a message that Put Message answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sent {
    pub(crate) id: Uuid,
    pub(crate) receipt: u128,
    pub(crate) inserted_at: Moment,
    pub(crate) expires_at: Moment,
    pub(crate) next_visible_at: Moment,
}

/// The part of a message that Peek Messages answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Peeked {
    pub(crate) id: Uuid,
    pub(crate) inserted_at: Moment,
    pub(crate) expires_at: Moment,
    pub(crate) dequeue_count: u32,
    pub(crate) text: MessageText,
}

/// The part of a message that Get Messages answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Received {
    pub(crate) message: Peeked,
    pub(crate) receipt: u128,
    pub(crate) next_visible_at: Moment,
}

/// The part of a message that Update Message answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scheduled {
    pub(crate) receipt: u128,
    pub(crate) next_visible_at: Moment,
}

impl Message {
    pub(super) fn peeked(&self, id: Uuid, text: MessageText) -> Peeked {
        Peeked {
            id,
            inserted_at: self.inserted_at,
            expires_at: self.expires_at,
            dequeue_count: self.dequeue_count,
            text,
        }
    }

    pub(super) fn row(&self, id: Uuid) -> Row {
        Row {
            key: self.key,
            id,
            receipt: self.receipt,
            inserted_at: self.inserted_at,
            expires_at: self.expires_at,
            next_visible_at: self.next_visible_at,
            turn: self.turn,
            dequeue_count: self.dequeue_count,
        }
    }

    /// The message of a row whose text is held in memory, or else by a journal.
    #[cfg(feature = "durable")]
    pub(super) fn of(row: &Row, text: Option<MessageText>) -> Self {
        Self {
            key: row.key,
            text,
            receipt: row.receipt,
            inserted_at: row.inserted_at,
            expires_at: row.expires_at,
            next_visible_at: row.next_visible_at,
            turn: row.turn,
            dequeue_count: row.dequeue_count,
        }
    }
}
