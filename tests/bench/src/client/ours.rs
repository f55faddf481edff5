//! This project's client, as its README shows it.

use std::sync::Arc;

use queue_client::transport::{HttpOptions, HyperTransport, ReqwestTransport, Transport};
use queue_client::{QueueClient, QueueServiceClient, ReceivedMessage};

use super::Contestant;
use crate::Outcome;
use crate::wire;

#[derive(Clone)]
pub(super) struct Ours {
    queue: QueueClient,
    text: String,
    /// The message to delete.
    message: Arc<ReceivedMessage>,
}

impl Ours {
    pub(super) async fn over_reqwest(port: u16) -> Outcome<Self> {
        Self::new(port, ReqwestTransport::with_options(&HttpOptions::new())?).await
    }

    pub(super) async fn over_hyper(port: u16) -> Outcome<Self> {
        Self::new(port, HyperTransport::with_options(&HttpOptions::new())?).await
    }

    /// Authorized as Microsoft's crate is, which has no Shared Key.
    pub(super) async fn with_sas(port: u16) -> Outcome<Self> {
        let transport = HyperTransport::with_options(&HttpOptions::new())?;
        Self::authorized(&wire::connection_string_with_sas(port), transport).await
    }

    async fn new(port: u16, transport: impl Transport + 'static) -> Outcome<Self> {
        Self::authorized(&wire::connection_string(port), transport).await
    }

    async fn authorized(
        connection_string: &str,
        transport: impl Transport + 'static,
    ) -> Outcome<Self> {
        let queue = QueueServiceClient::builder_from_connection_string(connection_string)?
            .transport(transport)
            .build()?
            .queue(wire::QUEUE)?;
        let message: Arc<_> = queue.receive_one().await?.ok_or("no message")?.into();
        Ok(Self { queue, text: wire::text(), message })
    }
}

impl Contestant for Ours {
    async fn send(&self) -> Outcome {
        self.queue.send(self.text.clone()).await?;
        Ok(())
    }

    async fn receive(&self) -> Outcome<usize> {
        Ok(self.queue.receive(32).await?.len())
    }

    async fn delete(&self) -> Outcome {
        Ok(self.queue.delete(&self.message).await?)
    }
}
