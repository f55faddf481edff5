//! Numbers with limits, by the pages of the operations that take them: [`VisibilityTimeout`],
//! [`LeaseTimeout`], [`TimeToLive`], [`Timeout`], [`MessageCount`] and [`MaxResults`].

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::error::InvalidValue;

const SEVEN_DAYS: u32 = 7 * 24 * 60 * 60;

/// The time for which a message stays invisible after Put Message or Update Message: 0 to 604,800
/// seconds (seven days).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VisibilityTimeout(u32);

/// The time for which messages that Get Messages hands out stay invisible: 1 to 604,800 seconds (seven
/// days). Default: 30 seconds, which the service uses as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseTimeout(NonZeroU32);

/// The time after which the service removes a message, counted from its insertion. Default: seven
/// days, which the service uses as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the protocol has these two forms")]
pub enum TimeToLive {
    /// The message expires after so many seconds.
    After(LifeSeconds),
    /// The message does not expire.
    Never,
}

/// A finite time to live: 1 to 2,147,483,647 seconds.
///
/// Services before version 2017-07-29 take at most seven days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LifeSeconds(NonZeroU32);

/// The most messages that Get Messages and Peek Messages return: 1 to 32. A request without a count
/// asks for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageCount(u8);

/// The most queues of a page of List Queues: 1 to 5,000. A request without a limit asks for 5,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MaxResults(u16);

/// The time that the service may take for a request: at least one second. The service cuts the time to
/// its own limit without an error, 30 seconds for most operations (page "Setting timeouts for Queue
/// service operations").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timeout(NonZeroU32);

/// The whole seconds of `duration`, or the reason why there are none.
fn whole_seconds(what: &'static str, duration: Duration) -> Result<u64, InvalidValue> {
    if duration.subsec_nanos() == 0 {
        Ok(duration.as_secs())
    } else {
        Err(InvalidValue::new(what, "must be whole seconds"))
    }
}

macro_rules! seconds {
    ($name:ident, $what:literal, $rule:literal, $min:literal..=$max:expr, $wrap:expr, $unwrap:expr) => {
        impl $name {
            pub(crate) const RANGE: (u32, u32) = ($min, $max);

            /// The value of so many seconds.
            ///
            /// # Errors
            ///
            /// When `seconds` is out of range.
            pub fn from_secs(seconds: u64) -> Result<Self, InvalidValue> {
                u32::try_from(seconds)
                    .ok()
                    .filter(|seconds| *seconds <= $max)
                    .and_then($wrap)
                    .ok_or_else(|| InvalidValue::number($what, $rule, seconds))
            }

            /// The number of seconds.
            #[must_use]
            pub fn as_secs(self) -> u32 {
                $unwrap(self)
            }

            /// The value as a duration.
            #[must_use]
            pub fn as_duration(self) -> Duration {
                Duration::from_secs(self.as_secs().into())
            }
        }

        impl TryFrom<Duration> for $name {
            type Error = InvalidValue;

            /// Takes whole seconds only: the protocol has no smaller unit.
            fn try_from(duration: Duration) -> Result<Self, InvalidValue> {
                // `Duration::MAX` has a fraction too, but that is not what is wrong with it.
                if duration.as_secs() > u64::from($max) {
                    return Self::from_secs(duration.as_secs());
                }
                whole_seconds($what, duration).and_then(Self::from_secs)
            }
        }

        impl From<$name> for Duration {
            fn from(value: $name) -> Self {
                value.as_duration()
            }
        }

        impl fmt::Display for $name {
            /// The number of seconds, as the query has it.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.as_secs().fmt(f)
            }
        }
    };
}

seconds!(
    VisibilityTimeout,
    "visibility timeout",
    "must be 0 to 604800 seconds",
    0..=SEVEN_DAYS,
    |seconds| Some(Self(seconds)),
    |value: Self| value.0
);
seconds!(
    LeaseTimeout,
    "visibility timeout of Get Messages",
    "must be 1 to 604800 seconds",
    1..=SEVEN_DAYS,
    |seconds| NonZeroU32::new(seconds).map(Self),
    |value: Self| value.0.get()
);
seconds!(
    LifeSeconds,
    "time to live",
    "must be 1 to 2147483647 seconds, or never (`never_expires`)",
    1..=i32::MAX as u32,
    |seconds| NonZeroU32::new(seconds).map(Self),
    |value: Self| value.0.get()
);
seconds!(
    Timeout,
    "timeout",
    "must be 1 to 4294967295 seconds",
    1..=u32::MAX,
    |seconds| NonZeroU32::new(seconds).map(Self),
    |value: Self| value.0.get()
);

impl VisibilityTimeout {
    /// No time: the message is visible at once.
    pub const ZERO: Self = Self(0);
    /// Seven days, the longest time.
    pub const MAX: Self = Self(SEVEN_DAYS);
}

impl Default for LeaseTimeout {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl LeaseTimeout {
    /// 30 seconds, which the service uses when a request has none.
    pub const DEFAULT: Self = Self(NonZeroU32::MIN.saturating_add(29));
    /// Seven days, the longest time.
    pub const MAX: Self = Self(NonZeroU32::MIN.saturating_add(SEVEN_DAYS - 1));
}

impl From<LeaseTimeout> for VisibilityTimeout {
    fn from(lease: LeaseTimeout) -> Self {
        Self(lease.as_secs())
    }
}

impl TryFrom<VisibilityTimeout> for LeaseTimeout {
    type Error = InvalidValue;

