use std::{env, error::Error};

use azure_storage::StorageCredentials;
use azure_storage_queues::QueueServiceClient;

pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let account = env::var("STORAGE_ACCOUNT")?;
    let credentials =
        StorageCredentials::access_key(account.clone(), env::var("STORAGE_ACCESS_KEY")?);
    let queue = QueueServiceClient::new(account, credentials).queue_client("orders");
    queue.put_message("hello").await?;
    for message in queue.get_messages().await?.messages {
        println!("{}", message.message_text);
        queue.pop_receipt_client(message).delete().await?;
    }
    Ok(())
}
