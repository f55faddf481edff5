//! [`QueueClient`]: everything that can be done with one queue and its messages.

use std::{fmt, sync::Arc, time::Duration};

use queue_auth::BoxFuture;
use queue_proto::{
    ErrorCode, MessageCount, Metadata, Operation, QueueName, SignedIdentifiers,
    codec::{Codec, CodecError, Text},
    ops::{
        ClearMessages, CreateQueue, CreateQueueResponse, DeleteMessage, DeleteQueue, GetQueueAcl,
        GetQueueMetadata, GetQueueMetadataResponse, SentMessage, SetQueueAcl, SetQueueMetadata,
    },
};

use crate::{
    account::{Account, InvalidSasUrl, SasUrl},
    backlog::{Backlog, VisibleCount},
    builder::ClientBuilder,
    call::{Batch, Peek, Receive, Send, Update},
    error::{Error, SetupError},
    execute::shared::{Shared, Target},
    message::ReceivedMessage,
    message_codec::MessageCodec,
    payload::Payload,
};

/// One queue of an account.
///
/// It stands for `CloudQueue` of the old .NET library. Cheap to clone.
///
/// Receiving and deleting are separate steps. A received message stays in the queue, hidden for 30
/// seconds unless [`Receive::visibility_timeout`] says otherwise. Whoever is done with it
/// [deletes](Self::delete) it; if its receiver crashes, it becomes visible again and another
/// receiver gets it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = queue_emulator::Emulator::new();
/// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
/// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
/// #     .build()?;
/// let orders = service.queue("orders")?;
/// orders.create().await?;
/// orders.send("17 bottles").await?;
///
/// for message in orders.receive(32).await? {
///     println!("{} (delivery {})", message.text(), message.dequeue_count());
///     orders.delete(&message).await?;
/// }
/// # Ok(())
/// # }
/// ```
///
/// # What the text of a message means
///
/// A message is text; a queue client writes and reads it with its [codec](crate::codec), which is
/// an agreement between all programs that use the queue. Default: the text itself.
/// [`with_codec`](Self::with_codec) changes it:
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = queue_emulator::Emulator::new();
/// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
/// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
/// #     .build()?;
/// use queue_client::codec::Base64Bytes;
///
/// // What Azure Functions and the old .NET library expect.
/// let thumbnails = service.queue("thumbnails")?.with_codec(Base64Bytes);
/// # thumbnails.create().await?;
/// thumbnails.send(vec![0xff, 0xd8]).await?;
///
/// if let Some(message) = thumbnails.receive_one().await? {
///     match thumbnails.decode(&message) {
///         Ok(bytes) => assert_eq!(bytes, vec![0xff, 0xd8]),
///         // The message is still here, with its raw text, to be put aside.
///         Err(error) => println!("{}: {error}: {}", message.id(), message.text()),
///     }
///     thumbnails.delete(&message).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct QueueClient<C = Text> {
    target: Target,
    codec: C,
}

impl QueueClient {
    /// A client with the default transport for the queue of a URL with a shared access signature,
    /// which is what people hand out who give access to one queue.
    ///
    /// # Errors
    ///
    /// [`SetupError`] when the URL is not usable or names no queue. It shows no part of the
    /// signature.
    pub fn from_sas_url(url: &str) -> Result<Self, SetupError> {
        let url = SasUrl::parse(url)?;
        let name = url.queue().cloned().ok_or(InvalidSasUrl::NoQueue)?;
        Ok(Self::new(ClientBuilder::from(Account::from(url)).into_shared()?, name))
    }

    pub(crate) fn new(shared: Arc<Shared>, name: QueueName) -> Self {
        Self { target: Target::new(shared, name), codec: Text }
    }
}

impl<C: MessageCodec> QueueClient<C> {
    /// The name of the queue.
    #[must_use]
    pub const fn name(&self) -> &QueueName {
        &self.target.name
    }

    /// The same queue, whose messages are written and read with another codec.
    #[must_use]
    pub fn with_codec<D: MessageCodec>(self, codec: D) -> QueueClient<D> {
        QueueClient { target: self.target, codec }
    }

