use std::{sync::Arc, time::Duration};

use queue_proto::{Operation, QueueName};

use crate::{error::Error, shared::Shared};

/// A queue as the processor uses it: one request for each call. What is tried again, and when, the
/// core decides.
#[derive(Debug, Clone)]
pub(in crate::processor) struct Queue {
    client: Arc<Shared>,
    name: QueueName,
}

impl Queue {
    pub(in crate::processor) const fn new(client: Arc<Shared>, name: QueueName) -> Self {
        Self { client, name }
    }

    pub(in crate::processor) const fn name(&self) -> &QueueName {
        &self.name
    }

    pub(in crate::processor) const fn client(&self) -> &Arc<Shared> {
        &self.client
    }

    /// Makes one attempt, of at most the client's time for an attempt.
    pub(in crate::processor) async fn once<O: Operation>(
        &self,
        operation: &O,
    ) -> Result<O::Response, Error> {
        self.once_within(operation, self.client.attempt_timeout).await
    }

    pub(in crate::processor) async fn once_within<O: Operation>(
        &self,
        operation: &O,
        limit: Duration,
    ) -> Result<O::Response, Error> {
        self.client.execute_once(operation, Some(&self.name), limit).await
    }
}
