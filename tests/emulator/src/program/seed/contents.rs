//! What is planted: queues, and the messages in them.

use queue_proto::{AccountName, MessageText, Metadata, QueueName, TimeToLive, VisibilityTimeout};

/// A queue to start with.
#[derive(Debug)]
pub(super) struct SeedQueue {
    /// The account; `None` for the first.
    pub(super) account: Option<AccountName>,
    pub(super) name: QueueName,
    pub(super) metadata: Metadata,
    pub(super) messages: Vec<SeedMessage>,
}

/// A message to start with.
#[derive(Clone, Debug)]
pub(super) struct SeedMessage {
    pub(super) text: MessageText,
    pub(super) hidden: Option<VisibilityTimeout>,
    pub(super) life: Option<TimeToLive>,
    pub(super) times: u32,
}
