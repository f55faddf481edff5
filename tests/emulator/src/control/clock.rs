//! The time by which messages live, and moving it forward.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::answer::{Ask, Failure, json as answer};
use super::show::{moment, read_time, time};
use crate::emulator::Emulator;
use crate::state::Moment;

/// The farthest step at once: longer than any message lives that expires at all by default.
const MAX_STEP: f64 = 100.0 * 366.0 * 24.0 * 60.0 * 60.0;

pub(super) fn get(ask: &Ask<'_>) -> Result<Response<Bytes>, Failure> {
    Ok(answer(&show(ask.emulator)))
}

fn show(emulator: &Emulator) -> Value {
    let (visible, expiry) = next(emulator);
    json!({
        "now": time(emulator.message_time()),
        "clock": time(emulator.now()),
        "advancedBySeconds": emulator.advanced_by().as_secs_f64(),
        "nextVisibleAt": visible.map(moment),
        "nextExpiryAt": expiry.map(moment),
    })
}

/// When the next message of any queue becomes visible, and when the next expires.
fn next(emulator: &Emulator) -> (Option<Moment>, Option<Moment>) {
    let now = emulator.moment();
    let (mut visible, mut expiry) = (None, None);
    let earlier = |one: Option<Moment>, other: Option<Moment>| match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    for account in emulator.accounts() {
        let Some(mut guarded) = emulator.service(account.name()) else { continue };
        for (_, queue) in guarded.service.queues() {
            let (next_visible, next_expiry) = queue.next_changes(now);
            visible = earlier(visible, next_visible);
            expiry = earlier(expiry, next_expiry);
        }
    }
    (visible, expiry)
}

pub(super) fn change(ask: &Ask<'_>) -> Result<Response<Bytes>, Failure> {
    let body = ask.object(&["advance", "set", "to"])?;
    let by = match (body.get("advance"), body.get("set"), body.get("to")) {
        (Some(by), None, None) => {
            let seconds = by.as_f64().filter(|seconds| (0.0..=MAX_STEP).contains(seconds));
            let seconds = seconds.ok_or_else(|| {
                Failure::bad("advance is a number of seconds, from 0 to a hundred years")
            })?;
            Duration::from_secs_f64(seconds)
        }
        (None, Some(to), None) => {
            let to = to.as_str().and_then(read_time);
            let to = to.ok_or_else(|| {
                Failure::bad("set is a time of RFC 3339, such as 2030-01-31T12:00:00Z")
            })?;
            to.duration_since(ask.emulator.message_time()).map_err(|_| {
                Failure::new(
                    StatusCode::CONFLICT,
                    "the time by which messages live does not go back: POST reset starts over",
                )
            })?
        }
        (None, None, Some(to)) => {
            let (visible, expiry) = next(ask.emulator);
            let at = match to.as_str() {
                Some("next-visible") => visible,
                Some("next-expiry") => expiry,
                _ => return Err(Failure::bad("to is next-visible or next-expiry")),
            };
            let at = at.ok_or_else(|| {
                Failure::new(StatusCode::CONFLICT, "there is no such message: nothing is to come")
            })?;
            at.to_system_time().duration_since(ask.emulator.message_time()).unwrap_or_default()
        }
        _ => return Err(Failure::bad("give one of advance, set and to")),
    };
    ask.emulator.advance(by);
    Ok(answer(&show(ask.emulator)))
}
