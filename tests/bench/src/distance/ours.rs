//! This project's client with its defaults.

use std::time::Instant;

use queue_client::processor::Processor;
use queue_client::{QueueClient, QueueServiceClient};
use serde_json::{Value, json};

use super::{Job, check, work};
use crate::Outcome;
use crate::calls::Calls;
use crate::wire;

pub(super) async fn run(port: u16, job: Job) -> Outcome<Value> {
    let calls = Calls::default();
    let connection_string = wire::connection_string(port);
    let service = QueueServiceClient::builder_from_connection_string(&connection_string)?
        .observer(calls.clone())
        .build()?;
    let queue = service.queue(wire::QUEUE)?;
    let began = Instant::now();
    let messages = match job {
        Job::Send { messages } => {
            send_all(&queue, messages).await?;
            messages
        }
        Job::Drain { messages, each, handlers } => {
            let processor = Processor::new(queue).concurrency(handlers);
            let report = processor
                .drain_once(move |_| async move {
                    work(each).await;
                    Ok(())
                })
                .await?;
            check(report.counters.completed, messages)?;
            messages
        }
    };
    let requests: f64 = calls.of().iter().sum();
    let seconds = began.elapsed().as_secs_f64();
    Ok(json!({ "seconds": seconds, "requests": requests / messages as f64 }))
}

async fn send_all(queue: &QueueClient, messages: u64) -> Outcome {
    let text = wire::text();
    for result in queue.send_all((0..messages).map(|_| text.as_str())).await {
        result?;
    }
    Ok(())
}
