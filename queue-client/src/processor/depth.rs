//! [`sample`]: how many messages a queue has, every now and then, for observers.

use std::time::Duration;

use queue_proto::{
    MessageCount,
    ops::{GetQueueMetadata, PeekMessages},
};

use super::observe::{Depth, Observers};
use crate::{error::Error, execute::shared::Target};

/// The shortest time between two samples.
const LEAST: Duration = Duration::from_secs(1);

/// Asks and tells for ever. An answer that does not come is one sample less.
pub(super) async fn sample(queue: Target, observers: Observers, every: Duration) {
    let runtime = queue.client().runtime.clone();
    loop {
        if let Ok(depth) = look(&queue).await {
            observers.depth(queue.name(), &depth);
        }
        runtime.idle(every.max(LEAST)).await;
    }
}

async fn look(queue: &Target) -> Result<Depth, Error> {
    let metadata = queue.once(&GetQueueMetadata::new(queue.name().clone())).await?;
    let peek = PeekMessages::new(queue.name().clone()).count(MessageCount::MAX);
    let shown = queue.once(&peek).await?.messages;
    let now = queue.client().now();
    Ok(Depth {
        messages: metadata.approximate_messages_count,
        visible: shown.len(),
        more_visible: shown.len() >= MessageCount::MAX.get() as usize,
        oldest_age: shown
            .iter()
            .map(|message| message.inserted_at)
            .min()
            .map(|at| now.duration_since(at).unwrap_or_default()),
    })
}
