//! Sending, for programs that must not lose what they send.

pub(super) mod nudges;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures_util::{Stream, StreamExt as _, stream::FuturesUnordered};
use queue_proto::{
    MessageId, MessageText, PopReceipt, TimeToLive, VisibilityTimeout,
    codec::Codec,
    ops::{DeleteMessage, PutMessage, SentMessage, UpdateMessage},
};
use tokio::sync::Semaphore;

use super::driver::Queue;
use crate::{
    QueueClient,
    error::{Cause, Error},
    failure::OpFailure,
    retry::Attempt,
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
    queue: Queue,
    codec: Arc<dyn Codec<Value = T>>,
    time_to_live: Option<TimeToLive>,
    on_ambiguous: OnAmbiguous,
    max_in_flight: usize,
    permits: Arc<Semaphore>,
}

/// What a producer does when the answer to a put was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnAmbiguous {
    /// It sends again: the message may be there twice.
    #[default]
    Resend,
    /// It fails: the message may be missing.
    Fail,
}

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
    receipt: PopReceipt,
}

/// A message that is hidden until it is [revealed](Self::reveal).
#[must_use = "the message appears when its time is over, unless it is revealed or cancelled"]
pub struct Prepared<T> {
    producer: Producer<T>,
    sent: Sent,
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

impl<T: 'static> Producer<T> {
    /// A producer for this queue, which writes with its codec.
    pub fn new<C>(queue: QueueClient<C>) -> Self
    where
        C: Codec<Value = T> + 'static,
    {
        let (target, codec) = queue.into_parts();
        Self {
            queue: Queue::new(target.shared, target.name),
            codec: Arc::new(codec),
            time_to_live: None,
            on_ambiguous: OnAmbiguous::default(),
            max_in_flight: 32,
            permits: Arc::new(Semaphore::new(32)),
        }
    }

    /// Lets messages expire after this time. 7 days, which is the service's default, unless set.
    #[must_use]
    pub const fn time_to_live(mut self, time: TimeToLive) -> Self {
        self.time_to_live = Some(time);
        self
    }

    /// Keeps messages until they are deleted.
    #[must_use]
    pub const fn never_expires(self) -> Self {
        self.time_to_live(TimeToLive::Never)
    }

    /// What happens when the answer to a put was lost. It is sent again unless set.
    #[must_use]
    pub const fn on_ambiguous(mut self, policy: OnAmbiguous) -> Self {
        self.on_ambiguous = policy;
        self
    }

