//! [`look`]: asks the service about all queues.

use std::time::{Instant, SystemTime};

use futures_util::{StreamExt as _, stream};
use queue_client::QueueServiceClient;

use super::snapshot::{Measured, Snapshot};
use crate::failure::Failure;

/// Queues that are asked at the same time.
const IN_FLIGHT: usize = 16;

/// Asks every queue for its depth and its oldest message.
pub(super) async fn look(service: &QueueServiceClient, pattern: &str) -> Result<Snapshot, Failure> {
    let queues = service.list_queues().all().await?;
    let names = queues.into_iter().map(|item| item.into_parts().0);
    let asked: Vec<_> = stream::iter(names)
        .map(async |name| -> Result<Option<Measured>, Failure> {
            let client = service.queue(name)?;
            match tokio::join!(client.properties(), client.backlog()) {
                // It was deleted since it was listed.
                (Err(error), _) | (_, Err(error)) if error.is_queue_not_found() => Ok(None),
                (properties, backlog) => {
                    let (properties, backlog) = (properties?, backlog?);
                    let oldest =
                        backlog.oldest_age().and_then(|age| SystemTime::now().checked_sub(age));
                    Ok(Some(Measured {
                        name: client.name().to_string(),
                        depth: properties.approximate_messages_count(),
                        visible: backlog.visible(),
                        is_capped: backlog.is_capped(),
                        oldest,
                        poison: None,
                    }))
                }
            }
        })
        .buffered(IN_FLIGHT)
        .collect()
        .await;
    let mut measured = Vec::new();
    for queue in asked {
        measured.extend(queue?);
    }
    Ok(Snapshot::new(measured, pattern, Instant::now()))
}
