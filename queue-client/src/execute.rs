//! The attempt loop: the only place that knows what follows on a failed attempt.

mod attempt;
mod clock;
mod location;

use std::time::Duration;

use queue_proto::{CallOptions, Idempotence, Operation, QueueName};
use tracing::Instrument as _;

use crate::{
    error::{Cause, Error, Place},
    failure::OpFailure,
    observe::{self, CallReport},
    retry::{Attempt, is_safe_to_repeat},
    shared::Shared,
    transport::TransportErrorKind,
};

pub(crate) use self::clock::Correction;
use self::{attempt::Failed, location::Route};
pub use self::{clock::ClockSkew, location::LocationMode};

/// What a call has been through so far.
#[derive(Debug, Default)]
struct History {
    attempts: u32,
    /// The caller decides what is tried again.
    once: bool,
    /// Attempts that the retry policy and the budget did not have to allow.
    free: u32,
    may_be_applied: bool,
    credential_renewed: bool,
    clock_corrected: bool,
    connection_replaced: bool,
}

/// What follows on a failed attempt.
enum Next {
    /// Another one, after a pause.
    Retry(Duration),
    GiveUp,
}

impl Shared {
    /// Sends `operation` until it succeeds, fails for good, or time or attempts run out.
    pub(crate) async fn execute<O: Operation>(
        &self,
        operation: &O,
        options: &CallOptions,
        queue: Option<&QueueName>,
    ) -> Result<O::Response, Error> {
        let history = History::default();
        self.execute_within(operation, options, queue, self.call_timeout, history).await
    }

    /// Sends `operation` once, and waits at most `limit`. What is tried again, and when, is up to
    /// the caller; only what was [put right](Self::repairs) gets a second attempt.
    #[cfg(all(feature = "processor", feature = "tokio"))]
    pub(crate) async fn execute_once<O: Operation>(
        &self,
        operation: &O,
        queue: Option<&QueueName>,
        limit: Duration,
    ) -> Result<O::Response, Error> {
        let history = History { once: true, ..History::default() };
        self.execute_within(operation, &self.options, queue, limit, history).await
    }

    async fn execute_within<O: Operation>(
        &self,
        operation: &O,
        options: &CallOptions,
        queue: Option<&QueueName>,
        limit: Duration,
        mut history: History,
    ) -> Result<O::Response, Error> {
        let span = observe::span(self, O::KIND, queue);
        let started = self.runtime.elapsed();
        let result = self
            .run(operation, options, queue, started, limit, &mut history)
            .instrument(span.clone())
            .await;
        let error = result.as_ref().err();
        let attempts = error.map_or(history.attempts, Error::attempts);
        observe::record(&span, attempts, error);
        if let Some(observer) = &self.observer {
            observer.call_ended(&CallReport {
                operation: O::KIND,
                queue,
                attempts,
                duration: self.elapsed_since(started),
                error,
            });
        }
        result
    }

    async fn run<O: Operation>(
        &self,
        operation: &O,
        options: &CallOptions,
        queue: Option<&QueueName>,
        started: Duration,
        limit: Duration,
        history: &mut History,
    ) -> Result<O::Response, Error> {
        let Some(mut route) =
            Route::new(O::KIND, self.location, &self.endpoint, self.secondary.as_ref())
        else {
            let place = self.place(queue);
            return Err(Error::new(Cause::NoSecondary, O::KIND, OpFailure::NotSent, 0, place));
        };
        self.budget.earn();
        loop {
            let remaining = limit.saturating_sub(self.elapsed_since(started));
            history.attempts += 1;
            let failed = match self.attempt(operation, options, route.endpoint(), remaining).await {
                Ok(response) => return Ok(response),
                Err(failed) => failed,
            };
            tracing::debug!(
                target: "queue_client",
                attempt = history.attempts,
                failure = ?failed.failure,
                error = %failed.cause,
                "attempt failed"
            );
            if history.may_be_applied
                && let Cause::Service(error) = &failed.cause
                && let Some(response) = O::answer_if_applied_before(error)
            {
                return Ok(response);
            }

            let next = self.next::<O>(&failed, history, &mut route);
            history.may_be_applied |= failed.failure.may_be_applied();
            let remaining = limit.saturating_sub(self.elapsed_since(started));
            match next {
                Next::Retry(Duration::ZERO) if remaining > Duration::ZERO => {}
                Next::Retry(pause) if pause < remaining => self.runtime.sleep(pause).await,
                Next::Retry(_) | Next::GiveUp => {
                    return Err(self.error::<O>(failed, history, queue));
                }
            }
        }
    }

    fn next<O: Operation>(
        &self,
        failed: &Failed,
        history: &mut History,
        route: &mut Route<'_>,
    ) -> Next {
        if self.repairs::<O>(failed, history, route) {
            history.free += 1;
            return Next::Retry(Duration::ZERO);
        }
        if history.once || failed.is_permanent() || !is_safe_to_repeat(O::KIND, &failed.failure) {
            return Next::GiveUp;
        }
        let pause = self.retry.delay(&Attempt {
            operation: O::KIND,
            number: history.attempts - history.free,
            failure: &failed.failure,
            random: self.runtime.random(),
        });
        match pause {
            Some(pause) if self.budget.spend() => {
                route.turn();
                Next::Retry(pause)
            }
            _ => Next::GiveUp,
        }
    }

    /// Whether something was put right that makes one more attempt worthwhile at once.
    fn repairs<O: Operation>(
        &self,
        failed: &Failed,
        history: &mut History,
        route: &mut Route<'_>,
    ) -> bool {
        if failed.credential_renewed && !history.credential_renewed {
            history.credential_renewed = true;
            return true;
        }
        if let Some(skew) = failed.skew
            && self.corrects_clock
            && !history.clock_corrected
        {
            history.clock_corrected = true;
            self.correction.learn(skew);
            return true;
        }
        if failed.transport_kind() == Some(TransportErrorKind::ClosedBeforeAnswer)
            && O::KIND.idempotence() != Idempotence::Effectful
            && !history.connection_replaced
        {
            history.connection_replaced = true;
            return true;
        }
        failed.is_not_found() && route.leave_secondary()
    }

    fn error<O: Operation>(
        &self,
        failed: Failed,
        history: &History,
        queue: Option<&QueueName>,
    ) -> Error {
        // What an earlier attempt left open, a later refusal does not settle.
        let failure =
            if history.may_be_applied { OpFailure::Ambiguous } else { failed.failure.clone() };
        let attempts = history.attempts - u32::from(!failed.was_sent());
        Error::new(failed.cause, O::KIND, failure, attempts, self.place(queue))
            .with_clock_skew(failed.skew)
    }

    fn elapsed_since(&self, start: Duration) -> Duration {
        self.runtime.elapsed().saturating_sub(start)
    }

    pub(crate) fn place(&self, queue: Option<&QueueName>) -> Place {
        Place {
            endpoint: self.endpoint.to_string(),
            account: self.endpoint.account().to_string(),
            queue: queue.map(ToString::to_string),
        }
    }
}
