//! [`Moment`]: a point in time in eight bytes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Microseconds since 1970, at most [`Moment::NEVER`].
///
/// A stored message holds three of these, and a queue may hold a million messages; a `SystemTime`
/// takes twice the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

impl Moment {
    /// 9999-12-31 23:59:59: what the service answers as the expiry of a message that never expires,
    /// and the last second that an RFC 1123 date can hold.
    pub(crate) const NEVER: Self = Self(253_402_300_799 * 1_000_000);

    /// This moment moved by `by`, at most to [`Moment::NEVER`].
    pub(crate) fn after(self, by: Duration) -> Self {
        let by = u64::try_from(by.as_micros()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(by)).min(Self::NEVER)
    }

    /// The moment that follows this one.
    #[cfg(feature = "control")]
    pub(crate) fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The time from `earlier` to this moment; zero if that is later.
    #[cfg(feature = "durable")]
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// Microseconds since 1970.
    #[cfg(feature = "durable")]
    pub(crate) fn micros(self) -> i64 {
        // `NEVER` fits.
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    /// The moment of a number of microseconds since 1970.
    #[cfg(feature = "durable")]
    pub(crate) fn from_micros(micros: i64) -> Self {
        Self(u64::try_from(micros).unwrap_or(0)).min(Self::NEVER)
    }

    /// The same point as the standard library's type.
    pub(crate) fn to_system_time(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_micros(self.0)
    }
}

impl From<SystemTime> for Moment {
    /// A clock before 1970 is taken to stand at 1970.
    fn from(time: SystemTime) -> Self {
        Self(0).after(time.duration_since(UNIX_EPOCH).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_within_the_calendar_of_the_protocol() {
        let now = Moment::from(UNIX_EPOCH + Duration::from_secs(1));
        assert_eq!(now.after(Duration::MAX), Moment::NEVER);
        assert_eq!(Moment::from(UNIX_EPOCH - Duration::from_secs(1)), Moment(0));
        assert_eq!(now.to_system_time(), UNIX_EPOCH + Duration::from_secs(1));
        assert_eq!(
            httpdate::fmt_http_date(Moment::NEVER.to_system_time()),
            "Fri, 31 Dec 9999 23:59:59 GMT"
        );
    }
}
