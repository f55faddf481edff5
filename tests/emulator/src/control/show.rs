//! Times, messages, events and requests as JSON.

use std::time::SystemTime;

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::record::RequestRecord;
use crate::state::{Moment, Seen};
use crate::watch::event::MessageEvent;
use crate::watch::requests::SeenRequest;
use crate::wire::{expiry, message_id};

/// A time in the form of RFC 3339, in UTC.
pub(super) fn time(at: SystemTime) -> Value {
    OffsetDateTime::from(at).format(&Rfc3339).map_or(Value::Null, Value::from)
}

pub(super) fn moment(at: Moment) -> Value {
    time(at.to_system_time())
}

/// Reads a time in that form.
pub(super) fn read_time(text: &str) -> Option<SystemTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(SystemTime::from)
}

/// The beginning of what a client wrote, for an error.
pub(super) fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

/// A message, with no more than `most` bytes of its text.
pub(super) fn message(seen: &Seen, now: Moment, most: usize) -> Value {
    let received = &seen.received;
    let text = received.message.text.as_str();
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let shown = text.get(..end).unwrap_or_default();
    let state = match received.next_visible_at {
        at if at <= now => "visible",
        _ if received.message.dequeue_count == 0 => "delayed",
        _ => "hidden",
    };
    json!({
        "id": message_id(received.message.id).as_str(),
        "state": state,
        "text": shown,
        "bytes": text.len(),
        "cut": shown.len() < text.len(),
        "readable": seen.readable,
        "dequeueCount": received.message.dequeue_count,
        "insertedAt": moment(received.message.inserted_at),
        "nextVisibleAt": moment(received.next_visible_at),
        "expiresAt": expiry(received.message.expires_at).map(time),
    })
}

pub(super) fn event(event: &MessageEvent) -> Value {
    let client = event.client.as_ref().map(|client| {
        json!({
            "name": client.name(),
            "userAgent": client.user_agent,
            "credential": client.credential.map(|kind| kind.name()),
            "peer": client.peer.map(|peer| peer.to_string()),
        })
    });
    json!({
        "number": event.number,
        "at": time(event.at),
        "account": event.account.as_str(),
        "queue": event.queue.as_str(),
        "message": event.message.as_ref().map(|id| id.as_str()),
        "what": event.what.name(),
        "until": event.until.map(time),
        "dequeueCount": event.dequeue_count,
        "textChanged": event.text_changed,
        "client": client,
        "request": event.request,
        "reason": event.reason,
    })
}

/// A request in a list.
pub(super) fn request(seen: &SeenRequest) -> Value {
    let RequestRecord { refused, .. } = &seen.record;
    let record = &seen.record;
    let refused = refused
        .as_ref()
        .map(|refused| json!({ "check": refused.check().to_string(), "reason": refused.reason() }));
    json!({
        "number": seen.number,
        "at": time(seen.at),
        "microseconds": u64::try_from(record.took.as_micros()).unwrap_or(u64::MAX),
        "method": record.method.as_ref().map_or("", http::Method::as_str),
        "target": record.target,
        "operation": record.operation.map(|kind| kind.name()),
        "account": record.account.as_ref().map(|name| name.as_str()),
        "queue": record.queue.as_ref().map(|name| name.as_str()),
        "message": record.message.as_ref().map(|id| id.as_str()),
        "credential": record.credential.name(),
        "peer": record.peer.to_string(),
        "https": record.https,
        "userAgent": seen.header("user-agent"),
        "requestId": record.request_id,
        "clientRequestId": record.client_request_id,
        "status": record.status.map(|status| status.as_u16()),
        "code": record.code.as_ref().map(|code| code.to_string()),
        "refused": refused,
        "fault": record.fault,
        "lost": record.lost,
        "requestBytes": record.received_bytes,
        "answerBytes": record.sent_bytes,
    })
}
