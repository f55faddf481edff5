//! The parts of a request that may be shown. What is not known to be harmless is left out: clients
//! put keys where queues belong, and signatures under the wrong name.

use http::{HeaderMap, Uri};
use queue_proto::header::CLIENT_REQUEST_ID;
use queue_proto::redact::REDACTED;
use uuid::Uuid;

use super::byte_set::ByteSet;

/// The parameters whose values are words, numbers, names and times.
const HARMLESS: [&str; 36] = [
    "api-version",
    "comp",
    "include",
    "marker",
    "maxresults",
    "messagettl",
    "numofmessages",
    "peekonly",
    "prefix",
    "restype",
    "saoid",
    "scid",
    "sddhh",
    "sduoid",
    "sdutid",
    "se",
    "ses",
    "si",
    "sip",
    "ske",
    "skoid",
    "sks",
    "skt",
    "sktid",
    "skv",
    "sp",
    "spr",
    "sr",
    "srt",
    "ss",
    "st",
    "suoid",
    "sv",
    "timeout",
    "visibilitytimeout",
    "visibilityTimeout",
];

/// The most characters of a text with capitals that is shown. Receipts have 24, signatures 43.
const MAX_MIXED: usize = 20;
/// The most characters of a text without capitals: names of queues have so many. Keys and tokens
/// have capitals.
const MAX_PLAIN: usize = 63;
/// The most characters of a target: what is beyond is cut off.
const MAX_TARGET: usize = 2048;

/// Path and query without what may be secret.
pub(crate) fn target(uri: &Uri) -> String {
    if uri.query().is_none() && is_plain(uri.path().as_bytes()) {
        return uri.path().to_owned();
    }
    let mut out = String::with_capacity(uri.path().len() + 64);
    // The name of a queue with capitals is a mistake that should be seen. Of a key with slashes in
    // it there are several such parts.
    let mixed = uri.path().split('/').filter(|segment| is_mixed(segment)).count() > 1;
    for (index, segment) in uri.path().split('/').enumerate() {
        if index > 0 {
            out.push('/');
        }
        let shown = is_harmless(segment) && !(mixed && is_mixed(segment));
        out.push_str(if shown { segment } else { REDACTED });
    }
    let mut sign = '?';
    for part in uri.query().unwrap_or_default().split('&').filter(|part| !part.is_empty()) {
        out.push(sign);
        sign = '&';
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (part, None),
        };
        out.push_str(if is_harmless(name) { name } else { REDACTED });
        if let Some(value) = value {
            let shown = value.is_empty()
                || (HARMLESS.contains(&name) && (is_harmless(value) || is_time(value)));
            out.push('=');
            out.push_str(if shown { value } else { REDACTED });
        }
        if out.len() > MAX_TARGET {
            break;
        }
    }
    if out.len() > MAX_TARGET {
        // Everything that is shown is ASCII.
        out.truncate(MAX_TARGET);
        out.push_str("...");
    }
    out
}

/// The id that a client gave its request, if it has the form of an id.
pub(crate) fn client_request_id(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CLIENT_REQUEST_ID)?;
    let is_shown =
        |id: &&str| is_plain(value.as_bytes()) || is_harmless(id) || Uuid::try_parse(id).is_ok();
    let shown = str::from_utf8(value.as_bytes()).ok().filter(is_shown);
    Some(shown.unwrap_or(REDACTED).to_owned())
}

/// The bytes of nearly all paths, and of ids.
const PLAIN: &ByteSet = &ByteSet::of(b"abcdefghijklmnopqrstuvwxyz0123456789-/");

/// Whether a path or an id is one of nearly all requests: short and without capitals.
fn is_plain(text: &[u8]) -> bool {
    text.len() <= MAX_PLAIN && PLAIN.are_all_of(text)
}

/// Whether a text is too short, or too plain, for a secret.
fn is_harmless(text: &str) -> bool {
    let shown = |byte: u8| {
        matches!(byte,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9'
            | b'-' | b'.' | b'_' | b':' | b',' | b'/' | b'$' | b'*' | b'%')
    };
    text.bytes().all(shown)
        && (text.len() <= MAX_MIXED || (text.len() <= MAX_PLAIN && !is_mixed(text)))
}

fn is_mixed(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// Whether a text is a date with a time, in the escapes of URLs.
fn is_time(text: &str) -> bool {
    let rest = text.replace("%3A", ":").replace("%3a", ":");
    rest.len() <= MAX_PLAIN
        && rest.bytes().all(|byte| byte.is_ascii_digit() || b"-:.TZ".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_a_target() {
        let long = format!("/devstoreaccount1/{}", "q".repeat(63));
        for (uri, shown) in [
            ("/devstoreaccount1/jobs/messages?timeout=30", None),
            (
                "/devstoreaccount1?comp=list&prefix=a&marker=/devstoreaccount1/b&include=metadata",
                None,
            ),
            ("/devstoreaccount1/MyQueue", None),
            (&long, None),
            ("/a/q/messages/0b9b1d4e-0000-4000-8000-9f6b1f0d6c11?visibilitytimeout=0", None),
            (
                "/a/q/messages/x?popreceipt=AgAAAA%3D%3D&visibilitytimeout=3",
                Some("/a/q/messages/x?popreceipt=REDACTED&visibilitytimeout=3"),
            ),
            (
                "/a?se=2026-11-26T08%3A00%3A00.0000000Z&sp=rwdl&sip=10.0.0.1-10.0.0.9&sig=AbC%3D",
                Some(
                    "/a?se=2026-11-26T08%3A00%3A00.0000000Z&sp=rwdl&sip=10.0.0.1-10.0.0.9\
                     &sig=REDACTED",
                ),
            ),
            ("/a?Sig=abc&signature=abc&sig", Some("/a?Sig=REDACTED&signature=REDACTED&sig")),
            ("/a?comp=q1w2E3r4T5y6U7i8O9p0A", Some("/a?comp=REDACTED")),
            ("/q1w2E3r4T5y6U7i8O9p0A/b=c", Some("/REDACTED/REDACTED")),
            ("/a?q1w2E3r4T5y6U7i8O9p0A", Some("/a?REDACTED")),
            ("/a?&&comp=list&", Some("/a?comp=list")),
            ("/a/Ab/c/dE", Some("/a/REDACTED/c/REDACTED")),
        ] {
            assert_eq!(target(&uri.parse().unwrap()), shown.unwrap_or(uri));
        }
        let endless = format!("/a?{}", "comp=list&".repeat(1000));
        assert!(target(&endless.parse().unwrap()).len() < MAX_TARGET + 100);
    }

    #[test]
    fn ids_of_clients() {
        for (id, shown) in [
            ("9F8B1D4E-0000-4000-8000-9F6B1F0D6C11", true),
            ("9f8b1d4e-0000-4000-8000-9f6b1f0d6c11", true),
            ("resize-17", true),
            ("q1w2E3r4T5y6U7i8O9p0A", false),
            ("<script>", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CLIENT_REQUEST_ID, id.parse().unwrap());
            assert_eq!(client_request_id(&headers).unwrap(), if shown { id } else { REDACTED });
        }
        assert_eq!(client_request_id(&HeaderMap::new()), None);
    }
}
