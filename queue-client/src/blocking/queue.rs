use std::time::Duration;

use queue_proto::{
    Metadata, Operation, QueueName, SignedIdentifiers,
    codec::{Codec, CodecError, Text},
    ops::{CreateQueueResponse, GetQueueMetadataResponse, SentMessage},
};

use super::{Call, executor::Executor};
use crate::{
    backlog::Backlog,
    call::{self, Batch},
    error::{Error, SetupError},
    message::ReceivedMessage,
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

impl<C: Codec> QueueClient<C> {
    /// The asynchronous client behind this one.
    #[must_use]
    pub const fn asynchronous(&self) -> &crate::queue::QueueClient<C> {
        &self.queue
    }

    #[cfg(all(feature = "processor", feature = "tokio"))]
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
    pub fn with_codec<D: Codec>(self, codec: D) -> QueueClient<D> {
        QueueClient { executor: self.executor, queue: self.queue.with_codec(codec) }
    }

    /// How messages are written and read.
    #[must_use]
    pub const fn codec(&self) -> &C {
        self.queue.codec()
    }

    /// Makes the queue, and says whether it was there before (Create Queue).
    ///
    /// # Errors
    ///
    /// `QueueAlreadyExists` when it is there with metadata; `QueueBeingDeleted` for some 40 seconds
    /// after it was deleted.
    pub fn create(&self) -> Result<CreateQueueResponse, Error> {
        self.executor.block_on(self.queue.create())
    }

    /// Makes the queue unless it is there, whatever its metadata (Create Queue).
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create), but an existing queue is none.
    pub fn create_if_missing(&self) -> Result<CreateQueueResponse, Error> {
        self.executor.block_on(self.queue.create_if_missing())
    }

    /// Deletes the queue with all its messages (Delete Queue).
    ///
    /// # Errors
    ///
    /// `QueueNotFound` when there is none.
    pub fn delete_queue(&self) -> Result<(), Error> {
        self.executor.block_on(self.queue.delete_queue())
    }

    /// Deletes the queue if it is there, and says whether it was (Delete Queue).
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn delete_queue_if_exists(&self) -> Result<bool, Error> {
        self.executor.block_on(self.queue.delete_queue_if_exists())
    }

    /// Whether the queue exists (Get Queue Metadata).
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn exists(&self) -> Result<bool, Error> {
        self.executor.block_on(self.queue.exists())
    }

    /// The metadata of the queue and about how many messages it holds, hidden ones included (Get
    /// Queue Metadata).
    ///
    /// # Errors
    ///
    /// `QueueNotFound` when there is no such queue.
    pub fn properties(&self) -> Result<GetQueueMetadataResponse, Error> {
        self.executor.block_on(self.queue.properties())
    }

    /// Replaces all metadata of the queue (Set Queue Metadata).
    ///
    /// # Errors
    ///
    /// `QueueNotFound` when there is no such queue.
    pub fn set_metadata(&self, metadata: Metadata) -> Result<(), Error> {
        self.executor.block_on(self.queue.set_metadata(metadata))
    }

    /// The stored access policies of the queue, on which shared access signatures can rest (Get
    /// Queue ACL).
    ///
    /// # Errors
    ///
    /// `QueueNotFound` when there is no such queue; a refusal with a shared access signature, which
    /// never allows this.
    pub fn access_policies(&self) -> Result<SignedIdentifiers, Error> {
        self.executor.block_on(self.queue.access_policies())
    }

    /// Replaces all stored access policies of the queue (Set Queue ACL): see
    /// [`crate::QueueClient::set_access_policies`].
    ///
    /// # Errors
    ///
    /// As [`access_policies`](Self::access_policies).
    pub fn set_access_policies(&self, policies: SignedIdentifiers) -> Result<(), Error> {
        self.executor.block_on(self.queue.set_access_policies(policies))
    }

    /// Adds a message to the queue (Put Message): see [`crate::QueueClient::send`].
    pub fn send<'v>(&self, value: impl Into<Payload<'v, C::Value>>) -> Call<'_, call::Send<'_>>
    where
        C::Value: 'v,
    {
        Call::new(&self.executor, self.queue.send(value))
    }

    /// Adds many messages, several at once, with a result for each (Put Message): see
    /// [`crate::QueueClient::send_all`].
    pub fn send_all<'v, V>(
        &self,
        values: impl IntoIterator<Item = V>,
    ) -> Call<'_, Batch<'_, SentMessage>>
    where
        V: Into<Payload<'v, C::Value>>,
        C::Value: 'v,
    {
        Call::new(&self.executor, self.queue.send_all(values))
    }

    /// Takes up to `count` messages (1 to 32) from the front of the queue and hides them for 30
    /// seconds (Get Messages).
    pub fn receive(&self, count: u32) -> Call<'_, call::Receive<'_>> {
        Call::new(&self.executor, self.queue.receive(count))
    }

    /// Takes one message, if there is one, and hides it for 30 seconds (Get Messages).
    ///
    /// # Errors
    ///
    /// `QueueNotFound` when there is no such queue.
    pub fn receive_one(&self) -> Result<Option<ReceivedMessage>, Error> {
        self.executor.block_on(self.queue.receive_one())
    }

    /// Looks at up to `count` messages (1 to 32) at the front of the queue and leaves them there
    /// (Peek Messages).
    pub fn peek(&self, count: u32) -> Call<'_, call::Peek<'_>> {
        Call::new(&self.executor, self.queue.peek(count))
    }

    /// How many messages can be received now, and how old the oldest of them is (Peek Messages): see
    /// [`crate::QueueClient::backlog`].
    ///
    /// # Errors
    ///
    /// `QueueNotFound` when there is no such queue.
    pub fn backlog(&self) -> Result<Backlog, Error> {
        self.executor.block_on(self.queue.backlog())
    }

    /// Hides a received message anew, and can replace what it says (Update Message).
    ///
    /// The message gets a new pop receipt, which it keeps for the next call.
    pub fn update<'a>(
        &'a self,
        message: &'a mut ReceivedMessage,
        visibility_timeout: Duration,
    ) -> Call<'a, call::Update<'a, C>> {
        Call::new(&self.executor, self.queue.update(message, visibility_timeout))
    }

    /// Deletes a received message: its work is done (Delete Message): see
    /// [`crate::QueueClient::delete`].
    ///
    /// # Errors
    ///
    /// [`is_not_owner`](Error::is_not_owner) when another receiver has the message by now, or it is
    /// gone.
    pub fn delete(&self, message: &ReceivedMessage) -> Result<(), Error> {
        self.executor.block_on(self.queue.delete(message))
    }

    /// Deletes many received messages, several at once, with a result for each (Delete Message).
    pub fn delete_all<'a>(
        &'a self,
        messages: impl IntoIterator<Item = &'a ReceivedMessage>,
    ) -> Call<'a, Batch<'a, ()>> {
        Call::new(&self.executor, self.queue.delete_all(messages))
    }

    /// Deletes all messages of the queue, hidden ones included (Clear Messages).
    ///
    /// # Errors
    ///
    /// `QueueNotFound` when there is no such queue. `OperationTimedOut` when the queue is too long
    /// to be cleared at once: a part is gone then, so call again.
    pub fn clear(&self) -> Result<(), Error> {
        self.executor.block_on(self.queue.clear())
    }

    /// Runs any operation of the protocol on the account of this queue, with the client's call
    /// options. An error names this queue.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn execute<O: Operation>(&self, operation: &O) -> Result<O::Response, Error> {
        self.executor.block_on(self.queue.execute(operation))
    }

    /// What the text of a received message stands for, by the codec of this queue.
    ///
    /// # Errors
    ///
    /// When the text is not one that the codec writes. Nothing is lost: the message is still there.
    pub fn decode(&self, message: &ReceivedMessage) -> Result<C::Value, CodecError> {
        self.queue.decode(message)
    }
}
