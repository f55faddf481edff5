//! One attempt: the credential is refreshed, the request built, signed and sent, and the answer
//! read.

use std::{
    future::poll_fn,
    task::Poll,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use queue_auth::{AuthError, BoxFuture};
use queue_proto::{CallOptions, Endpoint, ErrorCode, Operation, OperationResponse, ResponseError};

use super::shared::Shared;
use crate::{
    clock::ClockSkew,
    error::{Cause, ForeignAnswer},
    failure::{OpFailure, Refusal},
    transport::{TransportError, TransportErrorKind},
};

/// An attempt that failed.
#[derive(Debug)]
pub(crate) struct Failed {
    /// Boxed, since results of attempts are passed on by value.
    pub(crate) cause: Box<Cause>,
    pub(crate) failure: OpFailure,
    /// The distance of the two clocks, if that is more than the service tolerates.
    pub(crate) skew: Option<ClockSkew>,
    /// The seconds by which the date of the request was corrected.
    pub(crate) corrected_by: i64,
    /// The credential learned something from the answer that makes one more attempt worthwhile.
    pub(crate) credential_renewed: bool,
}

impl Failed {
    fn new(cause: Cause, failure: OpFailure) -> Self {
        Self {
            cause: Box::new(cause),
            failure,
            skew: None,
            corrected_by: 0,
            credential_renewed: false,
        }
    }

    pub(crate) const fn transport_kind(&self) -> Option<TransportErrorKind> {
        match &*self.cause {
            Cause::Transport(error) => Some(error.kind()),
            _ => None,
        }
    }

    pub(crate) fn is_not_found(&self) -> bool {
        let status = match &*self.cause {
            Cause::Service(error) => error.status(),
            Cause::NotTheService(answer) => answer.status(),
            _ => return false,
        };
        status == StatusCode::NOT_FOUND
    }

    /// Says whether trying again cannot help.
    pub(crate) fn is_permanent(&self) -> bool {
        match &*self.cause {
            Cause::Authorization(error) => !error.is_transient(),
            Cause::InvalidArgument(_) | Cause::InsecureEndpoint | Cause::NoSecondary => true,
            Cause::Transport(error) => {
                matches!(error.kind(), TransportErrorKind::NotSent | TransportErrorKind::TooLarge)
            }
            Cause::Service(_)
            | Cause::Answer(_)
            | Cause::NotTheService(_)
            | Cause::BodyStore(_)
            | Cause::Encryption(_) => false,
        }
    }

    /// Says whether the answer has nothing in it that only the service writes.
    fn may_be_foreign(&self) -> bool {
        match &*self.cause {
            Cause::Service(error) => *error.code() == ErrorCode::Absent,
            cause => matches!(cause, Cause::Answer(_)),
        }
    }

    /// Says whether the attempt got as far as the transport.
    pub(crate) fn was_sent(&self) -> bool {
        match &*self.cause {
            Cause::InvalidArgument(_)
            | Cause::Authorization(_)
            | Cause::InsecureEndpoint
            | Cause::NoSecondary
            | Cause::BodyStore(_)
            | Cause::Encryption(_) => false,
            Cause::Transport(error) => error.kind() != TransportErrorKind::NotSent,
            Cause::Service(_) | Cause::Answer(_) | Cause::NotTheService(_) => true,
        }
    }
}

impl Shared {
    /// Makes one attempt at `endpoint`, of at most `remaining` time.
    pub(crate) async fn attempt<O: Operation>(
        &self,
        operation: &O,
        options: &CallOptions,
        endpoint: &Endpoint,
        remaining: Duration,
    ) -> Result<O::Response, Failed> {
        let limit = self.attempt_timeout.min(remaining);
        let authorizer = &*self.authorizer;
        // Before the request is built, so that a token which took its time is not behind its date.
        match self.within(limit, authorizer.refresh(self.now())).await {
            Some(ready) => ready.map_err(unauthorized)?,
            None => {
                let error = TransportError::new(TransportErrorKind::Timeout)
                    .with_source("the credential was not ready in time");
                return Err(Failed::new(Cause::Transport(error), OpFailure::NotSent));
            }
        }
        if authorizer.requires_tls() && !endpoint.is_https() {
            return Err(Failed::new(Cause::InsecureEndpoint, OpFailure::NotSent));
        }

        // Built, dated and signed for each attempt: the service refuses a date that is older than
        // 15 minutes, and `tests/it/retry.rs` pins that no old signature is sent again.
        let (mut parts, body) = operation.to_http(endpoint, options).into_parts();
        parts.headers.insert(header::USER_AGENT, self.user_agent.clone());
        let corrected_by = self.correction.seconds();
        let now = self.now();
        authorizer.authorize(&mut parts, now).map_err(unauthorized)?;

        let request = Request::from_parts(parts, body);
        let answer = self
            .within(limit, self.transport.send(request))
            .await
            .unwrap_or_else(|| Err(self.timed_out(endpoint)))
            .map_err(|error| {
                let failure = unanswered(error.kind());
                Failed::new(Cause::Transport(error), failure)
            })?;
        self.read::<O>(answer, now, endpoint).map_err(|failed| Failed { corrected_by, ..failed })
    }

    fn timed_out(&self, endpoint: &Endpoint) -> TransportError {
        let error = TransportError::new(TransportErrorKind::Timeout);
        match self.proxy(endpoint) {
            Some(proxy) => error.with_proxy(proxy),
            None => error,
        }
    }

    /// The proxy on the way, for what the transport could not say itself.
    fn proxy(&self, endpoint: &Endpoint) -> Option<String> {
        self.transport.proxy(&endpoint.to_string().parse().ok()?)
    }

    /// The time that requests are dated with.
    pub(crate) fn now(&self) -> SystemTime {
        self.correction.apply(self.runtime.now())
    }

    /// The output of the future, or `None` when that takes longer than `limit`.
    pub(crate) async fn within<T>(
        &self,
        limit: Duration,
        mut future: BoxFuture<'_, T>,
    ) -> Option<T> {
        let mut timer = None;
        poll_fn(|context| {
            if let Poll::Ready(value) = future.as_mut().poll(context) {
                return Poll::Ready(Some(value));
            }
            // What is ready at once needs no timer.
            let timer = timer.get_or_insert_with(|| self.runtime.sleep(limit));
            timer.as_mut().poll(context).map(|()| None)
        })
        .await
    }

    fn read<O: Operation>(
        &self,
        answer: Response<Bytes>,
        sent_at: SystemTime,
        endpoint: &Endpoint,
    ) -> Result<O::Response, Failed> {
        let status = answer.status();
        let is_foreign = ForeignAnswer::has_none_of_the_service(answer.headers());
        // Kept only where it is needed: what succeeds is not copied.
        let kept = (is_foreign || !status.is_success())
            .then(|| (answer.headers().clone(), answer.body().clone()));
        O::Response::from_http(answer).map_err(|error| {
            let Some((headers, body)) = kept else { return failed(error, None) };
            let mut failed = failed(error, retry_after(&headers));
            if is_foreign && failed.may_be_foreign() {
                let proxy = self.proxy(endpoint);
                let answer = ForeignAnswer::new(status, &headers, &body, proxy);
                *failed.cause = Cause::NotTheService(Box::new(answer));
            }
            failed.credential_renewed =
                status == StatusCode::UNAUTHORIZED && self.authorizer.rejected(&headers);
            if matches!(status, StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED) {
                failed.skew = ClockSkew::intolerable(&headers, sent_at);
            }
            failed
        })
    }
}

/// What is known of a request without an answer.
const fn unanswered(kind: TransportErrorKind) -> OpFailure {
    match kind {
        TransportErrorKind::NotSent | TransportErrorKind::Connect => OpFailure::NotSent,
        TransportErrorKind::Timeout
        | TransportErrorKind::ClosedBeforeAnswer
        | TransportErrorKind::Interrupted
        | TransportErrorKind::TooLarge => OpFailure::Ambiguous,
    }
}

fn unauthorized(error: AuthError) -> Failed {
    let failure = match error.retry_after() {
        Some(pause) => OpFailure::Refused { kind: Refusal::Throttled, retry_after: Some(pause) },
        None => OpFailure::NotSent,
    };
    Failed::new(Cause::Authorization(error), failure)
}

fn failed(error: ResponseError, retry_after: Option<Duration>) -> Failed {
    match error {
        ResponseError::Service(error) => {
            let failure = OpFailure::of_service(&error, retry_after);
            Failed::new(Cause::Service(Box::new(error)), failure)
        }
        // The status says success, so the request may well have been applied.
        ResponseError::Decode(error) => Failed::new(Cause::Answer(error), OpFailure::Ambiguous),
    }
}

/// `Retry-After` in seconds. The form with a date is not used by the service.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