    fn try_from(timeout: VisibilityTimeout) -> Result<Self, InvalidValue> {
        Self::from_secs(timeout.0.into())
    }
}

impl TimeToLive {
    /// Seven days, which the service uses when a request has none.
    pub const DEFAULT: Self =
        Self::After(LifeSeconds(NonZeroU32::MIN.saturating_add(SEVEN_DAYS - 1)));

    /// The value of so many seconds.
    ///
    /// # Errors
    ///
    /// When `seconds` is not 1 to 2,147,483,647.
    pub fn from_secs(seconds: u64) -> Result<Self, InvalidValue> {
        LifeSeconds::from_secs(seconds).map(Self::After)
    }

    /// The value as a duration; `None` for [`Never`](Self::Never).
    #[must_use]
    pub fn as_duration(self) -> Option<Duration> {
        match self {
            Self::After(seconds) => Some(seconds.as_duration()),
            Self::Never => None,
        }
    }
}

impl TimeToLive {
    /// Checks that a message which lives so long can be hidden for `timeout`: for less than it lives.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] when it would be hidden for as long as it lives, or longer.
    pub fn check_hiding(self, timeout: VisibilityTimeout) -> Result<(), InvalidValue> {
        match self {
            Self::After(life) if timeout.as_secs() >= life.as_secs() => Err(InvalidValue::number(
                "visibility timeout",
                "must be shorter than the time to live, or the message is never seen",
                timeout.as_secs().into(),
            )),
            Self::After(_) | Self::Never => Ok(()),
        }
    }
}

impl Default for TimeToLive {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl TryFrom<Duration> for TimeToLive {
    type Error = InvalidValue;

    /// Takes whole seconds only: the protocol has no smaller unit.
    fn try_from(duration: Duration) -> Result<Self, InvalidValue> {
        LifeSeconds::try_from(duration).map(Self::After)
    }
}

impl fmt::Display for TimeToLive {
    /// The number of seconds, or `-1` for never, as the query has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After(seconds) => seconds.fmt(f),
            Self::Never => f.pad("-1"),
        }
    }
}

macro_rules! count {
    ($name:ident($int:ty), $what:literal, $rule:literal, $max:literal) => {
        impl $name {
            pub(crate) const RANGE: (u32, u32) = (1, $max);

            /// The smallest count, one.
            pub const ONE: Self = Self(1);
            /// The largest count that the protocol allows.
            pub const MAX: Self = Self($max);

            /// Checks that a count is within its limits.
            ///
            /// # Errors
            ///
            /// When `count` is out of range.
            pub fn new(count: u32) -> Result<Self, InvalidValue> {
                match <$int>::try_from(count) {
                    Ok(count @ 1..=$max) => Ok(Self(count)),
                    _ => Err(InvalidValue::number($what, $rule, count.into())),
                }
            }

            /// The count as a number.
            #[must_use]
            pub fn get(self) -> u32 {
                self.0.into()
            }
        }

        impl TryFrom<u32> for $name {
            type Error = InvalidValue;

            fn try_from(count: u32) -> Result<Self, InvalidValue> {
                Self::new(count)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

count!(MessageCount(u8), "number of messages", "must be 1 to 32", 32);
count!(MaxResults(u16), "number of results", "must be 1 to 5000", 5000);

impl MessageCount {
    /// The smaller of `count` and 32, and at least 1.
    #[must_use]
    pub fn saturating(count: usize) -> Self {
        Self(u8::try_from(count).unwrap_or(u8::MAX).clamp(1, Self::MAX.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_hold_at_their_edges() {
        assert_eq!(VisibilityTimeout::from_secs(0).unwrap(), VisibilityTimeout::ZERO);
        assert_eq!(VisibilityTimeout::from_secs(604_800).unwrap(), VisibilityTimeout::MAX);
        assert_eq!(
            VisibilityTimeout::from_secs(604_801).unwrap_err().to_string(),
            "visibility timeout must be 0 to 604800 seconds, not 604801"
        );
        assert!(VisibilityTimeout::from_secs(u64::from(u32::MAX) + 1).is_err());
        assert!(LeaseTimeout::from_secs(0).is_err());
        assert_eq!(LeaseTimeout::DEFAULT.as_secs(), 30);
        assert_eq!(LeaseTimeout::MAX.as_secs(), 604_800);
        assert!(LeaseTimeout::try_from(VisibilityTimeout::ZERO).is_err());
        assert_eq!(TimeToLive::DEFAULT.to_string(), "604800");
        assert_eq!(TimeToLive::Never.to_string(), "-1");
        assert!(TimeToLive::from_secs(0).is_err());
        assert!(TimeToLive::from_secs(1 << 31).is_err());
        assert!(TimeToLive::try_from(Duration::from_millis(1500)).is_err());
        assert!(MessageCount::new(0).is_err());
        assert!(MessageCount::new(33).is_err());
        assert_eq!(MessageCount::new(32).unwrap(), MessageCount::MAX);
        assert_eq!(MessageCount::saturating(1000), MessageCount::MAX);
        assert_eq!(MessageCount::saturating(0), MessageCount::ONE);
        assert!(MaxResults::new(5001).is_err());
        assert!(MaxResults::new(70_000).is_err());
        assert!(Timeout::from_secs(0).is_err());
    }
}
