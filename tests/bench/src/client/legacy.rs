//! The legacy `azure_storage_queues`, with Shared Key and an HTTP client that pools connections: its
//! own does not.

use std::sync::Arc;

use azure_core_legacy::{ClientOptions, HttpClient, TransportOptions};
use azure_storage_legacy::{CloudLocation, StorageCredentials};
use azure_storage_queues::{PopReceipt, QueueClient, QueueServiceClientBuilder};

use super::Contestant;
use crate::Outcome;
use crate::wire::{self, ACCOUNT, KEY, MESSAGE_ID, POP_RECEIPT, QUEUE};

#[derive(Clone)]
pub(super) struct Legacy {
    queue: QueueClient,
    text: String,
}

impl Legacy {
    pub(super) fn new(port: u16) -> Outcome<Self> {
        let location = CloudLocation::Custom {
            account: ACCOUNT.to_owned(),
            uri: format!("http://127.0.0.1:{port}/{ACCOUNT}"),
        };
        let pooled: Arc<dyn HttpClient> = Arc::new(reqwest_legacy::Client::new());
        let credentials = StorageCredentials::access_key(ACCOUNT, KEY);
        let queue = QueueServiceClientBuilder::with_location(location, credentials)
            .client_options(ClientOptions::new(TransportOptions::new(pooled)))
            .build()
            .queue_client(QUEUE);
        Ok(Self { queue, text: wire::text() })
    }
}

impl Contestant for Legacy {
    async fn send(&self) -> Outcome {
        self.queue.put_message(self.text.clone()).await?;
        Ok(())
    }

    async fn receive(&self) -> Outcome<usize> {
        Ok(self.queue.get_messages().number_of_messages(32).await?.messages.len())
    }

    async fn delete(&self) -> Outcome {
        let receipt = PopReceipt::new(MESSAGE_ID, POP_RECEIPT);
        self.queue.pop_receipt_client(receipt).delete().await?;
        Ok(())
    }
}
