//! [`Processor`]: the settings of a processor, one method for each.

use std::{
    fmt,
    future::Future,
    num::{NonZeroU32, NonZeroUsize},
    sync::Arc,
    time::Duration,
};

use queue_proto::codec::{Codec, CodecError};

use super::{
    delivery::Delivery,
    handler::HandlerResult,
    isolation::Isolation,
    stop::Stop,
    undecodable::{TextHandler, Undecodable},
};
use crate::{
    execute::shared::Target,
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
    pub(super) codec: Arc<dyn Codec<Value = T>>,
    pub(super) config: CoreConfig,
    pub(super) dead_letter: DeadLetterTo,
    pub(super) undecodable: Undecodable,
    pub(super) body_store: Option<Arc<dyn BodyStore>>,
    pub(super) instance: Option<String>,
    pub(super) observers: Observers,
    pub(super) sample_depth: Option<Duration>,
    pub(super) stop: Stop,
    pub(super) isolation: Isolation,
}

impl<T: Send + 'static> Processor<T> {
    /// A processor for this queue, whose handlers get what the codec of the queue reads.
    pub fn new<C>(queue: QueueClient<C>) -> Self
    where
        C: Codec<Value = T> + 'static,
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
        }
    }

    /// How many handlers run at once, at least 1. 16 unless set.
    pub const fn concurrency(mut self, handlers: usize) -> Self {
        self.config.concurrency = match NonZeroUsize::new(handlers) {
            Some(handlers) => handlers,
            None => NonZeroUsize::MIN,
        };
        self
    }

    /// How long a received message is hidden at first: 5 s to 7 days in whole seconds. 60 s unless
    /// set. After a crash or a lost answer a message comes back when its lease ends.
    pub const fn lease(mut self, lease: Duration) -> Self {
        self.config.lease = lease;
        self
    }

    /// How the lease grows with each renewal. It doubles up to 5 min unless set.
    pub const fn lease_growth(mut self, growth: LeaseGrowth) -> Self {
        self.config.lease_growth = growth;
        self
    }

    /// For how long in all a message is kept hidden for one handler. 1 h unless set. The handler is
    /// told to [stop](super::lease::LeaseHandle::stop) one lease before.
    pub fn max_lease(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.config.max_lease = time.into();
        self
    }

    /// Does not renew leases. Handlers must then be faster than a lease.
    pub const fn without_renewal(mut self) -> Self {
        self.config.renew = false;
        self
    }

    /// After how long a running handler is dropped, and its message tried again. Never unless set.
    pub fn handler_timeout(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.config.handler_timeout = time.into();
        self
    }

    /// What happens to a handler whose lease is lost. It is told, and goes on, unless set.
    pub const fn on_lease_lost(mut self, policy: OnLeaseLost) -> Self {
        self.config.on_lease_lost = policy;
        self
    }

    /// After which delay a failed message is received again. 5 s, doubling up to 10 min, unless set.
    pub const fn retry(mut self, delay: RetryDelay) -> Self {
        self.config.retry = delay;
        self
    }

    /// How many handlers start per second at most: 0.001 to 1,000,000. They start evenly, with a
    /// tenth of a second's worth at once at most. What cannot start yet is not received either, and
    /// is left to other processors. Default: any number.
    pub const fn rate(mut self, per_second: f64) -> Self {
        self.config.rate = Some(per_second);
        self
    }

    /// How many deliveries a message gets before it becomes a dead letter; `None` or 0 for any
    /// number. 5 unless set. A crash and a lost answer count as deliveries, so these are at most so
    /// many runs.
    pub fn max_deliveries(mut self, deliveries: impl Into<Option<u32>>) -> Self {
        self.config.max_deliveries = deliveries.into().and_then(NonZeroU32::new);
        self
    }

    /// Where dead letters go. To the queue of the same name with `-poison` behind it unless set.
    pub fn dead_letter(mut self, to: DeadLetterTo) -> Self {
        self.dead_letter = to;
        self
    }

    /// What becomes of messages that the codec cannot read. Dead letters unless set.
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

    /// Where bodies are that did not fit into their messages: the store that the
    /// [`Producer`](crate::processor::Producer::oversize) puts them into. A body is fetched before the handler
    /// runs, which is a failure of the delivery if it does not work, and deleted once the message is
    /// known to be deleted.
    pub fn body_store(mut self, store: Arc<dyn BodyStore>) -> Self {
        self.body_store = Some(store);
        self
    }

    /// How often an empty queue is asked. After 100 ms, and then ever more seldom down to every
    /// 10 s, unless set.
    pub const fn polling(mut self, polling: Polling) -> Self {
        self.config.polling = polling;
        self
    }

    /// What happens when the queue does not exist. Default: the processor waits for it, but a
    /// [`drain_once`](Self::drain_once) ends with an error.
    pub const fn queue_missing(mut self, policy: QueueMissing) -> Self {
        self.config.queue_missing = Some(policy);
        self
    }

    /// For how long receives may fail in a row, whatever the reason, before the processor ends with
    /// [`Stopped::GaveUp`](super::stopped::Stopped::GaveUp). It ends a little earlier if the next try would
    /// come later than that; zero ends it at the first failure, [`Duration::MAX`] never. Default:
    /// never, but 30 seconds for a [`drain_once`](Self::drain_once).
    pub const fn give_up_after(mut self, time: Duration) -> Self {
        self.config.give_up_after = Some(time);
        self
    }

    /// How long handlers may go on after a shutdown begins. 25 s unless set, which with the five
    /// seconds after it fits into the 30 s that Kubernetes gives.
    pub const fn drain_timeout(mut self, time: Duration) -> Self {
        self.config.drain_timeout = time;
        self
    }

    /// How many messages are received ahead of their handlers. None unless set. They are kept
    /// hidden by renewals.
    pub const fn prefetch(mut self, messages: usize) -> Self {
        self.config.prefetch = messages;
        self
    }

    /// Where the loop runs. Beside the handlers unless set.
    pub const fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = isolation;
        self
    }

    /// What this instance is called in dead letters. The value of `HOSTNAME` unless set.
    pub fn instance(mut self, name: impl Into<String>) -> Self {
        self.instance = Some(name.into());
        self
    }

    /// Tells somebody what happens, for metrics. Can be used more than once.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observers.add(observer);
        self
    }

    /// Asks so often, at least a second apart, how many messages the queue has (Get Queue Metadata),
    /// how many are visible and how old the oldest is (Peek Messages), and tells the
    /// [observers](Observer::depth). A minute is a good choice. Default: never.
    pub const fn sample_depth(mut self, every: Duration) -> Self {
        self.sample_depth = Some(every);
        self
    }

    /// Drains when the future completes.
    pub fn stop_when(mut self, stop: impl Future<Output = ()> + Send + 'static) -> Self {
        self.stop.when(Box::pin(stop));
        self
    }

    /// Drains at the first ctrl-c (and SIGTERM, on Unix), and ends at once at the second.
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
