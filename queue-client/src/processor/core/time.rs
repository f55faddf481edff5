//! [`Tick`], the core's clock, and the arithmetic of pauses.

use std::{fmt, ops::Add, time::Duration};

/// An instant of the driver's monotonic clock: the time since an origin of the driver's choice.
///
/// The time of day never enters a decision of the [`Core`](super::Core).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Tick(Duration);

impl Tick {
    /// The origin of the clock.
    pub const ORIGIN: Self = Self(Duration::ZERO);

    /// The instant that long after the origin.
    #[must_use]
    pub const fn new(since_origin: Duration) -> Self {
        Self(since_origin)
    }

    /// The time since the origin.
    #[must_use]
    pub const fn since_origin(self) -> Duration {
        self.0
    }

    /// The time since `earlier`; zero when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The time until `later`; zero when it has passed.
    #[must_use]
    pub const fn until(self, later: Self) -> Duration {
        later.0.saturating_sub(self.0)
    }

    /// The instant `duration` earlier, not before the origin.
    #[must_use]
    pub const fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration))
    }
}

impl Add<Duration> for Tick {
    type Output = Self;

    /// The instant that much later. It saturates.
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

impl fmt::Debug for Tick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{:?}", self.0)
    }
}

/// `first` doubled `times` times, not above `cap`.
pub(super) fn doubled(first: Duration, times: u32, cap: Duration) -> Duration {
    first.saturating_mul(1 << times.min(31)).min(cap)
}

/// The service counts in whole seconds; a wait is never shorter than asked for.
pub(super) fn whole_seconds(delay: Duration) -> Duration {
    Duration::from_secs(delay.as_secs() + u64::from(delay.subsec_nanos() > 0))
}
