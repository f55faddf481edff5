//! Sends and receives values instead of text.
//!
//! `AZURE_STORAGE_CONNECTION_STRING="UseDevelopmentStorage=true" cargo run --package queue-client --features json --example json_orders`

use queue_client::{QueueServiceClient, codec::Json};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    item: String,
    count: u32,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    run(&QueueServiceClient::from_env()?).await
}

pub(crate) async fn run(service: &QueueServiceClient) -> Result<(), Box<dyn std::error::Error>> {
    let text = service.queue("json-orders")?;
    text.create_if_missing().await?;
    text.clear().await?;
    let orders = text.clone().with_codec(Json::<Order>::new());

    orders.send(Order { item: "bottle".to_owned(), count: 17 }).await?;
    text.send("this is no order").await?;

    for message in orders.receive(32).await? {
        match orders.decode(&message) {
            Ok(order) => println!("{} × {}", order.count, order.item),
            // Nothing is lost: the message is here, with its raw text.
            Err(error) => println!("put aside: {error}: {:?}", message.text()),
        }
        orders.delete(&message).await?;
    }
    text.delete_queue().await?;
    Ok(())
}
