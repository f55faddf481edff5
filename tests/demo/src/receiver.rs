//! Receives messages, works on each for a moment, and deletes it.

use std::time::Duration;

use queue_client::QueueServiceClient;
use tokio::io::{AsyncReadExt as _, stdin};

use crate::{Outcome, events::Event};

/// What a receiver takes at once. The more it holds, the more there is to lose.
const BATCH: u32 = 16;
const WORK: Duration = Duration::from_millis(2);
const PAUSE_WHEN_EMPTY: Duration = Duration::from_millis(50);

pub(crate) async fn run(queue: &str, visibility: Duration) -> Outcome {
    let mut input = stdin();
    tokio::select! {
        result = receive(queue, visibility) => result,
        // The referee closes the input of its processes to stop them.
        _ = input.read_u8() => Ok(()),
    }
}

async fn receive(queue: &str, visibility: Duration) -> Outcome {
    let queue = QueueServiceClient::from_env()?.queue(queue)?;
    loop {
        let messages = queue.receive(BATCH).visibility_timeout(visibility).await?;
        if messages.is_empty() {
            tokio::time::sleep(PAUSE_WHEN_EMPTY).await;
        }
        let numbers: Vec<u32> =
            messages.iter().map(|message| message.text().parse()).collect::<Result<_, _>>()?;
        for (message, &number) in messages.iter().zip(&numbers) {
            Event::Received { number, dequeue_count: message.dequeue_count() }.tell()?;
        }
        for (message, number) in messages.iter().zip(numbers) {
            tokio::time::sleep(WORK).await;
            Event::Deleting { number }.tell()?;
            match queue.delete(message).await {
                Ok(()) => Event::Completed { number }.tell()?,
                Err(error) if error.is_not_owner() => Event::Late { number }.tell()?,
                Err(error) => return Err(error.into()),
            }
        }
    }
}
