//! [`DeadLetterTo`]: the setting that says where dead letters go.

use std::sync::Arc;

use queue_proto::QueueName;

use super::sink::DeadLetterSink;
use crate::{execute::shared::Target, message_codec::MessageCodec, queue::QueueClient};

/// The suffix of dead-letter queues, which Azure Functions uses too.
const SUFFIX: &str = "-poison";

/// Where dead letters go.
///
/// The letters have the text as it was, and never expire. Such a bare text does not tell why the
/// message died: the log, the [observers](crate::processor::observe::Observer::dead_letter) and an
/// [envelope](Self::in_envelope) do. Default: the queue of the same name with `-poison` behind it, in
/// the same account, which is made when it is needed.
#[derive(Debug, Clone)]
pub struct DeadLetterTo {
    pub(in crate::processor) place: Place,
    pub(in crate::processor) format: Format,
}

#[derive(Debug, Clone)]
pub(in crate::processor) enum Place {
    Poison,
    Queue(QueueName),
    Target(Target),
    Sink(Arc<dyn DeadLetterSink>),
    Nowhere,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::processor) enum Format {
    Raw,
    Envelope,
}

impl Default for DeadLetterTo {
    fn default() -> Self {
        Self::poison_queue()
    }
}

impl DeadLetterTo {
    /// The queue of the same name with `-poison` behind it. If that is no valid name, or the queue
    /// is such a queue itself, there is [nowhere](Self::nowhere) to go.
    #[must_use]
    pub const fn poison_queue() -> Self {
        Self { place: Place::Poison, format: Format::Raw }
    }

    /// Another queue of the account, which is made when it is needed.
    #[must_use]
    pub const fn queue(name: QueueName) -> Self {
        Self { place: Place::Queue(name), format: Format::Raw }
    }

    /// The queue of this client, of whatever account, which is made when it is needed. The codec of the
    /// client is not used: the letters have the texts of their messages.
    pub fn queue_client<C: MessageCodec>(queue: &QueueClient<C>) -> Self {
        Self { place: Place::Target(queue.target().clone()), format: Format::Raw }
    }

    /// Anything else that stores letters durably.
    pub fn sink(sink: impl DeadLetterSink) -> Self {
        Self { place: Place::Sink(Arc::new(sink)), format: Format::Raw }
    }

    /// Nowhere: messages that would become dead letters stay in the queue, and come back after the
    /// longest retry delay. They are not worked on any more once their deliveries are exhausted.
    #[must_use]
    pub const fn nowhere() -> Self {
        Self { place: Place::Nowhere, format: Format::Raw }
    }

    /// Wraps the text in an envelope that tells why the message died: one JSON object with queue,
    /// id, attempt, times, reason, error and the untouched text. If that does not fit into a
    /// message, the causes of the error are left out, then the error, then the envelope.
    #[must_use]
    pub fn in_envelope(mut self) -> Self {
        self.format = Format::Envelope;
        self
    }

    /// The name of the queue that letters of `queue` go to, if they go to one.
    pub(in crate::processor) fn queue_for(&self, queue: &QueueName) -> Option<QueueName> {
        match &self.place {
            Place::Poison => poison_queue_of(queue),
            Place::Queue(name) => Some(name.clone()),
            Place::Target(queue) => Some(queue.name.clone()),
            Place::Sink(_) | Place::Nowhere => None,
        }
    }
}

/// The dead-letter queue of a queue. `None` if the queue is one itself, or its name is too long.
#[must_use]
pub fn poison_queue_of(queue: &QueueName) -> Option<QueueName> {
    if queue.as_str().ends_with(SUFFIX) {
        return None;
    }
    QueueName::new(format!("{queue}{SUFFIX}")).ok()
}
