//! How many messages a queue has, every now and then.

use std::time::Duration;

use queue_proto::ops::GetQueueMetadata;

use super::{driver::Queue, observe::Observers};

/// Not more often than this.
const LEAST: Duration = Duration::from_secs(1);

/// Asks and tells for ever. An answer that does not come is one sample less.
pub(super) async fn sample(queue: Queue, observers: Observers, every: Duration) {
    let runtime = queue.client().runtime.clone();
    loop {
        if let Ok(answer) = queue.once(&GetQueueMetadata::new(queue.name().clone())).await {
            observers.depth(queue.name(), answer.approximate_messages_count);
        }
        runtime.sleep(every.max(LEAST)).await;
    }
}
