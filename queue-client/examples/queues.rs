//! What can be done with queues: make, describe, find, delete.
//!
//! `AZURE_STORAGE_CONNECTION_STRING="UseDevelopmentStorage=true" cargo run --package queue-client --example queues`

use queue_client::{QueueServiceClient, proto::Metadata};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    run(&QueueServiceClient::from_env()?).await
}

pub(crate) async fn run(service: &QueueServiceClient) -> Result<(), Box<dyn std::error::Error>> {
    for name in ["example-apples", "example-bananas"] {
        let outcome = service.queue(name)?.create().await?;
        println!("{name}: {outcome:?}");
    }

    let mut metadata = Metadata::new();
    metadata.insert("color", "green")?;
    service.queue("example-apples")?.set_metadata(metadata).await?;

    let mut pages = service.list_queues().prefix("example-")?.include_metadata();
    while let Some(page) = pages.next().await? {
        for queue in page {
            let color = queue.metadata().as_ref().and_then(|metadata| metadata.get("color"));
            println!("{} is {}", queue.name(), color.unwrap_or("of no color"));
        }
    }

    for name in ["example-apples", "example-bananas", "example-cherries"] {
        let was_there = service.queue(name)?.delete_queue_if_exists().await?;
        println!("{name} was {}", if was_there { "deleted" } else { "not there" });
    }
    Ok(())
}
