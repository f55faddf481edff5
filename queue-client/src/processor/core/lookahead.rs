//! How many messages are asked for, and when: what handlers can start now, and what they will be able
//! to start by the time of the answer.

use std::num::NonZeroU32;

use super::{
    delivery::{Delivery, Work},
    estimate::LAST,
    liveness::is_throttled,
    machine::Core,
    time::Tick,
};
use crate::failure::OpFailure;

/// The most messages of one answer ("Get Messages").
const BATCH: usize = 32;
/// A further receive beside one in flight is made for at least this many messages: smaller ones wait
/// for its answer, since many small receives cost more than they save.
const WORTH_ANOTHER: usize = BATCH / 2;

/// What the loop wishes to receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// So many messages, now.
    Now(usize),
    /// Perhaps something at this instant.
    Later(Tick),
    /// Nothing until something happens.
    Nothing,
}

impl Wish {
    /// The instant at which it is to be looked at again, if only time is missing.
    pub(super) const fn at(self, now: Tick) -> Option<Tick> {
        match self {
            Self::Now(_) => Some(now),
            Self::Later(at) => Some(at),
            Self::Nothing => None,
        }
    }
}

impl Core {
    /// How many handlers could start if their messages were here: those beyond the ones that run, and
    /// none while too much is being settled. Test: `lookahead::handlers_wait_when_settlements_pile_up`.
    pub(super) fn free_slots(&self) -> usize {
        if self.slots.settling_count() >= self.config.settling_bound() {
            return 0;
        }
        self.places().saturating_sub(self.slots.running_count())
    }

    /// What to receive, given what is held and what is on its way.
    pub(super) fn wish(&self, now: Tick) -> Wish {
        if self.slots.settling_count() >= self.config.settling_bound() {
            return Wish::Nothing;
        }
        let asked = self.poller.asked();
        let held = self.slots.waiting_count() + asked;
        let free = self.free_slots();
        let (soon, later, more_in) = if let Some(ahead) = self.config.prefetch {
            let all = free.saturating_add(ahead);
            (all, all, None)
        } else if self.updates_forbidden(now) || self.config.max_deliveries == Some(NonZeroU32::MIN)
        {
            // What would not start in time could not be given back.
            (free, free, None)
        } else {
            let ages = self.slots.ages(now, self.estimate.slow(), LAST);
            let demand = self.estimate.demand(now, free, &ages, held);
            // Handlers beyond a concurrency that was lowered leave no slot behind.
            let running = self.slots.running_count();
            let surplus = running.saturating_sub(self.places());
            (
                demand.soon.saturating_sub(surplus),
                demand.later.saturating_sub(surplus),
                demand.more_in,
            )
        };
        if soon <= held {
            return more_in.map_or(Wish::Nothing, |time| Wish::Later(now + time));
        }
        // What waits for its start because of the rate waits better in the queue, where others can
        // have it.
        let ready = self.pace.ready(now).saturating_sub(held);
        if ready == 0 {
            // `None` is where more than time is missing: an answer, or the start of what is here.
            let due = self.pace.ready_at(held + 1, now).filter(|_| asked == 0);
            return due.map_or(Wish::Nothing, Wish::Later);
        }
        let eased = self.poller.ease.limit(now).saturating_sub(asked);
        let messages = (later - held).min(ready).min(BATCH).min(eased);
        if messages == 0 || (asked > 0 && messages < WORTH_ANOTHER) {
            return Wish::Nothing;
        }
        Wish::Now(messages)
    }

    /// Whether a message that was received ahead has waited for as long as it may. Its renewal would be
    /// due now, which comes before half of the lease is over.
    ///
    /// A message on its last delivery stays: given back, it would become a dead letter without a run.
    /// One whose older delivery still runs stays too, and so does what was wished for by a fixed
    /// number. Tests: `lookahead::what_does_not_start_in_time_is_given_back`,
    /// `lookahead::a_last_delivery_is_kept`.
    pub(super) fn is_to_be_given_back(&self, now: Tick, delivery: &Delivery) -> bool {
        let Work::Buffered(waiting) = &delivery.work else { return false };
        self.config.prefetch.is_none()
            && delivery.lease.renew_at().is_some_and(|at| now >= at)
            && !waiting.renew_first
            && waiting.after.is_none()
            && self.config.max_deliveries.is_none_or(|max| delivery.attempt < max.get())
            && !self.updates_forbidden(now)
    }

    /// Asks for fewer messages at once if the service says that it has too much to do.
    pub(super) fn notice_throttling<T>(&mut self, now: Tick, result: &Result<T, OpFailure>) {
        if let Err(failure) = result {
            self.throttled_by(now, failure, 0);
        }
    }

    /// The same for the answer to a receive that asked for so many.
    pub(super) fn throttled_by(&mut self, now: Tick, failure: &OpFailure, asked: usize) {
        if is_throttled(failure) {
            let full = self.config.max_polls.get().saturating_mul(BATCH);
            self.poller.ease.throttled(now, self.poller.asked() + asked, full);
        }
    }
}
