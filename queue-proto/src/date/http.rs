//! HTTP dates, such as `Wed, 23 Sep 2026 10:20:30 GMT`: the times of messages and of answers.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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

/// The day of the date that was read last: messages of one answer mostly share it, and then the time
/// of day is all that must be read of the next one. Reads RFC 1123 alone.
#[derive(Clone, Copy)]
pub(crate) struct Day {
    /// Such as `Wed, 23 Sep 2026 `.
    name: [u8; 17],
    midnight: SystemTime,
}

impl Day {
    /// The bytes of a date.
    pub(crate) const LENGTH: usize = "Wed, 23 Sep 2026 10:20:30 GMT".len();
    /// No day yet.
    pub(crate) const NONE: Self = Self { name: [0; 17], midnight: UNIX_EPOCH };

    pub(crate) const fn is_none(&self) -> bool {
        matches!(self.name, [0, ..])
    }

    /// Reads what [`parse_exact`] reads, if it is RFC 1123.
    pub(crate) fn read(&mut self, date: &[u8; Self::LENGTH]) -> Option<SystemTime> {
        let (name, time) = date.split_first_chunk()?;
        let [h, hh, b':', m, mm, b':', s, ss, b' ', b'G', b'M', b'T'] = *time else { return None };
        let (hours, minutes, seconds) = (below(24, h, hh)?, below(60, m, mm)?, below(60, s, ss)?);
        let since_midnight = Duration::from_secs((hours * 60 + minutes) * 60 + seconds);
        if self.name != *name {
            let midnight = parse_exact(std::str::from_utf8(date).ok()?)?;
            *self = Self { name: *name, midnight: midnight.checked_sub(since_midnight)? };
        }
        self.midnight.checked_add(since_midnight)
    }
}

/// Reads a number of two digits that is less than `limit`.
fn below(limit: u8, tens: u8, ones: u8) -> Option<u64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    let number = tens.wrapping_mul(10).wrapping_add(ones);
    (tens < 10 && ones < 10 && number < limit).then_some(number.into())
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
    fn a_day_reads_what_the_date_says() {
        fn read(day: &mut Day, text: &str) -> Option<SystemTime> {
            day.read(text.as_bytes().try_into().unwrap())
        }
        let mut day = Day::NONE;
        for text in [
            "Wed, 23 Sep 2026 10:20:30 GMT",
            "Wed, 23 Sep 2026 00:00:00 GMT",
            "Wed, 23 Sep 2026 23:59:59 GMT",
            "Thu, 24 Sep 2026 00:00:00 GMT",
            "Wed, 23 Sep 2026 10:20:30 GMT",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "Fri, 31 Dec 9999 23:59:59 GMT",
        ] {
            assert!(parse_exact(text).is_some(), "{text}");
            assert_eq!(read(&mut day, text), parse_exact(text), "{text}");
        }
        // Neither with a day that is known nor with one that is not.
        for bad in [
            "Fri, 31 Dec 9999 24:00:00 GMT",
            "Fri, 31 Dec 9999 23:60:00 GMT",
            "Fri, 31 Dec 9999 23:59:60 GMT",
            "Fri, 31 Dec 9999 2/:00:00 GMT",
            "Fri, 31 Dec 9999 :3:00:00 GMT",
            "Fri, 31 Dec 9999 23-59-59 GMT",
            "Fri, 31 Dec 9999 23:59:59 UTC",
            "Fri, 31 Dec 9999 é:59:59 GMT",
            "Wed, 31 Feb 2026 23:59:59 GMT",
            "Thu, 23 Sep 2026 10:20:30 GMT",
            "Wed, 23 Sep é26 10:20:30 GMT",
        ] {
            let mut none = Day::NONE;
            assert_eq!((read(&mut day, bad), read(&mut none, bad)), (None, None), "{bad}");
            assert_eq!(parse_exact(bad), None, "{bad}");
        }
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
