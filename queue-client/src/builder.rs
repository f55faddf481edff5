//! [`ClientBuilder`]: puts a client together, and chooses what was not given.

use std::{sync::Arc, time::Duration};

use http::HeaderValue;
use queue_auth::{Anonymous, Authorize};
use queue_proto::{CallOptions, Endpoint};

use crate::{
    account::Account,
    clock::Correction,
    error::SetupError,
    execute::shared::Shared,
    location::LocationMode,
    observe::CallObserver,
    retry::{ExponentialBackoff, RetryBudget, RetryPolicy},
    runtime::Runtime,
    transport::Transport,
};

/// The time for one attempt unless [`ClientBuilder::attempt_timeout`] says otherwise. The
/// service gives most operations 30 s ("Setting timeouts for Queue service operations").
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(35);
/// The time for a call, all attempts and pauses included.
const CALL_TIMEOUT: Duration = Duration::from_secs(120);
const USER_AGENT: &str = concat!("queue-client/", env!("CARGO_PKG_VERSION"));

/// Puts a [`QueueServiceClient`](crate::QueueServiceClient) together.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct ClientBuilder {
    endpoint: Endpoint,
    authorizer: Arc<dyn Authorize>,
    transport: Option<Arc<dyn Transport>>,
    runtime: Option<Arc<dyn Runtime>>,
    retry: Arc<dyn RetryPolicy>,
    attempt_timeout: Duration,
    call_timeout: Duration,
    user_agent: HeaderValue,
    options: CallOptions,
    location: LocationMode,
    budget: Arc<RetryBudget>,
    observers: Vec<Arc<dyn CallObserver>>,
    corrects_clock: bool,
}

impl From<Account> for ClientBuilder {
    fn from(account: Account) -> Self {
        Self { authorizer: account.authorizer, ..Self::new(account.endpoint) }
    }
}

impl ClientBuilder {
    pub(crate) fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            authorizer: Arc::new(Anonymous),
            transport: None,
            runtime: None,
            retry: Arc::new(ExponentialBackoff::new()),
            attempt_timeout: ATTEMPT_TIMEOUT,
            call_timeout: CALL_TIMEOUT,
            user_agent: HeaderValue::from_static(USER_AGENT),
            options: CallOptions::default(),
            location: LocationMode::default(),
            budget: Arc::default(),
            observers: Vec::new(),
            corrects_clock: false,
        }
    }

    /// Sets the credential. Default: none, or that of the [`Account`].
    pub fn authorizer(mut self, authorizer: impl Authorize + 'static) -> Self {
        self.authorizer = Arc::new(authorizer);
        self
    }

    /// Sets how requests leave the process. Default:
    /// [`ReqwestTransport`](crate::transport::ReqwestTransport), or
    /// [`HyperTransport`](crate::transport::HyperTransport) where only that is compiled in.
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Sets clock, timers and randomness. Default: [`TokioRuntime`](crate::runtime::TokioRuntime),
    /// or [`ThreadRuntime`](crate::runtime::ThreadRuntime) without the feature `tokio`.
    pub fn runtime(mut self, runtime: impl Runtime + 'static) -> Self {
        self.runtime = Some(Arc::new(runtime));
        self
    }

    /// Sets when a failed attempt is followed by another. Default: [`ExponentialBackoff::new`].
    pub fn retry(mut self, policy: impl RetryPolicy + 'static) -> Self {
        self.retry = Arc::new(policy);
        self
    }

    /// Sets how long one attempt may take, from sending to the last byte of the answer. A transport
    /// that blocks its thread cannot be interrupted, and needs a limit of its own. Default: 35 seconds.
    pub fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.attempt_timeout = limit;
        self
    }

    /// Sets how long a call may take, all attempts and the pauses between them included. Default: 2
    /// minutes.
    pub fn call_timeout(mut self, limit: Duration) -> Self {
        self.call_timeout = limit;
        self
    }

    /// Sets the `User-Agent` header. Default: `queue-client/` and the version of the crate.
    pub fn user_agent(mut self, value: HeaderValue) -> Self {
        self.user_agent = value;
        self
    }

    /// Sets version, server timeout and request id of every call.
    pub fn call_options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// Sets where reads go. Default: [`LocationMode::PrimaryOnly`].
    pub fn location_mode(mut self, mode: LocationMode) -> Self {
        self.location = mode;
        self
    }

    /// Shares a bound on retries with other clients. Without it a client, with all its queues and
    /// clones, has a budget of its own.
    pub fn retry_budget(mut self, budget: Arc<RetryBudget>) -> Self {
        self.budget = budget;
        self
    }

    /// Tells `observer` of every call that is over, beside those that were given before.
    pub fn observer(mut self, observer: impl CallObserver + 'static) -> Self {
        self.observers.push(Arc::new(observer));
        self
    }

    /// Corrects the clock: when the service refuses a signature because of its date, the client
    /// learns the time from the answer, tries once more at once, and dates all further requests by
    /// the service's clock. A clock that is wrong should rather be set right. Default: off.
    pub fn correct_clock_skew(mut self, correct: bool) -> Self {
        self.corrects_clock = correct;
        self
    }

    /// The part that all clients of the account share.
    pub(crate) fn into_shared(self) -> Result<Arc<Shared>, SetupError> {
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport()?,
        };
        let runtime = match self.runtime {
            Some(runtime) => runtime,
            None => default_runtime()?,
        };
        Ok(Arc::new(Shared {
            secondary: self.endpoint.secondary(),
            endpoint: self.endpoint,
            authorizer: self.authorizer,
            transport,
            runtime,
            retry: self.retry,
            attempt_timeout: self.attempt_timeout,
            call_timeout: self.call_timeout,
            user_agent: self.user_agent,
            options: self.options,
            location: self.location,
            budget: self.budget,
            observers: self.observers,
            corrects_clock: self.corrects_clock,
            correction: Correction::default(),
        }))
    }
}

/// The transport of a client that is not given one: reqwest, or hyper when only that is compiled
/// in.
fn default_transport() -> Result<Arc<dyn Transport>, SetupError> {
    #[cfg(feature = "reqwest")]
    let transport =
        crate::transport::ReqwestTransport::with_options(&crate::transport::HttpOptions::new())?;
    #[cfg(all(feature = "hyper", not(feature = "reqwest")))]
    let transport =
        crate::transport::HyperTransport::with_options(&crate::transport::HttpOptions::new())?;
    #[cfg(any(feature = "hyper", feature = "reqwest"))]
    return Ok(Arc::new(transport));
    #[cfg(not(any(feature = "hyper", feature = "reqwest")))]
    Err(SetupError::NoTransport)
}

#[cfg(feature = "tokio")]
fn default_runtime() -> Result<Arc<dyn Runtime>, SetupError> {
    Ok(Arc::new(crate::runtime::TokioRuntime::new()))
}

#[cfg(all(feature = "blocking", not(feature = "tokio")))]
fn default_runtime() -> Result<Arc<dyn Runtime>, SetupError> {
    Ok(Arc::new(crate::runtime::ThreadRuntime::new()))
}

#[cfg(not(any(feature = "blocking", feature = "tokio")))]
fn default_runtime() -> Result<Arc<dyn Runtime>, SetupError> {
    Err(SetupError::NoRuntime)
}
