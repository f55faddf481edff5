//! What a handler is and how it ends.

use std::{borrow::Cow, error::Error as StdError, fmt, future::Future, time::Duration};

use queue_auth::BoxFuture;
use queue_proto::codec::CodecError;

use super::{Delivery, core, core::Reason, redact::presentable};

/// Any error, boxed.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// How a handler wants its message settled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Outcome {
    /// The work is done: the message is deleted.
    #[default]
    Complete,
    /// The message is received again later, by this processor or another. After its last delivery
    /// it becomes a dead letter instead, and so it does when it would expire first.
    Retry {
        /// After which delay, at most 7 days; `None` leaves it to the settings.
        after: Option<Duration>,
    },
    /// The message becomes a dead letter.
    DeadLetter {
        /// Why, for whoever looks at dead letters.
        reason: Cow<'static, str>,
    },
    /// The message stays hidden and untouched; it comes back when its lease ends.
    Abandon,
}

impl From<()> for Outcome {
    fn from((): ()) -> Self {
        Self::Complete
    }
}

/// What works on messages.
///
/// A struct implements this to hold what its work needs. A function or closure is a handler as it
/// is, if its future gives `Result<(), E>` or `Result<Outcome, E>` with any error `E` that becomes a
/// [`HandlerError`], such as that of `anyhow`, a `Box<dyn Error + Send + Sync>` or an error type of
/// the program. For each form see [`Processor::run`](super::Processor::run).
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
/// Any error becomes one with `?`, and the message is then tried again as the settings say. It is no
/// [`Error`](StdError) itself, which is what makes that conversion possible.
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

    /// The error.
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

/// Says what an error means for the message.
pub trait ResultExt<V>: Sized {
    /// The message becomes a dead letter at once.
    ///
    /// # Errors
    ///
    /// The error, as a [permanent](HandlerError::permanent) one.
    fn or_dead_letter(self) -> Result<V, HandlerError>;

    /// The message is tried again after this delay.
    ///
    /// # Errors
    ///
    /// The error, as one to [retry](HandlerError::retry_after).
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

/// A handler of texts that the codec cannot read.
pub(super) type RawHandler = dyn Fn(Delivery<String>, CodecError) -> BoxFuture<'static, Result<Outcome, HandlerError>>
    + Send
    + Sync;

/// What is known about a failure, for dead letters, logs and observers: without secrets.
#[derive(Debug, Clone, Default)]
pub(super) struct Explanation {
    pub(super) error: Option<String>,
    /// The causes of the error, outermost first.
    pub(super) causes: Vec<String>,
}

impl Explanation {
    pub(super) fn new(error: &str) -> Self {
        Self { error: Some(presentable(error)), causes: Vec::new() }
    }

    fn of(error: &(dyn StdError + 'static)) -> Self {
        let mut explanation = Self::new(&error.to_string());
        let mut cause = error.source();
        while let Some(error) = cause
            && explanation.causes.len() < 16
        {
            explanation.causes.push(presentable(&error.to_string()));
            cause = error.source();
        }
        explanation
    }
}

/// What the core is told about a handler that has returned.
pub(super) fn verdict(result: Result<Outcome, HandlerError>) -> (core::Outcome, Explanation) {
    match result {
        Ok(Outcome::Complete) => (core::Outcome::Complete, Explanation::default()),
        Ok(Outcome::Abandon) => (core::Outcome::Abandon, Explanation::default()),
        Ok(Outcome::Retry { after }) => {
            // A wish and not a failure: if it was the last delivery, the deliveries are exhausted.
            let reason = Reason::DeliveriesExhausted;
            (core::Outcome::Retry { after, reason }, Explanation::default())
        }
        Ok(Outcome::DeadLetter { reason }) => {
            let why = Explanation::new(&reason);
            (core::Outcome::DeadLetter { reason: Reason::Requested }, why)
        }
        Err(HandlerError { error, disposition }) => {
            let outcome = match disposition {
                Disposition::Retry(after) => {
                    core::Outcome::Retry { after, reason: Reason::HandlerFailed }
                }
                Disposition::DeadLetter => {
                    core::Outcome::DeadLetter { reason: Reason::HandlerFailed }
                }
            };
            (outcome, Explanation::of(&*error))
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

/// What a closure gives in the end that is passed to [`Processor::run`](super::Processor::run):
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
pub(super) struct FromFn<F>(pub(super) F);

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
