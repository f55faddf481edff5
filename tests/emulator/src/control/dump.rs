//! All messages of a queue as lines of JSON, and back.

use bytes::Bytes;
use http::header::CONTENT_DISPOSITION;
use http::{HeaderValue, Response};
use queue_proto::MessageText;
use queue_proto::ops::PutMessage;
use serde_json::{Value, json};

use super::answer::{Ask, Failure, json as answer, of_type};
use super::show::{moment, time};
use crate::wire::{expiry, message_id};

/// Every message that is there, hidden ones too, in the format of `azq dump`: the field `text` is
/// exact, and the others inform.
pub(super) fn dump(ask: &Ask<'_>) -> Result<Response<Bytes>, Failure> {
    let (account, name) = (ask.account()?, ask.queue()?);
    let now = ask.emulator.moment();
    let no_queue = || Failure::missing("there is no such queue");
    let seen = {
        let mut guarded = ask.emulator.service(&account).ok_or_else(no_queue)?;
        let queue = guarded.service.queue(&name).map_err(|_| no_queue())?;
        queue.part(0, usize::MAX, now)
    };
    let mut lines = String::new();
    for seen in seen.iter().filter(|seen| seen.readable) {
        let received = &seen.received;
        let line = json!({
            "v": 1,
            "id": message_id(received.message.id).as_str(),
            "text": received.message.text.as_str(),
            "attempt": received.message.dequeue_count,
            "inserted": moment(received.message.inserted_at),
            "expires": expiry(received.message.expires_at).map_or("never".into(), time),
            "visible": moment(received.next_visible_at),
            "queue": name.as_str(),
            "account": account.as_str(),
            "dumped": moment(now),
        });
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    let mut response = of_type("application/x-ndjson", lines);
    let attachment = format!("attachment; filename=\"{name}.ndjson\"");
    if let Ok(value) = HeaderValue::try_from(attachment) {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// Puts the text of each line as a new message. If one line is wrong, nothing is put.
pub(super) async fn load(ask: &Ask<'_>) -> Result<Response<Bytes>, Failure> {
    let name = ask.queue()?;
    let mut texts = Vec::new();
    for (index, line) in ask.text()?.lines().enumerate() {
        let wrong = |why: &str| Failure::bad(format!("line {}: {why}", index + 1));
        if line.trim().is_empty() {
            continue;
        }
        let value: Value = serde_json::from_str(line).map_err(|_| wrong("it is not JSON"))?;
        let text = value.get("text").and_then(Value::as_str);
        let text = text.ok_or_else(|| wrong("it has no field text"))?;
        texts.push(MessageText::new(text).map_err(|error| wrong(&error.to_string()))?);
    }
    let loaded = texts.len();
    ask.by_hand(|hand| {
        for text in texts {
            hand.perform(PutMessage::new(name.clone(), text))?;
        }
        Ok(())
    })
    .await?;
    Ok(answer(&json!({ "loaded": loaded })))
}
