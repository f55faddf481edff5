//! [`Sent`]: what is known of a message that was sent.

use std::time::SystemTime;

use queue_proto::{MessageId, PopReceipt, ops::SentMessage};

use crate::{error::Error, processor::envelope::pointer::Pointer};

/// A message that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sent {
    /// The id that the service gave the message.
    pub id: MessageId,
    /// The time at which the service stored the message.
    pub inserted_at: SystemTime,
    /// The time at which the message expires; `None` for never.
    pub expires_at: Option<SystemTime>,
    /// The number of times that the message was sent again after an answer was lost. Above 0, the
    /// message may be there more than once.
    pub resends: u32,
    pub(super) receipt: PopReceipt,
    /// The place of the body, if it is not in the message.
    pub(super) stored: Option<Pointer>,
}

impl Sent {
    pub(super) fn new(sent: SentMessage, resends: u32, stored: Option<Pointer>) -> Self {
        Self {
            id: sent.id,
            inserted_at: sent.inserted_at,
            expires_at: sent.expires_at,
            resends,
            receipt: sent.pop_receipt,
            stored,
        }
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
