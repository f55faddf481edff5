//! The messages of a queue with their lives, and what is done to one of them by hand.

use std::collections::HashMap;

use bytes::Bytes;
use http::{Response, StatusCode};
use queue_proto::ops::PutMessage;
use queue_proto::{MessageText, TimeToLive, VisibilityTimeout};
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::{Ask, Failure, json as answer, queue_name};
use super::queues::show_counts;
use super::show;
use crate::apply::Applied;
use crate::watch::event::Entry;
use crate::watch::life;
use crate::wire::{message_id, pop_receipt};

/// The most messages in one answer.
const MAX_MESSAGES: usize = 1000;

pub(super) fn list(ask: &Ask<'_>) -> Result<Response<Bytes>, Failure> {
    let (account, name) = (ask.account()?, ask.queue()?);
    let skip = ask.number("skip", 0)?;
    let limit = ask.number("limit", 200)?.min(MAX_MESSAGES);
    let most = ask.number("text", usize::MAX)?;
    let now = ask.emulator.moment();
    let no_queue = || Failure::missing("there is no such queue");
    let (counts, seen) = {
        let mut guarded = ask.emulator.service(&account).ok_or_else(no_queue)?;
        let queue = guarded.service.queue(&name).map_err(|_| no_queue())?;
        (queue.counts(now), queue.part(skip, limit, now))
    };
    // The events of all of them, in one go.
    let mut lives: HashMap<Uuid, Vec<Entry>> =
        seen.iter().map(|seen| (seen.received.message.id, Vec::new())).collect();
    if let Some(watch) = ask.emulator.watch() {
        watch.events(|entry| {
            if entry.queue == name
                && entry.account == account
                && let Some(life) = lives.get_mut(&entry.what.id)
            {
                life.push(entry.clone());
            }
            false
        });
    }
    let lost = ask.emulator.lost_answers();
    let messages: Vec<Value> = seen
        .iter()
        .map(|seen| {
            let mut message = show::message(seen, now, most);
            let entries = lives.get(&seen.received.message.id).map(Vec::as_slice);
            let life = life::life(entries.unwrap_or_default(), &lost, now);
            let events: Vec<Value> = life.events.iter().map(show::event).collect();
            if let Some(object) = message.as_object_mut() {
                object.insert("events".to_owned(), events.into());
            }
            message
        })
        .collect();
    let total = counts.visible + counts.hidden + counts.delayed;
    Ok(answer(&json!({
        "account": account.as_str(),
        "queue": name.as_str(),
        "now": show::moment(now),
        "counts": show_counts(&counts, now),
        "more": skip.saturating_add(messages.len()) < total,
        "messages": messages,
    })))
}

pub(super) fn one(ask: &Ask<'_>) -> Result<Response<Bytes>, Failure> {
    let (account, name, id) = (ask.account()?, ask.queue()?, ask.message()?);
    let now = ask.emulator.moment();
    let seen = ask.emulator.service(&account).and_then(|mut guarded| {
        let queue = guarded.service.queue(&name).ok()?;
        queue.one(id, now)
    });
    let life = ask.emulator.life_in(&account, &name, &message_id(id));
    if seen.is_none() && life.events.is_empty() {
        return Err(Failure::missing("there is no such message, and none is remembered"));
    }
    let events: Vec<Value> = life.events.iter().map(show::event).collect();
    Ok(answer(&json!({
        "account": account.as_str(),
        "queue": name.as_str(),
        "id": message_id(id).as_str(),
        "now": show::moment(now),
        "message": seen.as_ref().map(|seen| show::message(seen, now, usize::MAX)),
        "popReceipt": seen.as_ref().map(|seen| pop_receipt(seen.received.receipt).as_str().to_owned()),
        "events": events,
        "story": life.story,
    })))
}

pub(super) async fn send(ask: &Ask<'_>) -> Result<Response<Bytes>, Failure> {
    let name = ask.queue()?;
    let body = ask.object(&["text", "visibilityTimeout", "timeToLive"])?;
    let text = body.get("text").and_then(Value::as_str);
    let text = text.ok_or_else(|| Failure::bad("the field text is needed, and is a text"))?;
    let text = MessageText::new(text).map_err(|error| Failure::bad(error.to_string()))?;
    let mut put = PutMessage::new(name, text);
    if let Some(seconds) = seconds(&body, "visibilityTimeout")? {
        let timeout = VisibilityTimeout::from_secs(seconds);
        put = put.visibility_timeout(timeout.map_err(|error| Failure::bad(error.to_string()))?);
    }
    match body.get("timeToLive").and_then(Value::as_i64) {
        Some(-1) => put = put.time_to_live(TimeToLive::Never),
        _ => {
            if let Some(seconds) = seconds(&body, "timeToLive")? {
                let life = TimeToLive::from_secs(seconds);
                put = put.time_to_live(life.map_err(|error| Failure::bad(error.to_string()))?);
            }
        }
    }
    put.check_hiding().map_err(|error| Failure::bad(error.to_string()))?;
    let id = ask
        .by_hand(|hand| {
            Ok(match hand.perform(put)? {
                Applied::Put(sent) => Some(message_id(sent.id)),
                // Nothing else comes of a put.
                _ => None,
            })
        })
        .await?;
    let mut response = answer(&json!({ "id": id.as_ref().map(|id| id.as_str()) }));
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

fn seconds(body: &Value, field: &str) -> Result<Option<u64>, Failure> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_u64()
            .map(Some)
            .ok_or_else(|| Failure::bad(format!("the field {field} is a number of seconds"))),
    }
}

pub(super) async fn delete(ask: &Ask<'_>) -> Result<Response<Bytes>, Failure> {
    let (queue, id) = (ask.queue()?, ask.message()?);
    ask.by_hand(|hand| hand.delete(&queue, id)).await?;
    Ok(super::answer::empty())
}

pub(super) async fn release(ask: &Ask<'_>) -> Result<Response<Bytes>, Failure> {
    let (queue, id) = (ask.queue()?, ask.message()?);
    ask.by_hand(|hand| hand.release(&queue, id)).await?;
    Ok(super::answer::empty())
}

/// Moves or copies a message. Both queues change at once: nobody sees two messages, or none.
pub(super) async fn move_to(ask: &Ask<'_>) -> Result<Response<Bytes>, Failure> {
    let (queue, id) = (ask.queue()?, ask.message()?);
    let body = ask.object(&["to", "copy"])?;
    let to = queue_name(body.get("to").and_then(Value::as_str).unwrap_or_default())?;
    let keep = body.get("copy").and_then(Value::as_bool).unwrap_or(false);
    let id = ask
        .by_hand(|hand| {
            let copy = hand.copy(&queue, id, &to)?;
            if !keep {
                hand.delete(&queue, id)?;
            }
            Ok(copy)
        })
        .await?;
    Ok(answer(&json!({ "id": message_id(id).as_str(), "queue": to.as_str() })))
}
