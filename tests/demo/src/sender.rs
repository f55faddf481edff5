//! The sender of the demo: numbered messages, each put again while its answer is lost.

use queue_client::{QueueServiceClient, processor::Producer};

use crate::{Outcome, events::Event};

/// Enough to hide the latency of an account far away.
const IN_FLIGHT: u32 = 8;

pub(crate) async fn run(queue: &str, messages: u32) -> Outcome {
    let producer = Producer::new(QueueServiceClient::from_env()?.queue(queue)?);
    let mut tasks = Vec::new();
    for first in 1..=IN_FLIGHT {
        let producer = producer.clone();
        tasks.push(tokio::spawn(async move {
            for number in (first..=messages).step_by(IN_FLIGHT as usize) {
                let sent = producer.send(&number.to_string()).await?;
                Event::Sent { number, resends: sent.resends }.tell()?;
            }
            Outcome::Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}
