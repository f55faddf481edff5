//! Identifies a queue and adds messages to it.
//!
//! The environment names the account, for example
//! `AZURE_STORAGE_CONNECTION_STRING="UseDevelopmentStorage=true"` for an emulator on this machine.
//!
//! `cargo run --package queue-client --example sender -- orders "17 bottles" "3 glasses"`

use std::env;

use queue_client::QueueServiceClient;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = env::args().skip(1);
    let queue = words.next().unwrap_or_else(|| "orders".to_owned());
    let mut texts: Vec<_> = words.collect();
    if texts.is_empty() {
        texts.push("17 bottles".to_owned());
    }
    run(&QueueServiceClient::from_env()?, &queue, texts).await
}

pub(crate) async fn run(
    service: &QueueServiceClient,
    queue: &str,
    texts: Vec<String>,
) -> Result<(), Box<dyn std::error::Error>> {
    // A queue is identified by its account, which the client stands for, and its name.
    let queue = service.queue(queue)?;
    queue.create_if_missing().await?;

    for text in texts {
        let sent = queue.send(&*text).await?;
        println!("sent {text:?} as {}", sent.id());
    }
    Ok(())
}
