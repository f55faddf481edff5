//! [`Delivery`] and [`Acker`], in the shape of omniqueue's: it lets nobody else make a `Delivery`.
//! Within omniqueue this file goes away.

use std::{fmt, time::Duration};

use omniqueue::{QueueError, Result};
use serde::de::DeserializeOwned;

use crate::backend::AzureAcker;

/// What a backend knows about a message that it handed out.
pub(crate) trait Acker: Send {
    fn ack(&mut self) -> impl Future<Output = Result<()>> + Send;
    fn nack(&mut self) -> impl Future<Output = Result<()>> + Send;
    fn set_ack_deadline(&mut self, duration: Duration) -> impl Future<Output = Result<()>> + Send;
}

/// A message that was received.
pub struct Delivery {
    payload: Option<Vec<u8>>,
    acker: AzureAcker,
}

impl Delivery {
    pub(crate) const fn new(payload: Vec<u8>, acker: AzureAcker) -> Self {
        Self { payload: Some(payload), acker }
    }

    /// Says that the work is done: the message is deleted.
    ///
    /// # Errors
    ///
    /// The error with the delivery, so that the caller can try again. It is an error too if somebody
    /// else has received the message meanwhile.
    pub async fn ack(mut self) -> Result<(), (QueueError, Self)> {
        self.acker.ack().await.map_err(|error| (error, self))
    }

    /// Says that the work is not done: the message becomes visible again.
    ///
    /// # Errors
    ///
    /// The error with the delivery, so that the caller can try again.
    pub async fn nack(mut self) -> Result<(), (QueueError, Self)> {
        self.acker.nack().await.map_err(|error| (error, self))
    }

    /// Hides the message from others for so long from now: 0 to 7 days.
    ///
    /// # Errors
    ///
    /// When the message is somebody else's by now, or the service cannot be asked.
    pub async fn set_ack_deadline(&mut self, duration: Duration) -> Result<()> {
        self.acker.set_ack_deadline(duration).await
    }

    /// Takes the payload out; it is not there any more afterwards.
    pub fn take_payload(&mut self) -> Option<Vec<u8>> {
        self.payload.take()
    }

    /// The payload, unless it was taken out.
    #[must_use]
    pub fn borrow_payload(&self) -> Option<&[u8]> {
        self.payload.as_deref()
    }

    /// Reads the payload as JSON; `None` if it was taken out.
    ///
    /// # Errors
    ///
    /// When the payload is no such JSON.
    pub fn payload_serde_json<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        let Some(bytes) = &self.payload else { return Ok(None) };
        serde_json::from_slice(bytes).map_err(Into::into)
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery").finish_non_exhaustive()
    }
}
