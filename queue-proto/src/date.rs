//! The two date formats of the protocol: [`http`] in headers and in most bodies, [`iso`] in access
//! policies and delegation keys.

pub(crate) mod http;
pub(crate) mod iso;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;

/// 9999-12-31T23:59:59Z in seconds since 1970: the last second that both formats can write, and the
/// expiry that the service writes for messages that never expire.
const LAST_SECOND: i64 = 253_402_300_799;

/// 0001-01-01T00:00:00Z in seconds since 1970: the first second that ISO 8601 has here, which .NET
/// and Go write for a time that was never set.
const FIRST_SECOND: i64 = -62_135_596_800;

/// The unit of the service's times, in nanoseconds.
const TICK: u32 = 100;

/// The longest text that is looked at as a date, in bytes. Every form is shorter; the limit keeps
/// hostile input out of the parsers.
const LONGEST: usize = 64;

/// The time so many seconds after (or before) 1970, and so many nanoseconds after that.
///
/// The clock of Windows begins in 1601; an earlier time becomes that one there.
fn at(seconds: i64, nanos: u32) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let whole = if seconds < 0 {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    };
    let start_of_windows = Duration::from_secs(11_644_473_600);
    whole
        .and_then(|whole| whole.checked_add(Duration::from_nanos(nanos.into())))
        .or_else(|| UNIX_EPOCH.checked_sub(start_of_windows))
        .unwrap_or(UNIX_EPOCH)
}

/// The time that was read, in whole ticks.
fn in_ticks(time: OffsetDateTime) -> SystemTime {
    at(time.unix_timestamp(), time.nanosecond() / TICK * TICK)
}

/// The years of a date, of as many digits as another server may write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Year {
    /// The year is before the first one of the format.
    Early,
    /// The year is within the format.
    Within,
    /// The year has more than four digits.
    Late,
}

/// Looks at the digits of a year; `None` when there is something else.
fn year(digits: &str, first: u32) -> Option<Year> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    Some(match digits.parse::<u32>() {
        _ if digits.len() > 4 => Year::Late,
        Ok(year) if year >= first => Year::Within,
        _ => Year::Early,
    })
}

/// A leap year that stands in for a year outside of the format, so that the rest of the date is
/// still checked.
const STAND_IN: &str = "2000";
