use std::{env, error::Error};

use azure_core::http::Url;
use azure_storage_queue::QueueClient;
use azure_storage_queue::models::QueueMessage;

pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let queue = QueueClient::new(Url::parse(&env::var("QUEUE_SAS_URL")?)?, None, None)?;
    let message = QueueMessage { message_text: Some("hello".to_owned()) };
    queue.send_message(message.try_into()?, None).await?;
    let received = queue.receive_messages(None).await?.into_model()?;
    for message in received.items.unwrap_or_default() {
        println!("{}", message.message_text.unwrap_or_default());
        let (id, receipt) = (message.message_id, message.pop_receipt);
        queue.delete_message(&id.unwrap_or_default(), &receipt.unwrap_or_default(), None).await?;
    }
    Ok(())
}
