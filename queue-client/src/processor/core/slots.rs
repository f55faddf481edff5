//! [`Slots`]: which deliveries wait, run and are settled. A slot of a handler is what a running
//! delivery takes, and nothing else.

use std::{collections::BTreeSet, time::Duration};

use super::{
    delivery::{Delivery, Work},
    ids::DeliveryKey,
    time::Tick,
};

/// The deliveries by what happens with them. Each is in one of the sets, which follow from its
/// [`Work`] and from nothing else, so that no slot is freed twice or never.
#[derive(Debug, Default)]
pub(super) struct Slots {
    waiting: BTreeSet<DeliveryKey>,
    /// With the instant of their start: the oldest first.
    running: BTreeSet<(Tick, DeliveryKey)>,
    settling: BTreeSet<DeliveryKey>,
}

impl Slots {
    pub(super) fn enter(&mut self, key: DeliveryKey, delivery: &Delivery) {
        match &delivery.work {
            Work::Buffered(_) => self.waiting.insert(key),
            Work::Running(running) => self.running.insert((running.since, key)),
            Work::Settling(_) => self.settling.insert(key),
        };
    }

    pub(super) fn leave(&mut self, key: DeliveryKey, delivery: &Delivery) {
        match &delivery.work {
            Work::Buffered(_) => self.waiting.remove(&key),
            Work::Running(running) => self.running.remove(&(running.since, key)),
            Work::Settling(_) => self.settling.remove(&key),
        };
    }

    /// The deliveries whose handlers have not started, in the order of their arrival.
    pub(super) fn waiting(&self) -> impl Iterator<Item = DeliveryKey> {
        self.waiting.iter().copied()
    }

    /// The deliveries whose handlers run, in the order of their start.
    pub(super) fn running(&self) -> impl Iterator<Item = DeliveryKey> {
        self.running.iter().map(|(_, key)| *key)
    }

    pub(super) fn waiting_count(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn running_count(&self) -> usize {
        self.running.len()
    }

    pub(super) fn settling_count(&self) -> usize {
        self.settling.len()
    }

    /// For how long handlers have been running, the youngest first: all those that have been running
    /// for no longer than that, and so many others.
    pub(super) fn ages(&self, now: Tick, within: Duration, others: usize) -> Vec<Duration> {
        let ages = || self.running.iter().rev().map(|(since, _)| now.since(*since));
        let young = ages().take_while(|age| *age <= within).count();
        ages().take(young + others).collect()
    }
}
