//! What handlers do, and what they return.

use std::time::Duration;

use queue_client::processor::core::{DeliveryKey, Input, Outcome, Reason};

use super::{Event, World};
use crate::{
    check::{Violation, ensure},
    process::Todo,
    scenario::Ending,
    time::seconds,
};

impl World {
    pub(super) fn carry_out(&mut self, slot: usize, todo: Todo) -> Result<(), Violation> {
        match todo {
            Todo::Send { op, request, give_up_at } => self.send(slot, op, request, give_up_at),
            Todo::Run { key, message } => self.run_handler(slot, key, message)?,
            Todo::Stop { key } => {
                if self.rng.u8(..10) < 7 || self.hangs(slot, key) {
                    let at = self.now + self.rng.u64(0..seconds(2));
                    self.at(at, Event::End { slot, key });
                }
            }
            Todo::Dropped { key } => {
                // What a handler returned may be on its way when it is dropped.
                if self.rng.u8(..10) == 0 {
                    let outcome = Outcome::Complete;
                    self.at(self.now, Event::Done { slot, key, outcome });
                }
            }
            Todo::Suspected => {
                ensure!(
                    !self.scenario.wire.updates_only,
                    Renewal,
                    "a lease was lost to short refusals at {} s",
                    self.now / 1_000_000
                );
            }
        }
        Ok(())
    }

    pub(super) fn run_handler(
        &mut self,
        slot: usize,
        key: DeliveryKey,
        message: usize,
    ) -> Result<(), Violation> {
        self.tally.runs += 1;
        let others = self.handlers_of(message).filter(|(other, of)| (*other, *of) != (slot, key));
        self.tally.overlaps += u64::from(others.count() > 0);
        if let Some(runs) = self.runs.get_mut(message) {
            *runs += 1;
            let allowed =
                self.scenario.config.max_deliveries.map_or(u32::MAX, std::num::NonZero::get);
            ensure!(*runs <= allowed, Attempts, "message {message} starts for the {runs}th time");
        }
        let Some(plan) = self.scenario.messages.get(message).cloned() else { return Ok(()) };
        if self.runs.get(message) == Some(&1) {
            let wait = self.now - plan.put_at - plan.delay;
            self.tally.longest_wait = self.tally.longest_wait.max(wait / 1000);
        }
        let time = self.rng.u64(1000..plan.longest.max(1001));
        if self.rng.f64() < plan.asks {
            self.at(self.now + time / 2, Event::Ask { slot, key });
        }
        if plan.ending != Ending::Hang {
            self.at(self.now + time, Event::End { slot, key });
        }
        Ok(())
    }

    pub(super) fn hangs(&self, slot: usize, key: DeliveryKey) -> bool {
        let handler = self.process(slot).and_then(|process| process.handlers.get(&key));
        let plan = handler.and_then(|handler| self.scenario.messages.get(handler.message));
        plan.is_some_and(|plan| plan.ending == Ending::Hang)
    }

    pub(super) fn end_handler(&mut self, slot: usize, key: DeliveryKey) -> Result<(), Violation> {
        let handler = self.process(slot).and_then(|process| process.handlers.get(&key));
        let Some(message) = handler.map(|handler| handler.message) else { return Ok(()) };
        let Some(plan) = self.scenario.messages.get(message) else { return Ok(()) };
        let after = (self.rng.u8(..8) == 0).then(|| Duration::from_millis(self.rng.u64(0..9000)));
        let failed = Outcome::Retry { after };
        let outcome = match plan.ending {
            Ending::Good => Outcome::Complete,
            Ending::Bad | Ending::Hang => failed,
            Ending::Flaky(part) if self.rng.f64() < part => failed,
            Ending::Abandon(part) if self.rng.f64() < part => Outcome::Abandon,
            Ending::Flaky(_) | Ending::Abandon(_) => Outcome::Complete,
            Ending::Dead => Outcome::DeadLetter { reason: "dead".into() },
        };
        let failure = matches!(outcome, Outcome::Retry { .. }).then_some(Reason::HandlerFailed);
        self.input(slot, Some(Input::HandlerDone { key, outcome, failure }))
    }
}
