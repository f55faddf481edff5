//! Queues as a list, and what is done to a whole queue.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use queue_proto::ops::{ClearMessages, CreateQueue, DeleteQueue};
use queue_proto::{AccountName, Metadata, QueueName};
use serde_json::{Value, json};

use super::answer::{Ask, Failure, json as answer, queue_name};
use super::show::moment;
use crate::emulator::Emulator;
use crate::state::{Counts, Moment};
use crate::watch::event::Happening;

/// The most queues in one answer.
const MAX_QUEUES: usize = 1000;
/// The time over which rates are counted.
const WINDOW: Duration = Duration::from_secs(10);

/// What the events of a queue tell of its traffic.
#[derive(Clone, Copy, Debug, Default)]
struct Traffic {
    last_put: Option<Moment>,
    last_received: Option<Moment>,
    puts: u32,
    receives: u32,
}

pub(super) fn list(ask: &Ask<'_>) -> Result<Response<Bytes>, Failure> {
    let account = ask.account()?;
    let prefix = ask.parameter("prefix").unwrap_or_default();
    let now = ask.emulator.moment();
    let mut guarded = ask.emulator.service(&account).ok_or_else(|| Failure::missing("gone"))?;
    let mut total = 0;
    let mut found: BTreeMap<QueueName, (Counts, Metadata)> = BTreeMap::new();
    for (name, queue) in guarded.service.queues() {
        if name.as_str().starts_with(prefix) {
            total += 1;
            if found.len() < MAX_QUEUES {
                found.insert(name.clone(), (queue.counts(now), queue.metadata.clone()));
            }
        }
    }
    drop(guarded);
    let traffic = traffic(ask.emulator, &account, now);
    let queues: Vec<Value> = found
        .iter()
        .map(|(name, (counts, metadata))| {
            let seen = traffic.get(name).copied().unwrap_or_default();
            let poison = found.get_key_value(format!("{name}-poison").as_str());
            let metadata: BTreeMap<_, _> = metadata.iter().collect();
            json!({
                "name": name.as_str(),
                "counts": show_counts(counts, now),
                "metadata": metadata,
                "poison": poison.map(|(name, (counts, _))| json!({
                    "name": name.as_str(),
                    "messages": counts.visible + counts.hidden + counts.delayed,
                })),
                "lastPut": seen.last_put.map(moment),
                "lastReceived": seen.last_received.map(moment),
                "putsPerSecond": per_second(seen.puts),
                "receivesPerSecond": per_second(seen.receives),
            })
        })
        .collect();
    Ok(answer(&json!({
        "account": account.as_str(),
        "now": moment(now),
        "total": total,
        "queues": queues,
    })))
}

fn per_second(count: u32) -> f64 {
    f64::from(count) / WINDOW.as_secs_f64()
}

fn traffic(emulator: &Emulator, account: &AccountName, now: Moment) -> HashMap<QueueName, Traffic> {
    let mut traffic: HashMap<QueueName, Traffic> = HashMap::new();
    let Some(watch) = emulator.watch() else { return traffic };
    // Nothing is copied: the entries are looked at in their place.
    watch.events(|entry| {
        let what = entry.what.what;
        if entry.account == *account && matches!(what, Happening::Put | Happening::Received) {
            let recent = entry.at.after(WINDOW) > now;
            let seen = traffic.entry(entry.queue.clone()).or_default();
            let (last, count) = match what {
                Happening::Put => (&mut seen.last_put, &mut seen.puts),
                _ => (&mut seen.last_received, &mut seen.receives),
            };
            *last = Some(entry.at);
            *count += u32::from(recent);
        }
        false
    });
    traffic
}

pub(super) fn show_counts(counts: &Counts, now: Moment) -> Value {
    let age = counts.head_inserted_at.map(|at| {
        now.to_system_time().duration_since(at.to_system_time()).unwrap_or_default().as_secs()
    });
    json!({
        "visible": counts.visible,
        "hidden": counts.hidden,
        "delayed": counts.delayed,
        "headAgeSeconds": age,
        "nextVisibleAt": counts.next_visible_at.map(moment),
        "nextExpiryAt": counts.next_expiry.map(moment),
    })
}

pub(super) async fn create(ask: &Ask<'_>) -> Result<Response<Bytes>, Failure> {
    let body = ask.object(&["name", "metadata"])?;
    let name = queue_name(body.get("name").and_then(Value::as_str).unwrap_or_default())?;
    let mut metadata = Metadata::new();
    if let Some(given) = body.get("metadata") {
        let given = given.as_object().ok_or_else(|| Failure::bad("metadata is an object"))?;
        for (key, value) in given {
            let value = value.as_str().ok_or_else(|| Failure::bad("metadata has texts"))?;
            metadata.insert(key, value).map_err(|error| Failure::bad(error.to_string()))?;
        }
    }
    let create = CreateQueue::new(name.clone()).metadata(metadata);
    ask.by_hand(|hand| hand.perform(create)).await?;
    let mut response = answer(&json!({ "name": name.as_str() }));
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

pub(super) async fn delete(ask: &Ask<'_>) -> Result<Response<Bytes>, Failure> {
    let queue = ask.queue()?;
    ask.by_hand(|hand| hand.perform(DeleteQueue::new(queue))).await?;
    Ok(super::answer::empty())
}

pub(super) async fn clear(ask: &Ask<'_>) -> Result<Response<Bytes>, Failure> {
    let queue = ask.queue()?;
    ask.by_hand(|hand| hand.perform(ClearMessages::new(queue))).await?;
    Ok(super::answer::empty())
}

/// Starts over, or clears one queue.
pub(super) async fn reset(ask: &Ask<'_>) -> Result<Response<Bytes>, Failure> {
    let body = ask.object(&["queue"])?;
    match body.get("queue") {
        None | Some(Value::Null) => {
            for unsettled in ask.emulator.begin_reset() {
                ask.settle(unsettled).await?;
            }
        }
        Some(name) => {
            let queue = queue_name(name.as_str().unwrap_or_default())?;
            ask.by_hand(|hand| hand.perform(ClearMessages::new(queue))).await?;
        }
    }
    Ok(super::answer::empty())
}
