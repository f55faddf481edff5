//! [`Transfer`]: moving or copying the messages of a queue into another one.

pub(super) mod life;
pub(super) mod plan;
mod prepare;
pub(super) mod report;
mod run;

use std::fmt;

use queue_auth::BoxFuture;
use queue_proto::{LeaseTimeout, ops::PeekedMessage};

use self::{
    life::Lifetime,
    plan::Plan,
    report::{TransferError, TransferReport},
    run::Run,
};
use super::journal::Journal;
use crate::execute::shared::Target;

/// Moves or copies messages into another queue, of the same account or of another:
/// [`QueueClient::move_to`](crate::QueueClient::move_to) and
/// [`QueueClient::copy_to`](crate::QueueClient::copy_to).
///
/// * A message is put, and deleted after its put was confirmed: none is lost, whatever breaks. Its
///   text stays the same, byte for byte; it gets a new id and a new insertion time, and its dequeue
///   count begins anew.
/// * What does not match, and everything if it is copied, is received as by a [`Scan`](super::Scan)
///   and given back: **dequeue counts rise, and the order can change**.
/// * Only what was in the queue at the beginning is moved. Messages that come in meanwhile are left
///   and counted.
/// * After a crash a message can be in both queues. With a [`journal`](Self::journal), the next run
///   deletes what was put already.
///
/// Dropped within a runtime of tokio, it gives back in the background what it holds.
#[must_use = "it does nothing until it is awaited"]
pub struct Transfer {
    plan: Plan,
}

impl Transfer {
    pub(crate) fn new(from: Target, to: Target, moves: bool) -> Self {
        let plan = Plan {
            from,
            to,
            routes: None,
            moves,
            matching: None,
            open: None,
            max: usize::MAX,
            rate: None,
            in_flight: 128,
            lease: None,
            lifetime: Lifetime::default(),
            dry_run: false,
            allow_duplicates: false,
            max_attempt: 3,
            stop_on_return: false,
            journal: None,
            stop: None,
            progress: None,
        };
        Self { plan }
    }

    /// Puts what is in the envelope of a message, where it has one.
    #[cfg(all(feature = "processor", feature = "tokio"))]
    pub(crate) const fn opening(mut self, open: plan::Open) -> Self {
        self.plan.open = Some(open);
        self
    }

    /// Puts each message into the one of several queues that its text names.
    #[cfg(all(feature = "processor", feature = "tokio"))]
    pub(crate) fn routed(mut self, routes: plan::Routes) -> Self {
        self.plan.routes = Some(routes);
        self
    }

    /// Only messages for which this is true. Default: all messages.
    pub fn matching(mut self, wanted: impl FnMut(&PeekedMessage) -> bool + Send + 'static) -> Self {
        self.plan.matching = Some(Box::new(wanted));
        self
    }

    /// At most so many messages. Default: no limit.
    pub const fn max(mut self, messages: usize) -> Self {
        self.plan.max = messages;
        self
    }

    /// At most so many messages a second, evenly. Default: no limit.
    pub const fn rate(mut self, per_second: f64) -> Self {
        self.plan.rate = Some(per_second);
        self
    }

    /// Sets how many messages are put and deleted at once, at least 1. Default: 128.
    pub const fn in_flight(mut self, messages: usize) -> Self {
        self.plan.in_flight = if messages == 0 { 1 } else { messages };
        self
    }

    /// Sets the time for which messages are hidden while they are moved: 1 s to 7 days. It is also
    /// the time for which they stay hidden if this program is killed. Default: 60 seconds, and where
    /// messages stay in the queue a second more for every 400 of them.
    pub const fn lease(mut self, time: LeaseTimeout) -> Self {
        self.plan.lease = Some(time);
        self
    }

    /// Sets how long the messages live where they are put. Default: as long as they had left.
    pub const fn lifetime(mut self, lifetime: Lifetime) -> Self {
        self.plan.lifetime = lifetime;
        self
    }

    /// Moves nothing, and says what would be moved. It receives messages and gives them back, which
    /// raises their dequeue counts.
    pub const fn dry_run(mut self) -> Self {
        self.plan.dry_run = true;
        self
    }

    /// Puts a message again when the answer to its put was lost: it may then be there twice. Default:
    /// such a message is left in its queue and named in the report, since it may be in both.
    pub const fn allow_duplicates(mut self) -> Self {
        self.plan.allow_duplicates = true;
        self
    }

    /// Refuses to go on where a message that stays in the queue would reach this dequeue count: see
    /// [`Scan::max_attempt`](super::Scan::max_attempt). Default: 3.
    pub const fn max_attempt(mut self, count: u32) -> Self {
        self.plan.max_attempt = count;
        self
    }

    /// Ends the transfer when messages come into the source meanwhile, which is asked once a second:
    /// for dead letters that die again as soon as they are moved. The service counts approximately,
    /// and whoever else puts messages there ends it as well. Default: it goes on.
    pub const fn stop_on_return(mut self) -> Self {
        self.plan.stop_on_return = true;
        self
    }

    /// Remembers how far each message got, so that a run with the same journal goes on after a crash.
    /// Default: nothing is remembered.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = queue_emulator::Emulator::new();
    /// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
    /// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
    /// #     .build()?;
    /// use queue_client::bulk::FileJournal;
    /// # let (orders, archive) = (service.queue("orders")?, service.queue("archive")?);
    /// # orders.create().await?;
    /// # archive.create().await?;
    /// # let folder = std::env::temp_dir().join(format!("journal-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let file = folder.join("orders.state");
    ///
    /// let report = orders.move_to(&archive).journal(FileJournal::new(file)).await?;
    /// for (id, doubt) in &report.doubtful {
    ///     println!("{id}: {}", doubt.as_str());
    /// }
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn journal(mut self, journal: impl Journal) -> Self {
        self.plan.journal = Some(Box::new(journal));
        self
    }

    /// Ends the transfer in good order when `stop` is over: what is under way is finished, the rest is
    /// given back. Default: it goes on to the end.
    pub fn stop_when(mut self, stop: impl Future<Output = ()> + Send + 'static) -> Self {
        self.plan.stop = Some(Box::pin(stop));
        self
    }

    /// Calls `progress` after each message, with what was done until then.
    pub fn on_progress(mut self, progress: impl FnMut(&TransferReport) + Send + 'static) -> Self {
        self.plan.progress = Some(Box::new(progress));
        self
    }
}

impl IntoFuture for Transfer {
    type Output = Result<TransferReport, TransferError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(Run::of(self.plan))
    }
}

impl fmt::Debug for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transfer")
            .field("from", &self.plan.from.name)
            .field("to", &self.plan.to.name)
            .field("moves", &self.plan.moves)
            .finish_non_exhaustive()
    }
}
