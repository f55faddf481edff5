//! Calls with options: set what is needed, then `.await`.

pub(crate) mod batch;

use std::{error::Error as StdError, time::Duration};

use queue_auth::BoxFuture;
use queue_proto::{
    LeaseTimeout, MessageCount, MessageText, OperationKind, TimeToLive, VisibilityTimeout,
    codec::{CodecError, Text},
    ops::{GetMessages, PeekMessages, PeekedMessage, PutMessage, SentMessage, UpdateMessage},
};

use crate::{
    error::{Cause, Error},
    execute::shared::Target,
    failure::OpFailure,
    message::ReceivedMessage,
    message_codec::{MessageCodec, Step},
    payload::Payload,
};

pub use self::batch::Batch;

/// A call of [`QueueClient::send`](crate::QueueClient::send).
#[derive(Debug)]
#[must_use = "a call does nothing until it is awaited"]
pub struct Send<'a> {
    queue: &'a Target,
    text: Written,
    visibility_timeout: Option<Duration>,
    time_to_live: Option<Lifetime>,
}

/// The text of a message, or the reason why there is none, as soon as the codec is ready.
type Written = Step<'static, Result<MessageText, CodecError>>;

#[derive(Debug, Clone, Copy)]
enum Lifetime {
    After(Duration),
    Never,
}

impl<'a> Send<'a> {
    pub(crate) const fn new(queue: &'a Target, text: Written) -> Self {
        Self { queue, text, visibility_timeout: None, time_to_live: None }
    }

    /// Hides the message at first: 0 s to 7 days in whole seconds, shorter than its time to live,
    /// so at most a second less than 7 days unless that is set. Default: 0 s.
    pub const fn visibility_timeout(mut self, timeout: Duration) -> Self {
        self.visibility_timeout = Some(timeout);
        self
    }

    /// Lets the message expire after this time: 1 to 2,147,483,647 s in whole seconds. For a
    /// message that stays, call [`never_expires`](Self::never_expires). Default: 7 days.
    pub const fn time_to_live(mut self, time: Duration) -> Self {
        self.time_to_live = Some(Lifetime::After(time));
        self
    }

    /// Keeps the message until it is deleted.
    pub const fn never_expires(mut self) -> Self {
        self.time_to_live = Some(Lifetime::Never);
        self
    }

    async fn run(self) -> Result<SentMessage, Error> {
        let check = Check { queue: self.queue, operation: OperationKind::PutMessage };
        let text = check.text(self.text.finish().await)?;
        let mut operation = PutMessage::new(self.queue.name.clone(), text);
        if let Some(timeout) = self.visibility_timeout {
            operation =
                operation.visibility_timeout(check.argument(VisibilityTimeout::try_from(timeout))?);
        }
        match self.time_to_live {
            Some(Lifetime::After(time)) => {
                operation = operation.time_to_live(check.argument(TimeToLive::try_from(time))?);
            }
            Some(Lifetime::Never) => operation = operation.time_to_live(TimeToLive::Never),
            None => {}
        }
        check.argument(operation.check_hiding())?;
        Ok(self.queue.execute(&operation).await?.message)
    }
}

/// A call of [`QueueClient::receive`](crate::QueueClient::receive).
#[derive(Debug)]
#[must_use = "a call does nothing until it is awaited"]
pub struct Receive<'a> {
    queue: &'a Target,
    count: u32,
    visibility_timeout: Option<Duration>,
}

impl<'a> Receive<'a> {
    pub(crate) const fn new(queue: &'a Target, count: u32) -> Self {
        Self { queue, count, visibility_timeout: None }
    }

    /// Hides the messages that are received for this time: 1 s to 7 days in whole seconds. Default:
    /// 30 s, which is the service's.
    pub const fn visibility_timeout(mut self, timeout: Duration) -> Self {
        self.visibility_timeout = Some(timeout);
        self
    }

    async fn run(self) -> Result<Vec<ReceivedMessage>, Error> {
        let check = Check { queue: self.queue, operation: OperationKind::GetMessages };
        let count = check.argument(MessageCount::try_from(self.count))?;
        let mut operation = GetMessages::new(self.queue.name.clone()).count(count);
        if let Some(timeout) = self.visibility_timeout {
            operation =
                operation.visibility_timeout(check.argument(LeaseTimeout::try_from(timeout))?);
        }
        let messages = self.queue.execute(&operation).await?.messages;
        Ok(messages.into_iter().map(ReceivedMessage::new).collect())
    }
}

