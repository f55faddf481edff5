//! [`Processor`]: the settings of a processor, one method for each.

use std::{
    fmt,
    future::Future,
    num::{NonZeroU32, NonZeroUsize},
    sync::Arc,
    time::Duration,
};

use queue_proto::codec::CodecError;

use super::{
    delivery::Delivery,
    handler::HandlerResult,
    isolation::Isolation,
    pool::Seat,
    stop::Stop,
    undecodable::{TextHandler, Undecodable},
};
use crate::{
    execute::shared::Target,
    message_codec::MessageCodec,
    processor::{
        body_store::BodyStore,
        core::{CoreConfig, LeaseGrowth, OnLeaseLost, Polling, QueueMissing, RetryDelay},
        dead_letter::DeadLetterTo,
        observe::{Observer, Observers},
    },
    queue::QueueClient,
};

/// Works on the messages of a queue, each at least once.
///
/// See the [module](crate::processor) for what it guarantees.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = queue_emulator::Emulator::new();
/// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
/// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
/// #     .build()?;
/// use queue_client::processor::Processor;
///
/// let greetings = service.queue("greetings")?;
/// greetings.create_if_missing().await?;
/// for name in ["Ada", "Grace", "Edsger"] {
///     greetings.send(format!("hello {name}")).await?;
/// }
///
/// let report = Processor::new(greetings)
///     .drain_once(|message| async move {
///         println!("{} (attempt {})", message.body(), message.attempt());
///         Ok(()) // The message is deleted. An error brings it back later.
///     })
///     .await?;
/// assert_eq!(report.to_string(), "3 completed, 0 retried, 0 dead-lettered");
/// # Ok(())
/// # }
/// ```
#[must_use = "a processor does nothing until it runs"]
pub struct Processor<T> {
    pub(super) queue: Target,
    pub(super) codec: Arc<dyn MessageCodec<Value = T>>,
    pub(super) config: CoreConfig,
    pub(super) dead_letter: DeadLetterTo,
    pub(super) undecodable: Undecodable,
    pub(super) body_store: Option<Arc<dyn BodyStore>>,
    pub(super) instance: Option<String>,
    pub(super) observers: Observers,
    pub(super) sample_depth: Option<Duration>,
    pub(super) stop: Stop,
    pub(super) isolation: Isolation,
    /// Its seat among processors that share their places.
    pub(super) seat: Option<Seat>,
}

