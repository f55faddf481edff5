//! [`AzureQueueBackend`] with its producer, its consumer, and what acknowledges a message.

use std::{num::NonZeroUsize, time::Duration};

use omniqueue::{QueueError, QueueProducer, Result, ScheduledQueueProducer};
use queue_client::{
    Error, QueueClient, ReceivedMessage,
    proto::{MessageCount, limits::MAX_MESSAGE_TEXT},
};
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::{
    config::AzureQueueConfig,
    delivery::{Acker, Delivery},
};

/// Azure Queue Storage as a backend of omniqueue. Messages have no order, and a receive does not wait
/// for one.
#[derive(Debug)]
#[non_exhaustive]
pub struct AzureQueueBackend;

/// Makes the two halves of a backend.
#[derive(Debug, Clone)]
pub struct AzureQueueBuilder {
    config: AzureQueueConfig,
}

impl AzureQueueBackend {
    /// A builder with these settings.
    #[must_use]
    pub const fn builder(config: AzureQueueConfig) -> AzureQueueBuilder {
        AzureQueueBuilder { config }
    }
}

#[expect(clippy::unused_async, reason = "the builders of omniqueue have this shape")]
impl AzureQueueBuilder {
    /// Both halves. The queue is not made: it should be there.
    ///
    /// # Errors
    ///
    /// None: no request is sent yet.
    pub async fn build_pair(self) -> Result<(AzureQueueProducer, AzureQueueConsumer)> {
        let producer = AzureQueueProducer { config: self.config.clone() };
        Ok((producer, AzureQueueConsumer { config: self.config }))
    }

    /// The half that sends.
    ///
    /// # Errors
    ///
    /// None: no request is sent yet.
    pub async fn build_producer(self) -> Result<AzureQueueProducer> {
        Ok(AzureQueueProducer { config: self.config })
    }

    /// The half that receives.
    ///
    /// # Errors
    ///
    /// None: no request is sent yet.
    pub async fn build_consumer(self) -> Result<AzureQueueConsumer> {
        Ok(AzureQueueConsumer { config: self.config })
    }
}

/// The half of a backend that sends.
#[derive(Debug)]
pub struct AzureQueueProducer {
    config: AzureQueueConfig,
}

impl AzureQueueProducer {
    /// Sends a text.
    ///
    /// # Errors
    ///
    /// [`QueueError::PayloadTooLarge`] above 64 KiB, and the error of the client.
    pub async fn send_raw(&self, payload: &str) -> Result<()> {
        self.send_raw_scheduled(payload, Duration::ZERO).await
    }

    /// Sends a text that can be received after `delay`, at most 7 days.
    ///
    /// # Errors
    ///
    /// Those of [`send_raw`](Self::send_raw), and that of a delay which is too long.
    pub async fn send_raw_scheduled(&self, payload: &str, delay: Duration) -> Result<()> {
        if payload.len() > MAX_MESSAGE_TEXT {
            let (actual, limit) = (payload.len(), MAX_MESSAGE_TEXT);
            return Err(QueueError::PayloadTooLarge { actual, limit });
        }
        let mut send = self.config.queue.send(payload).visibility_timeout(delay);
        if let Some(time) = self.config.message_ttl {
            send = send.time_to_live(time);
        }
        send.await.map_err(QueueError::generic)?;
        Ok(())
    }

    /// Sends a value as JSON.
    ///
    /// # Errors
    ///
    /// Those of [`send_raw`](Self::send_raw), and that of a value which is not JSON.
    pub async fn send_serde_json<P: Serialize + Sync>(&self, payload: &P) -> Result<()> {
        self.send_raw(&serde_json::to_string(payload)?).await
    }

    /// Sends a value as JSON that can be received after `delay`.
    ///
    /// # Errors
    ///
    /// Those of [`send_raw_scheduled`](Self::send_raw_scheduled), and that of a value which is not
    /// JSON.
    pub async fn send_serde_json_scheduled<P: Serialize + Sync>(
        &self,
        payload: &P,
        delay: Duration,
    ) -> Result<()> {
        self.send_raw_scheduled(&serde_json::to_string(payload)?, delay).await
    }
}

