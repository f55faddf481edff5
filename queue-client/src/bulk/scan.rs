//! [`Scan`]: every message of a queue, once.

use std::{fmt, time::SystemTime};

use futures_util::future::{Either, select};
use queue_proto::{LeaseTimeout, MessageCount, MessageId, ops::PeekedMessage};

use super::{
    attempts::{check, check_front},
    walk::{
        Found, Pace, Step, Walk,
        depth::{count, usual_lease},
        work::Deleted,
    },
};
use crate::{error::Error, execute::shared::Target};

/// The receives that are under way at once.
const RECEIVES: usize = 4;
/// The messages that may be leased ahead of the caller.
const AHEAD: usize = 256;
/// The deletes that are under way at once.
const DELETES: usize = 128;

/// A way through all messages of a queue, made by [`QueueClient::scan`](crate::QueueClient::scan).
///
/// Each message is received, and stays hidden from others until the scan is
/// [finished](Self::finish), so that the next receive shows others. This has a price: **every
/// message's dequeue count rises by one, and their order can change**. A look at the first 32 costs
/// nothing: [`QueueClient::peek`](crate::QueueClient::peek).
///
/// * Leases are renewed inside [`next`](Self::next). Work that takes longer than half a lease goes
///   into [`while_renewing`](Self::while_renewing).
/// * A message whose lease ended all the same and that comes back is recognised, and not shown twice.
/// * Messages that came after the scan began are not shown, but counted as
///   [`newer`](ScanReport::newer), so that a scan of a busy queue ends.
/// * Of each message 60 bytes are kept, and not its text.
///
/// Dropped unfinished within a runtime of tokio, a scan gives back in the background what it holds.
/// What cannot be given back becomes visible when its lease ends.
#[must_use = "a scan does nothing until `next` is called"]
pub struct Scan {
    queue: Target,
    lease: Option<LeaseTimeout>,
    limit: usize,
    max_attempt: u32,
    walk: Option<Walk>,
    received_at: Option<SystemTime>,
    report: ScanReport,
}

/// What a [`Scan`] did.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ScanReport {
    /// The number of messages that were shown.
    pub seen: usize,
    /// The number of messages that came after the scan began. They were received too, and not shown.
    pub newer: usize,
    /// The number of messages whose delete was confirmed.
    pub deleted: usize,
    /// The messages that were to be deleted, and of which it is not known whether they are.
    pub undeleted: Vec<MessageId>,
    /// The first reason why a message was not deleted.
    pub delete_error: Option<Error>,
    /// The highest dequeue count of a message, this scan included.
    pub highest_dequeue_count: u32,
    /// The number of messages that were made visible again.
    pub released: usize,
    /// The number of messages that could not be given back, and stay hidden until their lease ends.
    pub still_hidden: usize,
    /// The number of receives whose answer was lost. Each may have hidden up to 32 messages, which
    /// were not seen and come back when the lease ends.
    pub lost_answers: u32,
}

impl Scan {
    pub(crate) fn new(queue: Target) -> Self {
        let report = ScanReport::default();
        Self {
            queue,
            lease: None,
            limit: usize::MAX,
            max_attempt: 3,
            walk: None,
            received_at: None,
            report,
        }
    }

    /// Sets the time for which messages are hidden: 1 s to 7 days. It is also the time for which they
    /// stay hidden if this program is killed. Default: 60 seconds, and a second more for every 400
    /// messages of the queue.
    pub const fn lease(mut self, time: LeaseTimeout) -> Self {
        self.lease = Some(time);
        self
    }

    /// Ends the scan after so many messages. Default: no limit.
    pub const fn limit(mut self, messages: usize) -> Self {
        self.limit = messages;
        self
    }

    /// Refuses to go on where a message's dequeue count reaches this: consumers count deliveries by
    /// it, and those that give up after the fifth, say, would do so sooner. The first 32 messages are
    /// looked at before any count is raised. Default: 3.
    pub const fn max_attempt(mut self, count: u32) -> Self {
        self.max_attempt = count;
        self
    }

