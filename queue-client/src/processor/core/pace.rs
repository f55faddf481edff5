//! [`Pace`]: when handlers may start, if a rate is set. Read this to learn what "at most so many
//! messages per second" means exactly.

use std::time::Duration;

use super::time::Tick;

/// How far the starts may run ahead of their rate. Timers of a driver are late by some milliseconds,
/// which would otherwise lower a rate of hundreds per second.
const AHEAD: Duration = Duration::from_millis(100);

/// The rate at which handlers start: evenly, with at most a tenth of a second's worth at once.
///
/// In any time `t` there are at most `rate * (t + 0.1 s) + 1` starts.
#[derive(Debug)]
pub(super) struct Pace {
    /// The time between two starts; `None` for any number of starts.
    interval: Option<Duration>,
    /// When the next start would be due if all starts came evenly.
    due: Tick,
}

impl Pace {
    pub(super) fn new(rate: Option<f64>, now: Tick) -> Self {
        Self { interval: rate.map(|rate| Duration::from_secs_f64(1.0 / rate)), due: now }
    }

    /// How many handlers may start now.
    pub(super) fn ready(&self, now: Tick) -> usize {
        let Some(interval) = self.interval else { return usize::MAX };
        let limit = now + AHEAD;
        // What was not used while nothing came is gone: `due` never counts from before now.
        let due = self.due.max(now);
        if due > limit {
            return 0;
        }
        let more = due.until(limit).as_nanos() / interval.as_nanos().max(1);
        usize::try_from(more).unwrap_or(usize::MAX).saturating_add(1)
    }

    /// When so many handlers may start; `None` when time alone does not allow it, or no rate is set.
    pub(super) fn ready_at(&self, count: usize, now: Tick) -> Option<Tick> {
        let before = u32::try_from(count.saturating_sub(1)).unwrap_or(u32::MAX);
        let at = (self.due + self.interval?.saturating_mul(before)).minus(AHEAD);
        (at > now).then_some(at)
    }

    pub(super) fn started(&mut self, now: Tick) {
        if let Some(interval) = self.interval {
            self.due = self.due.max(now) + interval;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Tick {
        Tick::new(Duration::from_millis(millis))
    }

    /// The instants of the starts in a second in which everything starts that may.
    fn starts(rate: f64, step: u64) -> Vec<u64> {
        let mut pace = Pace::new(Some(rate), at(0));
        let mut starts = Vec::new();
        for millis in (0..1000).step_by(step as usize) {
            for _ in 0..pace.ready(at(millis)) {
                pace.started(at(millis));
                starts.push(millis);
            }
        }
        starts
    }

    #[test]
    fn starts_come_evenly_and_a_late_timer_loses_none() {
        assert_eq!(starts(4.0, 1), [0, 150, 400, 650, 900]);
        for step in [1, 7, 50] {
            let starts = starts(500.0, step);
            assert!((500..=551).contains(&starts.len()), "{step}: {}", starts.len());
            let at_once = starts.iter().filter(|at| **at == 0).count();
            assert_eq!(at_once, 51);
        }
    }

    #[test]
    fn idle_time_is_not_saved_up() {
        let mut pace = Pace::new(Some(2.0), at(0));
        assert_eq!(pace.ready(at(60_000)), 1);
        pace.started(at(60_000));
        assert_eq!((pace.ready(at(60_001)), pace.ready_at(1, at(60_001))), (0, Some(at(60_400))));
        assert_eq!(pace.ready(at(60_400)), 1);
    }

    #[test]
    fn without_a_rate_everything_starts() {
        let pace = Pace::new(None, at(0));
        assert_eq!((pace.ready(at(0)), pace.ready_at(7, at(0))), (usize::MAX, None));
    }
}
