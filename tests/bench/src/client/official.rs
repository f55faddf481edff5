//! Microsoft's `azure_storage_queue`, with a shared access signature in the URL: it has no Shared
//! Key.

use std::sync::Arc;

use azure_core::http::Url;
use azure_storage_queue::QueueClient;
use azure_storage_queue::models::{QueueClientReceiveMessagesOptions, QueueMessage};

use super::Contestant;
use crate::Outcome;
use crate::wire::{self, ACCOUNT, MESSAGE_ID, POP_RECEIPT, QUEUE, SAS};

#[derive(Clone)]
pub(super) struct Official {
    queue: Arc<QueueClient>,
    text: String,
}

impl Official {
    pub(super) fn new(port: u16) -> Outcome<Self> {
        let url = Url::parse(&format!("http://127.0.0.1:{port}/{ACCOUNT}/{QUEUE}?{SAS}"))?;
        Ok(Self { queue: Arc::new(QueueClient::new(url, None, None)?), text: wire::text() })
    }
}

impl Contestant for Official {
    async fn send(&self) -> Outcome {
        let message = QueueMessage { message_text: Some(self.text.clone()) };
        let sent = self.queue.send_message(message.try_into()?, None).await?.into_model()?;
        sent.items.filter(|items| items.len() == 1).ok_or("no message")?;
        Ok(())
    }

    async fn receive(&self) -> Outcome<usize> {
        let options = QueueClientReceiveMessagesOptions {
            number_of_messages: Some(32),
            ..Default::default()
        };
        let received = self.queue.receive_messages(Some(options)).await?.into_model()?;
        Ok(received.items.map_or(0, |items| items.len()))
    }

    async fn delete(&self) -> Outcome {
        self.queue.delete_message(MESSAGE_ID, POP_RECEIPT, None).await?;
        Ok(())
    }
}
