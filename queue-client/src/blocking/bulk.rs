//! [`Scan`] and the options of transfers: whole queues, for programs without async.

use std::time::SystemTime;

use queue_proto::{LeaseTimeout, MessageId, ops::PeekedMessage};

use super::{call::Call, executor::Executor, queue::QueueClient, table::options};
use crate::{
    bulk::{self, Journal, Lifetime, ScanReport, Transfer, TransferReport},
    error::Error,
    message_codec::MessageCodec,
};

/// A way through all messages of a queue, on the calling thread: see [`bulk::Scan`].
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = queue_emulator::Emulator::new();
/// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
/// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
/// #     .build_blocking()?;
/// let (orders, archive) = (service.queue("orders")?, service.queue("archive")?);
/// # orders.create()?;
/// # archive.create()?;
/// # orders.send_all((0..100).map(|number| number.to_string())).run();
/// let mut scan = orders.scan();
/// while let Some(message) = scan.next()? {
///     if message.text() == "42" {
///         scan.delete(message.id());
///     }
/// }
/// let report = scan.finish();
/// assert_eq!((report.deleted, report.released), (1, 99));
///
/// let report = orders.move_to(&archive).max(10).run()?;
/// assert_eq!(report.moved, 10);
/// # Ok(())
/// # }
/// ```
///
/// Nothing happens between two calls: leases are renewed inside [`next`](Self::next), so that work on
/// a message must be shorter than half a lease. Dropped unfinished, a scan gives back nothing: what
/// it holds becomes visible when its lease ends.
#[derive(Debug)]
#[must_use = "a scan does nothing until `next` is called"]
pub struct Scan {
    executor: Executor,
    scan: bulk::Scan,
}

impl Scan {
    /// Sets what [`lease`](bulk::Scan::lease) says.
    pub fn lease(self, time: LeaseTimeout) -> Self {
        Self { scan: self.scan.lease(time), ..self }
    }

    /// Sets what [`limit`](bulk::Scan::limit) says.
    pub fn limit(self, messages: usize) -> Self {
        Self { scan: self.scan.limit(messages), ..self }
    }

    /// Sets what [`max_attempt`](bulk::Scan::max_attempt) says.
    pub fn max_attempt(self, count: u32) -> Self {
        Self { scan: self.scan.max_attempt(count), ..self }
    }

    /// Waits for the next message; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`Error`]: that of [`bulk::Scan::next`].
    #[expect(clippy::should_implement_trait, reason = "it is that of the asynchronous scan")]
    pub fn next(&mut self) -> Result<Option<PeekedMessage>, Error> {
        self.executor.block_on(self.scan.next())
    }

    /// Deletes a message that was shown, instead of giving it back: see [`bulk::Scan::delete`].
    pub fn delete(&mut self, id: &MessageId) {
        self.scan.delete(id);
    }

    /// What [`received_at`](bulk::Scan::received_at) says.
    #[must_use]
    pub const fn received_at(&self) -> Option<SystemTime> {
        self.scan.received_at()
    }

    /// What was done until now.
    #[must_use]
    pub const fn report(&self) -> &ScanReport {
        self.scan.report()
    }

    /// Ends the scan: deletes are waited for, and all other messages become visible again.
    pub fn finish(self) -> ScanReport {
        self.executor.block_on(self.scan.finish())
    }
}

impl<C: MessageCodec> QueueClient<C> {
    /// Goes through all messages of the queue, and not only the first 32: see [`bulk::Scan`].
    pub fn scan(&self) -> Scan {
        Scan { executor: self.executor().clone(), scan: self.asynchronous().scan() }
    }

    /// Prepares what [`move_to`](crate::QueueClient::move_to) does; [`run`](Call::run) makes the move.
    pub fn move_to<D: MessageCodec>(&self, to: &QueueClient<D>) -> Call<'_, Transfer> {
        Call::new(self.executor(), self.asynchronous().move_to(to.asynchronous()))
    }

    /// Prepares what [`copy_to`](crate::QueueClient::copy_to) does; [`run`](Call::run) makes the copy.
    pub fn copy_to<D: MessageCodec>(&self, to: &QueueClient<D>) -> Call<'_, Transfer> {
        Call::new(self.executor(), self.asynchronous().copy_to(to.asynchronous()))
    }
}

options! {
    impl[] bulk::Transfer as Transfer {
        pub fn matching(self, wanted: impl FnMut(&PeekedMessage) -> bool + Send + 'static);
        pub fn max(self, messages: usize);
        pub fn rate(self, per_second: f64);
        pub fn in_flight(self, messages: usize);
        pub fn lease(self, time: LeaseTimeout);
        pub fn lifetime(self, lifetime: Lifetime);
        pub fn dry_run(self);
        pub fn allow_duplicates(self);
        pub fn max_attempt(self, count: u32);
        pub fn stop_on_return(self);
        pub fn journal(self, journal: impl Journal);
        pub fn stop_when(self, stop: impl Future<Output = ()> + Send + 'static);
        pub fn on_progress(self, progress: impl FnMut(&TransferReport) + Send + 'static);
    }
}
