//! [`Estimate`]: how long handlers and receives take, from what was seen, and how many handlers will
//! end soon. Read this to learn how far a processor looks ahead.

use std::{collections::VecDeque, time::Duration};

use super::{report::Typical, time::Tick};

/// No round trip counts for longer: what takes a second is an outage and not a distance.
const LONGEST_RECEIVE: Duration = Duration::from_secs(1);
/// A handler that takes this many round trips is slow: it is not looked ahead to, since a message
/// that waits for the slot costs others more than the slot loses, which is at most 1 part in 33.
const SLOW: u32 = 32;
/// What one queue takes in a second is 2,000 messages ("Scalability and performance targets for Queue
/// Storage"). Twice as much is looked ahead for, so that a handler never waits for this bound.
const RATE: f64 = 4000.0;
/// The messages of one receive ("Get Messages"), which may always be ahead.
const BATCH: f64 = 32.0;

/// So many of the last starts say whether handlers have become slow.
pub(super) const LAST: usize = 16;

/// What was seen of the last handlers and receives.
#[derive(Debug)]
pub(super) struct Estimate {
    /// How many handlers are remembered.
    window: usize,
    /// The times of the last handlers, in the order of their ends.
    order: VecDeque<Duration>,
    /// The same, in the order of their length.
    sorted: Vec<Duration>,
    /// The starts of those that ended last, and how long they took.
    last: VecDeque<(Tick, Duration)>,
    /// How many handlers have ended in all.
    ended: u32,
    /// The mean time of a receive, in which the last ones count most.
    receive: Option<Duration>,
}

/// How many messages handlers could start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Demand {
    /// How many within one round trip of a receive: fewer than that should never be on hand or on
    /// their way.
    pub(super) soon: usize,
    /// How many until two round trips later, so that a receive that is made brings many at once.
    pub(super) later: usize,
    /// After how much time `soon` may be more.
    pub(super) more_in: Option<Duration>,
}

impl Estimate {
    /// Nothing is known of the handlers, as many of which run at once.
    pub(super) fn new(concurrency: usize) -> Self {
        Self {
            window: concurrency.saturating_mul(4).clamp(64, 1024),
            order: VecDeque::new(),
            sorted: Vec::new(),
            last: VecDeque::new(),
            ended: 0,
            receive: None,
        }
    }

    /// A handler has ended that started then.
    pub(super) fn handler_ended(&mut self, now: Tick, since: Tick) {
        let time = now.since(since);
        self.ended = self.ended.saturating_add(1);
        self.last.push_back((since, time));
        if self.last.len() > LAST {
            self.last.pop_front();
        }
        if self.order.len() >= self.window
            && let Some(oldest) = self.order.pop_front()
        {
            let place = self.sorted.partition_point(|other| *other < oldest);
            self.sorted.remove(place);
        }
        self.order.push_back(time);
        let place = self.sorted.partition_point(|other| *other < time);
        self.sorted.insert(place, time);
    }

    /// A receive was answered after this time.
    pub(super) fn receive_took(&mut self, time: Duration) {
        let time = time.min(LONGEST_RECEIVE);
        self.receive = Some(self.receive.map_or(time, |mean| (mean * 3 + time) / 4));
    }

    /// What is known; `None` until a handler has ended and a receive was answered.
    pub(super) fn typical(&self) -> Option<Typical> {
        let handler = self.sorted.get(self.sorted.len() / 2).copied()?;
        Some(Typical { handler, receive: self.receive? })
    }

    /// A handler that takes longer is slow.
    pub(super) fn slow(&self) -> Duration {
        self.receive.unwrap_or_default() * SLOW
    }

