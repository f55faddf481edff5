//! The attempt loop: the only place that knows what follows on a failed attempt. Come here to learn
//! why a call was tried again, or was not.

#[cfg(all(feature = "processor", feature = "tokio"))]
pub(crate) mod anew;
mod attempt;
pub(crate) mod shared;

use std::time::Duration;

use queue_proto::{Idempotence, Operation, QueueName};
use tracing::Instrument as _;

use self::{
    attempt::Failed,
    shared::{Repeat, Request, Shared},
};
use crate::{
    error::{Cause, Error},
    failure::OpFailure,
    location::Route,
    observe::{self, CallReport},
    retry::{Attempt, is_safe_to_repeat},
    transport::TransportErrorKind,
};

/// The history of a call so far.
#[derive(Debug, Default)]
struct History {
    attempts: u32,
    /// Attempts that the retry policy and the budget did not have to allow.
    free: u32,
    /// Attempts that followed on a lost answer.
    resends: u32,
    may_be_applied: bool,
    credential_renewed: bool,
    clock_corrected: bool,
    connection_replaced: bool,
}

/// The decision that follows on a failed attempt.
enum Next {
    /// Another one, after a pause.
    Retry(Duration),
    GiveUp,
}

impl Shared {
    /// Makes the call until it succeeds, fails for good, or time or attempts run out. The number
    /// that comes with an answer says how many attempts followed on a lost answer.
    pub(crate) async fn call<O: Operation>(
        &self,
        request: Request<'_, O>,
    ) -> Result<(O::Response, u32), Error> {
        let mut history = History::default();
        let queue = request.queue;
        let span = observe::span(&self.endpoint, O::KIND, queue);
        let started = self.runtime.elapsed();
        let result = self.run(&request, started, &mut history).instrument(span.clone()).await;
        let error = result.as_ref().err();
        let attempts = error.map_or(history.attempts, Error::attempts);
        observe::record(&span, attempts, result.as_ref());
        if !self.observers.is_empty() {
            let duration = self.elapsed_since(started);
            let report = CallReport { operation: O::KIND, queue, attempts, duration, error };
            for observer in &self.observers {
                observer.call_ended(&report);
            }
        }
        Ok((result?, history.resends))
    }

    async fn run<O: Operation>(
        &self,
        request: &Request<'_, O>,
        started: Duration,
        history: &mut History,
    ) -> Result<O::Response, Error> {
        let Request { operation, options, queue, limit, repeat, throttle } = *request;
        let Some(mut route) =
            Route::new(O::KIND, self.location, &self.endpoint, self.secondary.as_ref())
        else {
            let place = self.place(queue);
            return Err(Error::new(Cause::NoSecondary, O::KIND, OpFailure::NotSent, 0, place));
        };
        self.budget.earn();
        loop {
            let sent_at = self.runtime.elapsed();
            let remaining = limit.saturating_sub(sent_at.saturating_sub(started));
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
            if let Some(throttle) = throttle
                && failed.failure.is_throttled()
            {
                throttle.refused(sent_at, self.runtime.elapsed());
            }
            // Asked before this failure joins the history: only an earlier attempt whose answer was
            // lost can be why the message is gone now. `tests/it/fault_matrix.rs` pins it.
            if history.may_be_applied
                && let Cause::Service(error) = &*failed.cause
                && let Some(response) = O::answer_if_applied_before(error)
            {
                return Ok(response);
            }

            let next = self.next::<O>(&failed, repeat, history, &mut route);
            history.may_be_applied |= failed.failure.may_be_applied();
            let remaining = limit.saturating_sub(self.elapsed_since(started));
            match next {
                Next::Retry(Duration::ZERO) if remaining > Duration::ZERO => {}
                Next::Retry(pause) if pause < remaining => self.runtime.sleep(pause).await,
                // A pause beyond the limit would end in an attempt without time.
                Next::Retry(_) | Next::GiveUp => {
                    return Err(self.error::<O>(failed, history, queue));
                }
            }
            history.resends += u32::from(failed.failure.may_be_applied());
        }
    }

    fn next<O: Operation>(
        &self,
        failed: &Failed,
        repeat: Repeat,
        history: &mut History,
        route: &mut Route<'_>,
    ) -> Next {
        if self.repairs::<O>(failed, history, route) {
            history.free += 1;
            return Next::Retry(Duration::ZERO);
        }
        let repeats = match repeat {
            Repeat::Nothing => false,
            Repeat::Ambiguous if failed.failure.may_be_applied() => true,
            Repeat::Safe | Repeat::Ambiguous => is_safe_to_repeat(O::KIND, &failed.failure),
        };
        if !repeats || failed.is_permanent() {
            return Next::GiveUp;
        }
        let pause = self.retry.delay(&Attempt {
            operation: O::KIND,
            number: history.attempts - history.free,
            failure: &failed.failure,
            random: self.runtime.random(),
        });
        match pause {
            // The budget is asked last: a retry that the policy does not want costs nothing.
            Some(pause) if self.budget.spend() => {
                route.turn();
                Next::Retry(pause)
            }
            _ => Next::GiveUp,
        }
    }

    /// Says whether something was put right that makes one more attempt worthwhile at once. Each
    /// kind of repair happens once in a call, so that the loop ends even where a repair does not
    /// help.
    fn repairs<O: Operation>(
        &self,
        failed: &Failed,
        history: &mut History,
        route: &mut Route<'_>,
    ) -> bool {
        // The refusal told the credential what it lacks, such as the tenant that a token must come
        // from: the same request can succeed with a new one (`tests/it/credential.rs`).
        if failed.credential_renewed && !history.credential_renewed {
            history.credential_renewed = true;
            return true;
        }
        if let Some(skew) = failed.skew
            && self.corrects_clock
            && !history.clock_corrected
        {
            history.clock_corrected = true;
            self.correction.learn(failed.corrected_by, skew);
            return true;
        }
        // Most often the server closed an idle connection just when the request was under way. But
        // a server that died at work looks the same, so what may not happen twice is left alone.
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
        Error::new(*failed.cause, O::KIND, failure, attempts, self.place(queue))
            .with_clock_skew(failed.skew)
    }

    fn elapsed_since(&self, start: Duration) -> Duration {
        self.runtime.elapsed().saturating_sub(start)
    }
}
