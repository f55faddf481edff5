//! [`QueueClient`]: one queue, for programs without async.

use std::time::Duration;

use queue_proto::{
    Metadata, Operation, QueueName, SignedIdentifiers,
    codec::{Codec, CodecError, Text},
    ops::{CreateQueueResponse, GetQueueMetadataResponse, SentMessage},
};

use super::{
    call::Call,
    executor::Executor,
    table::{calling, waiting},
};
use crate::{
    backlog::{Backlog, VisibleCount},
    call::{self, Batch},
    error::{Error, SetupError},
    message::ReceivedMessage,
    message_codec::MessageCodec,
    payload::Payload,
};

/// One queue of an account, for programs without async: see [`crate::QueueClient`].
///
/// Cheap to clone.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = queue_emulator::Emulator::new();
/// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
/// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
/// #     .build_blocking()?;
/// use std::time::Duration;
///
/// let orders = service.queue("orders")?;
/// orders.create()?;
/// orders.send("17 bottles").run()?;
///
/// if let Some(mut message) = orders.receive_one()? {
///     // This will take longer than thirty seconds.
///     orders.update(&mut message, Duration::from_secs(300)).value("16 bottles").run()?;
///     orders.delete(&message)?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct QueueClient<C = Text> {
    executor: Executor,
    queue: crate::queue::QueueClient<C>,
}

impl QueueClient {
    pub(super) const fn new(executor: Executor, queue: crate::queue::QueueClient) -> Self {
        Self { executor, queue }
    }

    /// A client with the default transport for the queue of a URL with a shared access signature:
    /// see [`crate::QueueClient::from_sas_url`].
    ///
    /// # Errors
    ///
    /// [`SetupError`] when the URL is not usable or names no queue. It shows no part of the
    /// signature.
    pub fn from_sas_url(url: &str) -> Result<Self, SetupError> {
        Ok(Self::new(Executor::start()?, crate::queue::QueueClient::from_sas_url(url)?))
    }
}

impl<C: MessageCodec> QueueClient<C> {
    /// The asynchronous client behind this one.
    #[must_use]
    pub const fn asynchronous(&self) -> &crate::queue::QueueClient<C> {
        &self.queue
    }

    #[cfg(feature = "bulk")]
    pub(super) const fn executor(&self) -> &Executor {
        &self.executor
    }

    /// The name of the queue.
    #[must_use]
    pub const fn name(&self) -> &QueueName {
        self.queue.name()
    }

    /// The same queue, whose messages are written and read with another codec.
    #[must_use]
    pub fn with_codec<D: MessageCodec>(self, codec: D) -> QueueClient<D> {
        QueueClient { executor: self.executor, queue: self.queue.with_codec(codec) }
    }

    /// The codec, by which messages are written and read.
    #[must_use]
    pub const fn codec(&self) -> &C {
        self.queue.codec()
    }

    waiting! { "crate::queue::QueueClient", queue:
        pub fn create(&self) -> Result<CreateQueueResponse, Error>;
        pub fn create_if_missing(&self) -> Result<CreateQueueResponse, Error>;
        pub fn delete_queue(&self) -> Result<(), Error>;
        pub fn delete_queue_if_exists(&self) -> Result<bool, Error>;
        pub fn exists(&self) -> Result<bool, Error>;
        pub fn properties(&self) -> Result<GetQueueMetadataResponse, Error>;
        pub fn set_metadata(&self, metadata: Metadata) -> Result<(), Error>;
        pub fn access_policies(&self) -> Result<SignedIdentifiers, Error>;
        pub fn set_access_policies(&self, policies: SignedIdentifiers) -> Result<(), Error>;
        pub fn receive_one(&self) -> Result<Option<ReceivedMessage>, Error>;
        pub fn backlog(&self) -> Result<Backlog, Error>;
        pub fn count_visible(&self) -> Result<VisibleCount, Error>;
        pub fn delete(&self, message: &ReceivedMessage) -> Result<(), Error>;
        pub fn clear(&self) -> Result<(), Error>;
        pub fn execute<O: Operation>(&self, operation: &O) -> Result<O::Response, Error>;
    }

    calling! { "crate::queue::QueueClient", queue:
        pub fn receive[](&self, count: u32) -> Call<'_, call::Receive<'_>>;
        pub fn peek[](&self, count: u32) -> Call<'_, call::Peek<'_>>;
        pub fn send['v](&self, value: impl Into<Payload<'v, C::Value>>) -> Call<'_, call::Send<'_>>
            where [C::Value: 'v];
        pub fn send_all['v, V](&self, values: impl IntoIterator<Item = V>)
            -> Call<'_, Batch<'_, SentMessage>> where [V: Into<Payload<'v, C::Value>>, C::Value: 'v];
        pub fn update['a](&'a self, message: &'a mut ReceivedMessage, visibility_timeout: Duration)
            -> Call<'a, call::Update<'a, C>>;
        pub fn delete_all['a](&'a self, messages: impl IntoIterator<Item = &'a ReceivedMessage>)
            -> Call<'a, Batch<'a, ()>>;
    }

    /// Reads the text of a received message by the codec of this queue, also if that has to wait
    /// for something.
    ///
    /// # Errors
    ///
    /// [`CodecError`] when the text is not one that the codec writes. The message is still there.
    pub fn read(&self, message: &ReceivedMessage) -> Result<C::Value, CodecError>
    where
        C::Value: Send,
    {
        self.executor.block_on(self.queue.read(message))
    }
}

impl<C: Codec> QueueClient<C> {
    /// Reads the text of a received message by the codec of this queue. A codec that has to wait has
    /// [`read`](Self::read) instead.
    ///
    /// # Errors
    ///
    /// [`CodecError`] when the text is not one that the codec writes. The message is still there.
    pub fn decode(&self, message: &ReceivedMessage) -> Result<C::Value, CodecError> {
        self.queue.decode(message)
    }
}
