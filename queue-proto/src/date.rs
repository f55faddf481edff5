//! The two date formats of the protocol.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use httpdate::HttpDate;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// 9999-12-31T23:59:59Z, the last time that the formats can write and the expiry that the service
/// writes for messages that never expire.
pub(crate) const LAST_SECOND: u64 = 253_402_300_799;

/// The unit of the service's times, in nanoseconds.
const TICK: u32 = 100;

const SECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
const TICKS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z");
const MINUTES: &[BorrowedFormatItem<'_>] = format_description!(
    "[year]-[month]-[day]T[hour]:[minute][offset_hour sign:mandatory]:[offset_minute]"
);
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// `time`, moved into the range that the formats can write.
fn clamp(time: SystemTime) -> SystemTime {
    let last = UNIX_EPOCH + Duration::from_secs(LAST_SECOND);
    time.clamp(UNIX_EPOCH, last)
}

/// Writes `time` as RFC 1123, such as `Wed, 23 Sep 2026 10:20:30 GMT`; fractions of a second are
/// cut off.
pub(crate) fn http(time: SystemTime) -> impl fmt::Display {
    HttpDate::from(clamp(time))
}

/// Reads RFC 1123 and the two older forms of HTTP dates.
pub(crate) fn parse_http(text: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(text).ok()
}

/// The expiry of a message as the service writes it: `None` is the end of the year 9999.
pub(crate) fn expiry(time: Option<SystemTime>) -> impl fmt::Display {
    http(time.unwrap_or(UNIX_EPOCH + Duration::from_secs(LAST_SECOND)))
}

/// Reads the expiry of a message.
pub(crate) fn parse_expiry(text: &str) -> Option<Option<SystemTime>> {
    let time = parse_http(text)?;
    Some((time != UNIX_EPOCH + Duration::from_secs(LAST_SECOND)).then_some(time))
}

/// Writes `time` as ISO 8601: in whole seconds when it is whole seconds, else with the seven digits
/// of fraction that the service writes.
pub(crate) fn iso_short(time: SystemTime) -> String {
    let whole = time.duration_since(UNIX_EPOCH).is_ok_and(|since| since.subsec_nanos() < TICK);
    iso_as(time, if whole { SECONDS } else { TICKS })
}

/// Writes `time` as ISO 8601 in whole seconds.
pub(crate) fn iso_seconds(time: SystemTime) -> String {
    iso_as(time, SECONDS)
}

/// Writes `time` as ISO 8601 with seven digits of fraction.
pub(crate) fn iso_ticks(time: SystemTime) -> String {
    iso_as(time, TICKS)
}

fn iso_as(time: SystemTime, format: &[BorrowedFormatItem<'_>]) -> String {
    OffsetDateTime::from(clamp(time))
        .format(format)
        .expect("years 1970 to 9999 in UTC have every part of the format")
}

/// Reads the four forms of ISO 8601 that the service takes (page "Formatting date-time values"):
/// a day, minutes, seconds, and seconds with a fraction, of which seven digits count. Times before
/// 1970 are refused.
pub(crate) fn parse_iso(text: &str) -> Option<SystemTime> {
    // Long enough for every form; keeps hostile input out of the parsers.
    if text.len() > 40 {
        return None;
    }
    let time = if let Ok(time) = OffsetDateTime::parse(text, &Rfc3339) {
        time
    } else if let Ok(day) = time::Date::parse(text, DAY) {
        day.midnight().assume_utc()
    } else {
        let zoned = text.strip_suffix('Z').map(|start| format!("{start}+00:00"));
        OffsetDateTime::parse(zoned.as_deref().unwrap_or(text), MINUTES).ok()?
    };
    let since = u64::try_from(time.unix_timestamp())
        .ok()
        .filter(|seconds| *seconds <= LAST_SECOND)
        .map(|seconds| Duration::new(seconds, time.nanosecond() / TICK * TICK))?;
    Some(UNIX_EPOCH + since)
}

/// Reads the same forms, but refuses a time that is not whole seconds.
pub(crate) fn parse_iso_seconds(text: &str) -> Option<SystemTime> {
    parse_iso(text)
        .filter(|time| time.duration_since(UNIX_EPOCH).is_ok_and(|since| since.subsec_nanos() == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64, nanos: u32) -> SystemTime {
        UNIX_EPOCH + Duration::new(seconds, nanos)
    }

    #[test]
    fn iso_forms() {
        let day = at(1_318_291_200, 0);
        assert_eq!(parse_iso("2011-10-11"), Some(day));
        assert_eq!(parse_iso("2011-10-11T00:00Z"), Some(day));
        assert_eq!(parse_iso("2011-10-11T02:00+02:00"), Some(day));
        assert_eq!(parse_iso("2011-10-11T00:00:00Z"), Some(day));
        assert_eq!(parse_iso("2011-10-11T02:00:00+02:00"), Some(day));
        assert_eq!(parse_iso("2011-10-11T00:00:00.0000000Z"), Some(day));
        assert_eq!(parse_iso("2011-10-11T00:00:00.1234567Z"), Some(at(1_318_291_200, 123_456_700)));
        for bad in
            ["", "2011", "2011-02-30", "2011-10-11T24:00Z", "2011-10-11T00:00", "1969-12-31", "x"]
        {
            assert_eq!(parse_iso(bad), None, "{bad}");
        }
        assert_eq!(iso_short(day), "2011-10-11T00:00:00Z");
        assert_eq!(iso_short(at(1_318_291_200, 123_456_700)), "2011-10-11T00:00:00.1234567Z");
        assert_eq!(iso_ticks(day), "2011-10-11T00:00:00.0000000Z");
        assert_eq!(iso_seconds(at(1_318_291_200, 999_999_999)), "2011-10-11T00:00:00Z");
    }

    #[test]
    fn dates_out_of_range_are_clamped_not_a_panic() {
        let far = UNIX_EPOCH + Duration::from_secs(LAST_SECOND + 10);
        assert_eq!(http(far).to_string(), "Fri, 31 Dec 9999 23:59:59 GMT");
        assert_eq!(iso_seconds(far), "9999-12-31T23:59:59Z");
        let early = UNIX_EPOCH - Duration::from_secs(10);
        assert_eq!(http(early).to_string(), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn never_is_the_end_of_9999() {
        assert_eq!(expiry(None).to_string(), "Fri, 31 Dec 9999 23:59:59 GMT");
        assert_eq!(parse_expiry("Fri, 31 Dec 9999 23:59:59 GMT"), Some(None));
        assert_eq!(parse_expiry("Wed, 23 Sep 2026 10:20:30 GMT"), Some(Some(at(1_790_158_830, 0))));
        assert_eq!(parse_expiry("tomorrow"), None);
    }
}
