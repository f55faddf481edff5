//! [`StripedReceive`]: a receive that goes round the stripes.

use std::time::Duration;

use queue_auth::BoxFuture;
use queue_proto::codec::Text;

use super::message::StripedMessage;
use crate::{error::Error, message_codec::MessageCodec, queue::QueueClient};

/// A call of [`Striped::receive`](crate::Striped::receive).
#[derive(Debug)]
#[must_use = "a call does nothing until it is awaited"]
pub struct StripedReceive<'a, C = Text> {
    stripes: &'a [QueueClient<C>],
    /// The stripe that is asked first.
    first: usize,
    count: u32,
    visibility_timeout: Option<Duration>,
}

impl<'a, C: MessageCodec> StripedReceive<'a, C> {
    pub(super) const fn new(stripes: &'a [QueueClient<C>], first: usize, count: u32) -> Self {
        Self { stripes, first, count, visibility_timeout: None }
    }

    /// Hides the messages that are received for this time: 1 s to 7 days in whole seconds. Default:
    /// 30 s, which is the service's.
    pub const fn visibility_timeout(mut self, timeout: Duration) -> Self {
        self.visibility_timeout = Some(timeout);
        self
    }

    async fn run(self) -> Result<Vec<StripedMessage>, Error> {
        let Self { stripes, first, .. } = self;
        let (before, after) = stripes.split_at_checked(first).unwrap_or((stripes, &[]));
        let (mut found, mut failure) = (Vec::new(), None);
        for (stripe, queue) in (first..).zip(after).chain((0..).zip(before)) {
            let left = self.count.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
            if left == 0 && self.count > 0 {
                break;
            }
            let mut receive = queue.receive(left);
            if let Some(timeout) = self.visibility_timeout {
                receive = receive.visibility_timeout(timeout);
            }
            match receive.await {
                Ok(messages) => found.extend(messages.into_iter().map(|message| StripedMessage {
                    stripe,
                    queue: queue.target().clone(),
                    message,
                })),
                Err(error) => {
                    failure.get_or_insert(error);
                }
            }
        }
        match failure {
            // What was received is hidden from everybody else, so it must not get lost in an error.
            Some(error) if !found.is_empty() => {
                tracing::warn!(%error, "a stripe was left out of a receive");
                Ok(found)
            }
            Some(error) => Err(error),
            None => Ok(found),
        }
    }
}

impl<'a, C: MessageCodec> IntoFuture for StripedReceive<'a, C> {
    type Output = Result<Vec<StripedMessage>, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
