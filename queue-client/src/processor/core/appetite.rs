//! How many places of handlers a core could use that shares them with others.

use super::{machine::Core, phase::Phase, poller::Why, shares::Demand, time::Tick};

/// The most messages of one answer ("Get Messages").
const BATCH: usize = 32;

impl Core {
    /// How many handlers may run at once: as many as are set, and as are allowed.
    pub(super) fn places(&self) -> usize {
        self.config.concurrency.get().min(self.allowed)
    }

    /// How many places this core holds and could use now. A queue that was empty wants none before it
    /// is asked again, so that its places are there for others.
    #[must_use]
    pub fn demand(&self, now: Tick) -> Demand {
        let running = self.slots.running_count();
        let wanted = if self.phase == Phase::Running && !self.told_full {
            running + self.slots.waiting_count() + self.poller.asked() + self.askable(now)
        } else {
            running
        };
        Demand::new(running, wanted, self.counters.started)
    }

    /// When a core that wants no more places now wants one again although nothing happens.
    #[must_use]
    pub fn wants_again_at(&self, now: Tick) -> Option<Tick> {
        if self.phase != Phase::Running || self.paused || self.poller.is_asking() {
            return None;
        }
        let pause = self.poller.waits_until().filter(|at| *at > now);
        let pace = self.pace.ready_at(1, now).filter(|at| *at > now);
        pause.max(pace)
    }

    /// How many messages could be asked for, were there places.
    fn askable(&self, now: Tick) -> usize {
        if self.paused || self.poller.create.is_some() {
            return 0;
        }
        let in_flight = self.poller.in_flight();
        if let Some(wait) = self.poller.wait
            && (now < wait.until || (matches!(wait.why, Why::Trouble(_)) && in_flight > 0))
        {
            return 0;
        }
        let polls = if self.poller.last_was_full { self.config.max_polls.get() } else { 1 };
        let messages = polls.saturating_sub(in_flight).saturating_mul(BATCH);
        messages.min(self.pace.ready(now))
    }
}
