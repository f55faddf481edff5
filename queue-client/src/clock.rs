//! [`ClockSkew`]: how far the clock of this machine is from that of the service, and the correction
//! that requests are dated with.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, SystemTime},
};

use http::HeaderMap;
use queue_proto::ResponseHead;

/// The service refuses requests that are dated further away than this ("Authorize with Shared
/// Key").
pub(crate) const CLOCK_TOLERANCE: Duration = Duration::from_secs(15 * 60);

/// The distance of this machine's clock from that of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a clock is behind or ahead")]
pub enum ClockSkew {
    /// This machine shows an earlier time than the service.
    Behind(Duration),
    /// This machine shows a later time than the service.
    Ahead(Duration),
}

impl ClockSkew {
    /// The skew that an answer shows, if it is more than the service tolerates.
    pub(crate) fn intolerable(headers: &HeaderMap, sent_at: SystemTime) -> Option<Self> {
        let service = ResponseHead::read(headers).date?;
        let skew = match service.duration_since(sent_at) {
            Ok(behind) => Self::Behind(behind),
            Err(error) => Self::Ahead(error.duration()),
        };
        Some(skew).filter(|skew| skew.distance() > CLOCK_TOLERANCE)
    }

    /// The distance, whatever its direction.
    #[must_use]
    pub const fn distance(self) -> Duration {
        match self {
            Self::Behind(by) | Self::Ahead(by) => by,
        }
    }
}

/// The whole seconds that are added to the time of this machine to get that of the service.
#[derive(Debug, Default)]
pub(crate) struct Correction(AtomicI64);

impl Correction {
    /// The present correction, in seconds.
    pub(crate) fn seconds(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn apply(&self, now: SystemTime) -> SystemTime {
        let seconds = self.seconds();
        let by = Duration::from_secs(seconds.unsigned_abs());
        let corrected = if seconds < 0 { now.checked_sub(by) } else { now.checked_add(by) };
        corrected.unwrap_or(now)
    }

    /// Learns from the skew that remained after a correction of `seconds`: that which the refused
    /// request was dated with, since calls that fail side by side would add the skew up otherwise.
    pub(crate) fn learn(&self, seconds: i64, skew: ClockSkew) {
        let distance = i64::try_from(skew.distance().as_secs()).unwrap_or(0);
        let correct = match skew {
            ClockSkew::Behind(_) => seconds.saturating_add(distance),
            ClockSkew::Ahead(_) => seconds.saturating_sub(distance),
        };
        self.0.store(correct, Ordering::Relaxed);
    }
}
