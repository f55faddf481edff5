//! [`Producer`]: sending, for programs that must not lose what they send.

mod gate;
mod prepared;
mod put;
mod sent;

use std::{fmt, future::Future, sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt as _, stream::FuturesUnordered};
use queue_proto::{TimeToLive, ops::DeleteMessage};

use self::gate::Gate;
pub use self::{
    prepared::Prepared,
    sent::{SendSummary, Sent},
};
use super::{body_store::Oversize, envelope::trace::TraceContext, run::nudges};
use crate::{
    call::batch::IN_FLIGHT, error::Error, execute::shared::Target, message_codec::MessageCodec,
    queue::QueueClient,
};

/// Sends messages, and sends again what may have been lost.
///
/// [`QueueClient::send`] never repeats a send whose answer was lost, since that could add the
/// message twice. In a system that delivers at least once, losing is worse than repeating: a
/// producer repeats, and [says how often](Sent::resends).
///
/// A processor of the same queue in the same process learns of each message at once.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = queue_emulator::Emulator::new();
/// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
/// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
/// #     .build()?;
/// use std::time::Duration;
/// use queue_client::processor::Producer;
///
/// let orders = service.queue("orders")?;
/// orders.create().await?;
/// let producer = Producer::new(orders.clone()).never_expires();
///
/// let sent = producer.send(&"17 bottles".to_owned()).await?;
/// producer.send_after(&"3 glasses".to_owned(), Duration::from_secs(30)).await?;
/// producer.cancel(&sent).await?;
///
/// // Together with another store: hidden until that has committed, and shown ten minutes later if
/// // this program crashes in between.
/// let prepared = producer.prepare(&"1 tray".to_owned(), Duration::from_secs(600)).await?;
/// // database.commit().await?;
/// prepared.reveal().await?;
/// assert_eq!(orders.peek(32).await?.len(), 1);
/// # Ok(())
/// # }
/// ```
pub struct Producer<T> {
    queue: Target,
    codec: Arc<dyn MessageCodec<Value = T>>,
    time_to_live: Option<TimeToLive>,
    on_ambiguous: OnAmbiguous,
    gate: Arc<Gate>,
    oversize: Oversize,
    trace_context: Option<Arc<CurrentTrace>>,
}

type CurrentTrace = dyn Fn() -> Option<TraceContext> + Send + Sync;

/// What a producer does when the answer to a put was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnAmbiguous {
    /// The producer sends again: the message may be there twice.
    #[default]
    Resend,
    /// The producer fails: the message may be missing.
    Fail,
}

