//! What happens besides: crashes, pauses, shutdowns, and a service that refuses.

use std::time::Duration;

use queue_client::processor::core::{Input, ShutdownMode};

use super::{Event, Slot, World};
use crate::{
    check::Violation,
    scenario::Incident,
    time::{Micros, seconds},
};

impl World {
    pub(super) fn incident(&mut self, incident: Incident) -> Result<(), Violation> {
        let place =
            |process: usize, places: &[usize]| places.get(process).copied().unwrap_or(usize::MAX);
        match incident {
            Incident::Crash { process, restart } => {
                let slot = place(process, &self.places);
                if let Some(slot) = self.slots.get_mut(slot)
                    && slot.process.is_some()
                {
                    *slot = Slot::empty();
                    self.tally.crashes += 1;
                    self.at(self.now + restart, Event::Start(process));
                }
            }
            Incident::Pause { process, time } | Incident::Suspend { process, time } => {
                let number = place(process, &self.places);
                if let Some(slot) = self.slots.get_mut(number)
                    && slot.asleep.is_none()
                {
                    slot.asleep = Some(self.now);
                    let suspended = matches!(incident, Incident::Suspend { .. });
                    slot.suspended_since = suspended.then_some(self.now);
                    self.at(self.now + time, Event::Resume(number));
                }
            }
            Incident::Drain { process } | Incident::Release { process } => {
                let slot = place(process, &self.places);
                let running = self.process(slot).is_some_and(|process| !process.finished);
                let awake = self.slots.get(slot).is_some_and(|slot| slot.asleep.is_none());
                if running && awake {
                    let mode = match incident {
                        Incident::Drain { .. } => ShutdownMode::Drain,
                        _ => ShutdownMode::Release,
                    };
                    self.input(slot, Some(Input::Shutdown(mode)))?;
                    self.at(self.now + seconds(1), Event::Start(process));
                }
            }
            Incident::QueueDeleted { time } => {
                self.service.clear();
                self.service.missing = true;
                self.at(self.now + time, Event::Over(incident));
            }
            Incident::Cleared => self.service.clear(),
            Incident::Forbidden { time } => {
                self.service.forbidden = true;
                self.at(self.now + time, Event::Over(incident));
            }
            Incident::UpdatesForbidden { time } => {
                self.service.updates_forbidden = true;
                self.at(self.now + time, Event::Over(incident));
            }
            Incident::Busy { time } => self.service.busy_until = self.now + time,
            Incident::Concurrency { process, handlers } => {
                let slot = place(process, &self.places);
                let awake = self.slots.get(slot).is_some_and(|slot| slot.asleep.is_none());
                if awake && let Some(handlers) = std::num::NonZeroUsize::new(handlers) {
                    self.input(slot, Some(Input::SetConcurrency(handlers)))?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn incident_over(&mut self, incident: Incident) {
        match incident {
            Incident::QueueDeleted { .. } => self.service.missing = false,
            Incident::Forbidden { .. } => self.service.forbidden = false,
            Incident::UpdatesForbidden { .. } => self.service.updates_forbidden = false,
            _ => {}
        }
    }

    pub(super) fn resume(&mut self, number: usize) -> Result<(), Violation> {
        let Some(slot) = self.slots.get_mut(number) else { return Ok(()) };
        if let (Some(since), Some(process)) = (slot.asleep.take(), &mut slot.process) {
            process.stood_still(self.now - since);
        }
        let deferred = std::mem::take(&mut slot.deferred);
        if let Some(since) = slot.suspended_since.take() {
            let by = self.now - since;
            if let Some(process) = &mut slot.process {
                process.clock.suspend(by);
                let by = Duration::from_micros(by);
                self.input(number, Some(Input::ClockJump { by }))?;
            }
        } else {
            // The first thing a program sees after a pause is that its timers are over.
            self.input(number, None)?;
        }
        for event in deferred {
            self.happen(event)?;
        }
        Ok(())
    }
}

impl Incident {
    pub(super) const fn time(&self) -> Micros {
        match self {
            Self::Crash { restart: time, .. }
            | Self::Pause { time, .. }
            | Self::Suspend { time, .. }
            | Self::QueueDeleted { time }
            | Self::Forbidden { time }
            | Self::UpdatesForbidden { time }
            | Self::Busy { time } => *time,
            Self::Drain { .. }
            | Self::Release { .. }
            | Self::Cleared
            | Self::Concurrency { .. } => 0,
        }
    }
}
