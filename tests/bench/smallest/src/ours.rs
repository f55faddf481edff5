use std::{env, error::Error};

use queue_client::QueueServiceClient;

pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let service =
        QueueServiceClient::from_connection_string(&env::var("AZURE_STORAGE_CONNECTION_STRING")?)?;
    let queue = service.queue("orders")?;
    queue.send("hello").await?;
    for message in queue.receive(1).await? {
        println!("{}", message.text());
        queue.delete(&message).await?;
    }
    Ok(())
}
