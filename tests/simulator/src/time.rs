//! [`Clock`]: real time of the simulation, and the clocks of processes that show it well or badly.

use std::time::Duration;

use queue_client::processor::core::Tick;

/// Real time in microseconds.
pub type Micros = u64;

/// So many seconds.
#[must_use]
pub const fn seconds(seconds: u64) -> Micros {
    seconds * 1_000_000
}

/// A duration in microseconds.
#[must_use]
pub fn micros(duration: Duration) -> Micros {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX / 4)
}

/// The monotonic clock of a process: it runs too fast or too slow, and stands still while the
/// machine is suspended.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    started: Micros,
    rate: f64,
    suspended: Micros,
}

impl Clock {
    /// A clock that shows `rate` seconds for each second that passes.
    #[must_use]
    pub const fn new(started: Micros, rate: f64) -> Self {
        Self { started, rate, suspended: 0 }
    }

    /// What it shows.
    #[must_use]
    pub fn read(&self, now: Micros) -> Tick {
        let real = now.saturating_sub(self.started + self.suspended);
        Tick::new(Duration::from_micros((real as f64 * self.rate) as u64))
    }

    /// When it shows `tick`, or a moment later.
    #[must_use]
    pub fn when(&self, tick: Tick) -> Micros {
        let local = micros(tick.since_origin());
        let mut real = self.started + self.suspended + (local as f64 / self.rate) as u64;
        while self.read(real) < tick && local < u64::MAX / 8 {
            real += 1;
        }
        real
    }

    /// It stood still for so long.
    pub const fn suspend(&mut self, time: Micros) {
        self.suspended += time;
    }
}
