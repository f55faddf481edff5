//! List Queues: order, prefixes, pages and metadata.

use queue_proto::{MaxResults, Metadata, ops::CreateQueue};

use super::{Failure, Outcome, Stage, equal, unique_name};
use crate::either::Queue;

pub(super) async fn lists_queues_in_alphabetical_order_by_prefix(stage: &Stage<'_>) -> Outcome {
    let (prefix, queues) = family(stage).await?;
    let listed = stage.service.list_queues().prefix(&prefix)?.all().await?;
    let names: Vec<_> = listed.iter().map(|item| item.name().as_str().to_owned()).collect();
    remove(queues).await?;
    equal("names", names, ["a", "b", "c", "d", "e"].map(|end| format!("{prefix}-{end}")).to_vec())
}

pub(super) async fn pages_cover_the_list_without_repeats(stage: &Stage<'_>) -> Outcome {
    let (prefix, queues) = family(stage).await?;
    let mut pages = stage.service.list_queues().prefix(&prefix)?.max_results(MaxResults::new(2)?);
    let mut found = Vec::new();
    // A server that repeats pages would go on for ever.
    for _ in 0..10 {
        let Some(page) = pages.next().await? else { break };
        found.push(page.iter().map(|item| item.name().as_str().to_owned()).collect::<Vec<_>>());
    }
    remove(queues).await?;
    let name = |end| format!("{prefix}-{end}");
    let wanted = vec![vec![name("a"), name("b")], vec![name("c"), name("d")], vec![name("e")]];
    equal("pages", found, wanted)
}

pub(super) async fn lists_metadata_when_asked(stage: &Stage<'_>) -> Outcome {
    let queue = stage.service.queue(unique_name().as_str())?;
    let mut metadata = Metadata::new();
    metadata.insert("color", "blue")?;
    stage.service.execute(&CreateQueue::new(queue.name().clone()).metadata(metadata)).await?;
    let prefix = queue.name().as_str();
    let without = stage.service.list_queues().prefix(prefix)?.all().await?;
    let with = stage.service.list_queues().prefix(prefix)?.include_metadata().all().await?;
    queue.delete_queue().await?;
    let color = |items: &[queue_proto::ops::QueueItem]| {
        items.first().and_then(|item| item.metadata().as_ref()?.get("color").map(str::to_owned))
    };
    equal("not asked", color(&without), None)?;
    equal("asked", color(&with), Some("blue".to_owned()))
}

/// Five queues with a prefix of their own, not made in the order of their names.
async fn family(stage: &Stage<'_>) -> Result<(String, Vec<Queue>), Failure> {
    let prefix = unique_name();
    let mut queues = Vec::new();
    for end in ["d", "a", "e", "c", "b"] {
        let queue = stage.service.queue(format!("{prefix}-{end}").as_str())?;
        queue.create().await?;
        queues.push(queue);
    }
    Ok((prefix, queues))
}

async fn remove(queues: Vec<Queue>) -> Outcome {
    for queue in queues {
        queue.delete_queue().await?;
    }
    Ok(())
}
