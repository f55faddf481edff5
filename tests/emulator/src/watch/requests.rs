//! [`SeenRequest`]: a request that is remembered, and the ring of them.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE, USER_AGENT};
use queue_proto::redact::REDACTED;
use queue_proto::{ErrorCode, ServiceError};

use crate::record::RequestRecord;
use crate::state::Moment;

/// The most bytes of the headers of a request that are kept.
const MAX_HEADERS: usize = 4 * 1024;
/// The most bytes of a value that is long without being a signature.
const MAX_PLAIN: usize = 48;

/// A request that the emulator remembers.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SeenRequest {
    /// The number of the request, from 1 on in the order in which requests came.
    pub number: u64,
    /// The time by which messages live when the request was carried out, or else when it was refused.
    /// It is ahead of the record's time if the emulator's clock was
    /// [moved](crate::Emulator::advance).
    pub at: SystemTime,
    /// The request and what became of it.
    pub record: RequestRecord,
    /// The headers of the request, up to 4 KiB. Signatures, tokens and cookies are cut out.
    pub headers: Vec<(String, String)>,
    /// The string to sign that the emulator made of the request, where the signature does not fit
    /// it. It may hold a pop receipt.
    pub string_to_sign: Option<String>,
}

impl SeenRequest {
    /// The value of a header of the request, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// What is remembered of a request beside its record.
#[derive(Debug)]
pub(crate) struct Details {
    pub(crate) number: u64,
    /// A line for each header.
    headers: Vec<u8>,
    /// Where among them the value of `User-Agent` is.
    user_agent: Range<usize>,
    string_to_sign: Option<Box<str>>,
}

impl Details {
    pub(crate) fn new(number: u64, headers: &HeaderMap) -> Self {
        let mut lines = Vec::with_capacity(512);
        let mut user_agent = 0..0;
        for (name, value) in headers {
            if lines.len() >= MAX_HEADERS {
                break;
            }
            push(&mut lines, name.as_str().as_bytes());
            lines.extend_from_slice(b": ");
            let (start, value) = (lines.len(), value.as_bytes());
            if *name == AUTHORIZATION {
                push(&mut lines, without_signature(value));
                lines.extend_from_slice(REDACTED.as_bytes());
            } else if *name == COOKIE || (value.len() > MAX_PLAIN && has_signature(value)) {
                lines.extend_from_slice(REDACTED.as_bytes());
            } else {
                push(&mut lines, value);
            }
            if *name == USER_AGENT {
                user_agent = start..lines.len();
            }
            lines.push(b'\n');
        }
        Self { number, headers: lines, user_agent, string_to_sign: None }
    }

    pub(crate) fn user_agent(&self) -> &[u8] {
        self.headers.get(self.user_agent.clone()).unwrap_or_default()
    }

    /// Notes what a refusal tells of the string to sign.
    pub(crate) fn refused(&mut self, error: &ServiceError) {
        if *error.code() != ErrorCode::AuthenticationFailed {
            return;
        }
        let detail = error.details().find(|(name, _)| *name == "AuthenticationErrorDetail");
        // The two forms in which the service tells what it signed.
        let text = detail.and_then(|(_, text)| {
            let shared_key = text.split_once("string to sign: '");
            let shared_key = shared_key.map(|(_, text)| text.strip_suffix("'.").unwrap_or(text));
            shared_key.or_else(|| Some(text.split_once("String to sign used was ")?.1))
        });
        self.string_to_sign = text.map(Into::into);
    }
}

/// The newest requests, the oldest first.
#[derive(Debug)]
pub(super) struct Requests {
    seen: VecDeque<Entry>,
    limit: usize,
}

#[derive(Debug)]
struct Entry {
    at: Moment,
    record: Arc<RequestRecord>,
    details: Details,
}

impl Requests {
    pub(super) fn new(limit: usize) -> Self {
        Self { seen: VecDeque::new(), limit }
    }

    /// Takes in a request, and gives back the oldest if there is no room for both: the caller frees
    /// it when nobody waits.
    #[must_use]
    pub(super) fn push(
        &mut self,
        record: Arc<RequestRecord>,
        details: Details,
        at: Moment,
    ) -> Option<impl Sized + use<>> {
        let oldest = if self.seen.len() >= self.limit { self.seen.pop_front() } else { None };
        if self.limit > 0 {
            self.seen.push_back(Entry { at, record, details });
        }
        oldest
    }

    /// Up to `limit` of the requests that `wanted` picks, the newest first.
    pub(super) fn select(
        &self,
        limit: usize,
        mut wanted: impl FnMut(u64, &RequestRecord) -> bool,
    ) -> Vec<SeenRequest> {
        let newest_first = self.seen.iter().rev();
        let wanted = newest_first.filter(|entry| wanted(entry.details.number, &entry.record));
        wanted.take(limit).map(Entry::seen).collect()
    }

    pub(super) fn clear(&mut self) {
        self.seen.clear();
    }
}

impl Entry {
    fn seen(&self) -> SeenRequest {
        let headers = String::from_utf8_lossy(&self.details.headers);
        let headers = headers.lines().filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_owned(), value.to_owned()))
        });
        SeenRequest {
            number: self.details.number,
            at: self.at.to_system_time(),
            record: RequestRecord::clone(&self.record),
            headers: headers.collect(),
            string_to_sign: self.details.string_to_sign.as_deref().map(str::to_owned),
        }
    }
}

fn push(lines: &mut Vec<u8>, bytes: &[u8]) {
    let room = MAX_HEADERS.saturating_sub(lines.len());
    lines.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
}

/// The scheme of an `Authorization` header, and the account for those of account keys.
fn without_signature(value: &[u8]) -> &[u8] {
    let scheme = value.iter().position(|byte| *byte == b' ').map_or(0, |blank| blank + 1);
    let shown = match value.get(..scheme) {
        Some(b"SharedKey " | b"SharedKeyLite ") => {
            value.iter().position(|byte| *byte == b':').map_or(scheme, |colon| colon + 1)
        }
        _ => scheme,
    };
    value.get(..shown).unwrap_or_default()
}

fn has_signature(value: &[u8]) -> bool {
    !value.contains(&b' ')
        || (value.contains(&b'=')
            && value.windows(4).any(|window| window.eq_ignore_ascii_case(b"sig=")))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn headers_are_kept_without_secrets() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "SharedKey devstoreaccount1:c2VjcmV0"),
            ("user-agent", "azsdk-python-storage-queue/12 Python/3"),
            ("x-ms-copy-source", "http://127.0.0.1:10000/devstoreaccount1/c/b?sv=1&sig=c2VjcmV0"),
            ("cookie", "c2VjcmV0"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let details = Details::new(1, &headers);
        assert_eq!(details.user_agent(), b"azsdk-python-storage-queue/12 Python/3");
        let mut ring = Requests::new(2);
        let record =
            || Arc::new(RequestRecord::new(SystemTime::now(), [127, 0, 0, 1].into(), false));
        let at = Moment::from(SystemTime::now());
        drop(ring.push(record(), details, at));
        let seen = ring.select(9, |_, _| true).remove(0);
        assert_eq!(seen.header("authorization"), Some("SharedKey devstoreaccount1:REDACTED"));
        assert!(!format!("{seen:?}").contains("c2VjcmV0"), "{seen:?}");
        for number in 2..9 {
            drop(ring.push(record(), Details::new(number, &HeaderMap::new()), at));
        }
        let numbers: Vec<_> = ring.select(9, |_, _| true).iter().map(|seen| seen.number).collect();
        assert_eq!(numbers, [8, 7]);
    }
}
