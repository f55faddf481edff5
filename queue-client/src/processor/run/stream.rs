//! [`Deliveries`]: messages as a stream, settled by hand.

use std::{
    borrow::Cow,
    error::Error,
    fmt,
    ops::Deref,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::Stream;
use tokio::sync::{mpsc, oneshot};

use super::{
    control::Control,
    delivery::Delivery,
    handler::{Handler, HandlerError},
    processor::Processor,
    running::Running,
    stopped::Stopped,
};
use crate::processor::core::{Outcome, Report, Settled, ShutdownMode};

/// The messages of a queue, with their leases renewed until they are settled.
///
/// Dropping the stream gives back the messages that were not handed out, and ends the processor when
/// those that were handed out are settled, or five seconds later.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Deliveries<T> {
    running: Option<Running>,
    leased: mpsc::Receiver<Leased<T>>,
}

/// A message that is held until it is settled.
///
/// Each of its methods settles the message and takes it away, so that a message cannot be settled
/// twice. A message that is dropped without that is tried again as the settings say.
#[must_use = "a message that is not settled is tried again"]
pub struct Leased<T> {
    delivery: Option<Delivery<T>>,
    settle: Option<oneshot::Sender<Outcome>>,
    control: Control,
}

/// What is known about a message that was completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Completed {
    /// The message is deleted.
    Deleted,
    /// The work is done, but the message could not be deleted: another receiver may work on it again.
    NotOwned,
}

/// A message could not be settled as asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettleError {
    /// Another receiver has the message, or the message is gone.
    NotOwned,
    /// The message comes back when its lease ends.
    Lapsed,
    /// The processor has ended.
    Over,
}

impl<T> Deliveries<T> {
    /// The next message; `None` when the processor has ended.
    ///
    /// Cancel-safe: a message is either returned, or still waiting with its lease renewed.
    pub async fn next(&mut self) -> Option<Leased<T>> {
        self.leased.recv().await
    }

    /// Ends the processor, and waits for that. Messages that were not handed out are given back.
    ///
    /// # Errors
    ///
    /// A [`Stopped`] when the processor had ended by itself.
    pub async fn shutdown(mut self, mode: ShutdownMode) -> Result<Report, Stopped> {
        self.leased.close();
        match self.running.take() {
            Some(running) => running.shutdown(mode).await,
            // It is taken nowhere else but when this is dropped.
            None => Err(Stopped::RuntimeGone),
        }
    }
}

impl<T> Stream for Deliveries<T> {
    type Item = Leased<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Leased<T>>> {
        self.leased.poll_recv(context)
    }
}

impl<T> Drop for Deliveries<T> {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.begin_shutdown(ShutdownMode::Release);
        }
    }
}

impl<T> Leased<T> {
    /// Says what becomes of the message, and does not wait for that.
    pub(super) fn hand_back(mut self, outcome: Outcome) {
        if let Some(settle) = self.settle.take() {
            // Whether the processor is still there, the lease will show.
            let _ = settle.send(outcome);
        }
    }
}

impl<T: Send + 'static> Leased<T> {
    /// Deletes the message because its work is done, and waits for that. If the future is dropped
    /// half-way, the delete is finished all the same.
    ///
    /// # Errors
    ///
    /// [`SettleError::Over`] when the processor has ended.
    pub async fn complete(self) -> Result<Completed, SettleError> {
        match self.settle(Outcome::Complete).await? {
            Settled::Completed | Settled::CompletedAfterAmbiguity => Ok(Completed::Deleted),
            _ => Ok(Completed::NotOwned),
        }
    }

    /// Gives the message back, to be received again after the delay, at most 7 days.
    ///
    /// # Errors
    ///
    /// A [`SettleError`] when the message was not this process's any more, or could not be given back.
    pub async fn retry(self, after: Duration) -> Result<(), SettleError> {
        settled(self.settle(Outcome::Retry { after: Some(after) }).await?)
    }

    /// Makes the message a dead letter.
    ///
    /// # Errors
    ///
    /// A [`SettleError`] when the message was not this process's any more, or the letter could not be
    /// stored.
    pub async fn dead_letter(
        self,
        reason: impl Into<Cow<'static, str>>,
    ) -> Result<(), SettleError> {
        settled(self.settle(Outcome::DeadLetter { reason: reason.into() }).await?)
    }

    async fn settle(mut self, outcome: Outcome) -> Result<Settled, SettleError> {
        let (Some(delivery), Some(settle)) = (self.delivery.take(), self.settle.take()) else {
            return Err(SettleError::Over);
        };
        let settled = self.control.watch(delivery.key());
        settle.send(outcome).map_err(|_| SettleError::Over)?;
        settled.await.map_err(|_| SettleError::Over)
    }
}

const fn settled(how: Settled) -> Result<(), SettleError> {
    match how {
        Settled::NotOwned => Err(SettleError::NotOwned),
        Settled::Lapsed | Settled::NeverStarted => Err(SettleError::Lapsed),
        _ => Ok(()),
    }
}

impl<T> Deref for Leased<T> {
    type Target = Delivery<T>;

    fn deref(&self) -> &Delivery<T> {
        // It is taken only by methods that consume `self`.
        self.delivery.as_ref().expect("a message that is not settled")
    }
}

impl<T> fmt::Debug for Leased<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Leased").field(&self.delivery).finish()
    }
}

impl<T> fmt::Debug for Deliveries<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliveries").finish_non_exhaustive()
    }
}

impl fmt::Display for SettleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOwned => "another receiver has the message, or it is gone",
            Self::Lapsed => "the message could not be given back: it returns when its lease ends",
            Self::Over => "the processor has ended",
        })
    }
}

impl Error for SettleError {}

impl<T: Send + 'static> Processor<T> {
    /// The messages as a stream, to be settled by hand. At most as many are handed out and not yet
    /// settled as [`concurrency`](Self::concurrency) says.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = queue_emulator::Emulator::new();
    /// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
    /// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
    /// #     .build()?;
    /// use queue_client::processor::{Processor, ShutdownMode};
    ///
    /// let orders = service.queue("orders")?;
    /// # orders.create().await?;
    /// orders.send("17 bottles").await?;
    ///
    /// let mut deliveries = Processor::new(orders).deliveries();
    /// if let Some(order) = deliveries.next().await {
    ///     println!("{}", order.body());
    ///     order.complete().await?;
    /// }
    /// deliveries.shutdown(ShutdownMode::Drain).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn deliveries(self) -> Deliveries<T> {
        // What waits in the channel has a lease that is renewed; one is enough to keep it busy.
        let (sender, leased) = mpsc::channel(1);
        let running = self.spawn_handler(HandOut { sender });
        Deliveries { running: Some(running), leased }
    }
}

/// A handler that hands its message out and waits for what becomes of it.
pub(super) struct HandOut<T> {
    pub(super) sender: mpsc::Sender<Leased<T>>,
}

impl<T: Send + 'static> Handler<T> for HandOut<T> {
    async fn handle(&self, delivery: Delivery<T>) -> Result<Outcome, HandlerError> {
        let (settle, outcome) = oneshot::channel();
        let control = delivery.control().clone();
        let leased = Leased { delivery: Some(delivery), settle: Some(settle), control };
        if let Err(mpsc::error::SendError(leased)) = self.sender.send(leased).await {
            // Nobody wants it any more: the shutdown that is under way gives it back.
            let _kept = leased;
            return std::future::pending().await;
        }
        Ok(outcome.await.unwrap_or(Outcome::Retry { after: None }))
    }
}
