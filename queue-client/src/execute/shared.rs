//! [`Shared`]: what the clients of an account have in common; [`Target`]: one of its queues.

use std::{sync::Arc, time::Duration};

use http::HeaderValue;
use queue_auth::Authorize;
use queue_proto::{CallOptions, Endpoint, Operation, QueueName};

use crate::{
    clock::Correction,
    error::{Error, Place},
    location::LocationMode,
    observe::CallObserver,
    retry::{RetryBudget, RetryPolicy},
    runtime::Runtime,
    throttle::Throttle,
    transport::Transport,
};

/// The settings and the state that all clients of an account have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) endpoint: Endpoint,
    pub(crate) authorizer: Arc<dyn Authorize>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) retry: Arc<dyn RetryPolicy>,
    pub(crate) attempt_timeout: Duration,
    pub(crate) call_timeout: Duration,
    pub(crate) user_agent: HeaderValue,
    pub(crate) options: CallOptions,
    pub(crate) secondary: Option<Endpoint>,
    pub(crate) location: LocationMode,
    pub(crate) budget: Arc<RetryBudget>,
    pub(crate) observers: Vec<Arc<dyn CallObserver>>,
    pub(crate) corrects_clock: bool,
    pub(crate) correction: Correction,
}

/// Which failures a call repeats by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// The failures after which a repetition can do no harm.
    Safe,
    /// The safe failures, and lost answers of operations that then have two effects: a message that
    /// is there twice is better than one that is missing.
    #[cfg_attr(
        not(feature = "bulk"),
        expect(dead_code, reason = "transfers and producers send by it")
    )]
    Ambiguous,
    /// No failure: the caller decides what is tried again. Only what was put right gets a second
    /// attempt.
    #[cfg_attr(
        not(all(feature = "processor", feature = "tokio")),
        expect(dead_code, reason = "the processor sends by it")
    )]
    Nothing,
}

/// One call: what is asked for, where, and how long the caller waits.
pub(crate) struct Request<'a, O> {
    pub(crate) operation: &'a O,
    pub(crate) options: &'a CallOptions,
    pub(crate) queue: Option<&'a QueueName>,
    pub(crate) limit: Duration,
    pub(crate) repeat: Repeat,
    /// Who learns of answers that the service is busy.
    pub(crate) throttle: Option<&'a Throttle>,
}

impl Shared {
    /// Makes a call with the client's retries.
    pub(crate) async fn execute<O: Operation>(
        &self,
        operation: &O,
        options: &CallOptions,
        queue: Option<&QueueName>,
    ) -> Result<O::Response, Error> {
        let (limit, repeat) = (self.call_timeout, Repeat::Safe);
        let request = Request { operation, options, queue, limit, repeat, throttle: None };
        Ok(self.call(request).await?.0)
    }

    pub(crate) fn place(&self, queue: Option<&QueueName>) -> Place {
        Place {
            endpoint: self.endpoint.to_string(),
            account: self.endpoint.account().to_string(),
            queue: queue.map(ToString::to_string),
        }
    }
}

/// The queue that a call goes to.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) shared: Arc<Shared>,
    pub(crate) name: QueueName,
    throttle: Arc<Throttle>,
}

impl Target {
    pub(crate) fn new(shared: Arc<Shared>, name: QueueName) -> Self {
        Self { shared, name, throttle: Arc::default() }
    }

    /// Whether both are clones of one target, and so share what they learn of the queue.
    pub(crate) fn is_clone_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.throttle, &other.throttle)
    }

    /// How many of `most` requests may be under way at once, by what the queue bears at the moment.
    pub(crate) fn allowed(&self, most: usize) -> usize {
        self.throttle.allowed(most, &*self.shared.runtime)
    }

    /// Makes a call with the client's retries.
    pub(crate) async fn execute<O: Operation>(&self, operation: &O) -> Result<O::Response, Error> {
        Ok(self.call(operation, self.shared.call_timeout, Repeat::Safe).await?.0)
    }

    async fn call<O: Operation>(
        &self,
        operation: &O,
        limit: Duration,
        repeat: Repeat,
    ) -> Result<(O::Response, u32), Error> {
        let (options, queue) = (&self.shared.options, Some(&self.name));
        let throttle = Some(&*self.throttle);
        self.shared.call(Request { operation, options, queue, limit, repeat, throttle }).await
    }
}

#[cfg(all(feature = "processor", feature = "tokio"))]
impl Target {
    /// Makes one attempt, of at most the client's time for an attempt. What is tried again, and
    /// when, is up to the caller.
    pub(crate) async fn once<O: Operation>(&self, operation: &O) -> Result<O::Response, Error> {
        self.once_within(operation, self.shared.attempt_timeout).await
    }

    /// Makes one attempt, of at most `limit`.
    pub(crate) async fn once_within<O: Operation>(
        &self,
        operation: &O,
        limit: Duration,
    ) -> Result<O::Response, Error> {
        Ok(self.call(operation, limit, Repeat::Nothing).await?.0)
    }
}

#[cfg(all(feature = "processor", feature = "tokio"))]
impl Target {
    /// Makes a call with the client's retries, of at most `limit`.
    pub(crate) async fn execute_within<O: Operation>(
        &self,
        operation: &O,
        limit: Duration,
    ) -> Result<O::Response, Error> {
        Ok(self.call(operation, limit, Repeat::Safe).await?.0)
    }
}

#[cfg(feature = "bulk")]
impl Target {
    /// Makes a call with the client's retries, and if `resends`, also after lost answers, when it
    /// may have two effects. How many attempts followed on a lost answer is returned too.
    pub(crate) async fn insist<O: Operation>(
        &self,
        operation: &O,
        resends: bool,
    ) -> Result<(O::Response, u32), Error> {
        let repeat = if resends { Repeat::Ambiguous } else { Repeat::Safe };
        self.call(operation, self.shared.call_timeout, repeat).await
    }
}
