//! What must hold at every moment, and at the end.

use std::{collections::BTreeMap, time::Duration};

use queue_client::processor::core::DeliveryKey;

use super::World;
use crate::{
    check::{Violation, ensure},
    scenario::Ending,
    service::Gone,
    time::{Micros, seconds},
};

impl World {
    /// The running handlers of a message, in processes that do not stand still.
    pub(super) fn handlers_of(&self, message: usize) -> impl Iterator<Item = (usize, DeliveryKey)> {
        self.slots.iter().enumerate().filter(|(_, slot)| slot.asleep.is_none()).flat_map(
            move |(number, slot)| {
                slot.process.iter().flat_map(move |process| {
                    let handlers = process.handlers.iter();
                    handlers.filter_map(move |(key, handler)| {
                        (handler.message == message).then_some((number, *key))
                    })
                })
            },
        )
    }

    pub(super) fn check_exclusivity(&self) -> Result<(), Violation> {
        let mut holders = BTreeMap::new();
        for (number, slot) in self.slots.iter().enumerate() {
            let (Some(process), None) = (&slot.process, slot.asleep) else { continue };
            for (key, handler) in &process.handlers {
                if !process.holds(handler, self.now) {
                    continue;
                }
                let other = holders.insert(handler.message, (number, *key));
                ensure!(
                    other.is_none(),
                    Exclusivity,
                    "message {} is held by {other:?} and {:?}",
                    handler.message,
                    (number, key)
                );
            }
        }
        Ok(())
    }

    pub(super) fn check_totals(&mut self) -> Result<(), Violation> {
        self.service.expire(self.now);
        self.tally.seconds = self.now / 1_000_000;
        let clean = self.scenario.is_clean();
        let config = &self.scenario.config;
        // Messages that wait behind handlers that hang are given up when their time is over.
        let hangs = self.scenario.messages.iter().any(|plan| plan.ending == Ending::Hang);
        let steady = clean
            && (config.prefetch == Some(0) || !hangs)
            && config.renew
            && config.handler_timeout.is_none()
            && config.max_lease >= Some(Duration::from_secs(3600))
            && config.lease >= Duration::from_secs(10);
        for (index, message) in self.service.messages().iter().enumerate() {
            let Some(plan) = self.scenario.messages.get(index) else { continue };
            let runs = self.runs.get(index).copied().unwrap_or_default();
            let letters = self.service.letters(index);
            let completions = self.completions.get(index).copied().unwrap_or_default();
            self.tally.expired += u64::from(message.gone == Some(Gone::Expired));
            ensure!(message.gone.is_some(), Liveness, "message {index} is left");
            if !steady || plan.time_to_live.is_some() {
                continue;
            }
            let allowed = config.max_deliveries.map_or(u32::MAX, std::num::NonZero::get);
            if plan.ending == Ending::Bad {
                let processes = self.slots.iter().filter_map(|slot| slot.process.as_ref());
                let given_back: u32 =
                    processes.filter_map(|process| process.given_back.get(&index)).sum();
                ensure!(
                    (runs + given_back, message.count, letters) == (allowed, allowed, 1),
                    Attempts,
                    "message {index}: {runs} runs, {given_back} times given back, {} deliveries and \
                     {letters} dead letters; {allowed} are allowed",
                    message.count
                );
            }
            if plan.ending == Ending::Good {
                ensure!(
                    (runs, completions, letters) == (1, 1, 0),
                    CleanNetwork,
                    "message {index}: {runs} runs, {completions} completions, {letters} dead letters"
                );
            }
        }
        for slot in &self.slots {
            if let Some(process) = &slot.process {
                self.tally.replays += process.check_replay()?;
                self.tally.given_back += u64::from(process.given_back.values().sum::<u32>());
            }
        }
        Ok(())
    }

    /// When everything has to be settled, given that faults are over.
    pub(super) fn limit(&self) -> Micros {
        let config = &self.scenario.config;
        let longest = config.max_lease.unwrap_or_default().max(config.lease);
        let attempt =
            crate::time::micros(longest + config.retry.cap) + seconds(400 + 600 + 660 + 240);
        let attempts = u64::from(config.max_deliveries.map_or(1, std::num::NonZero::get)) + 2;
        let puts = self.scenario.messages.iter().map(|plan| plan.put_at + plan.delay);
        let shares = self.scenario.messages.len() / config.concurrency.get() + 2;
        self.calm_at.max(puts.max().unwrap_or_default()) + attempt * attempts * shares as u64
    }

    pub(super) fn all_settled(&self) -> bool {
        self.now > self.calm_at
            && self.service.messages().len() == self.scenario.messages.len()
            && self.service.messages().iter().all(|message| message.gone.is_some())
    }

    pub(super) fn left(&self) -> String {
        let left = self.service.messages().iter().filter(|message| message.gone.is_none());
        left.map(|message| format!("{}({})", message.id, message.count))
            .collect::<Vec<_>>()
            .join(" ")
    }
}
