//! [`Striped`]: one queue for the program, several for the service.

mod batch;
mod message;
mod receive;
mod spread;

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use queue_proto::{
    InvalidName, MessageCount, QueueName,
    codec::{Codec, CodecError, Text},
    ops::{CreateQueueResponse, DeleteMessage, PeekedMessage, SentMessage},
};

use self::spread::{Spread, stripe_of};
pub use self::{batch::StripedBatch, message::StripedMessage, receive::StripedReceive};
use crate::{
    backlog::{Backlog, VisibleCount},
    call::{Send, Update},
    error::{Error, InvalidStripes},
    execute::shared::Shared,
    message::ReceivedMessage,
    message_codec::MessageCodec,
    payload::Payload,
    queue::QueueClient,
};

/// The most stripes of a queue.
const MAX_STRIPES: usize = 1_000;
/// The stripes that are asked at the same time by calls that ask all.
const AT_ONCE: usize = 16;

/// One queue for the program that is several for the service: its stripes. It takes more than the
/// 2,000 messages a second that the service grants to one queue.
///
/// Messages are spread over the stripes in turn, or by a key; receivers take from all. Cheap to clone.
/// The blocking clients have no form of it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = queue_emulator::Emulator::new();
/// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
/// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
/// #     .build()?;
/// // The queues orders-0, orders-1, orders-2 and orders-3.
/// let orders = service.striped("orders", 4)?;
/// orders.create_if_missing().await?;
///
/// orders.send("17 bottles").await?;
/// orders.send_by_key("customer 7", "3 glasses").await?;
/// for result in orders.send_all((0..100).map(|number| format!("{number} plates"))).await {
///     result?;
/// }
/// assert_eq!(orders.approximate_count().await?, 102);
///
/// for message in orders.receive(32).await? {
///     println!("{} of stripe {}", message.text(), message.stripe());
///     orders.delete(&message).await?;
/// }
/// # Ok(())
/// # }
/// ```
///
/// `Processors::add_striped` works on all stripes with one pool of handlers and one queue for dead
/// letters. The limit of an account, 20,000 requests a second, counts for all its stripes: a message
/// takes two requests and a part of a receive, so some 9,000 messages a second. Beyond that,
/// [`new`](Self::new) takes stripes of several accounts.
///
/// # Which stripe
///
/// * [`send`](Self::send) and [`send_all`](Self::send_all) take the stripes in turn, beginning
///   anywhere. A send that fails is not tried on another stripe.
/// * [`send_by_key`](Self::send_by_key) sends all messages of a key to one stripe: stripe
///   `jump(sha256(key)[..8], n)` of `n`, where the first eight bytes of the SHA-256 are a number, most
///   significant byte first, and `jump` is the jump consistent hash of Lamping and Veach. That never
///   changes, and programs in other languages compute it in some ten lines. With one more stripe,
///   one key of `n + 1` moves, to the new stripe.
///
/// A stripe does not promise an order, no more than any queue of the service does.
///
/// # More stripes
///
/// New stripes are added at the end. Nothing is lost at any moment, if the queues exist before
/// somebody sends to them:
///
/// 1. Make the new queues: [`create_if_missing`](Self::create_if_missing) by a client with the new
///    number, or `azq create`.
/// 2. Restart the receivers with the new number. They find the new stripes empty.
/// 3. Restart the senders with the new number.
///
/// With the senders first, messages of the new stripes wait until a receiver knows the stripes, and
/// expire if that takes longer than they live. A sender whose stripe does not exist gets the error
/// `QueueNotFound`.
///
/// # Fewer stripes
///
/// 1. Restart the senders with the lower number.
/// 2. Wait until the last [`counts`](Self::counts) are 0 twice in a row, some minutes apart: hidden
///    and delayed messages count too. Or move what is left:
///    `orders.stripes()[3].move_to(&orders.stripes()[0])`.
/// 3. Restart the receivers with the lower number, and delete the queues.
///
/// Keys go back to the stripes that they had before.
#[derive(Debug, Clone)]
pub struct Striped<C = Text> {
    name: QueueName,
    /// The first of the stripes, of which there is one at least.
    first: QueueClient<C>,
    stripes: Arc<[QueueClient<C>]>,
    spread: Arc<Spread>,
}

