//! [`Prepared`]: messages that appear when another store has committed.

use std::fmt;

use queue_proto::{VisibilityTimeout, ops::UpdateMessage};

use super::{Producer, Sent};
use crate::{error::Error, failure::OpFailure, processor::run::nudges};

/// A message that is hidden until it is [revealed](Self::reveal).
#[must_use = "the message appears when its time is over, unless it is revealed or cancelled"]
pub struct Prepared<T> {
    pub(super) producer: Producer<T>,
    pub(super) sent: Sent,
}

impl<T: 'static> Prepared<T> {
    /// What is known of the message.
    #[must_use]
    pub const fn sent(&self) -> &Sent {
        &self.sent
    }

    /// Shows the message (Update Message).
    ///
    /// # Errors
    ///
    /// [`is_not_owner`](Error::is_not_owner) when the time of the message was over and somebody has
    /// received it.
    pub async fn reveal(self) -> Result<Sent, Error> {
        let queue = &self.producer.queue;
        let update = UpdateMessage::new(
            queue.name.clone(),
            self.sent.id().clone(),
            self.sent.receipt().clone(),
            VisibilityTimeout::ZERO,
        );
        match queue.execute(&update).await {
            Ok(_) => {}
            // An earlier attempt did it: its answer was lost, and with it the new receipt.
            Err(error) if *error.failure() == OpFailure::Ambiguous && is_gone(&error) => {}
            Err(error) => return Err(error),
        }
        nudges::nudge(queue);
        Ok(self.sent)
    }

    /// Takes the message back.
    ///
    /// # Errors
    ///
    /// The errors are those of [`Producer::cancel`].
    pub async fn cancel(self) -> Result<(), Error> {
        self.producer.cancel(&self.sent).await
    }
}

fn is_gone(error: &Error) -> bool {
    use queue_proto::ErrorCode::{MessageNotFound, PopReceiptMismatch};
    matches!(error.code(), Some(MessageNotFound | PopReceiptMismatch))
}

impl<T> fmt::Debug for Prepared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").field("sent", &self.sent).finish_non_exhaustive()
    }
}
