//! What the client calls the refusals that a program meets in daily work.

use std::time::Duration;

use queue_client::OpFailure;
use queue_proto::ErrorCode;

use super::{Outcome, Stage, equal, holds, refused, unique_name};

pub(super) async fn a_missing_queue_is_named(stage: &Stage<'_>) -> Outcome {
    let name = unique_name();
    let missing = stage.service.queue(name.as_str())?;
    for result in [
        missing.send("a").await.map(drop),
        missing.receive(1).await.map(drop),
        missing.peek(1).await.map(drop),
        missing.clear().await,
        missing.delete_queue().await,
        missing.properties().await.map(drop),
    ] {
        let error = refused(result, ErrorCode::QueueNotFound)?;
        holds(format!("{error} does not name the queue"), error.to_string().contains(&name))?;
    }
    Ok(())
}

pub(super) async fn deleting_a_message_twice_is_not_owner(stage: &Stage<'_>) -> Outcome {
    stage.queue.send("a").await?;
    let found = stage.queue.receive_one().await?.ok_or("nothing was received")?;
    stage.queue.delete(&found).await?;
    let error = refused(stage.queue.delete(&found).await, ErrorCode::MessageNotFound)?;
    equal("failure", error.failure(), &OpFailure::NotOwner)
}

pub(super) async fn visibility_must_be_shorter_than_the_time_to_live(stage: &Stage<'_>) -> Outcome {
    let minute = Duration::from_secs(60);
    let result = stage.queue.send("a").visibility_timeout(minute).time_to_live(minute).await;
    let error = result.err().ok_or("it was accepted")?;
    equal("applied", error.failure().may_be_applied(), false)?;
    equal("count", stage.queue.properties().await?.approximate_messages_count(), 0)
}