    /// How many requests are under way at once, at least 1, for all clones of this producer. 32
    /// unless set.
    #[must_use]
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.max_in_flight = requests.clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
        self.permits = Arc::new(Semaphore::new(self.max_in_flight));
        self
    }

    /// Sends a message (Put Message).
    ///
    /// # Errors
    ///
    /// When the value cannot be written or is too large, which is checked before anything is sent;
    /// and when the client's [retry policy](crate::retry::RetryPolicy) gives up.
    pub fn send<'a>(
        &'a self,
        value: &T,
    ) -> impl Future<Output = Result<Sent, Error>> + Send + use<'a, T> {
        let text = self.encode(value);
        async move {
            let sent = self.put(text?, Duration::ZERO).await?;
            nudges::nudge(self.queue.client(), self.queue.name());
            Ok(sent)
        }
    }

    /// Sends a message that is hidden at first: 0 s to 7 days in whole seconds.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_after<'a>(
        &'a self,
        value: &T,
        delay: Duration,
    ) -> impl Future<Output = Result<Sent, Error>> + Send + use<'a, T> {
        let text = self.encode(value);
        async move { self.put(text?, delay).await }
    }

    /// Sends the items of a stream, several at once.
    pub async fn send_all<S>(&self, values: S) -> SendSummary
    where
        S: Stream<Item = T>,
    {
        let mut values = std::pin::pin!(values.enumerate());
        let mut under_way = FuturesUnordered::new();
        let mut results = Vec::new();
        let mut ended = false;
        while !ended || !under_way.is_empty() {
            while !ended && under_way.len() < self.max_in_flight {
                match values.next().await {
                    Some((index, value)) => {
                        let text = self.encode(&value);
                        under_way.push(async move {
                            let result = match text {
                                Ok(text) => self.put(text, Duration::ZERO).await,
                                Err(error) => Err(error),
                            };
                            (index, result)
                        });
                    }
                    None => ended = true,
                }
            }
            if let Some(result) = under_way.next().await {
                nudges::nudge(self.queue.client(), self.queue.name());
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
    /// As [`send`](Self::send).
    pub fn prepare<'a>(
        &'a self,
        value: &T,
        hidden: Duration,
    ) -> impl Future<Output = Result<Prepared<T>, Error>> + Send + use<'a, T> {
        let text = self.encode(value);
        async move {
            let sent = self.put(text?, hidden).await?;
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
            DeleteMessage::new(self.queue.name().clone(), sent.id.clone(), sent.receipt.clone());
        self.queue.persist(&delete).await.map(drop)
    }

    /// Waits until nothing that was begun before is under way.
    pub async fn flush(&self) {
        let all = u32::try_from(self.max_in_flight).unwrap_or(u32::MAX);
        // It is never closed.
        drop(self.permits.acquire_many(all).await);
    }

    fn encode(&self, value: &T) -> Result<MessageText, Error> {
        self.codec.encode(value).map_err(|error| self.invalid(Box::new(error)))
    }

    fn invalid(&self, error: Box<dyn std::error::Error + Send + Sync>) -> Error {
        let place = self.queue.client().place(Some(self.queue.name()));
        let kind = queue_proto::OperationKind::PutMessage;
        Error::new(Cause::InvalidArgument(error), kind, OpFailure::NotSent, 0, place)
    }

    async fn put(&self, text: MessageText, delay: Duration) -> Result<Sent, Error> {
        let delay =
            VisibilityTimeout::try_from(delay).map_err(|error| self.invalid(Box::new(error)))?;
        let mut put = PutMessage::new(self.queue.name().clone(), text);
        if delay != VisibilityTimeout::ZERO {
            put = put.visibility_timeout(delay);
        }
        if let Some(time) = self.time_to_live {
            put = put.time_to_live(time);
        }
        // It is never closed.
        let _permit = self.permits.acquire().await;
        let mut number = 0;
        let mut resends = 0;
        loop {
            let error = match self.queue.once(&put).await {
                Ok(answer) => return Ok(Sent::new(answer.message, resends)),
                Err(error) => error,
            };
            number += 1;
            let failure = error.failure();
            let again = match failure {
                OpFailure::Ambiguous => self.on_ambiguous == OnAmbiguous::Resend,
                failure => crate::retry::is_safe_to_repeat(error.operation(), failure),
            };
            let client = self.queue.client();
            let attempt = Attempt {
                operation: error.operation(),
                number,
                failure,
                random: client.runtime.random(),
            };
            match client.retry.delay(&attempt).filter(|_| again) {
                Some(pause) => {
                    resends += u32::from(*failure == OpFailure::Ambiguous);
                    client.runtime.sleep(pause).await;
                }
                None => return Err(error),
            }
        }
    }
}

impl Sent {
    fn new(sent: SentMessage, resends: u32) -> Self {
        Self {
            id: sent.id,
            inserted_at: sent.inserted_at,
            expires_at: sent.expires_at,
            resends,
            receipt: sent.pop_receipt,
        }
    }
}

impl<T: 'static> Prepared<T> {
    /// The message.
    #[must_use]
    pub const fn sent(&self) -> &Sent {
        &self.sent
    }

    /// Shows the message (Update Message).
    ///
    /// # Errors
    ///
    /// [`is_not_owner`](Error::is_not_owner) when its time was over and somebody has received it.
    pub async fn reveal(self) -> Result<Sent, Error> {
        let queue = &self.producer.queue;
        let update = UpdateMessage::new(
            queue.name().clone(),
            self.sent.id.clone(),
            self.sent.receipt.clone(),
            VisibilityTimeout::ZERO,
        );
        match queue.persist(&update).await {
            Ok(_) => {}
            // An earlier attempt did it: its answer was lost, and with it the new receipt.
            Err(error) if *error.failure() == OpFailure::Ambiguous && is_gone(&error) => {}
            Err(error) => return Err(error),
        }
        nudges::nudge(queue.client(), queue.name());
        Ok(self.sent)
    }

    /// Takes the message back.
    ///
    /// # Errors
    ///
    /// As [`Producer::cancel`].
    pub async fn cancel(self) -> Result<(), Error> {
        self.producer.cancel(&self.sent).await
    }
}

fn is_gone(error: &Error) -> bool {
    use queue_proto::ErrorCode::{MessageNotFound, PopReceiptMismatch};
    matches!(error.code(), Some(MessageNotFound | PopReceiptMismatch))
}

impl<T> Clone for Producer<T> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
            codec: Arc::clone(&self.codec),
            permits: Arc::clone(&self.permits),
            ..*self
        }
    }
}

impl<T> fmt::Debug for Producer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer").field("queue", self.queue.name()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Prepared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").field("sent", &self.sent).finish_non_exhaustive()
    }
}
