//! Where the emulator's time comes from: [`Clock`], which a request reads once, and [`ManualClock`]
//! for tests.
//!
//! There are two times. Credentials are judged by the time of the clock, since clients date their
//! requests by the same one. Messages live by a time that never goes back: a machine whose clock is
//! set back by a day must not hide visible messages for a day.

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::notice::{Notice, Notices};
use crate::state::Moment;

/// A difference between the clock of the machine and the time inside that is told of. Less than
/// this is what time servers correct in passing.
const JUMP: Duration = Duration::from_secs(5);

/// The microseconds by which the state's time can be moved at most: 8,000 years, by when all
/// messages have expired that can.
const FARTHEST: u64 = 8_000 * 366 * 24 * 60 * 60 * 1_000_000;

/// The clock an emulator reads, once for each request.
#[derive(Clone)]
pub(crate) struct Clock {
    now: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    /// What the state's time follows; `None` if it follows `now`, wherever that goes.
    steady: Option<Arc<Steady>>,
    /// How far the state's time is ahead, since what is stored is later than the clock.
    ahead: Duration,
    /// The microseconds by which the state's time was moved forward beyond that.
    moved: Arc<AtomicU64>,
}

/// A time that goes on by itself from what the clock said at the start.
struct Steady {
    start: SystemTime,
    /// The time since then, which cannot be set.
    elapsed: Box<dyn Fn() -> Duration + Send + Sync>,
    /// The difference to the clock, in milliseconds, that was told of last.
    told: AtomicI64,
    notices: Notices,
}

impl Clock {
    /// The clock of the machine. Jumps of it are told to `notices`.
    pub(crate) fn machine(notices: Notices) -> Self {
        Self::steady(SystemTime::now, elapsed(), notices)
    }

    /// A clock of the caller, which the state follows too.
    pub(crate) fn from_fn(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self { now: Arc::new(now), steady: None, ahead: Duration::ZERO, moved: Arc::default() }
    }

    fn steady(
        now: impl Fn() -> SystemTime + Send + Sync + 'static,
        elapsed: impl Fn() -> Duration + Send + Sync + 'static,
        notices: Notices,
    ) -> Self {
        let steady =
            Steady { start: now(), elapsed: Box::new(elapsed), told: AtomicI64::new(0), notices };
        Self { steady: Some(Arc::new(steady)), ..Self::from_fn(now) }
    }

    /// The time by which credentials are judged.
    pub(crate) fn now(&self) -> SystemTime {
        (self.now)()
    }

    /// The time by which messages live.
    pub(crate) fn moment(&self) -> Moment {
        let now = match &self.steady {
            Some(steady) => steady.time(self.now()),
            None => self.now(),
        };
        let moved = Duration::from_micros(self.moved.load(Ordering::Relaxed));
        Moment::from(now).after(self.ahead + moved)
    }

    /// Moves the state's time forward, beside what it does by itself.
    pub(crate) fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_micros()).unwrap_or(u64::MAX).min(FARTHEST);
        let _ = self.moved.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |moved| {
            Some(moved.saturating_add(by).min(FARTHEST))
        });
    }

    /// How far the state's time was moved forward.
    pub(crate) fn moved(&self) -> Duration {
        Duration::from_micros(self.moved.load(Ordering::Relaxed))
    }

    /// Takes back how far the state's time was moved: nothing may live by it any more.
    pub(crate) fn rewind(&self) {
        self.moved.store(0, Ordering::Relaxed);
    }

    /// Lets the state's time go on from `floor` if it would be earlier, and returns by how much it
    /// is ahead then.
    #[cfg(feature = "durable")]
    pub(crate) fn go_on_from(&mut self, floor: Moment) -> Duration {
        self.ahead = floor.since(self.moment());
        self.ahead
    }
}

impl Steady {
    /// The time now, while the clock says `wall`.
    fn time(&self, wall: SystemTime) -> SystemTime {
        let time = self.start.checked_add((self.elapsed)()).unwrap_or(self.start);
        let difference = milliseconds(wall).saturating_sub(milliseconds(time));
        let told = self.told.load(Ordering::Relaxed);
        let jump = Duration::from_millis(difference.abs_diff(told));
        // Of many requests that see a jump one tells of it.
        if jump >= JUMP
            && self
                .told
                .compare_exchange(told, difference, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            self.notices.tell(&Notice::ClockSet { back: difference < told, by: jump });
        }
        time
    }
}

fn milliseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Measures the time from now on, sleep of the machine included: a lease ends while a laptop is
/// closed. The standard library's `Instant` stands still meanwhile on Linux.
#[cfg(all(target_os = "linux", feature = "durable"))]
fn elapsed() -> impl Fn() -> Duration + Send + Sync + 'static {
    use rustix::time::{ClockId, clock_gettime};

    let now = || Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or_default();
    let start = now();
    move || now().saturating_sub(start)
}

