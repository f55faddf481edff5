//! [`release`]: gives back what a walk holds at its end, and [`absorb_and_release`] when it is dropped.

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use queue_proto::{
    MessageId, PopReceipt, VisibilityTimeout,
    ops::{UpdateMessage, UpdateMessageResponse},
};

#[cfg(feature = "tokio")]
use super::work::{Deleted, Done, Work};
use crate::{
    bulk::held::{Held, Lease, Standing},
    error::Error,
    execute::shared::Target,
};

/// The releases that are under way at once.
const RELEASES: usize = 128;

/// What is given back at the end.
#[derive(Debug, Default, Clone, Copy)]
pub(in crate::bulk) struct Released {
    /// The messages that are visible again.
    pub(in crate::bulk) released: usize,
    /// The messages that stay hidden until their lease ends.
    pub(in crate::bulk) hidden: usize,
}

/// Waits for what is under way, and gives everything back.
#[cfg(feature = "tokio")]
pub(super) async fn absorb_and_release(queue: Target, mut held: Held, mut work: Work) -> Released {
    while let Some(done) = work.next().await {
        match done {
            Done::Received { result: Ok((answer, _)), .. } => {
                for message in answer.messages {
                    held.lease(message.id(), message.pop_receipt(), 0);
                }
            }
            Done::Renewed { lease, result: Ok(answer), .. } => {
                held.lease(&lease.id, &answer.pop_receipt, 0);
            }
            Done::Deleted { lease, result: Deleted::Confirmed } => held.remove(&lease.id),
            Done::Received { .. } | Done::Renewed { .. } | Done::Deleted { .. } => {}
        }
    }
    release(queue, held).await.0
}

/// Makes the messages visible again, the oldest lease first. What was to be deleted is left alone and
/// returned: it should be hidden as long as possible, since it is somewhere else already.
pub(super) async fn release(queue: Target, held: Held) -> (Released, Vec<Lease>) {
    let mut leases = held.into_leases();
    let mut count = Released::default();
    let mut doomed = Vec::new();
    let mut under_way = FuturesUnordered::new();
    let mut failures_in_a_row = 0;
    loop {
        while under_way.len() < RELEASES && failures_in_a_row < RELEASES {
            let Some(lease) = leases.next() else { break };
            if lease.doomed {
                doomed.push(lease);
            } else if lease.standing == Standing::Leased {
                under_way.push(show(&queue, lease.id, lease.receipt));
            }
        }
        match under_way.next().await {
            Some(Ok(_)) => {
                count.released += 1;
                failures_in_a_row = 0;
            }
            // It is visible already, or somebody else's.
            Some(Err(error)) if error.is_not_owner() => {}
            Some(Err(_)) => {
                count.hidden += 1;
                failures_in_a_row += 1;
            }
            None => break,
        }
    }
    count.hidden += leases.len();
    (count, doomed)
}

async fn show(
    queue: &Target,
    id: MessageId,
    receipt: PopReceipt,
) -> Result<UpdateMessageResponse, Error> {
    queue
        .execute(&UpdateMessage::new(queue.name.clone(), id, receipt, VisibilityTimeout::ZERO))
        .await
}
