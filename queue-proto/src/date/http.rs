//! HTTP dates, such as `Wed, 23 Sep 2026 10:20:30 GMT`: the times of messages and of answers.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use httpdate::HttpDate;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::date::{LAST_SECOND, LONGEST, STAND_IN, Year, at, iso, year};

/// The last time that the format can write.
fn last() -> SystemTime {
    at(LAST_SECOND, 0)
}

/// Writes `time` as RFC 1123, such as `Wed, 23 Sep 2026 10:20:30 GMT`. Fractions of a second are
/// cut off, and times outside of the years 1970 to 9999 become the nearest time within.
pub(crate) fn display(time: SystemTime) -> impl fmt::Display {
    HttpDate::from(time.clamp(UNIX_EPOCH, last()))
}

/// Reads RFC 1123 and the two older forms of HTTP dates, exactly as HTTP has them.
pub(crate) fn parse_exact(text: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(text).ok()
}

/// Reads what other servers write in place of the service's form as well: `UTC` or an offset as the
/// zone, a day of one digit, ISO 8601. A time before 1970 or after 9999 becomes the nearest time
/// within, since one odd date must not make a whole answer unreadable: its messages are hidden by
/// then, and nobody could work on them or delete them.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    parse_exact(text).or_else(|| parse_odd(text))
}

#[cold]
fn parse_odd(text: &str) -> Option<SystemTime> {
    if text.len() > LONGEST {
        return None;
    }
    if let Some(time) = iso::parse_answer(text) {
        // Whole seconds, as the format has them.
        let time = at(OffsetDateTime::from(time).unix_timestamp(), 0);
        return Some(time.clamp(UNIX_EPOCH, last()));
    }
    let date = match text.split_once(',') {
        Some((weekday, date)) if weekday.bytes().all(|b| b.is_ascii_alphabetic()) => date,
        Some(_) => return None,
        None => text,
    };
    let mut fields = date.split_ascii_whitespace();
    let mut field = || fields.next();
    let (day, month, digits, clock, zone) = (field()?, field()?, field()?, field()?, field()?);
    if field().is_some() {
        return None;
    }
    let is_utc = ["GMT", "UTC", "UT", "Z"].iter().any(|name| zone.eq_ignore_ascii_case(name));
    let zone = if is_utc { "+0000" } else { zone };
    let range = year(digits, 1970)?;
    let digits = if range == Year::Within { digits } else { STAND_IN };
    let date = format!("{day:0>2} {month} {digits} {clock} {zone}");
    let time = OffsetDateTime::parse(&date, &Rfc2822).ok()?;
    Some(match range {
        Year::Early => UNIX_EPOCH,
        Year::Within => at(time.unix_timestamp(), 0).clamp(UNIX_EPOCH, last()),
        Year::Late => last(),
    })
}

/// The expiry of a message as the service writes it: `None` is the end of the year 9999.
pub(crate) fn display_expiry(time: Option<SystemTime>) -> impl fmt::Display {
    display(time.unwrap_or_else(last))
}

/// The expiry that a date stands for: none for the end of the year 9999.
pub(crate) fn expiry(time: SystemTime) -> Option<SystemTime> {
    (time != last()).then_some(time)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn after_1970(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn what_cannot_be_written_is_clamped_and_no_panic() {
        let far = last() + Duration::from_secs(10);
        assert_eq!(display(far).to_string(), "Fri, 31 Dec 9999 23:59:59 GMT");
        let early = UNIX_EPOCH - Duration::from_secs(10);
        assert_eq!(display(early).to_string(), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn never_is_the_end_of_9999() {
        assert_eq!(display_expiry(None).to_string(), "Fri, 31 Dec 9999 23:59:59 GMT");
        assert_eq!(parse("Fri, 31 Dec 9999 23:59:59 GMT").map(expiry), Some(None));
        let time = after_1970(1_790_158_830);
        assert_eq!(parse("Wed, 23 Sep 2026 10:20:30 GMT").map(expiry), Some(Some(time)));
        assert_eq!(parse("tomorrow"), None);
    }

    #[test]
    fn dates_of_other_servers() {
        let time = after_1970(1_788_685_690);
        for text in [
            "Sun, 06 Sep 2026 09:08:10 GMT",
            "Sun, 06 Sep 2026 09:08:10 UTC",
            "Sun, 6 Sep 2026 09:08:10 gmt",
            "06 Sep 2026 09:08:10 Z",
            "Sun, 06 Sep 2026 11:08:10 +0200",
            "Sunday, 06-Sep-26 09:08:10 GMT",
            "Sun Sep  6 09:08:10 2026",
            "2026-09-06T09:08:10Z",
            "2026-09-06T09:08:10.000Z",
        ] {
            assert_eq!(parse(text), Some(time), "{text}");
        }
        for (text, clamped) in [
            ("Thu, 29 Aug 31247 12:21:50 GMT", last()),
            ("Thu, 29 Aug 99999999999999999999 12:21:50 GMT", last()),
            ("10000-01-01T00:00:00Z", last()),
            ("9999-12-31T23:59:59.9999999Z", last()),
            ("Fri, 31 Dec 9999 23:59:59 -0100", last()),
            ("Mon, 01 Jan 0001 00:00:00 GMT", UNIX_EPOCH),
            ("Wed, 31 Dec 1969 23:59:59 GMT", UNIX_EPOCH),
            ("0001-01-01T00:00:00", UNIX_EPOCH),
        ] {
            assert_eq!(parse(text), Some(clamped), "{text}");
        }
        for bad in [
            "",
            "Sun, 06 Sep 2026 09:08:10",
            "Sun, 06 Sep 2026 09:08:10 GMT x",
            "Sun, 32 Sep 31247 09:08:10 GMT",
            "Sun, 06 Sep x 09:08:10 GMT",
            "Sun, 06 Sep +2026 09:08:10 GMT",
            "é, 06 Sep 2026 09:08:10 GMT",
            "10000-13-01T00:00:00Z",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(parse(&"9".repeat(10_000)), None);
    }
}
