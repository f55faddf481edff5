//! [`Throttle`]: how much of what may be under way at once a queue bears at the moment. Come here to
//! learn why a batch or a producer sends less at once than its setting allows.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::runtime::Runtime;

/// The time after a refusal in which the share stays as it is.
const REST: Duration = Duration::from_secs(1);

/// The part of the whole that comes back in each second after that. Half of it is back after five
/// seconds: the service counts requests by the second, so coming back faster finds it as busy.
const RETURN_PER_SECOND: f64 = 1.0 / 8.0;

/// The least share. From here the whole is back after nine seconds, however long the service was busy.
const LEAST: f64 = 1.0 / 64.0;

/// What the refusals of a queue (503 `ServerBusy`) say about how much may be under way at once: each
/// halves it, and then it comes back.
///
/// All requests that were on their way to a busy service are refused, which is one fact and not many.
/// So a refusal counts only if its request was sent after the refusal that counted last.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<Option<Cut>>);

/// The refusal that counted last.
#[derive(Debug, Clone, Copy)]
struct Cut {
    at: Duration,
    /// What was left of the whole then.
    share: f64,
}

impl Cut {
    fn share(&self, now: Duration) -> f64 {
        let returning = now.saturating_sub(self.at).saturating_sub(REST);
        (self.share + returning.as_secs_f64() * RETURN_PER_SECOND).min(1.0)
    }
}

impl Throttle {
    fn cut(&self) -> MutexGuard<'_, Option<Cut>> {
        // Every change is a single step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request that was sent at `sent_at` was refused, both by the runtime's
    /// [`elapsed`](Runtime::elapsed).
    pub(crate) fn refused(&self, sent_at: Duration, now: Duration) {
        let mut cut = self.cut();
        if cut.is_none_or(|cut| cut.at < sent_at) {
            let share = cut.map_or(1.0, |cut| cut.share(now)) / 2.0;
            *cut = Some(Cut { at: now, share: share.max(LEAST) });
        }
    }

    /// How many of `most` requests may be under way now, at least 1.
    pub(crate) fn allowed(&self, most: usize, runtime: &dyn Runtime) -> usize {
        let mut cut = self.cut();
        // The clock is looked at only when there was a refusal.
        match cut.map(|cut| cut.share(runtime.elapsed())) {
            None => most,
            Some(share) if share < 1.0 => ((most as f64 * share) as usize).clamp(1, most.max(1)),
            Some(_) => {
                *cut = None;
                most
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::runtime::ManualRuntime;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_refusal_halves_what_is_allowed_and_it_comes_back() {
        let (throttle, time) = (Throttle::default(), ManualRuntime::starting_at(UNIX_EPOCH));
        let allowed = |most| throttle.allowed(most, &time);
        assert_eq!(allowed(64), 64);
        time.advance(20 * MS);
        throttle.refused(Duration::ZERO, time.elapsed());
        assert_eq!((allowed(64), allowed(16), allowed(1)), (32, 8, 1));
        time.advance(REST);
        assert_eq!(allowed(64), 32);
        for expected in [40, 48, 56, 64, 64] {
            time.advance(1000 * MS);
            assert_eq!(allowed(64), expected);
        }
        assert!(throttle.cut().is_none(), "the clock is not asked any more");
    }

    #[test]
    fn refusals_of_one_round_trip_count_once() {
        let (throttle, time) = (Throttle::default(), ManualRuntime::starting_at(UNIX_EPOCH));
        for late in 0..20 {
            throttle.refused(10 * MS, (30 + late) * MS);
        }
        throttle.refused(30 * MS, 50 * MS);
        time.advance(50 * MS);
        assert_eq!(throttle.allowed(64, &time), 32);
        throttle.refused(31 * MS, 51 * MS);
        assert_eq!(throttle.allowed(64, &time), 16);
    }

    #[test]
    fn however_long_the_service_is_busy_something_goes_on() {
        let (throttle, time) = (Throttle::default(), ManualRuntime::starting_at(UNIX_EPOCH));
        for _ in 0..1000 {
            time.advance(20 * MS);
            throttle.refused(time.elapsed(), time.elapsed());
            time.advance(MS);
            assert!(throttle.allowed(1, &time) == 1 && throttle.allowed(64, &time) >= 1);
        }
        assert_eq!(throttle.allowed(64, &time), 1);
        time.advance(9000 * MS);
        assert_eq!(throttle.allowed(64, &time), 64);
    }
}
