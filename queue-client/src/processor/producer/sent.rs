//! [`Sent`]: what is known of a message that was sent.

use std::time::SystemTime;

use queue_proto::{MessageId, PopReceipt, ops::SentMessage};

use crate::{error::Error, processor::envelope::pointer::Pointer};

/// A message that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    message: SentMessage,
    resends: u32,
    /// The place of the body, if it is not in the message.
    pub(super) stored: Option<Pointer>,
}

impl Sent {
    pub(super) const fn new(message: SentMessage, resends: u32, stored: Option<Pointer>) -> Self {
        Self { message, resends, stored }
    }

    pub(super) const fn receipt(&self) -> &PopReceipt {
        self.message.pop_receipt()
    }

    /// The id that the service gave the message.
    #[must_use]
    pub const fn id(&self) -> &MessageId {
        self.message.id()
    }

    /// The time at which the service stored the message.
    #[must_use]
    pub const fn inserted_at(&self) -> SystemTime {
        self.message.inserted_at()
    }

    /// The time at which the message expires; `None` for never.
    #[must_use]
    pub const fn expires_at(&self) -> Option<SystemTime> {
        self.message.expires_at()
    }

    /// The number of times that the message was sent again after an answer was lost. Above 0, the
    /// message may be there more than once.
    #[must_use]
    pub const fn resends(&self) -> u32 {
        self.resends
    }
}

/// What became of the items of a stream.
#[derive(Debug)]
#[non_exhaustive]
pub struct SendSummary {
    /// The results, in the order of the items.
    pub results: Vec<Result<Sent, Error>>,
}

impl SendSummary {
    /// The number of items that were sent.
    #[must_use]
    pub fn sent(&self) -> usize {
        self.results.iter().filter(|result| result.is_ok()).count()
    }

    /// The number of sent items that may be there more than once.
    #[must_use]
    pub fn resent(&self) -> usize {
        self.results.iter().flatten().filter(|sent| sent.resends > 0).count()
    }
}
