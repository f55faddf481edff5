//! [`Delivery`]: a message as its handler has it.

use std::{
    error::Error,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use queue_proto::{MessageId, QueueName, codec::CodecError};

use super::{
    control::{Control, Question},
    lease::LeaseHandle,
};
use crate::{
    message_codec::MessageCodec,
    payload::Payload,
    processor::{
        core::{DeliveryKey, LeaseError, RawDelivery},
        envelope::{letter::DeadLetter, message, trace::TraceContext},
    },
};

/// A message that a handler works on.
///
/// A delivery cannot be settled by hand: what the handler returns settles it, so that this cannot be
/// forgotten or done twice. Dropping a delivery means nothing.
pub struct Delivery<T> {
    body: T,
    codec: Arc<dyn MessageCodec<Value = T>>,
    facts: Facts,
}

/// What does not depend on the type of the body.
pub(super) struct Facts {
    pub(super) key: DeliveryKey,
    pub(super) queue: QueueName,
    pub(super) raw: Arc<RawDelivery>,
    pub(super) max_deliveries: Option<u32>,
    pub(super) lease: LeaseHandle,
    pub(super) control: Control,
    pub(super) dead_letter: Option<DeadLetter>,
    pub(super) trace: Option<TraceContext>,
}

/// Orders the deliveries of a message: a store that remembers the highest token it has seen for a
/// message can refuse a receiver that has been overtaken.
///
/// It is sound because the service raises the count with every delivery of a message, and nothing
/// else does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FencingToken {
    id: MessageId,
    attempt: u32,
}

impl<T> Delivery<T> {
    pub(super) const fn new(
        body: T,
        codec: Arc<dyn MessageCodec<Value = T>>,
        facts: Facts,
    ) -> Self {
        Self { body, codec, facts }
    }

    pub(super) const fn key(&self) -> DeliveryKey {
        self.facts.key
    }

    pub(super) const fn control(&self) -> &Control {
        &self.facts.control
    }

    /// What the text stands for, by the codec of the queue.
    #[must_use]
    pub const fn body(&self) -> &T {
        &self.body
    }

    /// Takes the body out.
    #[must_use]
    pub fn into_body(self) -> T {
        self.body
    }

    /// The id that the service gave the message.
    #[must_use]
    pub fn id(&self) -> &MessageId {
        &self.facts.raw.id
    }

    /// The name of the queue that the message came from.
    #[must_use]
    pub const fn queue(&self) -> &QueueName {
        &self.facts.queue
    }

    /// The text as it was received.
    #[must_use]
    pub fn raw_text(&self) -> &str {
        self.facts.raw.text.as_str()
    }

    /// The number of times that the message was received, this time included. Receivers that crashed,
    /// and answers that were lost, count too.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.facts.raw.attempt
    }

    /// Whether a failure now makes the message a dead letter.
    #[must_use]
    pub fn is_last_attempt(&self) -> bool {
        self.facts.max_deliveries.is_some_and(|max| self.attempt() >= max)
    }

    /// The time at which the message was put into the queue, by the clock of the service, in whole seconds.
    #[must_use]
    pub fn inserted_at(&self) -> SystemTime {
        self.facts.raw.inserted_at
    }

    /// The time at which the message expires, by the clock of the service; `None` for never.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.facts.raw.expires_at
    }

    /// Id and number of this delivery, for stores that refuse a receiver that was overtaken.
    #[must_use]
    pub fn fencing_token(&self) -> FencingToken {
        FencingToken { id: self.id().clone(), attempt: self.attempt() }
    }

    /// The lease of the message, as the handler may look at it.
    #[must_use]
    pub fn lease(&self) -> LeaseHandle {
        self.facts.lease.clone()
    }

    /// What is known of the first life of the message, if it is a dead letter in an envelope. The
    /// [`body`](Self::body) is then the inner one.
    #[must_use]
    pub fn dead_letter_info(&self) -> Option<&DeadLetter> {
        self.facts.dead_letter.as_ref()
    }

    /// The trace that the message was sent in, if its [`Producer`] sent one along: to link the spans
    /// of the handler to. The span around the handler has it as the field `traceparent`.
    ///
    /// [`Producer`]: crate::processor::Producer::trace_context
    #[must_use]
    pub const fn trace_context(&self) -> Option<&TraceContext> {
        self.facts.trace.as_ref()
    }

    /// Renews the lease now, and says for how long nobody else can have the message: "am I still the
    /// owner?" before a side effect.
    ///
    /// # Errors
    ///
    /// A [`LeaseError`] when it is not known whether the lease is held. [`LeaseError::Lost`] is
    /// certain; with the others the lease may still be [held](LeaseHandle::state).
    pub fn renew_now(&self) -> impl Future<Output = Result<Duration, LeaseError>> + Send + use<T> {
        let (control, key) = (self.facts.control.clone(), self.facts.key);
        async move {
            let deadline = control.ask(key, Question::Renew).await?;
            Ok(control.now().until(deadline))
        }
    }

    /// Stores progress: replaces the text of the message, and renews its lease (Update Message).
    ///
    /// Later deliveries get the new text. An answer that is lost leaves open which text they get, so
    /// progress must be such that either will do. The text must fit into a message, even if the body
    /// did not and came out of a [store](crate::processor::BodyStore).
    ///
    /// # Errors
    ///
    /// A [`CheckpointError`] when the text was not replaced, or it is
    /// [not known](LeaseError::Ambiguous) whether it was.
    pub fn checkpoint(
        &self,
        body: &T,
    ) -> impl Future<Output = Result<(), CheckpointError>> + Send + use<T> {
        let text = self.codec.write(Payload::Borrowed(body));
        let trace = self.facts.trace.clone();
        let (control, key) = (self.facts.control.clone(), self.facts.key);
        async move {
            let text = text.finish().await.and_then(|text| match &trace {
                Some(trace) => message::seal(&text, trace).map_err(CodecError::Text),
                None => Ok(text),
            });
            let text = text.map_err(CheckpointError::Codec)?;
            let asked = control.ask(key, Question::Checkpoint(Arc::new(text))).await;
            asked.map(drop).map_err(CheckpointError::Lease)
        }
    }
}

/// Why progress was not stored.
#[derive(Debug)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The progress cannot be written as the text of a message. Nothing was sent.
    Codec(CodecError),
    /// The lease is lost, or the update was refused, or it is not known whether it was applied.
    Lease(LeaseError),
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Codec(_) => {
                f.write_str("the progress cannot be written as the text of the message")
            }
            Self::Lease(cause) => cause.fmt(f),
        }
    }
}

impl Error for CheckpointError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Codec(cause) => Some(cause),
            Self::Lease(_) => None,
        }
    }
}

impl FencingToken {
    /// The id of the message.
    #[must_use]
    pub const fn id(&self) -> &MessageId {
        &self.id
    }

    /// The number of the delivery, from 1.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }
}

impl fmt::Display for FencingToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.id, self.attempt)
    }
}

impl<T> fmt::Debug for Delivery<T> {
    /// The debug form has no body and no receipt.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("id", self.id())
            .field("attempt", &self.attempt())
            .field("lease", &self.facts.lease.state())
            .finish_non_exhaustive()
    }
}