impl<T: Send + 'static> Processor<T> {
    /// A processor for this queue, whose handlers get what the codec of the queue reads.
    pub fn new<C>(queue: QueueClient<C>) -> Self
    where
        C: MessageCodec<Value = T> + 'static,
    {
        let (queue, codec) = queue.into_parts();
        Self {
            queue,
            codec: Arc::new(codec),
            config: CoreConfig::default(),
            dead_letter: DeadLetterTo::default(),
            undecodable: Undecodable::default(),
            body_store: None,
            instance: None,
            observers: Observers::default(),
            sample_depth: None,
            stop: Stop::default(),
            isolation: Isolation::default(),
            seat: None,
        }
    }

    /// Sets how many handlers run at once; 0 counts as 1. Default: 16.
    pub const fn concurrency(mut self, handlers: usize) -> Self {
        self.config.concurrency = match NonZeroUsize::new(handlers) {
            Some(handlers) => handlers,
            None => NonZeroUsize::MIN,
        };
        self
    }

    /// Sets for how long a received message is hidden at first: 5 s to 7 days in whole seconds (the
    /// visibility timeout of Get Messages). After a crash or a lost answer a message comes back when
    /// its lease ends. Default: 60 s.
    pub const fn lease(mut self, lease: Duration) -> Self {
        self.config.lease = lease;
        self
    }

    /// Sets how the lease grows with each renewal. Default: it doubles, up to 5 min.
    pub const fn lease_growth(mut self, growth: LeaseGrowth) -> Self {
        self.config.lease_growth = growth;
        self
    }

    /// Sets for how long in all a message is kept hidden for one handler, at least one lease; `None`
    /// for any time. The handler is told to [stop](super::lease::LeaseHandle::stop) one lease before.
    /// Default: 1 h.
    pub fn max_lease(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.config.max_lease = time.into();
        self
    }

    /// Turns renewals of leases off. Handlers must then be faster than a lease. Default: leases are
    /// renewed.
    pub const fn without_renewal(mut self) -> Self {
        self.config.renew = false;
        self
    }

    /// Sets the time after which a running handler is dropped, and its message tried again; above
    /// zero. Default: never.
    pub fn handler_timeout(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.config.handler_timeout = time.into();
        self
    }

    /// Sets what happens to a handler whose lease is lost. Default: the handler is told, and goes on.
    pub const fn on_lease_lost(mut self, policy: OnLeaseLost) -> Self {
        self.config.on_lease_lost = policy;
        self
    }

    /// Sets the delay after which a failed message is received again. Default: 5 s, doubling up to
    /// 10 min.
    pub const fn retry(mut self, delay: RetryDelay) -> Self {
        self.config.retry = delay;
        self
    }

    /// Sets how many handlers start per second at most: 0.001 to 1,000,000. Handlers start evenly,
    /// with a tenth of a second's worth at once at most. A message that cannot start yet is not
    /// received either, and is left to other processors. Default: any number.
    pub const fn rate(mut self, per_second: f64) -> Self {
        self.config.rate = Some(per_second);
        self
    }

    /// Sets how many deliveries a message gets before it becomes a dead letter; `None` or 0 for any
    /// number. A crash and a lost answer count as deliveries, so there are at most so many runs.
    /// Default: 5.
    pub fn max_deliveries(mut self, deliveries: impl Into<Option<u32>>) -> Self {
        self.config.max_deliveries = deliveries.into().and_then(NonZeroU32::new);
        self
    }

    /// Sets where dead letters go. Default: to the queue of the same name with `-poison` behind it.
    pub fn dead_letter(mut self, to: DeadLetterTo) -> Self {
        self.dead_letter = to;
        self
    }

    /// Sets what becomes of messages that the codec cannot read. Default: they become dead letters.
    pub fn undecodable(mut self, policy: Undecodable) -> Self {
        self.undecodable = policy;
        self
    }

    /// Hands messages that the codec cannot read to this handler, which gets the text and what the
    /// codec said. What it returns settles the message.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = queue_emulator::Emulator::new();
    /// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
    /// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
    /// #     .build()?;
    /// use queue_client::{codec::Base64Text, processor::{Outcome, Processor}};
    ///
    /// let orders = service.queue("orders")?;
    /// # orders.create().await?;
    /// orders.send("not base64").await?;
    ///
    /// let report = Processor::new(orders.with_codec(Base64Text))
    ///     .hand_undecodable_to(|message, error| async move {
    ///         eprintln!("{}: {error}", message.body());
    ///         Ok(Outcome::DeadLetter { reason: "not base64".into() })
    ///     })
    ///     .drain_once(|_| async { Ok(()) })
    ///     .await?;
    /// assert_eq!(report.counters.dead_lettered, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn hand_undecodable_to<F, Fut>(self, handler: F) -> Self
    where
        F: Fn(Delivery<String>, CodecError) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: HandlerResult,
    {
        self.undecodable(Undecodable::Hand(TextHandler::new(handler)))
    }

    /// Sets the store of the bodies that did not fit into their messages, into which the
    /// [`Producer`](crate::processor::Producer::oversize) puts them. A body is fetched before its
    /// handler runs, and deleted once the message is known to be deleted. A body that cannot be
    /// fetched is a failure of the delivery. Default: no store.
    pub fn body_store(mut self, store: Arc<dyn BodyStore>) -> Self {
        self.body_store = Some(store);
        self
    }

    /// Sets how often an empty queue is asked. Default: after 100 ms, and then ever more seldom down to
    /// every 10 s.
    pub const fn polling(mut self, polling: Polling) -> Self {
        self.config.polling = polling;
        self
    }

    /// Sets what happens when the queue does not exist. Default: the processor waits for the queue, but
    /// a [`drain_once`](Self::drain_once) ends with an error.
    pub const fn queue_missing(mut self, policy: QueueMissing) -> Self {
        self.config.queue_missing = Some(policy);
        self
    }

    /// Sets for how long receives may fail in a row, whatever the reason, before the processor ends
    /// with [`Stopped::GaveUp`](super::stopped::Stopped::GaveUp). The processor ends a little earlier
    /// if the next try would come later than that; with zero at the first failure, and with
    /// [`Duration::MAX`] never. Default: never, but 30 seconds for a
    /// [`drain_once`](Self::drain_once).
    pub const fn give_up_after(mut self, time: Duration) -> Self {
        self.config.give_up_after = Some(time);
        self
    }

    /// Sets for how long handlers may go on after a shutdown begins, up to 7 days. Default: 25 s, which
    /// with the five seconds after them fits into the 30 s that Kubernetes gives.
    pub const fn drain_timeout(mut self, time: Duration) -> Self {
        self.config.drain_timeout = time;
        self
    }

    /// Sets how many messages are received ahead of their handlers, with 0 for none. Renewals keep
    /// them hidden, for as long as they wait. Default: as many as handlers are expected to start within
    /// some round trips, by how long the last handlers and receives took. That is none for handlers
    /// that take more than 32 round trips. A message that does not start before half of its lease is
    /// over is given back.
    pub const fn prefetch(mut self, messages: usize) -> Self {
        self.config.prefetch = Some(messages);
        self
    }

    /// Sets the number of messages being settled at which no handler starts until one is settled, at
    /// least 1. A message that is being deleted, given back or dead-lettered takes no place of a
    /// handler; this bounds what piles up when the service is slow, to so many and the handlers that
    /// ran already. Default: four times the concurrency, and at least 256.
    pub fn max_settling(mut self, messages: usize) -> Self {
        self.config.max_settling = NonZeroUsize::new(messages.max(1));
        self
    }

    /// Sets where the loop runs. Default: beside the handlers.
    pub const fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = isolation;
        self
    }

    /// Sets the name of this instance in dead letters. Default: the value of `HOSTNAME`.
    pub fn instance(mut self, name: impl Into<String>) -> Self {
        self.instance = Some(name.into());
        self
    }

    /// Adds an observer that is told what happens, for metrics. This can be called more than once.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observers.add(observer);
        self
    }

    /// Sets how often the queue is asked how many messages it has (Get Queue Metadata), how many are
    /// visible and how old the oldest is (Peek Messages); less than a second counts as a second. The
    /// answers go to the [observers](Observer::depth). A minute is a good choice. Default: never.
    pub const fn sample_depth(mut self, every: Duration) -> Self {
        self.sample_depth = Some(every);
        self
    }

    /// Ends the processor when the future completes, with [`ShutdownMode::Drain`].
    ///
    /// [`ShutdownMode::Drain`]: crate::processor::ShutdownMode::Drain
    pub fn stop_when(mut self, stop: impl Future<Output = ()> + Send + 'static) -> Self {
        self.stop.when(Box::pin(stop));
        self
    }

    /// Ends the processor at the first ctrl-c (and SIGTERM, on Unix) once its handlers have finished,
    /// and at the second one at once.
    #[cfg(feature = "signals")]
    pub fn stop_on_signals(mut self) -> Self {
        self.stop.on_signals();
        self
    }
}

impl<T> fmt::Debug for Processor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Processor")
            .field("queue", &self.queue.name)
            .field("config", &self.config)
            .field("dead_letter", &self.dead_letter)
            .finish_non_exhaustive()
    }
}
