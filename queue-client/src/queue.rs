use std::{fmt, sync::Arc};

use queue_proto::{
    ErrorCode, MessageCount, Operation, QueueName,
    ops::{
        ClearMessages, CreateQueue, CreateQueueResponse, DeleteMessage, DeleteQueue,
        GetQueueMetadata, GetQueueMetadataResponse,
    },
};

use crate::{
    ReceivedMessage,
    call::{Peek, Receive, Send, Update},
    client::Shared,
    error::Error,
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
#[derive(Clone)]
pub struct QueueClient {
    shared: Arc<Shared>,
    name: QueueName,
}

impl QueueClient {
    pub(crate) const fn new(shared: Arc<Shared>, name: QueueName) -> Self {
        Self { shared, name }
    }

    /// The name of the queue.
    #[must_use]
    pub const fn name(&self) -> &QueueName {
        &self.name
    }

    /// Makes the queue, and says whether it was there before (Create Queue).
    ///
    /// # Errors
    ///
    /// `QueueAlreadyExists` when it is there with metadata; `QueueBeingDeleted` for some 40 seconds
    /// after it was deleted.
    pub async fn create(&self) -> Result<CreateQueueResponse, Error> {
        self.execute(&CreateQueue::new(self.name.clone())).await
    }

    /// Makes the queue unless it is there, whatever its metadata (Create Queue).
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create), but an existing queue is none.
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
        self.execute(&DeleteQueue::new(self.name.clone())).await.map(drop)
    }

    /// Deletes the queue if it is there, and says whether it was (Delete Queue).
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn delete_queue_if_exists(&self) -> Result<bool, Error> {
        match self.delete_queue().await {
            Err(error) if error.is_queue_not_found() => Ok(false),
            result => result.map(|()| true),
        }
    }

    /// Whether the queue exists (Get Queue Metadata).
    ///
    /// # Errors
    ///
    /// See [`Error`].
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
        self.execute(&GetQueueMetadata::new(self.name.clone())).await
    }

    /// Adds a message to the queue (Put Message).
    ///
    /// The text may have up to 65,536 bytes in UTF-8, and only characters that XML 1.0 knows.
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
    pub fn send(&self, text: impl Into<String>) -> Send<'_> {
        Send::new(self, text.into())
    }

    /// Takes up to `count` messages (1 to 32) from the front of the queue and hides them for 30
    /// seconds (Get Messages).
    ///
    /// An empty answer comes at once: the service does not wait for messages.
    pub fn receive(&self, count: u32) -> Receive<'_> {
        Receive::new(self, count)
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
        Peek::new(self, count)
    }

    /// Hides a received message anew, and can replace its text (Update Message).
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
        visibility_timeout: std::time::Duration,
    ) -> Update<'a> {
        Update::new(self, message, visibility_timeout)
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
            self.name.clone(),
            message.id().clone(),
            message.pop_receipt().clone(),
        );
        self.execute(&operation).await.map(drop)
    }

    /// Deletes all messages of the queue, hidden ones included (Clear Messages).
    ///
    /// # Errors
    ///
    /// `QueueNotFound` when there is no such queue. `OperationTimedOut` when the queue is too long
    /// to be cleared at once: a part is gone then, so call again.
    pub async fn clear(&self) -> Result<(), Error> {
        self.execute(&ClearMessages::new(self.name.clone())).await.map(drop)
    }

    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(crate) async fn execute<O: Operation>(&self, operation: &O) -> Result<O::Response, Error> {
        self.shared.execute(operation, &self.shared.options, Some(&self.name)).await
    }
}

impl fmt::Debug for QueueClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueClient")
            .field("endpoint", &self.shared.endpoint)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
