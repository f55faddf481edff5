//! Messages as the service tells them: [`SentMessage`], [`ReceivedMessage`] and [`PeekedMessage`],
//! which are what the answers to Put, Get and Peek Messages consist of.

use std::time::SystemTime;

use crate::message::{MessageId, MessageText, PopReceipt};

/// A message that Put Message stored. The service tells times in whole seconds: fractions are not
/// written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentMessage {
    pub(crate) id: MessageId,
    pub(crate) inserted_at: SystemTime,
    pub(crate) expires_at: Option<SystemTime>,
    pub(crate) pop_receipt: PopReceipt,
    pub(crate) next_visible_at: SystemTime,
}

/// A message that Get Messages handed out. The service tells times in whole seconds: fractions are not
/// written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedMessage {
    pub(crate) id: MessageId,
    pub(crate) inserted_at: SystemTime,
    pub(crate) expires_at: Option<SystemTime>,
    pub(crate) pop_receipt: PopReceipt,
    pub(crate) next_visible_at: SystemTime,
    pub(crate) dequeue_count: u32,
    pub(crate) text: MessageText,
}

/// A message that Peek Messages showed. The service tells times in whole seconds: fractions are not
/// written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeekedMessage {
    pub(crate) id: MessageId,
    pub(crate) inserted_at: SystemTime,
    pub(crate) expires_at: Option<SystemTime>,
    pub(crate) dequeue_count: u32,
    pub(crate) text: MessageText,
}

impl SentMessage {
    /// A message that does not expire; [`with_expires_at`](Self::with_expires_at) makes one that does.
    #[must_use]
    pub fn new(
        id: MessageId,
        pop_receipt: PopReceipt,
        inserted_at: SystemTime,
        next_visible_at: SystemTime,
    ) -> Self {
        Self { id, inserted_at, expires_at: None, pop_receipt, next_visible_at }
    }

    /// Sets when the message expires.
    #[must_use]
    pub fn with_expires_at(mut self, expires_at: impl Into<Option<SystemTime>>) -> Self {
        self.expires_at = expires_at.into();
        self
    }

    /// The id that the service gave the message.
    #[must_use]
    pub const fn id(&self) -> &MessageId {
        &self.id
    }

    /// The time at which the message was stored.
    #[must_use]
    pub const fn inserted_at(&self) -> SystemTime {
        self.inserted_at
    }

    /// The time at which the service removes the message; `None` for never.
    #[must_use]
    pub const fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// The receipt with which the sender may update or delete the message.
    #[must_use]
    pub const fn pop_receipt(&self) -> &PopReceipt {
        &self.pop_receipt
    }

    /// The time at which the message becomes visible.
    #[must_use]
    pub const fn next_visible_at(&self) -> SystemTime {
        self.next_visible_at
    }

    /// Takes the id and the receipt out of the message.
    #[must_use]
    pub fn into_parts(self) -> (MessageId, PopReceipt) {
        (self.id, self.pop_receipt)
    }
}

impl ReceivedMessage {
    /// A message that does not expire and was handed out for the first time; [`with_expires_at`](Self::with_expires_at)
    /// and [`with_dequeue_count`](Self::with_dequeue_count) say otherwise.
    #[must_use]
    pub fn new(
        id: MessageId,
        pop_receipt: PopReceipt,
        inserted_at: SystemTime,
        next_visible_at: SystemTime,
        text: MessageText,
    ) -> Self {
        let (expires_at, dequeue_count) = (None, 1);
        Self { id, inserted_at, expires_at, pop_receipt, next_visible_at, dequeue_count, text }
    }

    /// Sets when the message expires.
    #[must_use]
    pub fn with_expires_at(mut self, expires_at: impl Into<Option<SystemTime>>) -> Self {
        self.expires_at = expires_at.into();
        self
    }

    /// Sets the number of times that the message was handed out.
    #[must_use]
    pub fn with_dequeue_count(mut self, count: u32) -> Self {
        self.dequeue_count = count;
        self
    }

    /// The id of the message.
    #[must_use]
    pub const fn id(&self) -> &MessageId {
        &self.id
    }

    /// The time at which the message was stored.
    #[must_use]
    pub const fn inserted_at(&self) -> SystemTime {
        self.inserted_at
    }

    /// The time at which the service removes the message; `None` for never.
    #[must_use]
    pub const fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// The receipt with which to update or delete the message. A receipt means something only together
    /// with the id: messages of one answer may share one value.
    #[must_use]
    pub const fn pop_receipt(&self) -> &PopReceipt {
        &self.pop_receipt
    }

    /// The time at which the message becomes visible again.
    #[must_use]
    pub const fn next_visible_at(&self) -> SystemTime {
        self.next_visible_at
    }

    /// The number of times that the message was handed out, this time included; 0 when the service does
    /// not say, as for queues made before version 2009-09-19.
    #[must_use]
    pub const fn dequeue_count(&self) -> u32 {
        self.dequeue_count
    }

    /// The text of the message.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.as_str()
    }

    /// The text of the message, as the type that a request takes.
    #[must_use]
    pub const fn message_text(&self) -> &MessageText {
        &self.text
    }

    /// Takes over what [`UpdateMessage`](crate::ops::UpdateMessage) changed: the receipt and the time
    /// of its answer, and the text if the request had one.
    pub fn renew(
        &mut self,
        pop_receipt: PopReceipt,
        next_visible_at: SystemTime,
        text: Option<MessageText>,
    ) {
        self.pop_receipt = pop_receipt;
        self.next_visible_at = next_visible_at;
        if let Some(text) = text {
            self.text = text;
        }
    }

    /// Takes the id, the receipt and the text out of the message.
    #[must_use]
    pub fn into_parts(self) -> (MessageId, PopReceipt, MessageText) {
        (self.id, self.pop_receipt, self.text)
    }
}

impl PeekedMessage {
    /// A message that does not expire and was never handed out; [`with_expires_at`](Self::with_expires_at) and
    /// [`with_dequeue_count`](Self::with_dequeue_count) say otherwise.
    #[must_use]
    pub fn new(id: MessageId, inserted_at: SystemTime, text: MessageText) -> Self {
        Self { id, inserted_at, expires_at: None, dequeue_count: 0, text }
    }

    /// Sets when the message expires.
    #[must_use]
    pub fn with_expires_at(mut self, expires_at: impl Into<Option<SystemTime>>) -> Self {
        self.expires_at = expires_at.into();
        self
    }

    /// Sets the number of times that the message was handed out.
    #[must_use]
    pub fn with_dequeue_count(mut self, count: u32) -> Self {
        self.dequeue_count = count;
        self
    }

    /// The id of the message.
    #[must_use]
    pub const fn id(&self) -> &MessageId {
        &self.id
    }

    /// The time at which the message was stored.
    #[must_use]
    pub const fn inserted_at(&self) -> SystemTime {
        self.inserted_at
    }

    /// The time at which the service removes the message; `None` for never.
    #[must_use]
    pub const fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// The number of times that the message was handed out.
    #[must_use]
    pub const fn dequeue_count(&self) -> u32 {
        self.dequeue_count
    }

    /// The text of the message.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.as_str()
    }

    /// The text of the message, as the type that a request takes.
    #[must_use]
    pub const fn message_text(&self) -> &MessageText {
        &self.text
    }

    /// Takes the id and the text out of the message.
    #[must_use]
    pub fn into_parts(self) -> (MessageId, MessageText) {
        (self.id, self.text)
    }
}
