//! Works on the messages of a queue until ctrl-c or SIGTERM, sixteen at a time.
//!
//! A message that takes longer than its lease is kept, one whose work fails is tried again later,
//! and one that keeps failing goes to the queue `orders-poison`. What is worked on when the program
//! is told to stop is finished first.
//!
//! `cargo run --package queue-client --example processor -- orders`

use std::env;

use queue_client::{
    QueueServiceClient,
    processor::{Delivery, HandlerError, Processor, ResultExt},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let queue = env::args().nth(1).unwrap_or_else(|| "orders".to_owned());
    let processor = processor(&QueueServiceClient::from_env()?, &queue)?;
    let report = processor.stop_on_signals().run(count).await?;
    println!("{report}");
    Ok(())
}

pub(crate) fn processor(
    service: &QueueServiceClient,
    queue: &str,
) -> Result<Processor<String>, Box<dyn std::error::Error>> {
    Ok(Processor::new(service.queue(queue)?).concurrency(16))
}

/// `Ok` deletes the message; an error brings it back after a while.
pub(crate) async fn count(order: Delivery<String>) -> Result<(), HandlerError> {
    let number = order.body().split(' ').next().unwrap_or_default();
    // Trying again does not make a number of it.
    let number: u32 = number.parse().or_dead_letter()?;
    println!("{number} of {:?} (delivery {})", order.body(), order.attempt());
    Ok(())
}
