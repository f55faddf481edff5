//! Sends numbered messages.

use queue_client::QueueServiceClient;

use crate::{Outcome, events::Event};

/// Enough to hide the latency of an account far away.
const IN_FLIGHT: u32 = 8;

pub(crate) async fn run(queue: &str, messages: u32) -> Outcome {
    let queue = QueueServiceClient::from_env()?.queue(queue)?;
    let mut tasks = Vec::new();
    for first in 1..=IN_FLIGHT {
        let queue = queue.clone();
        tasks.push(tokio::spawn(async move {
            for number in (first..=messages).step_by(IN_FLIGHT as usize) {
                queue.send(number.to_string()).await.map_err(|error| error.to_string())?;
                Event::Sent { number }.tell().map_err(|error| error.to_string())?;
            }
            Ok::<_, String>(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}
