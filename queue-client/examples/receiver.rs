//! Retrieves the messages of a queue and deletes each once it is done with.
//!
//! The environment names the account, for example
//! `AZURE_STORAGE_CONNECTION_STRING="UseDevelopmentStorage=true"` for an emulator on this machine.
//!
//! `cargo run --package queue-client --example receiver -- orders`

use std::env;

use queue_client::QueueServiceClient;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let queue = env::args().nth(1).unwrap_or_else(|| "orders".to_owned());
    let count = run(&QueueServiceClient::from_env()?, &queue).await?;
    println!("{count} messages; now the queue is empty, or what it holds is hidden");
    Ok(())
}

pub(crate) async fn run(
    service: &QueueServiceClient,
    queue: &str,
) -> Result<usize, Box<dyn std::error::Error>> {
    let queue = service.queue(queue)?;
    let mut count = 0;
    loop {
        let messages = queue.receive(32).await?;
        if messages.is_empty() {
            return Ok(count);
        }
        for message in messages {
            println!("received {:?} (delivery {})", message.text(), message.dequeue_count());

            // Until here the message is still in the queue, hidden for 30 seconds. A crash before
            // this line brings it back for another receiver.
            queue.delete(&message).await?;
            count += 1;
        }
    }
}