impl<C: MessageCodec + Clone> Striped<C> {
    /// A queue of these stripes, which may be queues of several accounts. The name stands for all of
    /// them: dead letters go to a queue that is named after it. Every program has to list the stripes
    /// in the same order, and new ones at the end.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use queue_client::testing::in_process;
    /// # let (east, _) = in_process(queue_emulator::Emulator::handler)?;
    /// # let (west, _) = in_process(queue_emulator::Emulator::handler)?;
    /// use queue_client::Striped;
    ///
    /// let orders = Striped::new("orders", [east.queue("orders-east")?, west.queue("orders-west")?])?;
    /// assert_eq!(orders.create_if_missing().await?, 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidStripes`] when the name breaks a rule, there is no stripe or more than 1,000, or a queue
    /// is there twice.
    pub fn new<N>(
        name: N,
        stripes: impl IntoIterator<Item = QueueClient<C>>,
    ) -> Result<Self, InvalidStripes>
    where
        N: TryInto<QueueName>,
        InvalidName: From<N::Error>,
    {
        let name = name.try_into().map_err(InvalidName::from)?;
        let stripes: Vec<_> = stripes.into_iter().take(MAX_STRIPES + 1).collect();
        let first = match stripes.first() {
            Some(first) if stripes.len() <= MAX_STRIPES => first.clone(),
            _ => return Err(InvalidStripes::Count { max: MAX_STRIPES }),
        };
        for (number, queue) in stripes.iter().enumerate() {
            if stripes.iter().take(number).any(|other| is_same(other, queue)) {
                return Err(InvalidStripes::Twice { queue: queue.name().clone() });
            }
        }
        let spread = Arc::new(Spread::starting_at(first.target().shared.runtime.random()));
        Ok(Self { name, first, stripes: stripes.into(), spread })
    }
}

impl<C: MessageCodec> Striped<C> {
    /// The name that stands for all stripes.
    #[must_use]
    pub const fn name(&self) -> &QueueName {
        &self.name
    }

    /// The stripes in their order.
    #[must_use]
    pub fn stripes(&self) -> &[QueueClient<C>] {
        &self.stripes
    }

    /// The number of the stripe that messages of this key are sent to, from 0.
    #[must_use]
    pub fn stripe_of(&self, key: impl AsRef<[u8]>) -> usize {
        stripe_of(key.as_ref(), self.stripes.len())
    }

    /// The same stripes, whose messages are written and read with another codec.
    #[must_use]
    pub fn with_codec<D: MessageCodec + Clone>(self, codec: D) -> Striped<D>
    where
        C: Clone,
    {
        let again = |queue: &QueueClient<C>| queue.clone().with_codec(codec.clone());
        Striped {
            name: self.name,
            first: again(&self.first),
            stripes: self.stripes.iter().map(again).collect(),
            spread: self.spread,
        }
    }

    /// Makes the stripes that are missing, and says how many that were ([Create
    /// Queue](QueueClient::create_if_missing)).
    ///
    /// # Errors
    ///
    /// Those of the first stripe that has one. Others may have been made.
    pub async fn create_if_missing(&self) -> Result<usize, Error> {
        let made: Vec<_> = self.all(|queue| async move { queue.create_if_missing().await }).await?;
        Ok(made.into_iter().filter(|made| *made == CreateQueueResponse::Created).count())
    }

    /// Deletes the stripes that are there, with all their messages, and says how many that were
    /// ([Delete Queue](QueueClient::delete_queue_if_exists)).
    ///
    /// # Errors
    ///
    /// Those of the first stripe that has one. Others may have been deleted.
    pub async fn delete_queues_if_exist(&self) -> Result<usize, Error> {
        let deleted: Vec<_> =
            self.all(|queue| async move { queue.delete_queue_if_exists().await }).await?;
        Ok(deleted.into_iter().filter(|deleted| *deleted).count())
    }

    /// Deletes all messages of all stripes, hidden ones included ([Clear
    /// Messages](QueueClient::clear)).
    ///
    /// # Errors
    ///
    /// Those of the first stripe that has one. Others may have been cleared.
    pub async fn clear(&self) -> Result<(), Error> {
        self.all(|queue| async move { queue.clear().await }).await.map(|_: Vec<()>| ())
    }

    /// About how many messages each stripe holds, hidden ones included ([Get Queue
    /// Metadata](QueueClient::properties)).
    ///
    /// # Errors
    ///
    /// Those of the first stripe that has one.
    pub async fn counts(&self) -> Result<Vec<u64>, Error> {
        let count = async |queue: &QueueClient<C>| {
            Ok(queue.properties().await?.approximate_messages_count())
        };
        self.all(count).await
    }

