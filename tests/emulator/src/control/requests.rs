//! The requests that are remembered, and why one was refused.

use bytes::Bytes;
use http::Response;
use queue_auth::explain_mismatch;
use serde_json::{Value, json};

use super::advice::advice;
use super::answer::{Ask, Failure, json as answer};
use super::show;
use crate::record::RequestRecord;
use crate::refusal::Check;
use crate::watch::Watch;
use crate::watch::requests::SeenRequest;

/// The most requests in one answer.
const MAX_REQUESTS: usize = 1000;

pub(super) fn list(ask: &Ask<'_>) -> Result<Response<Bytes>, Failure> {
    let limit = ask.number("limit", 200)?.min(MAX_REQUESTS);
    let after: u64 = ask.number("after", 0)?;
    let wanted = |name| ask.parameter(name).filter(|value| !value.is_empty());
    let (queue, status, operation) = (wanted("queue"), wanted("status"), wanted("operation"));
    let code = wanted("code");
    let fits = |number: u64, record: &RequestRecord| {
        number > after
            && queue
                .is_none_or(|queue| record.queue.as_ref().is_some_and(|it| it.as_str() == queue))
            && operation.is_none_or(|name| {
                record.operation.is_some_and(|kind| kind.name().eq_ignore_ascii_case(name))
            })
            && code.is_none_or(|code| {
                record.code.as_ref().is_some_and(|it| it.to_string().eq_ignore_ascii_case(code))
            })
            && status.is_none_or(|status| has_status(record, status))
    };
    let requests = ask.emulator.watch().map(|watch| watch.requests(limit, fits));
    let requests = requests.unwrap_or_default();
    let shown: Vec<Value> = requests.iter().map(show::request).collect();
    Ok(answer(&json!({
        "now": show::time(ask.emulator.message_time()),
        "recording": ask.emulator.watch().is_some(),
        "fromStart": ask.emulator.watch().is_some_and(Watch::is_from_start),
        "requests": shown,
    })))
}

/// `404`, `4xx`, or `lost`.
fn has_status(record: &RequestRecord, wanted: &str) -> bool {
    if wanted == "lost" {
        return record.lost;
    }
    let Some(status) = record.status else { return false };
    match wanted.strip_suffix("xx") {
        Some(class) => class.parse() == Ok(status.as_u16() / 100),
        None => status.as_str() == wanted,
    }
}

fn find(ask: &Ask<'_>) -> Result<SeenRequest, Failure> {
    let number: Option<u64> = ask.path.first().and_then(|text| text.parse().ok());
    let found = ask
        .emulator
        .watch()
        .and_then(|watch| watch.requests(1, |found, _| Some(found) == number).pop());
    found.ok_or_else(|| Failure::missing("there is no such request, or it is forgotten"))
}

pub(super) fn one(ask: &Ask<'_>) -> Result<Response<Bytes>, Failure> {
    let seen = find(ask)?;
    let mut shown = show::request(&seen);
    let headers: Vec<Value> =
        seen.headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let refused = seen.record.refused.as_ref();
    if let Some(object) = shown.as_object_mut() {
        object.insert("headers".to_owned(), headers.into());
        object.insert("stringToSign".to_owned(), seen.string_to_sign.into());
        object.insert("checks".to_owned(), checks(refused.map(|refused| refused.check())));
        let advice = refused.and_then(|refused| advice(refused.code()));
        object.insert("advice".to_owned(), advice.into());
    }
    Ok(answer(&shown))
}

/// The checks in their order, up to the one that refused the request.
fn checks(refused_by: Option<Check>) -> Value {
    let Some(refused_by) = refused_by else { return Value::Array(Vec::new()) };
    let met = Check::ALL.into_iter().filter(|check| {
        // These two refuse only where there is a reason to look.
        *check <= refused_by
            && (*check == refused_by || !matches!(check, Check::Fault | Check::Preflight))
    });
    met.map(|check| json!({ "name": check.to_string(), "passed": check != refused_by })).collect()
}

/// Compares the string to sign of the emulator with the one that a client says it signed.
pub(super) fn compare(ask: &Ask<'_>) -> Result<Response<Bytes>, Failure> {
    let seen = find(ask)?;
    let body = ask.object(&["stringToSign"])?;
    let theirs = body.get("stringToSign").and_then(Value::as_str);
    let theirs = theirs.ok_or_else(|| Failure::bad("the field stringToSign is a text"))?;
    let ours = seen
        .string_to_sign
        .ok_or_else(|| Failure::missing("the request was not refused for its signature"))?;
    // The client is "we" to the function that explains: it is written for clients.
    let words = explain_mismatch(theirs, &ours);
    let same = ours.chars().zip(theirs.chars()).take_while(|(ours, theirs)| ours == theirs).count();
    Ok(answer(&json!({
        "equal": words.is_none(),
        "difference": words.map(|words| words.replace("we signed", "the client signed")),
        "firstDifference": (ours != theirs).then_some(same),
    })))
}