    #[cfg(all(feature = "processor", feature = "tokio"))]
    pub(crate) fn into_parts(self) -> (Target, C) {
        (self.target, self.codec)
    }

    pub(crate) const fn target(&self) -> &Target {
        &self.target
    }

    /// The codec, by which messages are written and read.
    #[must_use]
    pub const fn codec(&self) -> &C {
        &self.codec
    }

    /// Makes the queue, and says whether it was there before (Create Queue).
    ///
    /// # Errors
    ///
    /// `QueueAlreadyExists` when it is there with metadata; `QueueBeingDeleted` for some 40 seconds
    /// after it was deleted.
    pub async fn create(&self) -> Result<CreateQueueResponse, Error> {
        self.execute(&CreateQueue::new(self.name().clone())).await
    }

    /// Makes the queue unless it is there, whatever its metadata (Create Queue).
    ///
    /// # Errors
    ///
    /// `QueueBeingDeleted` for some 40 seconds after the queue was deleted.
    pub async fn create_if_missing(&self) -> Result<CreateQueueResponse, Error> {
        match self.create().await {
            Err(error) if error.code() == Some(&ErrorCode::QueueAlreadyExists) => {
                Ok(CreateQueueResponse::AlreadyExists)
            }
            result => result,
        }
    }

    /// Deletes the queue with all its messages (Delete Queue).
    ///
    /// # Errors
    ///
    /// `QueueNotFound` when there is none.
    pub async fn delete_queue(&self) -> Result<(), Error> {
        self.execute(&DeleteQueue::new(self.name().clone())).await.map(drop)
    }

    /// Deletes the queue if it is there, and says whether it was (Delete Queue).
    ///
    /// # Errors
    ///
    /// [`Error`] when the call fails, after the retries of the client.
    pub async fn delete_queue_if_exists(&self) -> Result<bool, Error> {
        match self.delete_queue().await {
            Err(error) if error.is_queue_not_found() => Ok(false),
            result => result.map(|()| true),
        }
    }

    /// Asks whether the queue exists (Get Queue Metadata).
    ///
    /// # Errors
    ///
    /// [`Error`] when the call fails, after the retries of the client.
    pub async fn exists(&self) -> Result<bool, Error> {
        match self.properties().await {
            Err(error) if error.is_queue_not_found() => Ok(false),
            result => result.map(|_| true),
        }
    }

    /// The metadata of the queue and about how many messages it holds, hidden ones included (Get
    /// Queue Metadata).
    ///
    /// # Errors
    ///
    /// `QueueNotFound` when there is no such queue.
    pub async fn properties(&self) -> Result<GetQueueMetadataResponse, Error> {
        self.execute(&GetQueueMetadata::new(self.name().clone())).await
    }

    /// Replaces all metadata of the queue (Set Queue Metadata).
    ///
    /// # Errors
    ///
    /// `QueueNotFound` when there is no such queue.
    pub async fn set_metadata(&self, metadata: Metadata) -> Result<(), Error> {
        self.execute(&SetQueueMetadata::new(self.name().clone(), metadata)).await.map(drop)
    }

    /// The stored access policies of the queue, on which shared access signatures can rest (Get
    /// Queue ACL).
    ///
    /// # Errors
    ///
    /// `QueueNotFound` when there is no such queue; a refusal with a shared access signature, which
    /// never allows this.
    pub async fn access_policies(&self) -> Result<SignedIdentifiers, Error> {
        Ok(self.execute(&GetQueueAcl::new(self.name().clone())).await?.identifiers)
    }

    /// Replaces all stored access policies of the queue, at most five (Set Queue ACL). Every shared
    /// access signature that rests on a policy that is gone or changed stops working.
    ///
    /// It can take 30 seconds until they act.
    ///
    /// # Errors
    ///
    /// `QueueNotFound` when there is no such queue; a refusal with a shared access signature, which
    /// never allows this.
    pub async fn set_access_policies(&self, policies: SignedIdentifiers) -> Result<(), Error> {
        self.execute(&SetQueueAcl::new(self.name().clone(), policies)).await.map(drop)
    }

