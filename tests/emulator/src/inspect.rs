//! [`AccountState`] and what is in it: the state of an account as tests look at it.

use std::time::SystemTime;

use queue_proto::{
    AccountName, MessageId, MessageText, Metadata, PopReceipt, QueueName, ServiceProperties,
    SignedIdentifiers,
};

use crate::emulator::Emulator;
use crate::state::{Moment, Queue, Received};
use crate::wire::{expiry, message_id, pop_receipt};

/// What an account holds at one moment.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AccountState {
    /// The queues in alphabetical order.
    pub queues: Vec<QueueState>,
    /// The settings of the queue service.
    pub properties: ServiceProperties,
}

/// What a queue holds at one moment.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct QueueState {
    /// The name of the queue.
    pub name: QueueName,
    /// The metadata of the queue.
    pub metadata: Metadata,
    /// The stored access policies of the queue.
    pub policies: SignedIdentifiers,
    /// The messages in the order in which they are, or will be, handed out.
    pub messages: Vec<MessageState>,
}

/// A message at one moment. Messages that have expired are not there any more.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MessageState {
    /// The id of the message.
    pub id: MessageId,
    /// The text of the message.
    pub text: MessageText,
    /// The receipt that is valid now.
    pub pop_receipt: PopReceipt,
    /// The time at which the message was put.
    pub inserted_at: SystemTime,
    /// The time at which the message expires; `None` for never.
    pub expires_at: Option<SystemTime>,
    /// The time from which on the message is handed out: it is hidden before, and visible after.
    pub next_visible_at: SystemTime,
    /// The number of times that the message was handed out.
    pub dequeue_count: u32,
}

impl AccountState {
    /// The queue with this name.
    #[must_use]
    pub fn queue(&self, name: &str) -> Option<&QueueState> {
        self.queues.iter().find(|queue| queue.name.as_str() == name)
    }
}

impl MessageState {
    /// Whether the message would be handed out at `now`.
    #[must_use]
    pub fn is_visible(&self, now: SystemTime) -> bool {
        self.next_visible_at <= now
    }
}

impl Emulator {
    /// Looks at everything that the [first account](Self::account) holds, and changes nothing.
    ///
    /// ```
    /// use queue_emulator::Emulator;
    ///
    /// let emulator = Emulator::new();
    /// assert!(emulator.inspect().queue("jobs").is_none());
    /// ```
    #[must_use]
    pub fn inspect(&self) -> AccountState {
        // The first account is always served.
        self.inspect_account(self.account().name()).expect("the first account is served")
    }

    /// Looks at everything that an account holds; `None` for one that is not served.
    #[must_use]
    pub fn inspect_account(&self, account: &AccountName) -> Option<AccountState> {
        let now = self.moment();
        let mut guarded = self.service(account)?;
        let properties = guarded.service.properties().clone();
        let queues = guarded.service.queues().map(|(name, queue)| look(name, queue, now)).collect();
        Some(AccountState { queues, properties })
    }
}

fn look(name: &QueueName, queue: &mut Queue, now: Moment) -> QueueState {
    QueueState {
        name: name.clone(),
        metadata: queue.metadata.clone(),
        policies: queue.policies.clone(),
        messages: queue.all(now).map(message).collect(),
    }
}

fn message(message: Received) -> MessageState {
    let Received { message, receipt, next_visible_at } = message;
    MessageState {
        id: message_id(message.id),
        text: message.text,
        pop_receipt: pop_receipt(receipt),
        inserted_at: message.inserted_at.to_system_time(),
        expires_at: expiry(message.expires_at),
        next_visible_at: next_visible_at.to_system_time(),
        dequeue_count: message.dequeue_count,
    }
}
