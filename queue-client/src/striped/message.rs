//! [`StripedMessage`]: a received message that knows the stripe that it is from.

use std::ops::Deref;

use queue_proto::QueueName;

use crate::{execute::shared::Target, message::ReceivedMessage};

/// A message that was received from one of the stripes of a [`Striped`](crate::Striped) queue.
///
/// It is a [`ReceivedMessage`] that knows where it is from, so that an update and a delete go there.
#[derive(Debug)]
#[must_use = "a message that is not deleted is received again"]
pub struct StripedMessage {
    pub(super) stripe: usize,
    pub(super) queue: Target,
    pub(super) message: ReceivedMessage,
}

impl StripedMessage {
    /// The number of its stripe, from 0.
    #[must_use]
    pub const fn stripe(&self) -> usize {
        self.stripe
    }

    /// The name of the queue that is its stripe.
    #[must_use]
    pub const fn queue(&self) -> &QueueName {
        &self.queue.name
    }

    /// Takes the message out, for the client of its stripe.
    pub fn into_message(self) -> ReceivedMessage {
        self.message
    }
}

impl Deref for StripedMessage {
    type Target = ReceivedMessage;

    fn deref(&self) -> &ReceivedMessage {
        &self.message
    }
}