    /// Takes up to `count` messages (1 to 32) from the front of the queue and hides them for 30
    /// seconds (Get Messages).
    ///
    /// An empty answer comes at once: the service does not wait for messages.
    pub fn receive(&self, count: u32) -> Receive<'_> {
        Receive::new(&self.target, count)
    }

    /// Takes one message, if there is one, and hides it for 30 seconds (Get Messages).
    ///
    /// # Errors
    ///
    /// `QueueNotFound` when there is no such queue.
    pub async fn receive_one(&self) -> Result<Option<ReceivedMessage>, Error> {
        Ok(self.receive(MessageCount::ONE.get()).await?.pop())
    }

    /// Looks at up to `count` messages (1 to 32) at the front of the queue and leaves them there
    /// (Peek Messages).
    pub fn peek(&self, count: u32) -> Peek<'_> {
        Peek::new(&self.target, count)
    }

    /// Counts the messages that can be received now, and says how old the oldest is (Peek
    /// Messages).
    ///
    /// It is one request, whose answer holds the texts of up to 32 messages: up to 2 MiB.
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
    /// orders.send_all(["17 bottles", "3 glasses"]).await;
    /// orders.receive_one().await?;
    /// let backlog = orders.backlog().await?;
    /// assert_eq!((backlog.visible(), backlog.is_capped()), (1, false));
    /// assert_eq!(orders.properties().await?.approximate_messages_count(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `QueueNotFound` when there is no such queue.
    pub async fn backlog(&self) -> Result<Backlog, Error> {
        let messages = self.peek(MessageCount::MAX.get()).await?;
        Ok(Backlog::new(&messages, self.target.shared.now()))
    }

    /// Counts the messages that can be received now, and says how exact that is (Peek Messages, and
    /// Get Queue Metadata if there are 32 or more).
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
    /// orders.send_all(["17 bottles", "3 glasses"]).await;
    /// assert_eq!(orders.count_visible().await?.to_string(), "2 visible");
    ///
    /// orders.send_all((0..98).map(|number| number.to_string())).await;
    /// orders.receive(10).await?;
    /// let count = orders.count_visible().await?;
    /// assert_eq!(count.to_string(), "32 or more visible, about 100 with the hidden ones");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `QueueNotFound` when there is no such queue.
    pub async fn count_visible(&self) -> Result<VisibleCount, Error> {
        let backlog = self.backlog().await?;
        let at_least = backlog.visible();
        if !backlog.is_capped() {
            return Ok(VisibleCount::Exact(at_least));
        }
        let at_most = self.properties().await?.approximate_messages_count();
        Ok(VisibleCount::Between { at_least, at_most: at_most.max(at_least.into()) })
    }

    /// Deletes a received message: its work is done (Delete Message).
    ///
    /// This works until another receiver gets the message, also after its visibility timeout. A
    /// delete that is repeated because its answer was lost, and then finds the message gone, is a
    /// success.
    ///
    /// # Errors
    ///
    /// [`is_not_owner`](Error::is_not_owner) when another receiver has the message by now, or it is
    /// gone.
    pub async fn delete(&self, message: &ReceivedMessage) -> Result<(), Error> {
        let operation = DeleteMessage::new(
            self.name().clone(),
            message.id().clone(),
            message.pop_receipt().clone(),
        );
        self.execute(&operation).await.map(drop)
    }

    /// Deletes many received messages, several at once, with a result for each ([Delete
    /// Message](Self::delete)).
    pub fn delete_all<'a>(
        &'a self,
        messages: impl IntoIterator<Item = &'a ReceivedMessage>,
    ) -> Batch<'a, ()> {
        let delete = |message| -> BoxFuture<'a, _> { Box::pin(self.delete(message)) };
        Batch::new(&self.target, messages.into_iter().map(delete).collect())
    }

    /// Deletes all messages of the queue, hidden ones included (Clear Messages).
    ///
    /// # Errors
    ///
    /// `QueueNotFound` when there is no such queue. `OperationTimedOut` when the queue is too long
    /// to be cleared at once: a part is gone then, so call again.
    pub async fn clear(&self) -> Result<(), Error> {
        self.execute(&ClearMessages::new(self.name().clone())).await.map(drop)
    }

    /// Runs any operation of the protocol on the account of this queue, with the client's call
    /// options. An error names this queue.
    ///
    /// # Errors
    ///
    /// [`Error`] when the call fails, after the retries of the client.
    pub async fn execute<O: Operation>(&self, operation: &O) -> Result<O::Response, Error> {
        self.target.execute(operation).await
    }
}