/// A call of [`QueueClient::peek`](crate::QueueClient::peek).
#[derive(Debug)]
#[must_use = "a call does nothing until it is awaited"]
pub struct Peek<'a> {
    queue: &'a Target,
    count: u32,
}

impl<'a> Peek<'a> {
    pub(crate) const fn new(queue: &'a Target, count: u32) -> Self {
        Self { queue, count }
    }

    async fn run(self) -> Result<Vec<PeekedMessage>, Error> {
        let check = Check { queue: self.queue, operation: OperationKind::PeekMessages };
        let count = check.argument(MessageCount::try_from(self.count))?;
        let operation = PeekMessages::new(self.queue.name.clone()).count(count);
        Ok(self.queue.execute(&operation).await?.messages)
    }
}

/// A call of [`QueueClient::update`](crate::QueueClient::update).
#[derive(Debug)]
#[must_use = "a call does nothing until it is awaited"]
pub struct Update<'a, C = Text> {
    queue: &'a Target,
    codec: &'a C,
    message: &'a mut ReceivedMessage,
    visibility_timeout: Duration,
    text: Option<Written>,
}

impl<'a, C: MessageCodec> Update<'a, C> {
    pub(crate) const fn new(
        queue: &'a Target,
        codec: &'a C,
        message: &'a mut ReceivedMessage,
        visibility_timeout: Duration,
    ) -> Self {
        Self { queue, codec, message, visibility_timeout, text: None }
    }

    /// Replaces the value of the message. Default: the text stays as it is.
    pub fn value<'v>(mut self, value: impl Into<Payload<'v, C::Value>>) -> Self
    where
        C::Value: 'v,
    {
        self.text = Some(self.codec.write(value.into()));
        self
    }

    async fn run(self) -> Result<(), Error> {
        let check = Check { queue: self.queue, operation: OperationKind::UpdateMessage };
        let timeout = check.argument(VisibilityTimeout::try_from(self.visibility_timeout))?;
        let mut operation = UpdateMessage::new(
            self.queue.name.clone(),
            self.message.id().clone(),
            self.message.pop_receipt().clone(),
            timeout,
        );
        check.argument(self.message.check_hiding(timeout))?;
        if let Some(text) = self.text {
            operation = operation.text(check.text(text.finish().await)?);
        }
        let answer = self.queue.execute(&operation).await?;
        self.message.renew(answer.pop_receipt, answer.next_visible_at, operation.text);
        Ok(())
    }
}

impl<'a, C: MessageCodec> IntoFuture for Update<'a, C> {
    type Output = Result<(), Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Turns an argument that breaks a rule into an error of the call.
struct Check<'a> {
    queue: &'a Target,
    operation: OperationKind,
}

impl Check<'_> {
    fn argument<T, E: StdError + std::marker::Send + Sync + 'static>(
        &self,
        checked: Result<T, E>,
    ) -> Result<T, Error> {
        checked.map_err(|error| self.refuse(Box::new(error)))
    }

    fn text(&self, encoded: Result<MessageText, CodecError>) -> Result<MessageText, Error> {
        encoded.map_err(|error| match error {
            // It says more than the error around it.
            CodecError::Text(error) => self.refuse(Box::new(error)),
            CodecError::Encryption { cause, .. } => self.not_sent(Cause::Encryption(cause)),
            error => self.refuse(Box::new(error)),
        })
    }

    fn refuse(&self, error: Box<dyn StdError + std::marker::Send + Sync>) -> Error {
        self.not_sent(Cause::InvalidArgument(error))
    }

    fn not_sent(&self, cause: Cause) -> Error {
        Error::new(
            cause,
            self.operation,
            OpFailure::NotSent,
            0,
            self.queue.shared.place(Some(&self.queue.name)),
        )
    }
}

macro_rules! awaitable {
    ($($call:ident => $output:ty),* $(,)?) => {$(
        impl<'a> IntoFuture for $call<'a> {
            type Output = Result<$output, Error>;
            type IntoFuture = BoxFuture<'a, Self::Output>;

            fn into_future(self) -> Self::IntoFuture {
                Box::pin(self.run())
            }
        }
    )*};
}

awaitable! {
    Send => SentMessage,
    Receive => Vec<ReceivedMessage>,
    Peek => Vec<PeekedMessage>,
}