    /// How many messages could be started, by `free` handlers that wait and by those that run, of
    /// which the youngest is named first by its age. Of the slow ones a few are enough. Counting stops
    /// above `enough`.
    pub(super) fn demand(
        &self,
        now: Tick,
        free: usize,
        ages: &[Duration],
        enough: usize,
    ) -> Demand {
        let (Some(trip), false) = (self.receive, self.sorted.is_empty()) else {
            return Demand { soon: free, later: free, more_in: None };
        };
        // The first few handlers may be no measure of the others, so no more is looked ahead to than
        // was seen. Test: `lookahead::the_first_handlers_are_no_measure_of_the_others`.
        let seen = f64::from(self.ended);
        let most = BATCH + RATE * trip.as_secs_f64();
        let fast = self.part_of_fast(now, ages);
        let count = |horizon, most: f64| {
            let ahead = self.ends_within(horizon, free, ages, enough as f64 + BATCH);
            free + (ahead * fast + 1e-6).min(most).min(seen) as usize
        };
        let soon = count(trip, most);
        Demand {
            soon,
            later: if soon > enough { count(trip * 3, most + BATCH) } else { soon },
            more_in: self.more_in(trip, ages),
        }
    }

    /// The part of the last starts that was not slow, of those of which this is known.
    ///
    /// All the handlers that ended before say nothing when durations change: no slow one has ended yet.
    /// Those that run for long now do not say it either, since few that are slow hold most places. What
    /// was started last does. Test: `lookahead::handlers_that_become_slow_end_it`.
    fn part_of_fast(&self, now: Tick, ages: &[Duration]) -> f64 {
        let slow = self.slow();
        let old = ages.get(ages.partition_point(|age| *age <= slow)..).unwrap_or_default();
        let running = old.iter().take(LAST).map(|age| (now.minus(*age), *age));
        let mut known: Vec<_> = self.last.iter().copied().chain(running).collect();
        known.sort_unstable();
        let last = known.len().min(LAST);
        let fast = known.iter().rev().take(LAST).filter(|(_, time)| *time <= slow).count();
        fast as f64 / last.max(1) as f64
    }

    /// How many handlers end within this time, and those that follow in their slots.
    fn ends_within(&self, horizon: Duration, free: usize, ages: &[Duration], enough: f64) -> f64 {
        // Slots that are free get a message first, which is counted elsewhere.
        let mut ends = free as f64 * self.followers(horizon);
        for age in ages {
            if *age > self.slow() || ends > enough {
                break;
            }
            let from = self.sorted.partition_point(|time| time <= age);
            let to = self.up_to((*age + horizon).min(self.slow()));
            let Some(end) = self.sorted.get((from + to) / 2).filter(|_| from < to) else {
                continue;
            };
            // Of those that took longer than this one has so far.
            let chance = (to - from) as f64 / (self.sorted.len() - from) as f64;
            let rest = (*age + horizon).saturating_sub(*end);
            ends += chance * (1.0 + self.followers(rest));
        }
        ends
    }

    /// How many handlers end one after the other in a slot that is free now.
    fn followers(&self, time: Duration) -> f64 {
        let fast = self.up_to(time.min(self.slow()));
        let Some(typical) = self.sorted.get(fast / 2).filter(|_| fast > 0) else { return 0.0 };
        let times = (time.as_secs_f64() / typical.as_secs_f64().max(1e-6)).floor().min(1e4);
        // Each may be one that is slow, and then the slot is taken.
        let chance = fast as f64 / self.sorted.len() as f64;
        if chance < 1.0 { chance * (1.0 - chance.powf(times)) / (1.0 - chance) } else { times }
    }

    /// After how much time one more handler is expected to end within a round trip.
    fn more_in(&self, trip: Duration, ages: &[Duration]) -> Option<Duration> {
        let slow = self.slow();
        let fast = self.sorted.get(..self.up_to(slow))?;
        let next = ages.iter().take_while(|age| **age <= slow).filter_map(|age| {
            let end = fast.get(fast.partition_point(|time| *time <= *age + trip))?;
            Some(end.saturating_sub(*age + trip))
        });
        // Handlers end at all times, and the loop is not to run for each.
        let seldom = (trip / 4).max(Duration::from_millis(1));
        next.min().map(|time| time.max(seldom))
    }

