//! The asynchronous client or the one that blocks, under the same names: so one list tests both.

use std::time::Duration;

use queue_client::{
    BoxFuture, Error, Payload, QueueClient, QueueServiceClient, ReceivedMessage, SetupError,
    blocking,
    call::{Peek, Receive, Send, Update},
};
use queue_proto::{
    Endpoint, InvalidName, InvalidValue, MaxResults, Operation, QueueName,
    ops::{CreateQueueResponse, GetQueueMetadataResponse, QueueItem},
};

/// Either client of an account.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Service {
    /// The asynchronous one.
    Async(QueueServiceClient),
    /// The one that blocks.
    Blocking(blocking::QueueServiceClient),
}

/// Either client of a queue.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Queue {
    /// The asynchronous one.
    Async(QueueClient),
    /// The one that blocks.
    Blocking(blocking::QueueClient),
}

/// The pages of either list of queues.
#[derive(Debug)]
#[non_exhaustive]
pub enum Pages {
    /// The asynchronous ones.
    Async(queue_client::QueuePages),
    /// Those that block.
    Blocking(blocking::QueuePages),
}

/// A call of either client.
#[derive(Debug)]
#[must_use = "a call does nothing until it is awaited"]
#[non_exhaustive]
pub enum Call<'a, C> {
    /// The asynchronous one.
    Async(C),
    /// The one that blocks.
    Blocking(blocking::Call<'a, C>),
}

/// Calls the same method of whichever it is. The blocking one is done when it returns.
macro_rules! either {
    ($client:expr, |$it:ident| $call:expr) => {
        match $client {
            Self::Async($it) => $call.await,
            Self::Blocking($it) => $call,
        }
    };
}

impl Service {
    /// The blocking client over the asynchronous one.
    ///
    /// # Errors
    ///
    /// When there is no thread to be had.
    pub fn blocking(service: QueueServiceClient) -> Result<Self, SetupError> {
        Ok(Self::Blocking(blocking::QueueServiceClient::new(service)?))
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        match self {
            Self::Async(service) => service.endpoint(),
            Self::Blocking(service) => service.endpoint(),
        }
    }

    pub(crate) fn queue<N>(&self, name: N) -> Result<Queue, InvalidName>
    where
        N: TryInto<QueueName>,
        InvalidName: From<N::Error>,
    {
        Ok(match self {
            Self::Async(service) => Queue::Async(service.queue(name)?),
            Self::Blocking(service) => Queue::Blocking(service.queue(name)?),
        })
    }

    pub(crate) fn list_queues(&self) -> Pages {
        match self {
            Self::Async(service) => Pages::Async(service.list_queues()),
            Self::Blocking(service) => Pages::Blocking(service.list_queues()),
        }
    }

    pub(crate) async fn execute<O: Operation>(&self, operation: &O) -> Result<O::Response, Error> {
        either!(self, |service| service.execute(operation))
    }
}

impl Queue {
    pub(crate) fn name(&self) -> &QueueName {
        match self {
            Self::Async(queue) => queue.name(),
            Self::Blocking(queue) => queue.name(),
        }
    }

    pub(crate) async fn create(&self) -> Result<CreateQueueResponse, Error> {
        either!(self, |queue| queue.create())
    }

    pub(crate) async fn create_if_missing(&self) -> Result<CreateQueueResponse, Error> {
        either!(self, |queue| queue.create_if_missing())
    }

    pub(crate) async fn delete_queue(&self) -> Result<(), Error> {
        either!(self, |queue| queue.delete_queue())
    }

    pub(crate) async fn delete_queue_if_exists(&self) -> Result<bool, Error> {
        either!(self, |queue| queue.delete_queue_if_exists())
    }

    pub(crate) async fn exists(&self) -> Result<bool, Error> {
        either!(self, |queue| queue.exists())
    }

    pub(crate) async fn properties(&self) -> Result<GetQueueMetadataResponse, Error> {
        either!(self, |queue| queue.properties())
    }