impl<C: MessageCodec> QueueClient<C> {
    /// Adds a message to the queue (Put Message).
    ///
    /// Its text, after the codec, may have up to 65,536 bytes in UTF-8, and only characters that
    /// XML
    /// 1.0 knows.
    ///
    /// A send whose answer was lost is not repeated, since that could add the message twice: the
    /// error then [says so](crate::OpFailure::Ambiguous).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = queue_emulator::Emulator::new();
    /// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
    /// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
    /// #     .build()?;
    /// use std::time::Duration;
    /// # let orders = service.queue("orders")?;
    /// # orders.create().await?;
    ///
    /// orders.send("now").await?;
    /// orders
    ///     .send("in a minute, and only for an hour")
    ///     .visibility_timeout(Duration::from_secs(60))
    ///     .time_to_live(Duration::from_secs(3600))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn send<'v>(&self, value: impl Into<Payload<'v, C::Value>>) -> Send<'_>
    where
        C::Value: 'v,
    {
        Send::new(&self.target, self.codec.write(value.into()))
    }

    /// Adds many messages, several at once, with a result for each ([Put Message](Self::send)).
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
    /// let results = orders
    ///     .send_all(["17 bottles", "3 glasses"])
    ///     .concurrency(8)
    ///     .on_progress(|done, all| println!("{done} of {all}"))
    ///     .await;
    /// for result in results {
    ///     result?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn send_all<'v, V>(&self, values: impl IntoIterator<Item = V>) -> Batch<'_, SentMessage>
    where
        V: Into<Payload<'v, C::Value>>,
        C::Value: 'v,
    {
        let calls = values.into_iter().map(|value| self.send(value).into_future());
        Batch::new(&self.target, calls.collect())
    }

    /// Hides a received message anew, and can replace what it says (Update Message).
    ///
    /// The message gets a new pop receipt, which it keeps for the next call.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = queue_emulator::Emulator::new();
    /// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
    /// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
    /// #     .build()?;
    /// use std::time::Duration;
    /// # let orders = service.queue("orders")?;
    /// # orders.create().await?;
    /// # orders.send("17 bottles").await?;
    ///
    /// if let Some(mut message) = orders.receive_one().await? {
    ///     // This will take longer than thirty seconds.
    ///     orders.update(&mut message, Duration::from_secs(300)).await?;
    ///     orders.delete(&message).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn update<'a>(
        &'a self,
        message: &'a mut ReceivedMessage,
        visibility_timeout: Duration,
    ) -> Update<'a, C> {
        Update::new(&self.target, &self.codec, message, visibility_timeout)
    }

    /// Reads the text of a received message by the codec of this queue, also if that has to wait
    /// for something.
    ///
    /// # Errors
    ///
    /// [`CodecError`] when the text is not one that the codec writes. The message is still there.
    pub async fn read(&self, message: &ReceivedMessage) -> Result<C::Value, CodecError> {
        self.codec.read(message.message_text()).finish().await
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
        self.codec.decode(message.message_text())
    }
}

impl<C: fmt::Debug> fmt::Debug for QueueClient<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueClient")
            .field("endpoint", &self.target.shared.endpoint)
            .field("name", &self.target.name)
            .field("codec", &self.codec)
            .finish_non_exhaustive()
    }
}
