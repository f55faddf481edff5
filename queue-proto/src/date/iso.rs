//! ISO 8601, such as `2026-09-23T10:20:30.1234567Z`: the times of access policies and delegation
//! keys, by the page "Formatting date-time values" of the REST reference.

use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use crate::date::{FIRST_SECOND, LAST_SECOND, LONGEST, STAND_IN, TICK, Year, at, in_ticks, year};
use crate::error::InvalidValue;

const SECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
const TICKS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z");

/// The nanoseconds of the last tick of a second.
const LAST_TICK: u32 = 999_999_900;

/// The longest fraction that the service reads, in digits. It refuses eight and nine, which Go and
/// Java write for a time of the system clock.
const MAX_FRACTION: usize = 7;

/// The furthest zone from UTC, in minutes: .NET, which reads these times in the service, has no
/// further one.
const MAX_ZONE: i32 = 14 * 60;

/// The time as the formats can write it: outside of the years 1 to 9999 the nearest time within.
fn writable(time: SystemTime) -> OffsetDateTime {
    time.clamp(at(FIRST_SECOND, 0), at(LAST_SECOND, LAST_TICK)).into()
}

fn write(time: OffsetDateTime, format: &[BorrowedFormatItem<'_>]) -> String {
    time.format(format).expect("years 1 to 9999 in UTC have every part of the format")
}

/// Writes `time` in whole seconds when it is whole seconds, else with the seven digits of fraction
/// that the service writes.
pub(crate) fn short(time: SystemTime) -> String {
    let time = writable(time);
    write(time, if time.nanosecond() < TICK { SECONDS } else { TICKS })
}

/// Writes `time` in whole seconds.
pub(crate) fn seconds(time: SystemTime) -> String {
    write(writable(time), SECONDS)
}

/// Writes `time` with seven digits of fraction.
pub(crate) fn ticks(time: SystemTime) -> String {
    write(writable(time), TICKS)
}

/// Reads a time of a request: the four forms that the service takes and no other. These are a day,
/// minutes, seconds, and seconds with a fraction of one to seven digits; all but the day name their
/// zone.
pub(crate) fn parse_request(text: &str) -> Result<SystemTime, InvalidValue> {
    const FORMS: InvalidValue = InvalidValue::new(
        "time",
        "must be YYYY-MM-DD, YYYY-MM-DDThh:mmZ, YYYY-MM-DDThh:mm:ssZ, or the last one with 1 to 7 \
         digits of fraction",
    );
    exact(text).ok_or(FORMS)
}

/// Reads a time of a request for a delegation key, which the service refuses with a fraction.
pub(crate) fn parse_request_seconds(text: &str) -> Result<SystemTime, InvalidValue> {
    const FORMS: InvalidValue = InvalidValue::new(
        "time",
        "must be YYYY-MM-DD, YYYY-MM-DDThh:mmZ or YYYY-MM-DDThh:mm:ssZ, without a fraction",
    );
    exact(text).filter(|_| !text.contains('.')).ok_or(FORMS)
}

fn exact(text: &str) -> Option<SystemTime> {
    let (date, clock, zone) = match text.split_once('T') {
        None => (text, "00:00:00", "Z"),
        Some((date, clock)) => {
            let zone = clock.find(['Z', '+', '-'])?;
            let (clock, zone) = clock.split_at_checked(zone)?;
            (date, clock, zone)
        }
    };
    let fraction = clock.split_once('.').map_or("", |(_, fraction)| fraction);
    // A second 60 would be read as the end of the minute; the service knows none.
    let is_leap_second = clock.get(6..8) == Some("60");
    if date.len() != 10 || fraction.len() > MAX_FRACTION || is_leap_second {
        return None;
    }
    let seconds = if clock.len() == 5 { ":00" } else { "" };
    let time = OffsetDateTime::parse(&format!("{date}T{clock}{seconds}{zone}"), &Rfc3339).ok()?;
    let is_near = i32::from(time.offset().whole_minutes()).abs() <= MAX_ZONE;
    let is_within = (FIRST_SECOND..=LAST_SECOND).contains(&time.unix_timestamp());
    (is_near && is_within).then(|| in_ticks(time))
}

/// Reads a time of an answer, as another server may write it too: with more digits of fraction,
/// which are cut off after the seventh, without a zone, and in a year of any number of digits, which
/// becomes the last time that can be written.
pub(crate) fn parse_answer(text: &str) -> Option<SystemTime> {
    exact(text).or_else(|| odd(text))
}

fn odd(text: &str) -> Option<SystemTime> {
    if text.len() > LONGEST {
        return None;
    }
    let (digits, rest) = text.split_once('-')?;
    let range = year(digits, 1)?;
    let digits = if range == Year::Within { digits } else { STAND_IN };
    let parse = |zone: &str| {
        let text = format!("{digits:0>4}-{rest}{zone}");
        OffsetDateTime::parse(&text, &Rfc3339).ok()
    };
    let time = parse("").or_else(|| parse("Z")).or_else(|| parse("T00:00:00Z"))?;
    Some(match range {
        Year::Early => at(FIRST_SECOND, 0),
        Year::Within => in_ticks(time).clamp(at(FIRST_SECOND, 0), at(LAST_SECOND, LAST_TICK)),
        Year::Late => at(LAST_SECOND, LAST_TICK),
    })
}

/// Reads a time of an answer that must be whole seconds: the times of a delegation key go into what
/// is signed, so a fraction must not be cut off.
pub(crate) fn parse_answer_seconds(text: &str) -> Option<SystemTime> {
    let time = parse_answer(text)?;
    (OffsetDateTime::from(time).nanosecond() == 0).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 1_318_291_200;

    #[test]
    fn forms_of_requests() {
        for (text, seconds, nanos) in [
            ("2011-10-11", DAY, 0),
            ("2011-10-11T00:00Z", DAY, 0),
            ("2011-10-11T02:00+02:00", DAY, 0),
            ("2011-10-11T00:00:00Z", DAY, 0),
            ("2011-10-10T10:00:00-14:00", DAY, 0),
            ("2011-10-11T00:00:00.0000000Z", DAY, 0),
            ("2011-10-11T00:00:00.1234567Z", DAY, 123_456_700),
            ("2011-10-11T00:00:00.123456Z", DAY, 123_456_000),
            ("2011-10-11T00:00:00.1Z", DAY, 100_000_000),
            ("1969-12-31T23:59:59.9999999Z", -1, 999_999_900),
            ("0001-01-01", FIRST_SECOND, 0),
            ("0001-01-01T00:00:00Z", FIRST_SECOND, 0),
            ("9999-12-31T23:59:59.9999999Z", LAST_SECOND, LAST_TICK),
        ] {
            let time = at(seconds, nanos);
            assert_eq!(parse_request(text), Ok(time), "{text}");
            assert_eq!(parse_request(&short(time)), Ok(time), "{text}");
            assert_eq!(parse_request(&ticks(time)), Ok(time), "{text}");
            let whole = parse_request_seconds(text);
            assert_eq!(whole.is_ok(), !text.contains('.'), "{text}");
        }
    }

    #[test]
    fn what_is_no_form_of_requests() {
        for bad in [
            "",
            "2011",
            "2011-02-30",
            "2011-10-11T24:00Z",
            "2011-10-11T00:00",
            "2011-10-11T00:00:00",
            "2011-10-11T00:00:00.12345678Z",
            "2011-10-11T00:00:00.123456789Z",
            "2011-10-11T00:00:00.Z",
            "2011-10-11T00:00.5Z",
            "2011-10-11T23:59:60Z",
            "2011-10-11T00Z",
            "2011-10-11T00:00:00z",
            "2011-10-11t00:00:00Z",
            "2011-10-11 00:00:00Z",
            "2011-10-11T00:00:00+15:00",
            "2011-10-11T00:00:00+0200",
            "2011-10-11T00:00:00 Z",
            " 2011-10-11",
            "2011-10-11Z",
            "2011-1-1",
            "+2011-1-11",
            "+2011-10-11",
            "20111-10-11",
            "0000-12-31",
            "0001-01-01T00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "éééé-10",
            "tomorrow",
        ] {
            assert!(parse_request(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn forms_of_answers() {
        for (text, seconds, nanos) in [
            ("2011-10-11T00:00:00.123456789Z", DAY, 123_456_700),
            ("2011-10-11T00:00:00", DAY, 0),
            ("2011-10-11t00:00:00z", DAY, 0),
            ("20111-10-11", LAST_SECOND, LAST_TICK),
            ("0000-12-31T00:00:00Z", FIRST_SECOND, 0),
            ("0001-01-01T00:00:00+01:00", FIRST_SECOND, 0),
        ] {
            assert_eq!(parse_answer(text), Some(at(seconds, nanos)), "{text}");
        }
        for bad in ["", "-", "2011-10", "20111-13-11", "yesterday", "-1-01-01"] {
            assert_eq!(parse_answer(bad), None, "{bad}");
        }
        assert!(parse_answer_seconds("2011-10-11T00:00:00.0000000Z").is_some());
        assert_eq!(parse_answer_seconds("2011-10-11T00:00:00.5Z"), None);
    }

    #[test]
    fn written_forms() {
        let fraction = at(DAY, 123_456_700);
        assert_eq!(short(at(DAY, 0)), "2011-10-11T00:00:00Z");
        assert_eq!(short(fraction), "2011-10-11T00:00:00.1234567Z");
        assert_eq!(short(at(DAY, 99)), "2011-10-11T00:00:00Z");
        assert_eq!(ticks(at(DAY, 0)), "2011-10-11T00:00:00.0000000Z");
        assert_eq!(seconds(at(DAY, 999_999_999)), "2011-10-11T00:00:00Z");
        assert_eq!(short(at(-1, 999_999_900)), "1969-12-31T23:59:59.9999999Z");
        assert_eq!(seconds(at(FIRST_SECOND - 1, 0)), "0001-01-01T00:00:00Z");
        assert_eq!(ticks(at(LAST_SECOND + 1, 0)), "9999-12-31T23:59:59.9999999Z");
    }
}