    /// About how many messages all stripes hold, hidden ones included: the sum of their
    /// [`counts`](Self::counts).
    ///
    /// # Errors
    ///
    /// Those of the first stripe that has one.
    pub async fn approximate_count(&self) -> Result<u64, Error> {
        Ok(self.counts().await?.into_iter().fold(0, u64::saturating_add))
    }

    /// The messages that can be received now from each stripe, and how old the oldest is ([Peek
    /// Messages](QueueClient::backlog)).
    ///
    /// # Errors
    ///
    /// Those of the first stripe that has one.
    pub async fn backlogs(&self) -> Result<Vec<Backlog>, Error> {
        self.all(|queue| async move { queue.backlog().await }).await
    }

    /// Counts the messages of all stripes that can be received now, and says how exact that is ([Peek
    /// Messages, and Get Queue Metadata](QueueClient::count_visible) for stripes with 32 or more).
    ///
    /// # Errors
    ///
    /// Those of the first stripe that has one.
    pub async fn count_visible(&self) -> Result<VisibleCount, Error> {
        let counts: Vec<_> = self.all(|queue| async move { queue.count_visible().await }).await?;
        Ok(counts.into_iter().fold(VisibleCount::Exact(0), VisibleCount::and))
    }

    /// Takes up to `count` messages (1 to 32) and hides them for 30 seconds ([Get
    /// Messages](QueueClient::receive)). It asks one stripe after the other, each time beginning with
    /// the next one, until it has so many or has asked all.
    ///
    /// A stripe that fails is left out as long as others have messages.
    pub fn receive(&self, count: u32) -> StripedReceive<'_, C> {
        let first = self.spread.next_to_receive(self.stripes.len());
        StripedReceive::new(&self.stripes, first, count)
    }

    /// Takes one message, if there is one, and hides it for 30 seconds ([Get
    /// Messages](QueueClient::receive)).
    ///
    /// # Errors
    ///
    /// When no stripe has a message, and one has failed.
    pub async fn receive_one(&self) -> Result<Option<StripedMessage>, Error> {
        Ok(self.receive(MessageCount::ONE.get()).await?.pop())
    }

    /// Looks at the front of each stripe and leaves the messages there: the up to `count` messages (1
    /// to 32) that were put first, each with the number of its stripe ([Peek
    /// Messages](QueueClient::peek)). The service dates messages in whole seconds.
    ///
    /// # Errors
    ///
    /// Those of the first stripe that has one.
    pub async fn peek(&self, count: u32) -> Result<Vec<(usize, PeekedMessage)>, Error> {
        let fronts: Vec<_> = self.all(|queue| async move { queue.peek(count).await }).await?;
        let mut messages: Vec<_> = (0..)
            .zip(fronts)
            .flat_map(|(stripe, front)| front.into_iter().map(move |message| (stripe, message)))
            .collect();
        messages.sort_by_key(|(_, message)| message.inserted_at());
        messages.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        Ok(messages)
    }

    /// Adds a message to the next stripe ([Put Message](QueueClient::send)).
    pub fn send<'v>(&self, value: impl Into<Payload<'v, C::Value>>) -> Send<'_>
    where
        C::Value: 'v,
    {
        self.next().send(value)
    }

    /// Adds a message to the stripe of a key ([Put Message](QueueClient::send)). Messages with one key
    /// are in one stripe, as long as their senders know the same number of stripes.
    pub fn send_by_key<'v>(
        &self,
        key: impl AsRef<[u8]>,
        value: impl Into<Payload<'v, C::Value>>,
    ) -> Send<'_>
    where
        C::Value: 'v,
    {
        self.by_key(key).send(value)
    }

    /// Adds many messages to the stripes in turn, several at once, with a result for each ([Put
    /// Message](QueueClient::send)).
    pub fn send_all<'v, V>(
        &self,
        values: impl IntoIterator<Item = V>,
    ) -> StripedBatch<'_, SentMessage>
    where
        V: Into<Payload<'v, C::Value>>,
        C::Value: 'v,
    {
        self.batch(values.into_iter().map(|value| (self.next(), value)))
    }

    /// Adds many messages, each with its key, to the stripes of their keys, several at once, with a
    /// result for each ([Put Message](QueueClient::send)).
    pub fn send_all_by_key<'v, K, V>(
        &self,
        values: impl IntoIterator<Item = (K, V)>,
    ) -> StripedBatch<'_, SentMessage>
    where
        K: AsRef<[u8]>,
        V: Into<Payload<'v, C::Value>>,
        C::Value: 'v,
    {
        self.batch(values.into_iter().map(|(key, value)| (self.by_key(key), value)))
    }

    /// Deletes a received message from its stripe: its work is done ([Delete
    /// Message](QueueClient::delete)).
    ///
    /// # Errors
    ///
    /// [`is_not_owner`](Error::is_not_owner) when another receiver has the message by now, or it is
    /// gone.
    pub async fn delete(&self, message: &StripedMessage) -> Result<(), Error> {
        delete(message).await
    }

    /// Deletes many received messages from their stripes, several at once, with a result for each
    /// ([Delete Message](QueueClient::delete)).
    pub fn delete_all<'a>(
        &'a self,
        messages: impl IntoIterator<Item = &'a StripedMessage>,
    ) -> StripedBatch<'a, ()> {
        StripedBatch::new(messages.into_iter().map(|message| {
            let call: queue_auth::BoxFuture<'a, _> = Box::pin(delete(message));
            (&message.queue, call)
        }))
    }

    /// Hides a received message anew, and can replace what it says ([Update
    /// Message](QueueClient::update)).
    pub fn update<'a>(
        &'a self,
        message: &'a mut StripedMessage,
        visibility_timeout: Duration,
    ) -> Update<'a, C> {
        let StripedMessage { queue, message, .. } = message;
        Update::new(queue, self.first.codec(), message, visibility_timeout)
    }

    /// Reads the text of a received message by the codec of the stripes, also if that has to wait for
    /// something.
    ///
    /// # Errors
    ///
    /// [`CodecError`] when the text is not one that the codec writes. The message is still there.
    pub async fn read(&self, message: &ReceivedMessage) -> Result<C::Value, CodecError> {
        self.first.read(message).await
    }

    /// The first stripe: there is always one.
    #[cfg(all(feature = "processor", feature = "tokio"))]
    pub(crate) const fn first(&self) -> &QueueClient<C> {
        &self.first
    }

    fn stripe(&self, number: usize) -> &QueueClient<C> {
        self.stripes.get(number).unwrap_or(&self.first)
    }

    /// The stripe whose turn it is.
    fn next(&self) -> &QueueClient<C> {
        self.stripe(self.spread.next_to_send(self.stripes.len()))
    }

    fn by_key(&self, key: impl AsRef<[u8]>) -> &QueueClient<C> {
        self.stripe(self.stripe_of(key))
    }

    fn batch<'a, 'v, V>(
        &'a self,
        values: impl Iterator<Item = (&'a QueueClient<C>, V)>,
    ) -> StripedBatch<'a, SentMessage>
    where
        V: Into<Payload<'v, C::Value>>,
        C::Value: 'v,
    {
        StripedBatch::new(
            values.map(|(queue, value)| (queue.target(), queue.send(value).into_future())),
        )
    }

    /// Asks all stripes, some at the same time, and gives their answers in the order of the stripes.
    async fn all<'a, T, F>(&'a self, ask: impl Fn(&'a QueueClient<C>) -> F) -> Result<Vec<T>, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        stream::iter(self.stripes.iter().map(ask)).buffered(AT_ONCE).try_collect().await
    }
}