    /// The next message, `None` at the end. Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// [`Error`] when a receive fails, after the retries of the client, and with the cause
    /// [`AttemptsReached`](super::AttemptsReached) where [`max_attempt`](Self::max_attempt) refuses. What was received is
    /// still held: [`finish`](Self::finish) gives it back.
    pub async fn next(&mut self) -> Result<Option<PeekedMessage>, Error> {
        if self.walk.is_none() {
            let Self { queue, max_attempt, limit, lease, .. } = self;
            self.walk = Some(start(queue.clone(), *max_attempt, *limit, *lease).await?);
        }
        loop {
            let Some(walk) = &mut self.walk else { return Ok(None) };
            if walk.is_over() {
                return Ok(None);
            }
            let most = if walk.deleting() < DELETES { usize::MAX } else { 0 };
            let step = walk.step(most).await?;
            self.report.highest_dequeue_count = walk.highest_dequeue_count();
            self.report.lost_answers = walk.lost_answers();
            match step {
                Step::Found(found) if found.newer => self.report.newer += 1,
                Step::Found(found) => {
                    let Found { message, received_at, .. } = *found;
                    self.received_at = Some(received_at);
                    check(&self.queue, &message, message.dequeue_count(), self.max_attempt)?;
                    self.report.seen += 1;
                    return Ok(Some(message));
                }
                Step::Deleted(id, result) => self.report.note(id, result),
                Step::Over => return Ok(None),
            }
        }
    }

    /// Deletes a message that was shown, instead of giving it back. The request is sent by the next
    /// call of [`next`](Self::next) or [`finish`](Self::finish), many at once, and the report tells
    /// what became of it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = queue_emulator::Emulator::new();
    /// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
    /// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
    /// #     .build()?;
    /// # let orders = service.queue("orders")?;
    /// # orders.create().await?;
    /// # orders.send_all(["17 bottles", "test", "3 glasses"]).await;
    /// let mut scan = orders.scan();
    /// while let Some(message) = scan.next().await? {
    ///     if message.text() == "test" {
    ///         scan.delete(message.id());
    ///     }
    /// }
    /// let report = scan.finish().await;
    /// assert_eq!((report.seen, report.deleted, report.released), (3, 1, 2));
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete(&mut self, id: &MessageId) {
        if let Some(walk) = &mut self.walk {
            walk.delete(id);
        }
    }

    /// Runs `work` and renews the leases meanwhile, for work that may take longer than half a lease.
    pub async fn while_renewing<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            let Some(walk) = &mut self.walk else { return work.await };
            let step = std::pin::pin!(walk.step(0));
            match select(work.as_mut(), step).await {
                Either::Left((output, _)) => return output,
                Either::Right((Ok(Step::Deleted(id, result)), _)) => self.report.note(id, result),
                // A failed receive shows itself by the next one.
                Either::Right(_) => {}
            }
        }
    }

    /// The time of the service at which the message that [`next`](Self::next) returned last was
    /// received: until then it was visible. `None` before the first message.
    #[must_use]
    pub const fn received_at(&self) -> Option<SystemTime> {
        self.received_at
    }

    /// What was done until now.
    #[must_use]
    pub const fn report(&self) -> &ScanReport {
        &self.report
    }

    /// Ends the scan: deletes are waited for, and all other messages become visible again.
    pub async fn finish(mut self) -> ScanReport {
        if let Some(walk) = self.walk.take() {
            let released = walk.finish(|id, result| self.report.note(id, result)).await;
            self.report.released = released.released;
            self.report.still_hidden = released.hidden;
        }
        self.report
    }
}

/// Looks at the front of the queue, and begins.
async fn start(
    queue: Target,
    max_attempt: u32,
    limit: usize,
    lease: Option<LeaseTimeout>,
) -> Result<Walk, Error> {
    let mut shown = 0;
    check_front(&queue, max_attempt, |_| {
        shown += 1;
        shown <= limit
    })
    .await?;
    let there = count(&queue).await?;
    let pace = Pace {
        lease: lease.unwrap_or_else(|| usual_lease(there.min(limit))),
        batch: MessageCount::MAX,
        receives: RECEIVES,
        ahead: AHEAD,
        limit,
    };
    Ok(Walk::new(queue, pace, there))
}

impl ScanReport {
    fn note(&mut self, id: MessageId, result: Deleted) {
        match result {
            Deleted::Confirmed => {
                self.undeleted.retain(|other| *other != id);
                self.deleted += 1;
            }
            Deleted::Unconfirmed(error) => {
                if !self.undeleted.contains(&id) {
                    self.undeleted.push(id);
                }
                self.delete_error = self.delete_error.take().or(error);
            }
        }
    }
}

impl fmt::Debug for Scan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scan")
            .field("queue", &self.queue.name)
            .field("report", &self.report)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for ScanReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} seen, {} released", self.seen, self.released)?;
        for (count, what) in [
            (self.deleted, "deleted"),
            (self.undeleted.len(), "perhaps deleted"),
            (self.newer, "newer"),
            (self.still_hidden, "hidden until their lease ends"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}
