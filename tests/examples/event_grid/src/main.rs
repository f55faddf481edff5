//! Prints which blobs came and went, by what Event Grid puts into a queue.
//!
//! `cargo run --package queue-example-event-grid -- blob-events`

use std::env;

use queue_client::{QueueServiceClient, processor::Processor};
use queue_example_event_grid::EventCodec;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name = env::args().nth(1).unwrap_or_else(|| "blob-events".to_owned());
    let queue = QueueServiceClient::from_env()?.queue(name.as_str())?;
    let report = Processor::new(queue.with_codec(EventCodec::new()))
        .stop_on_signals()
        .run(|event| async move {
            let event = event.body();
            match event.blob() {
                Some(blob) => println!("{} {}/{}", event.kind, blob.container, blob.name),
                None => println!("{} {}", event.kind, event.subject),
            }
            Ok(())
        })
        .await?;
    println!("{report}");
    Ok(())
}
