//! [`sample`]: how many messages a queue has, every now and then, for observers.

use std::time::Duration;

use queue_proto::{
    MessageCount,
    ops::{GetQueueMetadata, PeekMessages},
};

use crate::{
    backlog::Backlog,
    error::Error,
    execute::shared::Target,
    processor::observe::{Depth, Observers},
};

/// The shortest time between two samples.
const LEAST: Duration = Duration::from_secs(1);

/// Asks and tells for ever. An answer that does not come is one sample less.
pub(super) async fn sample(queue: Target, observers: Observers, every: Duration) {
    let runtime = queue.shared.runtime.clone();
    loop {
        if let Ok(depth) = look(&queue).await {
            observers.depth(&queue.name, &depth);
        }
        runtime.idle(every.max(LEAST)).await;
    }
}

async fn look(queue: &Target) -> Result<Depth, Error> {
    let metadata = queue.once(&GetQueueMetadata::new(queue.name.clone())).await?;
    let peek = PeekMessages::new(queue.name.clone()).count(MessageCount::MAX);
    let shown = queue.once(&peek).await?.messages;
    Ok(Depth {
        messages: metadata.approximate_messages_count(),
        backlog: Backlog::new(&shown, queue.shared.now()),
    })
}
