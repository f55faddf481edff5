//! When a message can be seen: leases, receipts, updates and the time to live.

use std::time::{Duration, SystemTime};

use queue_proto::ops::GetMessages;

use super::{Failure, Outcome, Stage, equal, holds};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

pub(super) async fn a_received_message_is_hidden(stage: &Stage<'_>) -> Outcome {
    stage.queue.send("a").await?;
    let first = stage.queue.receive_one().await?;
    equal("first", first.is_some(), true)?;
    equal("second", stage.queue.receive_one().await?.is_some(), false)
}

pub(super) async fn a_message_that_is_not_deleted_comes_back(stage: &Stage<'_>) -> Outcome {
    let sent = stage.queue.send("a").await?;
    for delivery in 1..=3 {
        let found = take(stage, SECOND).await?;
        equal("id", found.id(), sent.id())?;
        equal("dequeue count", found.dequeue_count(), delivery)?;
        stage.server.pass(SECOND).await;
    }
    Ok(())
}

pub(super) async fn hidden_for_thirty_seconds_by_default(stage: &Stage<'_>) -> Outcome {
    stage.queue.send("a").await?;
    let peeked = stage.queue.peek(1).await?;
    equal("visible at first", peeked.len(), 1)?;
    let before = first_inserted(stage).await?;
    let answer = stage.service.execute(&GetMessages::new(stage.queue.name().clone())).await?;
    let found = answer.messages.first().ok_or("nothing was received")?;
    let hidden = found.next_visible_at().duration_since(before)?;
    // Both times are in whole seconds, and some real time may have passed in between.
    holds(format!("hidden for {hidden:?}"), (29..=35).contains(&hidden.as_secs()))
}

/// When the message at the front was put, which is now, by the clock of the server.
async fn first_inserted(stage: &Stage<'_>) -> Result<SystemTime, Failure> {
    let peeked = stage.queue.peek(1).await?;
    Ok(peeked.first().ok_or("nothing to peek at")?.inserted_at())
}

pub(super) async fn a_message_can_be_hidden_when_sent(stage: &Stage<'_>) -> Outcome {
    stage.queue.send("later").visibility_timeout(2 * SECOND).await?;
    equal("at first", stage.queue.receive_one().await?.is_some(), false)?;
    stage.server.pass(2 * SECOND).await;
    let found = stage.queue.receive_one().await?.ok_or("it did not become visible")?;
    equal("dequeue count", found.dequeue_count(), 1)
}

pub(super) async fn update_hides_a_message_for_longer(stage: &Stage<'_>) -> Outcome {
    stage.queue.send("a").await?;
    let mut found = take(stage, SECOND).await?;
    stage.queue.update(&mut found, MINUTE).await?;
    stage.server.pass(SECOND).await;
    equal("visible", stage.queue.receive_one().await?.is_some(), false)?;
    stage.queue.delete(&found).await?;
    Ok(())
}

pub(super) async fn update_with_zero_shows_a_message_at_once(stage: &Stage<'_>) -> Outcome {
    stage.queue.send("a").await?;
    let mut found = take(stage, MINUTE).await?;
    stage.queue.update(&mut found, Duration::ZERO).await?;
    let again = stage.queue.receive_one().await?.ok_or("it did not become visible")?;
    equal("dequeue count", again.dequeue_count(), 2)
}

pub(super) async fn update_replaces_the_text(stage: &Stage<'_>) -> Outcome {
    stage.queue.send("step 1").await?;
    let mut found = take(stage, MINUTE).await?;
    stage.queue.update(&mut found, Duration::ZERO).value("step 2").await?;
    equal("here", found.text(), "step 2")?;
    let again = stage.queue.receive_one().await?.ok_or("it did not become visible")?;
    equal("there", again.text(), "step 2")?;
    let mut again = again;
    stage.queue.update(&mut again, Duration::ZERO).await?;
    let last = stage.queue.receive_one().await?.ok_or("it did not become visible")?;
    equal("kept without a text", last.text(), "step 2")
}

pub(super) async fn a_late_delete_works_until_the_message_is_received_again(
    stage: &Stage<'_>,
) -> Outcome {
    stage.queue.send("a").await?;
    let found = take(stage, SECOND).await?;
    stage.server.pass(2 * SECOND).await;
    equal("visible", stage.queue.peek(1).await?.len(), 1)?;
    stage.queue.delete(&found).await?;
    equal("left", stage.queue.peek(1).await?.len(), 0)
}

pub(super) async fn the_receipt_of_an_earlier_delivery_is_dead(stage: &Stage<'_>) -> Outcome {
    stage.queue.send("a").await?;
    let early = take(stage, SECOND).await?;
    stage.server.pass(SECOND).await;
    let late = take(stage, MINUTE).await?;
    let error = stage.queue.delete(&early).await.err().ok_or("the old receipt works")?;
    equal("not owner", error.is_not_owner(), true)?;
    stage.queue.delete(&late).await?;
    Ok(())
}

pub(super) async fn the_receipt_before_an_update_is_dead(stage: &Stage<'_>) -> Outcome {
    use queue_proto::{VisibilityTimeout, ops::UpdateMessage};

    let sent = stage.queue.send("a").await?;
    let update = UpdateMessage::new(
        stage.queue.name().clone(),
        sent.id().clone(),
        sent.pop_receipt().clone(),
        VisibilityTimeout::from_secs(60)?,
    );
    stage.service.execute(&update).await?;
    let again = stage.service.execute(&update).await;
    let error = again.err().ok_or("the old receipt works")?;
    equal("not owner", error.is_not_owner(), true)
}

pub(super) async fn a_message_expires(stage: &Stage<'_>) -> Outcome {
    stage.queue.send("short").time_to_live(2 * SECOND).await?;
    stage.queue.send("long").await?;
    stage.server.pass(2 * SECOND).await;
    let left = stage.queue.receive(32).await?;
    let texts: Vec<_> = left.iter().map(|message| message.text()).collect();
    equal("left", texts, vec!["long"])
}

pub(super) async fn a_message_that_never_expires_says_so(stage: &Stage<'_>) -> Outcome {
    let sent = stage.queue.send("a").never_expires().await?;
    equal("expires", sent.expires_at(), None)?;
    let peeked = stage.queue.peek(1).await?;
    equal("expires", peeked.first().ok_or("nothing to peek at")?.expires_at(), None)
}

async fn take(
    stage: &Stage<'_>,
    visibility: Duration,
) -> Result<queue_client::ReceivedMessage, Failure> {
    let mut found = stage.queue.receive(1).visibility_timeout(visibility).await?;
    found.pop().ok_or_else(|| "nothing was received".into())
}
