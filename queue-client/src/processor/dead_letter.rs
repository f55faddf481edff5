//! Where messages go that nobody could work on.

pub(super) mod envelope;
mod queue;
mod redrive;

use std::{error::Error as StdError, fmt, sync::Arc, time::SystemTime};

use queue_auth::BoxFuture;
use queue_proto::{MessageText, QueueName};

use super::{core::Reason, handler::BoxError};
use crate::failure::{OpFailure, Refusal};

pub(super) use self::queue::QueueSink;
pub use self::redrive::{Redrive, RedriveError, RedriveReport, redrive};

/// The suffix of dead-letter queues, which Azure Functions uses too.
pub(super) const SUFFIX: &str = "-poison";

/// A dead letter, as a [`DeadLetterSink`] gets it and as
/// [`Delivery::dead_letter_info`](super::Delivery::dead_letter_info) shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// The queue that the message was in.
    pub queue: String,
    /// The id that the message had there.
    pub id: String,
    /// The number of its last delivery.
    pub attempt: u32,
    /// When it was put there.
    pub inserted_at: Option<SystemTime>,
    /// When it was found dead.
    pub dead_at: Option<SystemTime>,
    /// Why.
    pub reason: String,
    /// What the handler said, at most 4 KiB, without what looks like a signature or key.
    pub error: Option<String>,
    /// The causes of that error, outermost first.
    pub error_chain: Vec<String>,
    /// The machine that gave up.
    pub host: Option<String>,
    /// The `traceparent` of the message, if it had one.
    pub traceparent: Option<String>,
    /// The text, untouched.
    pub text: MessageText,
}

impl DeadLetter {
    /// Whether it died of this.
    #[must_use]
    pub fn died_of(&self, reason: Reason) -> bool {
        self.reason == reason.as_str()
    }
}

/// Stores dead letters.
pub trait DeadLetterSink: fmt::Debug + Send + Sync + 'static {
    /// Stores one. The message is deleted from its queue after this returns `Ok`, so it must return
    /// that only when the letter is durable. A letter may come twice.
    fn store(&self, letter: DeadLetter) -> BoxFuture<'_, Result<(), SinkError>>;
}

/// Why a dead letter was not stored.
#[derive(Debug)]
pub struct SinkError {
    failure: OpFailure,
    source: BoxError,
}

impl SinkError {
    /// Trying again may help. It is tried again for a minute, or for the lease if that is longer.
    pub fn transient(source: impl Into<BoxError>) -> Self {
        Self { failure: OpFailure::Ambiguous, source: source.into() }
    }

    /// Trying again cannot help: the message stays in its queue.
    pub fn permanent(source: impl Into<BoxError>) -> Self {
        let failure = OpFailure::Refused { kind: Refusal::Invalid, retry_after: None };
        Self { failure, source: source.into() }
    }

    pub(super) fn into_failure(self) -> OpFailure {
        self.failure
    }
}

impl From<crate::Error> for SinkError {
    fn from(error: crate::Error) -> Self {
        Self { failure: error.failure().clone(), source: error.into() }
    }
}

impl fmt::Display for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the dead letter was not stored")
    }
}

impl StdError for SinkError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}

/// Where dead letters go.
///
/// By default that is the queue of the same name with `-poison` behind it, in the same account,
/// which is made when it is needed. Its messages have the text as it was, and never expire.
#[derive(Debug, Clone)]
pub struct DeadLetterTo {
    pub(super) place: Place,
    pub(super) format: Format,
}

#[derive(Debug, Clone)]
pub(super) enum Place {
    Poison,
    Queue(QueueName),
    Sink(Arc<dyn DeadLetterSink>),
    Nowhere,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
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

    /// Another queue of the account.
    #[must_use]
    pub const fn queue(name: QueueName) -> Self {
        Self { place: Place::Queue(name), format: Format::Raw }
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

    /// The queue that letters of `queue` go to, if they go to one.
    pub(super) fn queue_for(&self, queue: &QueueName) -> Option<QueueName> {
        match &self.place {
            Place::Poison => poison_queue_of(queue),
            Place::Queue(name) => Some(name.clone()),
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
