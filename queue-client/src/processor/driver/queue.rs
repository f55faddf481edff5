use std::{sync::Arc, time::Duration};

use queue_proto::{Operation, QueueName};

use crate::{QueueClient, codec::Codec, error::Error, shared::Shared};

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

    pub(in crate::processor) fn of<C: Codec>(queue: &QueueClient<C>) -> Self {
        let target = queue.target();
        Self { client: Arc::clone(&target.shared), name: target.name.clone() }
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

    /// Calls with the client's own retries.
    pub(in crate::processor) async fn persist<O: Operation>(
        &self,
        operation: &O,
    ) -> Result<O::Response, Error> {
        let client = &self.client;
        client.execute(operation, &client.options, Some(&self.name)).await
    }
}
