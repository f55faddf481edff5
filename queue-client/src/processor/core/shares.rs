//! [`Shares`]: which of several queues gets a place of a handler that all of them share.

use std::num::{NonZeroU32, NonZeroUsize};

use super::time::Tick;

/// By how much what was used is forgotten with each handler, for the mean time that a place is held.
const FORGET: f64 = 0.98;
/// How many rounds of handlers a queue may be behind: what it did not use beyond that is gone, or it
/// would keep the others waiting once it has much to do.
const BEHIND: f64 = 4.0;

/// The places of handlers that several queues share, without clock and IO.
///
/// A place that is free goes to the queue, among those that want one, that has used least by its
/// weight, as far as is known how long the places that it has now will be held. What a queue does not
/// want is there for the others.
#[derive(Debug)]
pub struct Shares {
    free: usize,
    places: f64,
    queues: Vec<Share>,
    now: Tick,
    /// The time for which places were held, and the handlers that started, the late ones weighing more.
    held: f64,
    started: f64,
}

#[derive(Debug)]
struct Share {
    weight: f64,
    granted: usize,
    wanted: usize,
    started: u64,
    /// The seconds for which places were held.
    used: f64,
}

impl Share {
    /// What it has used by its weight, once those places are free that it has now.
    fn key(&self, mean: f64, more: f64) -> f64 {
        (self.used + (self.granted as f64 + more) * mean) / self.weight
    }
}

/// What a queue says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Demand {
    /// The number of handlers that run.
    pub running: usize,
    /// The number of places that it could use, those of the running handlers among them.
    pub wanted: usize,
    /// The number of handlers that were ever started.
    pub started: u64,
}

impl Demand {
    /// Nothing runs, and nothing is wanted any more.
    pub const NONE: Self = Self { running: 0, wanted: 0, started: 0 };

    /// So many run, so many places could be used, and so many handlers were started.
    #[must_use]
    pub const fn new(running: usize, wanted: usize, started: u64) -> Self {
        Self { running, wanted, started }
    }
}

impl Shares {
    /// So many places, for queues with these weights, whose numbers are their places in the list.
    pub fn new(
        places: NonZeroUsize,
        weights: impl IntoIterator<Item = NonZeroU32>,
        now: Tick,
    ) -> Self {
        let share = |weight: NonZeroU32| Share {
            weight: f64::from(weight.get()),
            granted: 0,
            wanted: 0,
            started: 0,
            used: 0.0,
        };
        Self {
            free: places.get(),
            places: places.get() as f64,
            queues: weights.into_iter().map(share).collect(),
            now,
            held: 0.0,
            started: 0.0,
        }
    }

    /// How many places a queue has at the moment; none for a number that no queue has.
    #[must_use]
    pub fn granted(&self, queue: usize) -> usize {
        self.queues.get(queue).map_or(0, |share| share.granted)
    }

    /// Takes in what a queue says of itself: the places that no handler of it holds are free for all
    /// queues, and given to those that come first. Returns the other queues that have more places now.
    pub fn exchange(&mut self, now: Tick, queue: usize, demand: Demand) -> Vec<usize> {
        self.age(now);
        let Some(share) = self.queues.get_mut(queue) else { return Vec::new() };
        let spare = share.granted.saturating_sub(demand.running);
        share.granted -= spare;
        self.free += spare;
        share.wanted = demand.wanted;
        for _ in share.started..demand.started {
            self.held *= FORGET;
            self.started = self.started * FORGET + 1.0;
        }
        share.started = share.started.max(demand.started);
        self.forget_credit();

        let mut gained = Vec::new();
        while self.free > 0 {
            let Some(next) = self.next() else { break };
            if let Some(share) = self.queues.get_mut(next) {
                share.granted += 1;
                self.free -= 1;
            }
            if next != queue && !gained.contains(&next) {
                gained.push(next);
            }
        }
        gained
    }

    /// Time passes, with the places held as they are.
    fn age(&mut self, now: Tick) {
        let seconds = now.since(self.now).as_secs_f64();
        self.now = self.now.max(now);
        for share in &mut self.queues {
            let used = share.granted as f64 * seconds;
            share.used += used;
            self.held += used;
        }
    }

    /// For how many seconds a handler holds its place.
    fn mean(&self) -> f64 {
        if self.started > 0.0 { self.held / self.started } else { 0.0 }
    }

    fn forget_credit(&mut self) {
        let mean = self.mean();
        let weights = || self.queues.iter().map(|share| share.weight);
        let round = self.places / weights().sum::<f64>();
        // One handler of the queue with the least weight moves it this far ahead. Test:
        // `a_queue_with_a_hundredth_of_the_weight_does_not_starve`.
        let step = 1.0 / weights().fold(f64::INFINITY, f64::min);
        let ahead = self.queues.iter().map(|share| share.key(mean, 0.0)).fold(0.0, f64::max);
        let least = ahead - BEHIND * mean * round.max(step);
        for share in &mut self.queues {
            share.used = share.used.max(least * share.weight - share.granted as f64 * mean);
        }
    }

    /// The queue that gets the next place.
    fn next(&self) -> Option<usize> {
        let mean = self.mean();
        let order =
            |share: &Share| (share.key(mean, 0.5), (share.granted as f64 + 1.0) / share.weight);
        let wanting =
            self.queues.iter().enumerate().filter(|(_, share)| share.granted < share.wanted);
        wanting
            .min_by(|(_, one), (_, other)| {
                let (one, other) = (order(one), order(other));
                one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1))
            })
            .map(|(number, _)| number)
    }
}
