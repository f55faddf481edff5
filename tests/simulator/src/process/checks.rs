//! What must hold for one process when it or one of its handlers ends.

use std::time::Duration;

use queue_client::processor::core::{
    Core, DeliveryKey, LeaseGrowth, RawDelivery, ShutdownMode, Tick,
};

use super::Process;
use crate::{
    check::{Violation, ensure},
    time::Micros,
};

impl Process {
    pub(super) fn check_end(&self, tick: Tick, left: usize) -> Result<(), Violation> {
        let forgotten: Vec<_> = self.started.difference(&self.settled).collect();
        ensure!(forgotten.is_empty(), Shutdown, "{forgotten:?} are not accounted for");
        if let Some((since, mode)) = self.shutdown {
            let limit = match mode {
                ShutdownMode::Drain => self.config.drain_timeout + Duration::from_secs(5),
                ShutdownMode::Release => Duration::from_secs(10),
                _ => Duration::ZERO,
            };
            let taken = tick.since(since).saturating_sub(self.stood_still);
            ensure!(
                taken <= limit + Duration::from_millis(1),
                Shutdown,
                "took {taken:?}, and the limit is {limit:?}; {left} left"
            );
        }
        Ok(())
    }

    /// Notes until when the handler of a message is to have started that has just come: it waits for
    /// at most half of its lease, or is given back. Leases that are fixed by hand are renewed.
    pub(super) fn must_start(
        &mut self,
        now: Tick,
        sent_at: Tick,
        lease: Duration,
        raw: &RawDelivery,
    ) {
        let by = sent_at + lease / 2;
        let last = self.config.max_deliveries.is_some_and(|max| raw.attempt >= max.get());
        let can_be_given_back = !last && self.may_update;
        if self.config.prefetch.is_none() && can_be_given_back && now < by {
            self.start_by.insert(super::index(raw), by);
        } else {
            self.start_by.remove(&super::index(raw));
        }
    }

    /// Renewals of a handler that has ended, against their bound.
    pub(crate) fn check_cost(&self, key: DeliveryKey, now: Micros) -> Result<(), Violation> {
        let Some(handler) = self.handlers.get(&key) else { return Ok(()) };
        let LeaseGrowth::Double { cap } = self.config.lease_growth else { return Ok(()) };
        let (lease, cap) = (self.config.lease.as_secs_f64(), cap.as_secs_f64());
        let time = (now - handler.since) as f64 / 1e6;
        let growth = (time / lease).max(1.0).log2();
        // Renewals come up to a tenth early.
        let bound = 2.0 + growth + time / (cap.max(lease) / 2.0 * 0.9);
        ensure!(
            f64::from(handler.renewals) <= bound,
            Cost,
            "{} renewals in {time:.0} s with leases of {lease} s to {cap} s",
            handler.renewals
        );
        Ok(())
    }

    /// The starts of handlers up to this one, against the rate of the settings.
    pub(super) fn check_rate(&mut self, now: Tick) -> Result<(), Violation> {
        let Some(rate) = self.config.rate else { return Ok(()) };
        self.starts.push_front(now);
        self.starts.truncate(64);
        for (others, earlier) in self.starts.iter().enumerate() {
            // A tenth of a second's worth may come at once.
            let allowed = rate * (now.since(*earlier).as_secs_f64() + 0.1) + 1.0;
            let starts = others + 1;
            ensure!(
                starts as f64 <= allowed + 1e-6,
                Rate,
                "{starts} handlers start from {earlier:?} to {now:?}, and the rate is {rate}"
            );
        }
        Ok(())
    }

    /// Runs the log once more.
    pub(crate) fn check_replay(&self) -> Result<u64, Violation> {
        let Some(log) = &self.log else { return Ok(0) };
        let Some((first, ..)) = log.first() else { return Ok(0) };
        let Ok(mut core) = Core::new(self.config.clone(), self.seed, *first) else { return Ok(0) };
        for (tick, input, actions) in log {
            if let Some(input) = input {
                core.handle(*tick, input.clone());
            }
            for action in actions {
                let again = core.poll(*tick);
                ensure!(
                    again.as_ref() == Some(action),
                    Determinism,
                    "at {tick:?}: {action:?}, then {again:?}"
                );
            }
            ensure!(core.poll(*tick).is_none(), Determinism, "more actions at {tick:?}");
        }
        Ok(1)
    }
}
