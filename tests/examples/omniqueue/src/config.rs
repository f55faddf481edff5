//! [`AzureQueueConfig`]: what a backend needs to know.

use std::time::Duration;

use omniqueue::{QueueError, Result};
use queue_client::{QueueClient, QueueServiceClient};

/// The settings of a backend.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AzureQueueConfig {
    /// The queue, with any credential, transport and retry policy.
    pub queue: QueueClient,
    /// The time for which a received message is hidden. Default: 180 seconds.
    pub receive_timeout: Duration,
    /// The pause before an empty queue is asked again. Default: 200 ms.
    pub empty_receive_delay: Duration,
    /// The time after which a message expires. `None` is the default of the service, 7 days.
    pub message_ttl: Option<Duration>,
    /// The time after which a message that was not acknowledged is visible again. Default: at once.
    pub nack_delay: Duration,
}

impl AzureQueueConfig {
    /// The settings for this queue, with the defaults.
    #[must_use]
    pub const fn new(queue: QueueClient) -> Self {
        Self {
            queue,
            receive_timeout: Duration::from_secs(180),
            empty_receive_delay: Duration::from_millis(200),
            message_ttl: None,
            nack_delay: Duration::ZERO,
        }
    }

    /// The settings for a queue of the account that a connection string names: with a key, with a
    /// shared access signature, or `UseDevelopmentStorage=true` for an emulator.
    ///
    /// # Errors
    ///
    /// When the connection string or the name of the queue is not valid.
    pub fn from_connection_string(connection_string: &str, queue: &str) -> Result<Self> {
        let service = QueueServiceClient::from_connection_string(connection_string)
            .map_err(QueueError::generic)?;
        Ok(Self::new(service.queue(queue).map_err(QueueError::generic)?))
    }
}
