//! The two formats of dates: RFC 1123 in headers, ISO 8601 in shared access signatures.

use std::time::{Duration, SystemTime};

use http::HeaderValue;
use httpdate::HttpDate;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::error::AuthError;

/// The first second of the year 10000, the first that neither format can express.
const YEAR_10000: Duration = Duration::from_secs(253_402_300_800);

/// Fails unless `time` lies in the years 1970 to 9999.
pub(crate) fn in_range(time: SystemTime) -> Result<SystemTime, AuthError> {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) if since < YEAR_10000 => Ok(time),
        _ => Err(AuthError::TimeOutOfRange),
    }
}

/// A second as it stands in a header: `Wed, 23 Sep 2026 10:20:30 GMT`.
#[derive(Clone, Debug)]
pub(crate) struct HeaderDate {
    second: SystemTime,
    value: HeaderValue,
}

impl HeaderDate {
    pub(crate) fn new(time: SystemTime) -> Result<Self, AuthError> {
        use std::io::Write as _;

        let date = HttpDate::from(in_range(time)?);
        let mut text = [0; 29];
        write!(text.as_mut_slice(), "{date}").map_err(|_| AuthError::TimeOutOfRange)?;
        let value = HeaderValue::from_bytes(&text).map_err(|_| AuthError::TimeOutOfRange)?;
        Ok(Self { second: date.into(), value })
    }

    /// Whether `time` lies in this second.
    pub(crate) fn covers(&self, time: SystemTime) -> bool {
        time.duration_since(self.second).is_ok_and(|since| since.as_secs() == 0)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.value.as_bytes()
    }

    pub(crate) fn into_value(self) -> HeaderValue {
        self.value
    }
}

/// The text of a time in messages for people.
pub(crate) fn show(time: &SystemTime) -> String {
    match in_range(*time) {
        Ok(time) => httpdate::fmt_http_date(time),
        Err(_) => "a time outside the years 1970 to 9999".to_owned(),
    }
}

/// The text of a time in a signature, `2026-09-23T10:20:30Z`, without the fraction of the second.
pub(crate) fn iso(time: SystemTime) -> Result<String, AuthError> {
    let since = in_range(time)?
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_err(|_| AuthError::TimeOutOfRange)?;
    i64::try_from(since.as_secs())
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|time| time.format(&Rfc3339).ok())
        .ok_or(AuthError::TimeOutOfRange)
}

/// Reads `YYYY-MM-DD`, and `YYYY-MM-DDThh:mm` with or without seconds and fraction, followed by `Z`
/// or an offset. Source: "Formatting DateTime values" in the REST reference.
pub(crate) fn parse_iso(text: &str) -> Option<SystemTime> {
    // The year is fixed at four digits and all of it is ASCII, or none of the forms fits.
    const DATE: usize = "YYYY-MM-DD".len();
    const MINUTES: usize = "YYYY-MM-DDThh:mm".len();
    let full = match (text.len(), text.get(..MINUTES), text.get(MINUTES..)) {
        (DATE, ..) => format!("{text}T00:00:00Z"),
        (_, Some(minutes), Some(rest)) if !rest.starts_with(':') => format!("{minutes}:00{rest}"),
        _ => text.to_owned(),
    };
    let time = OffsetDateTime::parse(&full, &Rfc3339).ok()?;
    let seconds = u64::try_from(time.unix_timestamp()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, time.nanosecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Option<SystemTime> {
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    }

    #[test]
    fn reads_every_form() {
        let day = 20_719 * 86_400;
        assert_eq!(parse_iso("2026-09-23"), at(day));
        assert_eq!(parse_iso("2026-09-23T10:20Z"), at(day + 37_200));
        assert_eq!(parse_iso("2026-09-23T10:20:30Z"), at(day + 37_230));
        assert_eq!(parse_iso("2026-09-23T10:20:30.0000000Z"), at(day + 37_230));
        assert_eq!(parse_iso("2026-09-23T12:20:30+02:00"), at(day + 37_230));
        for wrong in
            ["", "2026", "2026-13-01", "2026-09-23T10:20", "2026-09-23 10", "é026-09-23T10"]
        {
            assert_eq!(parse_iso(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn writes_what_it_reads() {
        let time = at(1_790_158_830).unwrap_or(SystemTime::UNIX_EPOCH);
        let text = iso(time).unwrap_or_default();
        assert_eq!(text, "2026-09-23T10:20:30Z");
        assert_eq!(parse_iso(&text), Some(time));
        assert_eq!(iso(time + Duration::from_millis(999)).unwrap_or_default(), text);
    }

    #[test]
    fn range() {
        assert!(iso(SystemTime::UNIX_EPOCH + YEAR_10000).is_err());
        assert!(HeaderDate::new(SystemTime::UNIX_EPOCH - Duration::from_secs(1)).is_err());
        let last = SystemTime::UNIX_EPOCH + YEAR_10000 - Duration::from_secs(1);
        assert_eq!(iso(last).unwrap_or_default(), "9999-12-31T23:59:59Z");
        let date = HeaderDate::new(last + Duration::from_millis(7)).unwrap();
        assert_eq!(date.as_bytes(), b"Fri, 31 Dec 9999 23:59:59 GMT");
        assert!(date.covers(last) && date.covers(last + Duration::from_millis(999)));
        assert!(!date.covers(last - Duration::from_millis(1)));
        assert!(!date.covers(last + Duration::from_secs(1)));
    }
}
