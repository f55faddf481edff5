//! Microsoft's `azure_storage_queue`, as the examples of its README use it.

use std::time::{Duration, Instant, SystemTime};

use azure_core::http::Url;
use azure_storage_queue::QueueClient;
use azure_storage_queue::models::{QueueClientReceiveMessagesOptions, QueueMessage};
use queue_auth::AccountKey;
use queue_auth::sas::{QueuePermissions, QueueSas};
use serde_json::{Value, json};

use super::{Job, check, work};
use crate::Outcome;
use crate::wire::{self, ACCOUNT, KEY, QUEUE};

pub(super) async fn run(port: u16, job: Job) -> Outcome<Value> {
    let expiry = SystemTime::now() + Duration::from_secs(3600);
    let sas = QueueSas::new(QUEUE, QueuePermissions::ALL, expiry);
    let sas = sas.sign(ACCOUNT, &AccountKey::from_base64(KEY)?)?;
    let url = format!("http://127.0.0.1:{port}/{ACCOUNT}/{QUEUE}?{}", sas.expose());
    let queue = QueueClient::new(Url::parse(&url)?, None, None)?;
    let began = Instant::now();
    match job {
        Job::Send { messages } => {
            for _ in 0..messages {
                let message = QueueMessage { message_text: Some(wire::text()) };
                queue.send_message(message.try_into()?, None).await?;
            }
        }
        Job::Drain { messages, each, .. } => check(drain(&queue, each).await?, messages)?,
    }
    Ok(json!({ "seconds": began.elapsed().as_secs_f64() }))
}

async fn drain(queue: &QueueClient, each: Duration) -> Outcome<u64> {
    let mut done = 0;
    loop {
        // The example takes one message.
        let options = QueueClientReceiveMessagesOptions {
            number_of_messages: Some(32),
            ..Default::default()
        };
        let received = queue.receive_messages(Some(options)).await?.into_model()?;
        let received = received.items.unwrap_or_default();
        if received.is_empty() {
            return Ok(done);
        }
        for message in received {
            work(each).await;
            let id = message.message_id.ok_or("no id")?;
            let receipt = message.pop_receipt.ok_or("no receipt")?;
            queue.delete_message(&id, &receipt, None).await?;
            done += 1;
        }
    }
}
