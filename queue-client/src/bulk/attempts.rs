//! [`AttemptsReached`]: why a walk that only looks goes no further, and the check that says so.

use std::{error::Error as StdError, fmt};

use queue_proto::{
    MessageCount, MessageId, OperationKind,
    ops::{PeekMessages, PeekedMessage},
};

use super::refused::refuse;
use crate::{error::Error, execute::shared::Target};

/// A message was received so often that going on could make its consumers give it up: the cause of
/// an [`Error`], in [`Cause::InvalidArgument`](crate::Cause::InvalidArgument).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptsReached {
    /// The id of the message that stopped the scan.
    pub id: MessageId,
    /// The dequeue count that it has, or would have after being received once more.
    pub dequeue_count: u32,
    /// The count that was not to be reached.
    pub max_attempt: u32,
}

impl fmt::Display for AttemptsReached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, dequeue_count, max_attempt } = self;
        write!(
            f,
            "message {id} would have been received {dequeue_count} times, which is not below \
             max_attempt ({max_attempt}): raise it if consumers give up later than that"
        )
    }
}

impl StdError for AttemptsReached {}

/// Refuses a message that is only looked at and whose count reaches `max_attempt`.
pub(super) fn check(
    queue: &Target,
    message: &PeekedMessage,
    dequeue_count: u32,
    max_attempt: u32,
) -> Result<(), Error> {
    if dequeue_count < max_attempt {
        return Ok(());
    }
    let cause = AttemptsReached { id: message.id().clone(), dequeue_count, max_attempt };
    Err(refuse(cause, OperationKind::GetMessages, queue))
}

/// The same for the messages in front of a queue that matter, before any count is raised.
pub(super) async fn check_front(
    queue: &Target,
    max_attempt: u32,
    matters: impl FnMut(&&PeekedMessage) -> bool,
) -> Result<(), Error> {
    if max_attempt == u32::MAX {
        return Ok(());
    }
    let peek = PeekMessages::new(queue.name.clone()).count(MessageCount::MAX);
    let front = queue.execute(&peek).await?.messages;
    front.iter().filter(matters).try_for_each(|message| {
        check(queue, message, message.dequeue_count().saturating_add(1), max_attempt)
    })
}
