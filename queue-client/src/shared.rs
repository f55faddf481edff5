//! What the clients of an account have in common.

use std::{sync::Arc, time::Duration};

use http::HeaderValue;
use queue_auth::Authorize;
use queue_proto::{CallOptions, Endpoint, Operation, QueueName};

use crate::{
    error::Error,
    execute::{Correction, LocationMode},
    observe::Observer,
    retry::{RetryBudget, RetryPolicy},
    runtime::Runtime,
    transport::Transport,
};

/// What all clients of an account have in common.
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
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) corrects_clock: bool,
    pub(crate) correction: Correction,
}

/// The queue that a call goes to.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) shared: Arc<Shared>,
    pub(crate) name: QueueName,
}

impl Target {
    pub(crate) async fn execute<O: Operation>(&self, operation: &O) -> Result<O::Response, Error> {
        self.shared.execute(operation, &self.shared.options, Some(&self.name)).await
    }
}
