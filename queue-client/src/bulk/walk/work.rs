//! [`Work`]: the requests of a walk that are under way, and what comes of each.

use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use queue_auth::BoxFuture;
use queue_proto::{
    MessageId, PopReceipt,
    ops::{GetMessagesResponse, UpdateMessageResponse},
};

use crate::error::Error;

/// What became of a delete.
#[derive(Debug)]
pub(in crate::bulk) enum Deleted {
    Confirmed,
    /// It failed, or a repetition found the message gone when somebody else could have had it.
    Unconfirmed(Option<Error>),
}

impl Deleted {
    /// The answer to a delete, after so many lost ones, for a lease that was still good or not.
    pub(super) fn of(result: Result<u32, Error>, held: bool) -> Self {
        match result {
            Ok(lost) if lost == 0 || held => Self::Confirmed,
            Ok(_) => Self::Unconfirmed(None),
            Err(error) => Self::Unconfirmed(Some(error)),
        }
    }

    pub(in crate::bulk) const fn is_confirmed(&self) -> bool {
        matches!(self, Self::Confirmed)
    }
}

/// A request of a walk that is over.
pub(super) enum Done {
    Received { sent_at: Duration, asked: usize, result: Result<(GetMessagesResponse, u32), Error> },
    Renewed { lease: Used, sent_at: Duration, result: Result<UpdateMessageResponse, Error> },
    Deleted { lease: Used, result: Deleted },
}

/// The lease that a request was sent for. By the time of the answer, the message may have come back
/// under a newer one.
pub(super) struct Used {
    pub(super) id: MessageId,
    pub(super) receipt: PopReceipt,
}

/// The requests that are under way.
pub(super) type Work = FuturesUnordered<BoxFuture<'static, Done>>;
