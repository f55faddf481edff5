//! [`MessageEvent`]: one step in the life of a message, and [`Entry`], the form in which it is kept.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use queue_proto::{AccountName, MessageId, QueueName};
use uuid::Uuid;

use super::author::Client;
use crate::state::Moment;
use crate::wire::message_id;

/// What happened to a message, or to its whole queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Happening {
    /// The message was put.
    Put,
    /// The message was received: it is hidden from others for a time.
    Received,
    /// The message was updated, and is hidden for a further time.
    Renewed,
    /// The message was updated so that it is visible at once.
    Released,
    /// The time for which the message was hidden ran out, and nobody had deleted it.
    Reappeared,
    /// The message was deleted.
    Deleted,
    /// A delete was refused: its receipt was no longer valid.
    DeleteRefused,
    /// An update was refused: its receipt was no longer valid.
    UpdateRefused,
    /// The message expired.
    Expired,
    /// All messages of the queue were deleted.
    Cleared,
    /// The queue was created.
    QueueCreated,
    /// The queue was deleted, with its messages.
    QueueDeleted,
}

impl Happening {
    /// Every kind of event.
    pub const ALL: [Self; 12] = [
        Self::Put,
        Self::Received,
        Self::Renewed,
        Self::Released,
        Self::Reappeared,
        Self::Deleted,
        Self::DeleteRefused,
        Self::UpdateRefused,
        Self::Expired,
        Self::Cleared,
        Self::QueueCreated,
        Self::QueueDeleted,
    ];

    /// The name of the kind, with hyphens between its words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Received => "received",
            Self::Renewed => "renewed",
            Self::Released => "released",
            Self::Reappeared => "reappeared",
            Self::Deleted => "deleted",
            Self::DeleteRefused => "delete-refused",
            Self::UpdateRefused => "update-refused",
            Self::Expired => "expired",
            Self::Cleared => "cleared",
            Self::QueueCreated => "queue-created",
            Self::QueueDeleted => "queue-deleted",
        }
    }

    /// Whether the message has a new receipt since.
    pub(crate) fn gives_receipt(self) -> bool {
        matches!(self, Self::Put | Self::Received | Self::Renewed | Self::Released)
    }

    /// Whether the message is gone since.
    pub(crate) fn is_end(self) -> bool {
        matches!(self, Self::Deleted | Self::Expired | Self::Cleared | Self::QueueDeleted)
    }
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// An event in the life of a message.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MessageEvent {
    /// The number of the event, which grows; `None` for what no request did: a message that
    /// reappeared or expired.
    pub number: Option<u64>,
    /// The time by which messages live.
    pub at: SystemTime,
    /// The account of the queue.
    pub account: AccountName,
    /// The queue of the message.
    pub queue: QueueName,
    /// The message; `None` for an event of the whole queue.
    pub message: Option<MessageId>,
    /// The kind of the event.
    pub what: Happening,
    /// The time until which the message is hidden since, where the event hides it.
    pub until: Option<SystemTime>,
    /// The number of deliveries so far, where the event is one.
    pub dequeue_count: Option<u32>,
    /// Whether the event replaced the text of the message.
    pub text_changed: bool,
    /// The client that caused the event.
    pub client: Option<Client>,
    /// The number of the request that caused the event, if requests are remembered.
    pub request: Option<u64>,
    /// Why it came to this, in words, for what is not plain from its kind.
    pub reason: Option<String>,
}

/// What is known of an event when it happens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct What {
    pub(crate) what: Happening,
    pub(crate) id: Uuid,
    /// The receipt that is valid since, or the one that was refused.
    pub(crate) receipt: u128,
    pub(crate) until: Moment,
    pub(crate) expires: Moment,
    pub(crate) count: u32,
    pub(crate) text_changed: bool,
}

/// An event as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) number: u64,
    pub(crate) at: Moment,
    pub(crate) account: AccountName,
    pub(crate) queue: QueueName,
    pub(crate) request: u64,
    pub(crate) client: Arc<Client>,
    pub(crate) what: What,
}

impl Entry {
    /// Whether the event is about all messages of its queue.
    pub(crate) fn is_of_queue(&self) -> bool {
        self.what.id.is_nil()
    }

    /// The event as others see it.
    pub(crate) fn event(&self) -> MessageEvent {
        let What { what, id, until, count, text_changed, .. } = self.what;
        let hides = match what {
            Happening::Put => until > self.at,
            what => matches!(what, Happening::Received | Happening::Renewed),
        };
        MessageEvent {
            number: Some(self.number),
            at: self.at.to_system_time(),
            account: self.account.clone(),
            queue: self.queue.clone(),
            message: (!self.is_of_queue()).then(|| message_id(id)),
            what,
            until: hides.then(|| until.to_system_time()),
            dequeue_count: (what == Happening::Received).then_some(count),
            text_changed,
            client: Some(Client::clone(&self.client)),
            request: (self.request != 0).then_some(self.request),
            reason: None,
        }
    }
}
