//! The two date formats: RFC 1123 in headers, ISO 8601 in shared access signatures.

use std::time::{Duration, SystemTime};

use http::HeaderValue;
use httpdate::HttpDate;

use crate::AuthError;

/// First second of the year 10000, the first that neither format can express.
const YEAR_10000: Duration = Duration::from_secs(253_402_300_800);

/// Fails unless `time` lies in the years 1970 to 9999.
pub(crate) fn in_range(time: SystemTime) -> Result<SystemTime, AuthError> {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) if since < YEAR_10000 => Ok(time),
        _ => Err(AuthError::TimeOutOfRange),
    }
}

/// `Wed, 23 Sep 2026 10:20:30 GMT` as a header value.
pub(crate) fn header_value(time: SystemTime) -> Result<HeaderValue, AuthError> {
    use std::io::Write as _;

    let date = HttpDate::from(in_range(time)?);
    let mut text = [0u8; 29];
    match write!(text.as_mut_slice(), "{date}") {
        Ok(()) => HeaderValue::from_bytes(&text).map_err(|_| AuthError::TimeOutOfRange),
        Err(_) => Err(AuthError::TimeOutOfRange),
    }
}

/// A time in words, for people.
pub(crate) fn show(time: SystemTime) -> String {
    match in_range(time) {
        Ok(time) => httpdate::fmt_http_date(time),
        Err(_) => "a time outside the years 1970 to 9999".to_owned(),
    }
}