/// Measures the time from now on.
#[cfg(not(all(target_os = "linux", feature = "durable")))]
fn elapsed() -> impl Fn() -> Duration + Send + Sync + 'static {
    let start = std::time::Instant::now();
    move || start.elapsed()
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock(..)")
    }
}

/// A clock that stands still until it is told to move.
///
/// Clones share one time, so an emulator and the client that talks to it can live by the same
/// clock: a test of a message that expires after seven days takes no time at all.
///
/// ```
/// use std::time::Duration;
///
/// use queue_emulator::ManualClock;
///
/// let clock = ManualClock::new();
/// let start = clock.now();
/// clock.advance(Duration::from_secs(30));
/// assert_eq!(clock.now(), start + Duration::from_secs(30));
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<SystemTime>>);

impl ManualClock {
    /// Makes a clock that stands at the present time, so that a client with a clock of its own is
    /// within the 15 minutes that the service tolerates.
    #[must_use]
    pub fn new() -> Self {
        Self::starting_at(SystemTime::now())
    }

    /// Makes a clock that stands at `time`.
    #[must_use]
    pub fn starting_at(time: SystemTime) -> Self {
        Self(Arc::new(Mutex::new(time)))
    }

    /// Returns the time at which the clock stands.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the clock forward by `by`.
    ///
    /// A clock that would pass the last time the platform can express stays where it is.
    pub fn advance(&self, by: Duration) {
        let mut time = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *time = time.checked_add(by).unwrap_or(*time);
    }

    /// Sets the clock, forward or back.
    pub fn set(&self, time: SystemTime) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = time;
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    type Shared<T> = Arc<Mutex<T>>;

    /// A clock of a machine, with the hands that move what it is made of, and what it told.
    fn machine() -> (Clock, ManualClock, Shared<Duration>, Shared<Vec<String>>) {
        let wall = ManualClock::new();
        let elapsed = Arc::new(Mutex::new(Duration::ZERO));
        let told = Arc::new(Mutex::new(Vec::new()));
        let (now, since, tell) = (wall.clone(), Arc::clone(&elapsed), Arc::clone(&told));
        let notices = Notices::to(move |notice| tell.lock().unwrap().push(notice.to_string()));
        let clock = Clock::steady(move || now.now(), move || *since.lock().unwrap(), notices);
        (clock, wall, elapsed, told)
    }

    #[test]
    fn time_goes_on_when_the_clock_is_set() {
        let (clock, wall, elapsed, told) = machine();
        let start = clock.moment();
        assert_eq!(start, Moment::from(wall.now()));
        // Time passes, and the clock is set right by a second meanwhile.
        let second = Duration::from_secs(1);
        *elapsed.lock().unwrap() = 10 * second;
        wall.advance(11 * second);
        assert_eq!(clock.moment(), start.after(10 * second));
        assert!(told.lock().unwrap().is_empty());
        *elapsed.lock().unwrap() += second;

        for (set, expected) in [
            (wall.now() - DAY, "back by 1 day"),
            (wall.now() + DAY, "forward by 2 days"),
            (wall.now(), "back by 1 day"),
            (UNIX_EPOCH, "back by "),
        ] {
            wall.set(set);
            let before = clock.moment();
            assert_eq!(clock.now(), set, "credentials are judged by the clock");
            *elapsed.lock().unwrap() += second;
            assert_eq!(clock.moment(), before.after(second));
            *elapsed.lock().unwrap() -= second;
            let told = std::mem::take(&mut *told.lock().unwrap());
            assert!(matches!(&told[..], [one] if one.contains(expected)), "{told:?}");
        }
    }

    #[test]
    #[cfg(feature = "durable")]
    fn time_goes_on_from_what_is_stored() {
        let (mut clock, _, elapsed, _) = machine();
        let start = clock.moment();
        assert_eq!(clock.go_on_from(start), Duration::ZERO);
        assert_eq!(clock.go_on_from(start.after(DAY)), DAY);
        assert_eq!(clock.moment(), start.after(DAY));
        *elapsed.lock().unwrap() += DAY;
        assert_eq!(clock.moment(), start.after(2 * DAY));
    }

    #[test]
    fn the_machine_has_a_clock_that_moves() {
        let clock = Clock::machine(Notices::default());
        let start = clock.moment();
        let begun = std::time::Instant::now();
        while clock.moment() == start {
            assert!(begun.elapsed() < Duration::from_secs(20), "time stands still");
        }
        assert!(clock.moment() > start);
    }
}