impl<T: 'static> Producer<T> {
    /// A producer for this queue, which writes with its codec.
    pub fn new<C>(queue: QueueClient<C>) -> Self
    where
        C: MessageCodec<Value = T> + 'static,
    {
        let (queue, codec) = queue.into_parts();
        Self {
            queue,
            codec: Arc::new(codec),
            time_to_live: None,
            on_ambiguous: OnAmbiguous::default(),
            gate: Arc::new(Gate::new(IN_FLIGHT)),
            oversize: Oversize::default(),
            trace_context: None,
        }
    }

    /// Sets the time after which messages expire. Default: 7 days, which is that of the service.
    #[must_use]
    pub const fn time_to_live(mut self, time: TimeToLive) -> Self {
        self.time_to_live = Some(time);
        self
    }

    /// Lets messages never expire: the queue keeps them until they are deleted.
    #[must_use]
    pub const fn never_expires(self) -> Self {
        self.time_to_live(TimeToLive::Never)
    }

    /// Sets what happens when the answer to a put was lost. Default: the message is sent again.
    #[must_use]
    pub const fn on_ambiguous(mut self, policy: OnAmbiguous) -> Self {
        self.on_ambiguous = policy;
        self
    }

    /// Sets how many requests are under way at once, at least 1, for all clones of this producer. Each
    /// has a connection of its own. Default: 64, which brings what a queue takes, 2,000 messages per
    /// second, to a service that is up to 30 ms away.
    ///
    /// When the service answers that it is busy (503 `ServerBusy`), the number is halved, at most once
    /// for each round trip. After a second without another such answer it grows again, by an eighth of
    /// this setting each second. What the producer learns so, it shares with all that is sent by clones
    /// of its [`QueueClient`].
    #[must_use]
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.gate = Arc::new(Gate::new(requests));
        self
    }

    /// Sets what happens to a value that does not fit into a message. Default: the send fails.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = queue_emulator::Emulator::new();
    /// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
    /// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
    /// #     .build()?;
    /// use std::{collections::HashMap, sync::{Arc, Mutex}};
    /// use bytes::Bytes;
    /// use queue_client::{BoxFuture, processor::{BodyStore, BoxError, Oversize, Processor, Producer}};
    ///
    /// /// Blobs would be a better place.
    /// #[derive(Debug, Default)]
    /// struct Memory(Mutex<HashMap<String, Bytes>>);
    ///
    /// impl BodyStore for Memory {
    ///     fn put<'a>(&'a self, key: &'a str, body: Bytes) -> BoxFuture<'a, Result<(), BoxError>> {
    ///         self.0.lock().unwrap().insert(key.to_owned(), body);
    ///         Box::pin(async { Ok(()) })
    ///     }
    ///     fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Bytes, BoxError>> {
    ///         let body = self.0.lock().unwrap().get(key).cloned();
    ///         Box::pin(async { body.ok_or_else(|| "there is no such body".into()) })
    ///     }
    ///     fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
    ///         self.0.lock().unwrap().remove(key);
    ///         Box::pin(async { Ok(()) })
    ///     }
    /// }
    ///
    /// let scans = service.queue("scans")?;
    /// # scans.create().await?;
    /// let store = Arc::new(Memory::default());
    /// let producer = Producer::new(scans.clone()).oversize(Oversize::ClaimCheck(store.clone()));
    /// producer.send(&"x".repeat(1_000_000)).await?;
    ///
    /// let report = Processor::new(scans)
    ///     .body_store(store.clone())
    ///     .drain_once(|scan| async move {
    ///         assert_eq!(scan.body().len(), 1_000_000);
    ///         Ok(())
    ///     })
    ///     .await?;
    /// assert_eq!(report.counters.completed, 1);
    /// assert!(store.0.lock().unwrap().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn oversize(mut self, policy: Oversize) -> Self {
        self.oversize = policy;
        self
    }

    /// Sends with each message the trace that it belongs to, which this function tells at the moment
    /// of each call of a method that sends; for `None` the message is sent without. The receivers
    /// have it as [`Delivery::trace_context`](super::Delivery::trace_context).
    ///
    /// The text of such a message is a JSON object with the trace and the body. A [`Processor`]
    /// opens it; other receivers have to, too. It is a bit larger than the body, and the limit
    /// counts for the whole.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = queue_emulator::Emulator::new();
    /// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
    /// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
    /// #     .build()?;
    /// use queue_client::processor::{Processor, Producer, TraceContext};
    ///
    /// // With tracing-opentelemetry, what its propagator writes for the current span.
    /// let current = || {
    ///     TraceContext::new("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").ok()
    /// };
    /// let orders = service.queue("orders")?;
    /// # orders.create().await?;
    /// Producer::new(orders.clone()).trace_context(current).send(&"17 bottles".to_owned()).await?;
    ///
    /// Processor::new(orders)
    ///     .drain_once(|order| async move {
    ///         assert_eq!(order.body(), "17 bottles");
    ///         let trace = order.trace_context().ok_or("no trace")?;
    ///         assert_eq!(trace.trace_id(), "0af7651916cd43dd8448eb211c80319c");
    ///         Ok(())
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [`Processor`]: super::Processor
    #[must_use]
    pub fn trace_context(
        mut self,
        current: impl Fn() -> Option<TraceContext> + Send + Sync + 'static,
    ) -> Self {
        self.trace_context = Some(Arc::new(current));
        self
    }

    /// Sends a message (Put Message).
    ///
    /// # Errors
    ///
    /// When the value cannot be written or is too large, which is checked before anything is sent;
    /// and when the client's [retry policy](crate::retry::RetryPolicy) gives up, its
    /// [retry budget](crate::retry::RetryBudget) is spent, or its time for a call is over.
    pub fn send<'a>(
        &'a self,
        value: &T,
    ) -> impl Future<Output = Result<Sent, Error>> + Send + use<'a, T> {
        let draft = self.draft(value);
        async move {
            let sent = self.put(draft, Duration::ZERO).await?;
            nudges::nudge(&self.queue);
            Ok(sent)
        }
    }

    /// Sends a message that is hidden at first: 0 s to 7 days in whole seconds.
    ///
    /// # Errors
    ///
    /// The errors are those of [`send`](Self::send).
    pub fn send_after<'a>(
        &'a self,
        value: &T,
        delay: Duration,
    ) -> impl Future<Output = Result<Sent, Error>> + Send + use<'a, T> {
        let draft = self.draft(value);
        async move { self.put(draft, delay).await }
    }

    /// Sends the items of a stream, several at once: as many as [`max_in_flight`](Self::max_in_flight)
    /// says. No more items than that are taken from the stream ahead.
    pub async fn send_all<S>(&self, values: S) -> SendSummary
    where
        S: Stream<Item = T>,
    {
        let mut values = std::pin::pin!(values.enumerate());
        let mut under_way = FuturesUnordered::new();
        let mut results = Vec::new();
        let mut ended = false;
        while !ended || !under_way.is_empty() {
            while !ended && under_way.len() < self.gate.most() {
                match values.next().await {
                    Some((index, value)) => {
                        let draft = self.draft(&value);
                        under_way
                            .push(async move { (index, self.put(draft, Duration::ZERO).await) });
                    }
                    None => ended = true,
                }
            }
            if let Some(result) = under_way.next().await {
                nudges::nudge(&self.queue);
                results.push(result);
            }
        }
        results.sort_unstable_by_key(|(index, _)| *index);
        SendSummary { results: results.into_iter().map(|(_, result)| result).collect() }
    }

    /// Stores a message that stays hidden for `hidden`, 0 s to 7 days in whole seconds, unless it is
    /// revealed or cancelled before. Nothing that happens to this program can lose it then.
    ///
    /// # Errors
    ///
    /// The errors are those of [`send`](Self::send).
    pub fn prepare<'a>(
        &'a self,
        value: &T,
        hidden: Duration,
    ) -> impl Future<Output = Result<Prepared<T>, Error>> + Send + use<'a, T> {
        let draft = self.draft(value);
        async move {
            let sent = self.put(draft, hidden).await?;
            Ok(Prepared { producer: self.clone(), sent })
        }
    }

    /// Takes a message back. This works until somebody has received it.
    ///
    /// # Errors
    ///
    /// [`is_not_owner`](Error::is_not_owner) when somebody has received it, or it is gone.
    pub async fn cancel(&self, sent: &Sent) -> Result<(), Error> {
        let delete =
            DeleteMessage::new(self.queue.name.clone(), sent.id().clone(), sent.receipt().clone());
        self.queue.execute(&delete).await?;
        self.discard(sent.stored.as_ref()).await;
        Ok(())
    }

    /// Waits until nothing that was begun before is under way.
    pub async fn flush(&self) {
        self.gate.flush().await;
    }
}

impl<T> Clone for Producer<T> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
            codec: Arc::clone(&self.codec),
            gate: Arc::clone(&self.gate),
            oversize: self.oversize.clone(),
            trace_context: self.trace_context.clone(),
            ..*self
        }
    }
}

impl<T> fmt::Debug for Producer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer").field("queue", &self.queue.name).finish_non_exhaustive()
    }
}
