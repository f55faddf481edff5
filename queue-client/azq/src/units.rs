//! Durations, instants and sizes, as people write and read them: parsers for arguments, and the
//! forms that tables and documents show.

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    time::{Duration, SystemTime},
};

use jiff::{
    SignedDuration, Span, SpanRelativeTo, Timestamp, ZonedDateTime,
    civil::{Date, DateTime},
    tz::TimeZone,
};

/// Reads a length of time: `90` (seconds), `90s`, `2h 30m`, `7d`, `PT5M`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Ok(Duration::from_secs(seconds));
    }
    let wrong = || format!("`{text}` is no length of time: write it as 30s, 5m, 2h, 1d or 1h 30m");
    let span: Span = text.parse().map_err(|_| wrong())?;
    let length: SignedDuration =
        span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    Duration::try_from(length).map_err(|_| format!("`{text}` is negative"))
}

/// A moment as an argument names it: a length of time, which counts back or forth from now by the
/// option's meaning, or a moment of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// So long before or after now.
    Away(Duration),
    /// The moment itself.
    At(SystemTime),
}

impl Moment {
    /// The moment for an option about the past.
    pub(crate) fn back_from(self, now: SystemTime) -> SystemTime {
        match self {
            Self::Away(length) => now.checked_sub(length).unwrap_or(SystemTime::UNIX_EPOCH),
            Self::At(moment) => moment,
        }
    }

    /// The moment for an option about the future.
    pub(crate) fn on_from(self, now: SystemTime) -> SystemTime {
        match self {
            Self::Away(length) => now.checked_add(length).unwrap_or(now),
            Self::At(moment) => moment,
        }
    }
}

/// Reads a moment: `2h`, `today`, `yesterday`, `now`, `2026-11-26`, `2026-11-26 09:00` (local time),
/// `2026-11-26T09:00:00Z`.
pub(crate) fn moment(text: &str) -> Result<Moment, String> {
    let text = text.trim();
    let zone = TimeZone::system();
    let at = |timestamp: Timestamp| -> Result<Moment, String> {
        Ok(Moment::At(timestamp.try_into().map_err(|error: jiff::Error| error.to_string())?))
    };
    let local = |date: DateTime| -> Result<Moment, String> {
        at(zone.to_timestamp(date).map_err(|error| error.to_string())?)
    };
    let today = || ZonedDateTime::now().date().to_datetime(jiff::civil::Time::midnight());
    match text {
        "now" => return Ok(Moment::Away(Duration::ZERO)),
        "today" => return local(today()),
        "yesterday" => {
            let yesterday = today().yesterday().map_err(|error| error.to_string())?;
            return local(yesterday);
        }
        _ => {}
    }
    if let Ok(length) = duration(text) {
        return Ok(Moment::Away(length));
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return at(timestamp);
    }
    // `az` takes minutes alone: 2026-11-26T09:00Z.
    if let Some(minutes) = text.strip_suffix(['Z', 'z'])
        && let Ok(date) = minutes.parse::<DateTime>()
        && let Ok(timestamp) = TimeZone::UTC.to_timestamp(date)
    {
        return at(timestamp);
    }
    if let Ok(date) = text.parse::<DateTime>() {
        return local(date);
    }
    if let Ok(date) = text.parse::<Date>() {
        return local(date.to_datetime(jiff::civil::Time::midnight()));
    }
    Err(format!(
        "`{text}` is no moment: write it as 2h, today, 2026-11-26, \"2026-11-26 09:00\" (local \
         time) or 2026-11-26T09:00:00Z"
    ))
}

/// A moment in UTC for documents: `2026-11-26T09:00:00Z`.
pub(crate) fn utc(moment: SystemTime) -> String {
    match Timestamp::try_from(moment) {
        Ok(timestamp) => format!("{timestamp:.0}"),
        Err(_) => String::from("unknown"),
    }
}

/// A length of time in its two largest units: `3d 4h`, `12m 5s`, `4s`, `0s`.
pub(crate) fn short(length: Duration) -> String {
    let seconds = length.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, minutes) => format!("{minutes}m {}s", seconds % 60),
        (0, hours, minutes) => format!("{hours}h {minutes}m"),
        (days, hours, _) => format!("{days}d {hours}h"),
    }
}

/// The time since a moment, or until it, in words of [`short`].
pub(crate) fn age(moment: SystemTime, now: SystemTime) -> String {
    match now.duration_since(moment) {
        Ok(length) => short(length),
        Err(ahead) => format!("in {}", short(ahead.duration())),
    }
}

/// A number with its thousands apart: `1,240`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number that two processes of this machine hardly share, for names of files and queues.
pub(crate) fn nonce() -> u32 {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    u32::try_from(hasher.finish() >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        for (text, seconds) in [
            ("30", 30),
            ("30s", 30),
            ("5m", 300),
            ("1h 30m", 5_400),
            ("7d", 604_800),
            ("PT5M", 300),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "-5s", "soon", "5 bananas"] {
            duration(text).unwrap_err();
        }
    }

    #[test]
    fn moments() {
        let at = |seconds| Moment::At(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(moment("2026-11-26T09:00:00Z"), Ok(at(1_795_683_600)));
        assert_eq!(moment("2026-11-26T09:00Z"), Ok(at(1_795_683_600)));
        assert_eq!(moment("2h"), Ok(Moment::Away(Duration::from_secs(7_200))));
        assert!(matches!(moment("2026-11-26"), Ok(Moment::At(_))));
        assert!(matches!(moment("yesterday"), Ok(Moment::At(_))));
        moment("someday").unwrap_err();
        assert_eq!(utc(SystemTime::UNIX_EPOCH), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn forms_for_readers() {
        for (seconds, text) in [(0, "0s"), (65, "1m 5s"), (7_260, "2h 1m"), (200_000, "2d 7h")] {
            assert_eq!(short(Duration::from_secs(seconds)), text);
        }
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(thousands(999), "999");
    }
}
