//! Queues and their metadata: making, counting, describing, deleting.

use queue_proto::{
    ErrorCode, Metadata,
    ops::{CreateQueue, CreateQueueResponse, SetQueueMetadata},
};

use super::{Outcome, Stage, equal, refused, unique_name};

pub(super) async fn create_says_whether_the_queue_was_there(stage: &Stage<'_>) -> Outcome {
    let queue = stage.service.queue(unique_name().as_str())?;
    equal("exists", queue.exists().await?, false)?;
    equal("first", queue.create().await?, CreateQueueResponse::Created)?;
    equal("second", queue.create().await?, CreateQueueResponse::AlreadyExists)?;
    equal("exists", queue.exists().await?, true)?;
    equal("deleted", queue.delete_queue_if_exists().await?, true)?;
    equal("deleted again", queue.delete_queue_if_exists().await?, false)
}

pub(super) async fn create_with_other_metadata_is_a_conflict(stage: &Stage<'_>) -> Outcome {
    let operation = CreateQueue::new(stage.queue.name().clone()).metadata(color("blue")?);
    refused(stage.service.execute(&operation).await, ErrorCode::QueueAlreadyExists)?;
    equal("if missing", stage.queue.create_if_missing().await?, CreateQueueResponse::AlreadyExists)
}

pub(super) async fn metadata_is_kept_with_its_case(stage: &Stage<'_>) -> Outcome {
    let queue = stage.service.queue(unique_name().as_str())?;
    let operation = CreateQueue::new(queue.name().clone()).metadata(color("Light Blue")?);
    stage.service.execute(&operation).await?;
    let found = queue.properties().await?.into_metadata();
    queue.delete_queue().await?;
    // Names travel as HTTP headers, whose case no server has to keep.
    equal("value", found.get("color"), Some("Light Blue"))
}

pub(super) async fn delete_removes_the_queue_and_its_messages(stage: &Stage<'_>) -> Outcome {
    stage.queue.send("forgotten").await?;
    stage.queue.delete_queue().await?;
    equal("exists", stage.queue.exists().await?, false)?;
    refused(stage.queue.delete_queue().await, ErrorCode::QueueNotFound)?;
    Ok(())
}

pub(super) async fn the_name_of_a_deleted_queue_is_not_free_at_once(stage: &Stage<'_>) -> Outcome {
    stage.queue.delete_queue().await?;
    refused(stage.queue.create().await, ErrorCode::QueueBeingDeleted)?;
    Ok(())
}

pub(super) async fn metadata_is_replaced_as_a_whole(stage: &Stage<'_>) -> Outcome {
    let set = |metadata| SetQueueMetadata::new(stage.queue.name().clone(), metadata);
    let mut two = color("blue")?;
    two.insert("Size", "big")?;
    stage.service.execute(&set(two.clone())).await?;
    equal("both", stage.queue.properties().await?.into_metadata(), two)?;
    stage.service.execute(&set(color("red")?)).await?;
    equal("one", stage.queue.properties().await?.into_metadata(), color("red")?)?;
    stage.service.execute(&set(Metadata::new())).await?;
    equal("none", stage.queue.properties().await?.into_metadata(), Metadata::new())
}

pub(super) async fn count_includes_hidden_messages(stage: &Stage<'_>) -> Outcome {
    for text in ["a", "b", "c"] {
        stage.queue.send(text).await?;
    }
    let _hidden = stage.queue.receive_one().await?;
    equal("count", stage.queue.properties().await?.approximate_messages_count(), 3)
}

fn color(value: &str) -> Result<Metadata, super::Failure> {
    let mut metadata = Metadata::new();
    metadata.insert("Color", value)?;
    Ok(metadata)
}
