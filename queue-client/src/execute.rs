//! The attempt loop: the only place that knows in which order the steps of a call go.

use std::{
    future::poll_fn,
    pin::pin,
    task::Poll,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{HeaderMap, Response, header};
use queue_proto::{
    CallOptions, Operation, OperationResponse, QueueName, ResponseError, ResponseHead,
};

use crate::{
    advice::CLOCK_TOLERANCE,
    client::Shared,
    error::{Cause, ClockSkew, Error, Place},
    failure::OpFailure,
    retry::{Attempt, is_safe_to_repeat},
    transport::{TransportError, TransportErrorKind},
};

/// An attempt that failed.
struct Failed {
    cause: Cause,
    failure: OpFailure,
    skew: Option<ClockSkew>,
    /// The credential learned something from the answer that makes one more attempt worthwhile.
    credential_renewed: bool,
}

impl Shared {
    /// Sends `operation` until it succeeds, fails for good, or time or attempts run out.
    pub(crate) async fn execute<O: Operation>(
        &self,
        operation: &O,
        options: &CallOptions,
        queue: Option<&QueueName>,
    ) -> Result<O::Response, Error> {
        let started = self.runtime.elapsed();
        let mut attempts = 0;
        let mut renewed_before = false;
        let mut ambiguous_before = false;
        loop {
            let remaining = self.call_timeout.saturating_sub(self.elapsed_since(started));
            attempts += 1;
            let failed = match self.attempt(operation, options, remaining).await {
                Ok(response) => return Ok(response),
                Err(failed) => failed,
            };
            tracing::debug!(
                operation = O::KIND.name(),
                attempt = attempts,
                failure = ?failed.failure,
                "attempt failed"
            );

            if ambiguous_before
                && let Cause::Service(error) = &failed.cause
                && let Some(response) = O::answer_if_applied_before(error)
            {
                return Ok(response);
            }

            let pause = if failed.credential_renewed && !renewed_before {
                renewed_before = true;
                Some(Duration::ZERO)
            } else if is_permanent(&failed.cause) || !is_safe_to_repeat(O::KIND, &failed.failure) {
                None
            } else {
                self.retry.delay(&Attempt {
                    operation: O::KIND,
                    number: attempts,
                    failure: &failed.failure,
                    random: self.runtime.random(),
                })
            };
            let remaining = self.call_timeout.saturating_sub(self.elapsed_since(started));
            let was_ambiguous = ambiguous_before || failed.failure.may_be_applied();
            match pause.filter(|pause| *pause < remaining) {
                Some(Duration::ZERO) => {}
                Some(pause) => self.runtime.sleep(pause).await,
                None => {
                    // What an earlier attempt left open, a later refusal does not settle.
                    let failure = if was_ambiguous { OpFailure::Ambiguous } else { failed.failure };
                    let sent = if was_sent(&failed.cause) { attempts } else { attempts - 1 };
                    let place = self.place(queue);
                    return Err(Error::new(failed.cause, O::KIND, failure, sent, place)
                        .with_clock_skew(failed.skew));
                }
            }
            ambiguous_before = was_ambiguous;
        }
    }

    async fn attempt<O: Operation>(
        &self,
        operation: &O,
        options: &CallOptions,
        remaining: Duration,
    ) -> Result<O::Response, Failed> {
        let not_sent = |cause| Failed {
            cause,
            failure: OpFailure::NotSent,
            skew: None,
            credential_renewed: false,
        };
        let authorizer = &*self.authorizer;
        authorizer
            .refresh(self.runtime.now())
            .await
            .map_err(|error| not_sent(Cause::Authorization(error)))?;
        if authorizer.requires_tls() && !self.endpoint.is_https() {
            return Err(not_sent(Cause::InsecureEndpoint));
        }

        let (mut parts, body) = operation.to_http(&self.endpoint, options).into_parts();
        parts.headers.insert(header::USER_AGENT, self.user_agent.clone());
        let now = self.runtime.now();
        authorizer
            .authorize(&mut parts, now)
            .map_err(|error| not_sent(Cause::Authorization(error)))?;

        let limit = self.attempt_timeout.min(remaining);
        let response =
            self.send(http::Request::from_parts(parts, body), limit).await.map_err(|error| {
                Failed {
                    failure: OpFailure::of_transport(error.kind()),
                    cause: Cause::Transport(error),
                    skew: None,
                    credential_renewed: false,
                }
            })?;
        self.read::<O>(response, now)
    }

    async fn send(
        &self,
        request: http::Request<Bytes>,
        limit: Duration,
    ) -> Result<Response<Bytes>, TransportError> {
        let mut answer = self.transport.send(request);
        let mut timer = pin!(self.runtime.sleep(limit));
        poll_fn(|context| {
            if let Poll::Ready(result) = answer.as_mut().poll(context) {
                return Poll::Ready(result);
            }
            timer
                .as_mut()
                .poll(context)
                .map(|()| Err(TransportError::new(TransportErrorKind::Timeout)))
        })
        .await
    }

    fn read<O: Operation>(
        &self,
        response: Response<Bytes>,
        sent_at: SystemTime,
    ) -> Result<O::Response, Failed> {
        let status = response.status();
        if status.is_success() {
            return O::Response::from_http(response).map_err(|error| self.unreadable(error, None));
        }
        let headers = response.headers().clone();
        let credential_renewed =
            status == http::StatusCode::UNAUTHORIZED && self.authorizer.rejected(&headers);
        O::Response::from_http(response).map_err(|error| {
            let mut failed = self.unreadable(error, retry_after(&headers));
            failed.credential_renewed = credential_renewed;
            if matches!(&failed.failure, OpFailure::Refused { .. }) {
                failed.skew = clock_skew(&headers, sent_at);
            }
            failed
        })
    }

    fn unreadable(&self, error: ResponseError, retry_after: Option<Duration>) -> Failed {
        let (cause, failure) = match error {
            ResponseError::Service(error) => {
                let failure = OpFailure::of_service(&error, retry_after);
                (Cause::Service(Box::new(error)), failure)
            }
            // The status says success, so the request may well have been applied.
            ResponseError::Decode(error) => (Cause::Answer(error), OpFailure::Ambiguous),
        };
        Failed { cause, failure, skew: None, credential_renewed: false }
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

/// Trying again cannot help.
fn is_permanent(cause: &Cause) -> bool {
    match cause {
        Cause::InvalidArgument(_) | Cause::Authorization(_) | Cause::InsecureEndpoint => true,
        Cause::Transport(error) => {
            matches!(error.kind(), TransportErrorKind::NotSent | TransportErrorKind::TooLarge)
        }
        Cause::Service(_) | Cause::Answer(_) => false,
    }
}

/// Whether the attempt got as far as the transport.
fn was_sent(cause: &Cause) -> bool {
    match cause {
        Cause::InvalidArgument(_) | Cause::Authorization(_) | Cause::InsecureEndpoint => false,
        Cause::Transport(error) => error.kind() != TransportErrorKind::NotSent,
        Cause::Service(_) | Cause::Answer(_) => true,
    }
}

/// `Retry-After` in seconds. The form with a date is not used by the service.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn clock_skew(headers: &HeaderMap, sent_at: SystemTime) -> Option<ClockSkew> {
    let service = ResponseHead::read(headers).date?;
    Some(ClockSkew::between(sent_at, service)).filter(|skew| skew.distance() > CLOCK_TOLERANCE)
}
