//! [`ReceivedMessage`]: a message that is hidden from others while it is worked on.

use std::time::SystemTime;

use queue_proto::{
    InvalidValue, MessageId, MessageText, PopReceipt, TimeToLive, VisibilityTimeout, ops,
};

/// A message that was received and is hidden from other receivers for a while.
///
/// It stands for `CloudQueueMessage` of the old .NET library. The pop receipt that the service
/// wants for update and delete lives inside and is always the newest.
///
/// Dropping it does nothing: the message becomes visible again when its visibility timeout is over.
#[derive(Debug, PartialEq)]
#[must_use = "a message that is not deleted is received again"]
pub struct ReceivedMessage {
    inner: ops::ReceivedMessage,
}

impl ReceivedMessage {
    pub(crate) const fn new(inner: ops::ReceivedMessage) -> Self {
        Self { inner }
    }

    /// The id that the service gave the message.
    #[must_use]
    pub const fn id(&self) -> &MessageId {
        self.inner.id()
    }

    /// The text of the message, as it was sent.
    #[must_use]
    pub fn text(&self) -> &str {
        self.inner.text()
    }

    pub(crate) const fn message_text(&self) -> &MessageText {
        self.inner.message_text()
    }

    /// Takes the text out.
    #[must_use]
    pub fn into_text(self) -> String {
        self.inner.into_parts().2.into()
    }

    /// The number of times that the message was received, this one included: 1 at first. More than
    /// 1 means that an earlier receiver did not delete it in time.
    #[must_use]
    pub const fn dequeue_count(&self) -> u32 {
        self.inner.dequeue_count()
    }

    /// The time at which the message was put into the queue, in whole seconds.
    #[must_use]
    pub const fn inserted_at(&self) -> SystemTime {
        self.inner.inserted_at()
    }

    /// The time at which the message becomes visible again, by the clock of the service.
    #[must_use]
    pub const fn next_visible_at(&self) -> SystemTime {
        self.inner.next_visible_at()
    }

    /// The time at which the service removes the message, received or not, by its own clock; `None`
    /// for a message that does not expire.
    #[must_use]
    pub const fn expires_at(&self) -> Option<SystemTime> {
        self.inner.expires_at()
    }

    /// Refuses to hide the message beyond its end, which the service refuses (Update Message). By
    /// the times of the service alone: a message that is hidden for as long as it lives from its
    /// start on is hidden beyond its end whenever that happens.
    pub(crate) fn check_hiding(&self, timeout: VisibilityTimeout) -> Result<(), InvalidValue> {
        let life = self.inner.expires_at().map(|end| end.duration_since(self.inner.inserted_at()));
        match life.and_then(Result::ok).map(TimeToLive::try_from) {
            Some(Ok(life)) => life.check_hiding(timeout),
            _ => Ok(()),
        }
    }

    pub(crate) const fn pop_receipt(&self) -> &PopReceipt {
        self.inner.pop_receipt()
    }

    pub(crate) fn renew(
        &mut self,
        pop_receipt: PopReceipt,
        next_visible_at: SystemTime,
        text: Option<MessageText>,
    ) {
        self.inner.renew(pop_receipt, next_visible_at, text);
    }
}
