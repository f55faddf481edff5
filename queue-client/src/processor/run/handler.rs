//! [`Handler`]: what works on messages, and [`HandlerError`], how it fails.

use std::{error::Error as StdError, fmt, future::Future, time::Duration};

use super::delivery::Delivery;
use crate::processor::{
    core::{Outcome, Reason},
    explanation::{BoxError, Explanation},
};

/// What works on messages.
///
/// A struct implements this to hold what its work needs. A function or closure is a handler as it
/// is, if its future gives `Result<(), E>` or `Result<Outcome, E>` with any error `E` that becomes a
/// [`HandlerError`], such as that of `anyhow`, a `Box<dyn Error + Send + Sync>` or an error type of
/// the program. For each form see [`Processor::run`](crate::processor::Processor::run).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not work on messages with a body of the type `{T}`",
    label = "not a handler",
    note = "a handler implements `Handler<{T}>`, or is a function or closure that takes a \
            `Delivery<{T}>` and whose future gives `Result<(), E>` or `Result<Outcome, E>`"
)]
pub trait Handler<T>: Send + Sync + 'static {
    /// Works on one message. What it returns settles the message, so there is nothing to forget.
    ///
    /// The future is dropped at an await when its time is over or the processor shuts down.
    fn handle(
        &self,
        delivery: Delivery<T>,
    ) -> impl Future<Output = Result<Outcome, HandlerError>> + Send;
}

/// Why a handler failed, and what that means for its message.
///
/// Any error becomes a handler error with `?`, and the message is then tried again as the settings
/// say. `HandlerError` does not implement [`Error`](StdError), which is what makes that conversion
/// possible.
#[derive(Debug)]
pub struct HandlerError {
    error: BoxError,
    disposition: Disposition,
}

#[derive(Debug, Clone, Copy)]
enum Disposition {
    Retry(Option<Duration>),
    DeadLetter,
}

impl<E: Into<BoxError>> From<E> for HandlerError {
    fn from(error: E) -> Self {
        Self { error: error.into(), disposition: Disposition::Retry(None) }
    }
}

impl HandlerError {
    /// No further delivery can help: the message becomes a dead letter at once.
    pub fn permanent(error: impl Into<BoxError>) -> Self {
        Self { error: error.into(), disposition: Disposition::DeadLetter }
    }

    /// The message is tried again after this delay, unless this was its last delivery.
    pub fn retry_after(error: impl Into<BoxError>, delay: Duration) -> Self {
        Self { error: error.into(), disposition: Disposition::Retry(Some(delay)) }
    }

    /// The error that made the handler fail.
    #[must_use]
    pub fn error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.error
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

/// What an error means for the message, said at the place where the error comes up.
pub trait ResultExt<V>: Sized {
    /// Makes the message a dead letter at once if this is an error.
    ///
    /// # Errors
    ///
    /// The error itself, as a [permanent](HandlerError::permanent) one.
    fn or_dead_letter(self) -> Result<V, HandlerError>;

    /// Lets the message be tried again after this delay if this is an error.
    ///
    /// # Errors
    ///
    /// The error itself, as one to [retry](HandlerError::retry_after).
    fn or_retry_after(self, delay: Duration) -> Result<V, HandlerError>;
}

impl<V, E: Into<BoxError>> ResultExt<V> for Result<V, E> {
    fn or_dead_letter(self) -> Result<V, HandlerError> {
        self.map_err(HandlerError::permanent)
    }

    fn or_retry_after(self, delay: Duration) -> Result<V, HandlerError> {
        self.map_err(|error| HandlerError::retry_after(error, delay))
    }
}

/// How a handler ended, as the core and the log are told.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) outcome: Outcome,
    /// The kind of failure; `None` when the handler chose the outcome.
    pub(super) failure: Option<Reason>,
    pub(super) why: Explanation,
}

impl Verdict {
    pub(super) const fn failed(outcome: Outcome, failure: Reason, why: Explanation) -> Self {
        Self { outcome, failure: Some(failure), why }
    }
}

impl From<Result<Outcome, HandlerError>> for Verdict {
    fn from(result: Result<Outcome, HandlerError>) -> Self {
        match result {
            Ok(outcome) => {
                let why = match &outcome {
                    Outcome::DeadLetter { reason } => Explanation::new(reason),
                    _ => Explanation::default(),
                };
                Self { outcome, failure: None, why }
            }
            Err(HandlerError { error, disposition }) => {
                let why = Explanation::of(&*error);
                let outcome = match disposition {
                    Disposition::Retry(after) => Outcome::Retry { after },
                    Disposition::DeadLetter => {
                        Outcome::DeadLetter { reason: why.error.clone().unwrap_or_default().into() }
                    }
                };
                Self::failed(outcome, Reason::HandlerFailed, why)
            }
        }
    }
}

impl<T, F, Fut, R, E> Handler<T> for F
where
    T: Send + 'static,
    F: Fn(Delivery<T>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<R, E>> + Send,
    R: Into<Outcome>,
    E: Into<HandlerError>,
{
    async fn handle(&self, delivery: Delivery<T>) -> Result<Outcome, HandlerError> {
        match self(delivery).await {
            Ok(outcome) => Ok(outcome.into()),
            Err(error) => Err(error.into()),
        }
    }
}

/// What a closure gives in the end that is passed to [`Processor::run`](crate::processor::Processor::run):
/// `Result<(), HandlerError>` or `Result<Outcome, HandlerError>`.
///
/// There is this one implementation, so the compiler knows the error of an `Ok(())`. With a second
/// one every closure would have to name it.
#[diagnostic::on_unimplemented(
    message = "a function passed to this method cannot end with `{Self}`",
    label = "its future must give `Result<(), HandlerError>` or `Result<Outcome, HandlerError>`",
    note = "a function with an error of its own, such as `anyhow::Result<()>`, is passed to \
            `run_handler`, `spawn_handler` or `drain_once_handler`",
    note = "in a closure, `?` makes a `HandlerError` of any error: `|delivery| async move {{ \
            work(delivery).await?; Ok(()) }}`"
)]
pub trait HandlerResult {
    /// What becomes of the message.
    ///
    /// # Errors
    ///
    /// The error of the handler.
    fn into_outcome(self) -> Result<Outcome, HandlerError>;
}

impl<R: Into<Outcome>> HandlerResult for Result<R, HandlerError> {
    fn into_outcome(self) -> Result<Outcome, HandlerError> {
        self.map(Into::into)
    }
}

/// A closure as a handler.
pub(in crate::processor) struct FromFn<F>(pub(in crate::processor) F);

impl<T, F, Fut> Handler<T> for FromFn<F>
where
    T: Send + 'static,
    F: Fn(Delivery<T>) -> Fut + Send + Sync + 'static,
    Fut: Future + Send,
    Fut::Output: HandlerResult,
{
    async fn handle(&self, delivery: Delivery<T>) -> Result<Outcome, HandlerError> {
        (self.0)(delivery).await.into_outcome()
    }
}
