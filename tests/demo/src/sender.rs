//! The sender of the demo: numbered messages, each put again while its answer is lost.

use queue_client::{Account, ClientBuilder, processor::Producer, retry::ExponentialBackoff};

use crate::{Outcome, events::Event};

/// Enough to hide the latency of an account far away.
const IN_FLIGHT: u32 = 8;
/// The line of the demo is bad all the time, which is not what a default is made for.
const ATTEMPTS: u32 = 12;

pub(crate) async fn run(queue: &str, messages: u32) -> Outcome {
    let service = ClientBuilder::from(Account::from_env()?)
        .retry(ExponentialBackoff::new().max_attempts(ATTEMPTS))
        .build()?;
    let producer = Producer::new(service.queue(queue)?);
    let mut tasks = Vec::new();
    for first in 1..=IN_FLIGHT {
        let producer = producer.clone();
        tasks.push(tokio::spawn(async move {
            for number in (first..=messages).step_by(IN_FLIGHT as usize) {
                let sent = producer.send(&number.to_string()).await?;
                Event::Sent { number, resends: sent.resends() }.tell()?;
            }
            Outcome::Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}
