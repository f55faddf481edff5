//! Messages from sending to deleting: what comes back, in which order, and what is gone after.

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use queue_proto::{limits::MAX_MESSAGE_TEXT, ops::DeleteMessage};

use super::{Outcome, Stage, equal, holds};

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

pub(super) async fn send_gives_id_and_times(stage: &Stage<'_>) -> Outcome {
    let sent = stage.queue.send("a").await?;
    let age = SystemTime::now().duration_since(sent.inserted_at()).unwrap_or_default();
    holds("the insertion time is not now", age < Duration::from_secs(3600))?;
    let expires_at = sent.expires_at().ok_or("the message never expires")?;
    equal("life", expires_at.duration_since(sent.inserted_at())?, WEEK)?;
    equal("visible", sent.next_visible_at() <= sent.inserted_at() + Duration::from_secs(1), true)
}

pub(super) async fn receive_gives_what_was_sent(stage: &Stage<'_>) -> Outcome {
    let sent = stage.queue.send("17 bottles").await?;
    let found = stage.queue.receive_one().await?.ok_or("nothing was received")?;
    equal("id", found.id(), sent.id())?;
    equal("text", found.text(), "17 bottles")?;
    equal("inserted", found.inserted_at(), sent.inserted_at())?;
    equal("dequeue count", found.dequeue_count(), 1)
}

pub(super) async fn peek_leaves_messages_where_they_are(stage: &Stage<'_>) -> Outcome {
    stage.queue.send("a").await?;
    for _ in 0..2 {
        let peeked = stage.queue.peek(32).await?;
        equal("peeked", peeked.len(), 1)?;
        for message in peeked {
            equal("text", message.text(), "a")?;
            equal("dequeue count", message.dequeue_count(), 0)?;
        }
    }
    let received = stage.queue.receive_one().await?.ok_or("nothing was received")?;
    equal("dequeue count", received.dequeue_count(), 1)?;
    equal("peeked when hidden", stage.queue.peek(32).await?.len(), 0)
}

pub(super) async fn text_survives_as_it_is(stage: &Stage<'_>) -> Outcome {
    for text in [
        "",
        " blanks around ",
        "\ttab\nand newline\n",
        "carriage\r\nreturn\r",
        "<QueueMessage>&amp;]]></QueueMessage>",
        "quotes \" ' and \u{a0}\u{2028}",
        "ünïcödé 漢字 🦀 \u{10ffff}",
        "\u{fffd}\u{e000}",
    ] {
        stage.queue.send(text).await?;
        let found = stage.queue.receive_one().await?.ok_or("nothing was received")?;
        equal("text", found.text(), text)?;
        stage.queue.delete(&found).await?;
    }
    Ok(())
}

pub(super) async fn the_longest_text_survives(stage: &Stage<'_>) -> Outcome {
    let text = "x".repeat(MAX_MESSAGE_TEXT);
    stage.queue.send(text.clone()).await?;
    let found = stage.queue.receive_one().await?.ok_or("nothing was received")?;
    holds("the text differs", found.text() == text)
}

pub(super) async fn messages_come_in_the_order_of_sending(stage: &Stage<'_>) -> Outcome {
    for number in 0..10 {
        stage.queue.send(number.to_string()).await?;
    }
    let found = stage.queue.receive(10).await?;
    let texts: Vec<_> = found.iter().map(|message| message.text()).collect();
    equal("texts", texts, vec!["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"])
}

pub(super) async fn thirty_two_messages_come_at_once(stage: &Stage<'_>) -> Outcome {
    for number in 0..33 {
        stage.queue.send(number.to_string()).await?;
    }
    let first = stage.queue.receive(32).await?;
    equal("first", first.len(), 32)?;
    let ids: BTreeSet<_> = first.iter().map(|message| message.id().as_str().to_owned()).collect();
    equal("ids", ids.len(), 32)?;
    equal("then", stage.queue.receive(32).await?.len(), 1)
}

pub(super) async fn an_empty_queue_answers_at_once(stage: &Stage<'_>) -> Outcome {
    equal("received", stage.queue.receive(32).await?.len(), 0)?;
    equal("received", stage.queue.receive_one().await?.is_some(), false)?;
    equal("peeked", stage.queue.peek(1).await?.len(), 0)
}

pub(super) async fn delete_removes_one_message(stage: &Stage<'_>) -> Outcome {
    stage.queue.send("done").await?;
    stage.queue.send("to do").await?;
    let done = stage.queue.receive_one().await?.ok_or("nothing was received")?;
    stage.queue.delete(&done).await?;
    let rest = stage.queue.peek(32).await?;
    equal("rest", rest.len(), 1)?;
    equal("count", stage.queue.properties().await?.approximate_messages_count(), 1)
}

pub(super) async fn clear_removes_all_messages(stage: &Stage<'_>) -> Outcome {
    for text in ["a", "b", "c"] {
        stage.queue.send(text).await?;
    }
    let _hidden = stage.queue.receive_one().await?;
    stage.queue.clear().await?;
    equal("peeked", stage.queue.peek(32).await?.len(), 0)?;
    equal("count", stage.queue.properties().await?.approximate_messages_count(), 0)
}

pub(super) async fn a_sent_message_can_be_deleted_with_its_own_receipt(
    stage: &Stage<'_>,
) -> Outcome {
    let sent = stage.queue.send("a mistake").await?;
    let delete = DeleteMessage::new(
        stage.queue.name().clone(),
        sent.id().clone(),
        sent.pop_receipt().clone(),
    );
    stage.service.execute(&delete).await?;
    equal("peeked", stage.queue.peek(32).await?.len(), 0)
}