    /// How many of the handlers took no longer.
    fn up_to(&self, time: Duration) -> usize {
        self.sorted.partition_point(|other| *other <= time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn at(millis: u64) -> Tick {
        Tick::new(ms(millis))
    }

    fn ended(estimate: &mut Estimate, since: Tick, time: u64) {
        estimate.handler_ended(since + ms(time), since);
    }

    fn seen(receive: u64, handlers: &[u64]) -> Estimate {
        let mut estimate = Estimate::new(16);
        estimate.receive_took(ms(receive));
        for (number, time) in (0..).zip(handlers) {
            ended(&mut estimate, at(number), *time);
        }
        estimate
    }

    #[test]
    fn nothing_is_looked_ahead_to_without_an_estimate() {
        let demand = Estimate::new(16).demand(at(100_000), 3, &[ms(5)], 0);
        assert_eq!(demand, Demand { soon: 3, later: 3, more_in: None });
        assert_eq!(seen(20, &[]).demand(at(100_000), 3, &[ms(5)], 0).later, 3);
        assert_eq!(seen(20, &[]).typical(), None);
    }

    #[test]
    fn a_handler_counts_when_it_ends_within_a_round_trip() {
        let estimate = seen(20, &[100; 64]);
        let soon = |ages: &[u64]| {
            let ages: Vec<_> = ages.iter().copied().map(ms).collect();
            estimate.demand(at(100_000), 0, &ages, 0).soon
        };
        assert_eq!(soon(&[79]), 0);
        assert_eq!(soon(&[80]), 1);
        assert_eq!(soon(&[10, 20, 85, 90]), 2);
        assert_eq!(soon(&[101, 5000]), 0, "nothing is known of those that run longer");
        assert_eq!(estimate.demand(at(100_000), 0, &[ms(30), ms(75)], 0).more_in, Some(ms(5)));
    }

    #[test]
    fn those_that_follow_count_too() {
        assert_eq!(seen(20, &[5; 64]).demand(at(100_000), 0, &[ms(0)], 0).soon, 4);
        assert_eq!(seen(20, &[5; 64]).demand(at(100_000), 1, &[], 0).soon, 5);
        // As many as a queue can bring, and no more than were seen.
        assert_eq!(seen(20, &[0; 400]).demand(at(100_000), 16, &[], 16).soon, 16 + 112);
        assert_eq!(seen(20, &[0; 3]).demand(at(100_000), 16, &[], 16).soon, 16 + 3);
    }

    #[test]
    fn slow_handlers_are_not_looked_ahead_to() {
        let ages: Vec<_> = (1..=16).map(|number| ms(1000 - number)).rev().collect();
        let demand = seen(20, &[1000; 64]).demand(at(100_000), 0, &ages, 0);
        assert_eq!((demand.soon, demand.more_in), (0, None));
        let demand = seen(100, &[1000; 64]).demand(at(100_000), 0, &ages, 0);
        assert_eq!(demand.soon, 16, "at a greater distance they are not slow");
    }

    #[test]
    fn the_last_starts_say_that_handlers_have_become_slow() {
        let ages = vec![ms(30_000); 15];
        assert_eq!(seen(20, &[1; 64]).demand(at(100_000), 1, &ages, 40).soon, 1 + 1);
        assert_eq!(seen(20, &[1; 64]).demand(at(100_000), 0, &ages, 40).soon, 0);
        // The same handlers, but fast ones were started since.
        assert_eq!(seen(20, &[1; 64]).demand(at(1000), 1, &ages, 40).soon, 1 + 20);
    }

    #[test]
    fn the_window_moves() {
        let mut estimate = seen(20, &[1000; 64]);
        for _ in 0..64 {
            ended(&mut estimate, at(0), 7);
        }
        let typical = estimate.typical().unwrap();
        assert_eq!((typical.handler, typical.receive), (ms(7), ms(20)));
        assert!(estimate.sorted.iter().all(|time| *time == ms(7)));
    }
}
