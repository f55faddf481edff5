//! What is known of messages that were sent.

use std::time::SystemTime;

use queue_proto::{MessageId, PopReceipt, ops::SentMessage};

use crate::{error::Error, processor::envelope::pointer::Pointer};

/// A message that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sent {
    /// The id that the service gave it.
    pub id: MessageId,
    /// When it was stored.
    pub inserted_at: SystemTime,
    /// When it expires; `None` for never.
    pub expires_at: Option<SystemTime>,
    /// How often it was sent again after an answer was lost. Above 0, it may be there more than once.
    pub resends: u32,
    pub(super) receipt: PopReceipt,
    /// Where its body is, if it is not in the message.
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
    /// How many were sent.
    #[must_use]
    pub fn sent(&self) -> usize {
        self.results.iter().filter(|result| result.is_ok()).count()
    }

    /// How many may be there more than once.
    #[must_use]
    pub fn resent(&self) -> usize {
        self.results.iter().flatten().filter(|sent| sent.resends > 0).count()
    }
}