impl<C: Codec> Striped<C> {
    /// Reads the text of a received message by the codec of the stripes. A codec that has to wait has
    /// [`read`](Self::read) instead.
    ///
    /// # Errors
    ///
    /// [`CodecError`] when the text is not one that the codec writes. The message is still there.
    pub fn decode(&self, message: &ReceivedMessage) -> Result<C::Value, CodecError> {
        self.first.decode(message)
    }
}

impl Striped {
    /// The stripes `name-0`, `name-1` and so on, of one account.
    pub(crate) fn named(
        shared: &Arc<Shared>,
        name: QueueName,
        stripes: usize,
    ) -> Result<Self, InvalidStripes> {
        let queues = (0..stripes.min(MAX_STRIPES + 1)).map(|number| {
            let name = QueueName::new(format!("{name}-{number}"))?;
            Ok(QueueClient::new(Arc::clone(shared), name))
        });
        let queues = queues.collect::<Result<Vec<_>, InvalidName>>()?;
        Self::new(name, queues)
    }
}

fn is_same<C: MessageCodec>(one: &QueueClient<C>, other: &QueueClient<C>) -> bool {
    one.name() == other.name() && one.target().shared.endpoint == other.target().shared.endpoint
}

async fn delete(message: &StripedMessage) -> Result<(), Error> {
    let operation = DeleteMessage::new(
        message.queue.name.clone(),
        message.id().clone(),
        message.pop_receipt().clone(),
    );
    message.queue.execute(&operation).await.map(drop)
}