impl QueueProducer for AzureQueueProducer {
    type Payload = String;

    async fn send_raw(&self, payload: &String) -> Result<()> {
        Self::send_raw(self, payload).await
    }

    async fn redrive_dlq(&self) -> Result<()> {
        Err(QueueError::Unsupported("redrive_dlq is not supported by AzureQueueBackend"))
    }
}

impl ScheduledQueueProducer for AzureQueueProducer {
    async fn send_raw_scheduled(&self, payload: &String, delay: Duration) -> Result<()> {
        Self::send_raw_scheduled(self, payload, delay).await
    }
}

/// The half of a backend that receives.
#[derive(Debug)]
pub struct AzureQueueConsumer {
    config: AzureQueueConfig,
}

impl AzureQueueConsumer {
    /// Receives a message.
    ///
    /// # Errors
    ///
    /// [`QueueError::NoData`] if no message is visible, and the error of the client.
    pub async fn receive(&mut self) -> Result<Delivery> {
        self.get(1).await.map_err(QueueError::generic)?.pop().ok_or(QueueError::NoData)
    }

    /// Receives up to `max_messages`, at most 32. If no message is visible, it asks again until one is
    /// or `deadline` is over.
    ///
    /// # Errors
    ///
    /// The error of the client.
    pub async fn receive_all(
        &mut self,
        max_messages: usize,
        deadline: Duration,
    ) -> Result<Vec<Delivery>> {
        let most = MessageCount::MAX.get();
        let count = u32::try_from(max_messages).unwrap_or(most).clamp(1, most);
        let started = Instant::now();
        loop {
            let messages = self.get(count).await.map_err(QueueError::generic)?;
            let left = deadline.saturating_sub(started.elapsed());
            if !messages.is_empty() || left.is_zero() {
                return Ok(messages);
            }
            sleep(self.config.empty_receive_delay.min(left)).await;
        }
    }

    /// The largest number that [`receive_all`](Self::receive_all) obeys.
    #[must_use]
    pub fn max_messages(&self) -> Option<NonZeroUsize> {
        usize::try_from(MessageCount::MAX.get()).ok().and_then(NonZeroUsize::new)
    }

    async fn get(&self, count: u32) -> Result<Vec<Delivery>, Error> {
        let AzureQueueConfig { queue, receive_timeout, nack_delay, .. } = &self.config;
        let messages = queue.receive(count).visibility_timeout(*receive_timeout).await?;
        let deliver = |message: ReceivedMessage| {
            let payload = message.text().as_bytes().to_vec();
            let (queue, nack_delay) = (queue.clone(), *nack_delay);
            Delivery::new(payload, AzureAcker { queue, message, nack_delay, settled: false })
        };
        Ok(messages.into_iter().map(deliver).collect())
    }
}

/// Acknowledges a message with its newest receipt.
pub(crate) struct AzureAcker {
    queue: QueueClient,
    message: ReceivedMessage,
    nack_delay: Duration,
    settled: bool,
}

impl AzureAcker {
    const fn check(&self) -> Result<()> {
        if self.settled { Err(QueueError::CannotAckOrNackTwice) } else { Ok(()) }
    }
}

impl Acker for AzureAcker {
    async fn ack(&mut self) -> Result<()> {
        self.check()?;
        self.queue.delete(&self.message).await.map_err(QueueError::generic)?;
        self.settled = true;
        Ok(())
    }

    async fn nack(&mut self) -> Result<()> {
        self.check()?;
        let update = self.queue.update(&mut self.message, self.nack_delay);
        update.await.map_err(QueueError::generic)?;
        self.settled = true;
        Ok(())
    }

    async fn set_ack_deadline(&mut self, duration: Duration) -> Result<()> {
        self.check()?;
        let update = self.queue.update(&mut self.message, duration);
        update.await.map_err(QueueError::generic)?;
        Ok(())
    }
}
