//! Strings to sign of shared access signatures, compared line by line.

use super::words::{ANOTHER_SERVICE, DIFFERENT_LENGTH, value};

/// Lines of a queue's signature, by their count.
const QUEUE_SAS: [&str; 8] = ["sp", "st", "se", "the resource", "si", "sip", "spr", "sv"];
const OLD_QUEUE_SAS: [&str; 6] = ["sp", "st", "se", "the resource", "si", "sv"];
const DELEGATION_SAS: [&str; 15] = [
    "sp",
    "st",
    "se",
    "the resource",
    "skoid",
    "sktid",
    "skt",
    "ske",
    "sks",
    "skv",
    "skdutid",
    "sduoid",
    "sip",
    "spr",
    "sv",
];
/// Lines of an account signature; the last one only since 2020-12-06, and nearly always empty.
const ACCOUNT_SAS: [&str; 10] =
    ["the account", "sp", "ss", "srt", "st", "se", "sip", "spr", "sv", "ses"];

/// Services as the resource of a signature names them since 2015-02-21.
const SERVICES: [(&str, &str); 4] =
    [("blob", "blobs"), ("file", "files"), ("queue", "queues"), ("table", "tables")];

/// The service for which a signature was made, as far as its resource names it.
fn service_of(lines: &[&str]) -> Option<&'static str> {
    let first = lines.get(3)?.strip_prefix('/')?.split('/').next()?;
    SERVICES.into_iter().find(|(name, _)| *name == first).map(|(_, service)| service)
}

pub(super) fn compare<'a>(ours: &[&'a str], theirs: &[&'a str]) -> String {
    let services = (service_of(ours), service_of(theirs));
    if let (Some(ours), Some(theirs)) = services
        && ours != theirs
    {
        return format!(
            "we signed a shared access signature for {ours}, the service one for {theirs}: \
             {ANOTHER_SERVICE}"
        );
    }
    // The last line of an account signature is empty, and then it is no longer there.
    let is_account = |lines: &[&str]| matches!(lines.len(), 9 | 10);
    if ours.len() != theirs.len() && !(is_account(ours) && is_account(theirs)) {
        return format!(
            "the service signed {} lines, we signed {}: the versions or kinds of the signature differ",
            theirs.len(),
            ours.len()
        );
    }
    let names: &[&str] = match (ours.len(), services.0) {
        (6, _) => &OLD_QUEUE_SAS,
        (8, _) => &QUEUE_SAS,
        (15, Some("queues")) => &DELEGATION_SAS,
        (9 | 10, None) => &ACCOUNT_SAS,
        _ => &[],
    };
    for index in 0..ours.len().max(theirs.len()) {
        let line = |lines: &[&'a str]| lines.get(index).copied().unwrap_or_default();
        let (ours, theirs) = (line(ours), line(theirs));
        if ours != theirs {
            return match names.get(index) {
                Some(name) => value(name, theirs, ours),
                None => value(&format!("line {}", index + 1), theirs, ours),
            };
        }
    }
    DIFFERENT_LENGTH.to_owned()
}
