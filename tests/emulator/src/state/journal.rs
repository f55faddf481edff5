//! [`Journal`]: takes every change of the state as a [`Record`], and gives texts back. The store on disk
//! is one; in memory there is none.

use std::fmt;
use std::sync::Arc;

use queue_proto::{MessageText, Metadata, QueueName, ServiceProperties, SignedIdentifiers};

use super::Moment;
use super::message::{Message, Row};

/// A change of an account's state. All of them, in their order, are enough to build it again.
#[derive(Debug)]
pub(crate) enum Record {
    /// A queue was made, or has these settings from now on.
    Queue(QueueSettings),
    /// A queue is gone with these messages, and nobody may use its name before `free_at`.
    QueueGone { name: QueueName, number: u64, messages: Vec<u64>, free_at: Option<Moment> },
    /// A queue lost these messages, and goes on under another number.
    Cleared { number: u64, new_number: u64, messages: Vec<u64> },
    /// The account's settings.
    Properties(Box<ServiceProperties>),
    /// There is a new message.
    Put { queue: u64, row: Row, text: MessageText },
    /// Receipt, visibility, turn, count or text of a message have changed at this time.
    Changed { queue: u64, row: Row, text: Option<MessageText>, at: Moment },
    /// A message is gone.
    Removed { key: u64 },
    /// A message has expired. Nobody waits for this to be kept: the message would expire again.
    Expired { key: u64 },
}

/// The settings of a queue, without its messages.
#[derive(Debug)]
pub(crate) struct QueueSettings {
    pub(crate) name: QueueName,
    pub(crate) number: u64,
    pub(crate) metadata: Metadata,
    pub(crate) policies: SignedIdentifiers,
}

/// A text that a journal was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kept {
    Text(MessageText),
    /// The journal has it no more as it was put, and has set the message aside.
    Damaged,
    /// It cannot be read now.
    Unreadable,
}

/// Keeps the records of one account, and the texts of its messages, which are then not kept in
/// memory.
pub(crate) trait Journal: fmt::Debug + Send + Sync {
    /// Takes the next record. Does not wait until it is kept.
    fn record(&self, record: Record);
    /// The texts of messages that were put and not removed, in the order of their keys here.
    fn texts(&self, keys: &[u64]) -> Vec<Kept>;
    /// A number that was never given out before, for a message or a queue.
    fn next_number(&self) -> u64;
}

/// The journal of an account, if it has one.
#[derive(Debug, Clone, Default)]
pub(super) struct Log(pub(super) Option<Arc<dyn Journal>>);

impl Log {
    pub(super) fn next_number(&self) -> u64 {
        self.0.as_ref().map_or(0, |journal| journal.next_number())
    }

    /// Records what `record` makes, which is called only if there is a journal.
    pub(super) fn record(&self, record: impl FnOnce() -> Record) {
        if let Some(journal) = &self.0 {
            journal.record(record());
        }
    }

    /// The texts of messages, in their order: those that memory holds, and the rest from the journal
    /// at once.
    pub(super) fn texts<'a>(
        &self,
        messages: impl Iterator<Item = &'a Message> + Clone,
    ) -> Vec<Kept> {
        let absent = messages.clone().filter(|message| message.text.is_none());
        let keys: Vec<u64> = absent.map(|message| message.key).collect();
        let kept = match &self.0 {
            Some(journal) if !keys.is_empty() => journal.texts(&keys),
            _ => Vec::new(),
        };
        let mut kept = kept.into_iter();
        messages
            .map(|message| match &message.text {
                Some(text) => Kept::Text(text.clone()),
                None => kept.next().unwrap_or(Kept::Unreadable),
            })
            .collect()
    }
}