    pub(crate) fn send<'v>(&self, value: impl Into<Payload<'v, String>>) -> Call<'_, Send<'_>> {
        match self {
            Self::Async(queue) => Call::Async(queue.send(value)),
            Self::Blocking(queue) => Call::Blocking(queue.send(value)),
        }
    }

    pub(crate) fn receive(&self, count: u32) -> Call<'_, Receive<'_>> {
        match self {
            Self::Async(queue) => Call::Async(queue.receive(count)),
            Self::Blocking(queue) => Call::Blocking(queue.receive(count)),
        }
    }

    pub(crate) async fn receive_one(&self) -> Result<Option<ReceivedMessage>, Error> {
        either!(self, |queue| queue.receive_one())
    }

    pub(crate) fn peek(&self, count: u32) -> Call<'_, Peek<'_>> {
        match self {
            Self::Async(queue) => Call::Async(queue.peek(count)),
            Self::Blocking(queue) => Call::Blocking(queue.peek(count)),
        }
    }

    pub(crate) fn update<'a>(
        &'a self,
        message: &'a mut ReceivedMessage,
        visibility_timeout: Duration,
    ) -> Call<'a, Update<'a>> {
        match self {
            Self::Async(queue) => Call::Async(queue.update(message, visibility_timeout)),
            Self::Blocking(queue) => Call::Blocking(queue.update(message, visibility_timeout)),
        }
    }

    pub(crate) async fn delete(&self, message: &ReceivedMessage) -> Result<(), Error> {
        either!(self, |queue| queue.delete(message))
    }

    pub(crate) async fn clear(&self) -> Result<(), Error> {
        either!(self, |queue| queue.clear())
    }
}

impl Pages {
    pub(crate) fn prefix(self, prefix: &str) -> Result<Self, InvalidValue> {
        Ok(match self {
            Self::Async(pages) => Self::Async(pages.prefix(prefix)?),
            Self::Blocking(pages) => Self::Blocking(pages.prefix(prefix)?),
        })
    }

    pub(crate) fn max_results(self, count: MaxResults) -> Self {
        match self {
            Self::Async(pages) => Self::Async(pages.max_results(count)),
            Self::Blocking(pages) => Self::Blocking(pages.max_results(count)),
        }
    }

    pub(crate) fn include_metadata(self) -> Self {
        match self {
            Self::Async(pages) => Self::Async(pages.include_metadata()),
            Self::Blocking(pages) => Self::Blocking(pages.include_metadata()),
        }
    }

    pub(crate) async fn next(&mut self) -> Result<Option<Vec<QueueItem>>, Error> {
        either!(self, |pages| pages.next())
    }

    pub(crate) async fn all(self) -> Result<Vec<QueueItem>, Error> {
        either!(self, |pages| pages.all())
    }
}

/// The options of a call, under their names.
macro_rules! options {
    ($($call:ty: $($option:ident($($argument:ident: $type:ty)?)),*;)*) => {$(
        impl<'a> Call<'a, $call> {$(
            pub(crate) fn $option(self $(, $argument: $type)?) -> Self {
                match self {
                    Self::Async(call) => Self::Async(call.$option($($argument)?)),
                    Self::Blocking(call) => Self::Blocking(call.$option($($argument)?)),
                }
            }
        )*}
    )*};
}

options! {
    Send<'a>:
        visibility_timeout(timeout: Duration),
        time_to_live(time: Duration),
        never_expires();
    Receive<'a>:
        visibility_timeout(timeout: Duration);
    Update<'a>:
        value(value: &str);
}

impl<'a, C> IntoFuture for Call<'a, C>
where
    C: IntoFuture<IntoFuture = BoxFuture<'a, <C as IntoFuture>::Output>> + std::marker::Send + 'a,
    C::Output: std::marker::Send + 'a,
{
    type Output = C::Output;
    type IntoFuture = BoxFuture<'a, C::Output>;

    fn into_future(self) -> Self::IntoFuture {
        match self {
            Self::Async(call) => call.into_future(),
            Self::Blocking(call) => Box::pin(async { call.run() }),
        }
    }
}
