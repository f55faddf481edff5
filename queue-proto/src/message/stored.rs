//! Messages as the service tells them: [`SentMessage`], [`ReceivedMessage`] and [`PeekedMessage`],
//! which are what the answers to Put, Get and Peek Messages consist of.

use std::time::SystemTime;

use crate::message::{MessageId, MessageText, PopReceipt};

/// A message that Put Message stored. Times are whole seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentMessage {
    /// The id that the service gave the message.
    pub id: MessageId,
    /// The time at which the message was stored.
    pub inserted_at: SystemTime,
    /// The time at which the service removes the message; `None` for never.
    pub expires_at: Option<SystemTime>,
    /// The receipt with which the sender may update or delete the message.
    pub pop_receipt: PopReceipt,
    /// The time at which the message becomes visible.
    pub next_visible_at: SystemTime,
}

/// A message that Get Messages handed out. Times are whole seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedMessage {
    /// The id of the message.
    pub id: MessageId,
    /// The time at which the message was stored.
    pub inserted_at: SystemTime,
    /// The time at which the service removes the message; `None` for never.
    pub expires_at: Option<SystemTime>,
    /// The receipt with which to update or delete the message. A receipt means something only together
    /// with the id: messages of one answer may share one value.
    pub pop_receipt: PopReceipt,
    /// The time at which the message becomes visible again.
    pub next_visible_at: SystemTime,
    /// The number of times that the message was handed out, this time included; 0 when the service does
    /// not say, as for queues made before version 2009-09-19.
    pub dequeue_count: u32,
    /// The text of the message.
    pub text: MessageText,
}

/// A message that Peek Messages showed. Times are whole seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeekedMessage {
    /// The id of the message.
    pub id: MessageId,
    /// The time at which the message was stored.
    pub inserted_at: SystemTime,
    /// The time at which the service removes the message; `None` for never.
    pub expires_at: Option<SystemTime>,
    /// The number of times that the message was handed out.
    pub dequeue_count: u32,
    /// The text of the message.
    pub text: MessageText,
}

impl SentMessage {
    /// A message that does not expire; set [`expires_at`](Self::expires_at) for one that does.
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
    pub fn expires_at(mut self, expires_at: impl Into<Option<SystemTime>>) -> Self {
        self.expires_at = expires_at.into();
        self
    }
}

impl ReceivedMessage {
    /// A message that does not expire and was handed out for the first time; the fields say
    /// otherwise where it matters.
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
    pub fn expires_at(mut self, expires_at: impl Into<Option<SystemTime>>) -> Self {
        self.expires_at = expires_at.into();
        self
    }

    /// Sets the number of times that the message was handed out.
    #[must_use]
    pub fn dequeue_count(mut self, count: u32) -> Self {
        self.dequeue_count = count;
        self
    }
}

impl PeekedMessage {
    /// A message that does not expire and was never handed out; the fields say otherwise where it
    /// matters.
    #[must_use]
    pub fn new(id: MessageId, inserted_at: SystemTime, text: MessageText) -> Self {
        Self { id, inserted_at, expires_at: None, dequeue_count: 0, text }
    }

    /// Sets when the message expires.
    #[must_use]
    pub fn expires_at(mut self, expires_at: impl Into<Option<SystemTime>>) -> Self {
        self.expires_at = expires_at.into();
        self
    }

    /// Sets the number of times that the message was handed out.
    #[must_use]
    pub fn dequeue_count(mut self, count: u32) -> Self {
        self.dequeue_count = count;
        self
    }
}
