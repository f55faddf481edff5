//! [`World`]: the scheduler of a simulation. It owns time, carries requests, and makes things go wrong.

mod handlers;
mod incidents;
mod properties;
mod wire;

use std::{collections::BTreeMap, sync::Arc};

use fastrand::Rng;
use queue_client::{
    OpFailure,
    processor::core::{AskId, DeliveryKey, Input, OpId, Outcome, ShutdownMode, Tick},
    proto::MessageText,
};

use self::wire::Fate;
use crate::{
    check::{Tally, Violation, ensure},
    process::{Process, failed},
    scenario::{Incident, Scenario},
    service::{Answer, Request, Service},
    time::{Clock, Micros, seconds},
};

/// A simulation that runs.
#[derive(Debug)]
pub struct World {
    scenario: Scenario,
    rng: Rng,
    now: Micros,
    calm_at: Micros,
    events: BTreeMap<(Micros, u64), Event>,
    next_event: u64,
    service: Service,
    slots: Vec<Slot>,
    /// Which slot a numbered process of the scenario has at the moment.
    places: Vec<usize>,
    runs: Vec<u32>,
    completions: Vec<u32>,
    /// From then on nothing is to be done but to shut down.
    closing: bool,
    tally: Tally,
}

#[derive(Debug)]
struct Slot {
    process: Option<Process>,
    /// Stands still; whether its clock does too.
    asleep: Option<Micros>,
    suspended_since: Option<Micros>,
    deferred: Vec<Event>,
}

#[derive(Debug, Clone)]
enum Event {
    Put(usize),
    Incident(Incident),
    Over(Incident),
    Start(usize),
    Wake(usize, Micros),
    Arrive { slot: usize, op: OpId, request: Request, fate: Fate, sent_at: Tick },
    Answer { slot: usize, op: OpId, answer: Answer, sent_at: Tick },
    GiveUp { slot: usize, op: OpId, sent_at: Tick },
    Ask { slot: usize, key: DeliveryKey },
    End { slot: usize, key: DeliveryKey },
    Done { slot: usize, key: DeliveryKey, outcome: Outcome },
    Resume(usize),
}

impl Event {
    const fn slot(&self) -> Option<usize> {
        match self {
            Self::Wake(slot, _)
            | Self::Answer { slot, .. }
            | Self::GiveUp { slot, .. }
            | Self::Ask { slot, .. }
            | Self::End { slot, .. }
            | Self::Done { slot, .. } => Some(*slot),
            _ => None,
        }
    }
}

/// Runs a scenario to its end.
///
/// # Errors
///
/// The first property that does not hold.
pub fn run(scenario: Scenario) -> Result<Tally, Violation> {
    World::new(scenario).run()
}

impl World {
    fn new(scenario: Scenario) -> Self {
        let over = |(at, incident): &(Micros, Incident)| at + incident.time();
        let incidents = scenario.incidents.iter().map(over).max().unwrap_or_default();
        let mut world = Self {
            rng: Rng::with_seed(scenario.seed ^ 0x9e37_79b9_7f4a_7c15),
            now: 0,
            calm_at: scenario.calm_after.max(incidents),
            events: BTreeMap::new(),
            next_event: 0,
            service: Service::default(),
            slots: Vec::new(),
            places: Vec::new(),
            runs: vec![0; scenario.messages.len()],
            completions: vec![0; scenario.messages.len()],
            closing: false,
            tally: Tally { scenarios: 1, ..Tally::default() },
            scenario,
        };
        let puts: Vec<_> = world.scenario.messages.iter().map(|plan| plan.put_at).collect();
        let mut puts: Vec<_> = puts.into_iter().enumerate().collect();
        // The model gives out indices in the order of the puts.
        puts.sort_by_key(|(_, at)| *at);
        world.scenario.messages.sort_by_key(|plan| plan.put_at);
        for (number, (_, at)) in puts.into_iter().enumerate() {
            world.at(at, Event::Put(number));
        }
        for (at, incident) in world.scenario.incidents.clone() {
            world.at(at, Event::Incident(incident));
        }
        for place in 0..world.scenario.rates.len() {
            world.places.push(usize::MAX);
            let start = world.rng.u64(0..seconds(1));
            world.at(start, Event::Start(place));
        }
        world
    }

    fn at(&mut self, at: Micros, event: Event) {
        self.next_event += 1;
        self.events.insert((at.max(self.now), self.next_event), event);
    }

    fn run(mut self) -> Result<Tally, Violation> {
        let limit = self.limit();
        while let Some(((at, _), event)) = self.events.pop_first() {
            self.now = at;
            if let Some(slot) = event.slot()
                && let Some(slot) = self.slots.get_mut(slot)
                && slot.asleep.is_some()
            {
                slot.deferred.push(event);
                continue;
            }
            self.happen(event)?;
            if !self.closing && self.all_settled() {
                self.closing = true;
                self.close()?;
            }
            if self.closing && self.slots.iter().all(Slot::is_over) {
                break;
            }
            ensure!(
                self.now <= limit,
                Liveness,
                "{} are left at {} s",
                self.left(),
                self.now / 1_000_000
            );
        }
        self.check_totals()?;
        Ok(self.tally)
    }

    fn close(&mut self) -> Result<(), Violation> {
        for slot in 0..self.slots.len() {
            let awake = self.slots.get(slot).is_some_and(|slot| slot.asleep.is_none());
            if awake {
                self.input(slot, Some(Input::Shutdown(ShutdownMode::Drain)))?;
            }
        }
        Ok(())
    }

    fn happen(&mut self, event: Event) -> Result<(), Violation> {
        match event {
            Event::Put(number) => {
                if let Some(plan) = self.scenario.messages.get(number) {
                    let index = self.service.put(self.now, plan.delay, plan.time_to_live);
                    self.tally.messages += 1;
                    ensure!(index == number, Conservation, "the model counts wrongly");
                }
            }
            Event::Incident(incident) => self.incident(incident)?,
            Event::Over(incident) => self.incident_over(incident),
            Event::Start(place) => self.start(place)?,
            Event::Wake(slot, at) => {
                if self.process(slot).is_some_and(|process| process.wake == Some(at)) {
                    self.input(slot, None)?;
                }
            }
            Event::Arrive { slot, op, request, fate, sent_at } => {
                self.arrive(slot, op, &request, fate, sent_at)?;
            }
            Event::Answer { slot, op, answer, sent_at } => {
                let known = self.process(slot).and_then(|process| process.requests.get(&op));
                let request = known.map(|open| open.request.clone());
                let input = match (answer, request) {
                    (Answer::Got(result), _) => Input::Received { op, sent_at, result },
                    (Answer::Updated(result), _) => Input::Updated { op, sent_at, result },
                    (Answer::Done(result), Some(Request::Delete { .. })) => {
                        Input::Deleted { op, result }
                    }
                    (Answer::Done(result), Some(Request::Create)) => {
                        Input::QueueCreated { op, result }
                    }
                    (Answer::Done(result), _) => Input::DeadLettered { op, result },
                };
                self.input(slot, Some(input))?;
            }
            Event::GiveUp { slot, op, sent_at } => {
                let open = self.process(slot).and_then(|process| process.requests.get(&op));
                if let Some(open) = open {
                    let input = failed(op, &open.request, sent_at, OpFailure::Ambiguous);
                    self.input(slot, Some(input))?;
                }
            }
            Event::Ask { slot, key } => {
                let runs =
                    self.process(slot).is_some_and(|process| process.handlers.contains_key(&key));
                if runs {
                    let ask = AskId::new(self.rng.u64(..));
                    let input = if self.rng.bool() {
                        Input::RenewNow { key, ask }
                    } else {
                        let text = MessageText::new(format!("checkpoint {}", ask.get()));
                        Input::Checkpoint { key, ask, text: Arc::new(text.unwrap_or_default()) }
                    };
                    self.input(slot, Some(input))?;
                }
            }
            Event::End { slot, key } => self.end_handler(slot, key)?,
            Event::Done { slot, key, outcome } => {
                self.input(slot, Some(Input::HandlerDone { key, outcome, failure: None }))?;
            }
            Event::Resume(slot) => self.resume(slot)?,
        }
        Ok(())
    }

    fn process(&self, slot: usize) -> Option<&Process> {
        self.slots.get(slot)?.process.as_ref()
    }

    fn start(&mut self, place: usize) -> Result<(), Violation> {
        if self.closing {
            return Ok(());
        }
        let rate = self.scenario.rates.get(place).copied().unwrap_or(1.0);
        let seed = self.rng.u64(..);
        let clock = Clock::new(self.now, rate);
        let process =
            Process::new(&self.scenario.config, seed, clock, self.now, self.scenario.replay);
        let slot = self.slots.len();
        self.slots.push(Slot {
            process: Some(process),
            asleep: None,
            suspended_since: None,
            deferred: Vec::new(),
        });
        if let Some(current) = self.places.get_mut(place) {
            *current = slot;
        }
        self.input(slot, None)
    }

    /// Feeds a process and does what it wants done.
    fn input(&mut self, slot: usize, input: Option<Input>) -> Result<(), Violation> {
        let now = self.now;
        let Some(process) = self.slots.get_mut(slot).and_then(|slot| slot.process.as_mut()) else {
            return Ok(());
        };
        if process.finished {
            return Ok(());
        }
        if let Some(Input::HandlerDone { key, outcome, .. }) = &input {
            if self.scenario.is_clean() {
                process.check_cost(*key, now)?;
            }
            let message = process.handlers.get(key).map(|handler| handler.message);
            if *outcome == Outcome::Complete
                && let Some(count) = message.and_then(|index| self.completions.get_mut(index))
            {
                *count += 1;
                self.tally.completions += 1;
                self.tally.duplicates += u64::from(*count > 1);
            }
        }
        let todo = process.feed(now, input)?;
        if process.gave_up() {
            // Whoever runs processes starts them again.
            let place = self.places.iter().position(|current| *current == slot);
            if let Some(place) = place {
                self.at(now + seconds(5), Event::Start(place));
            }
        }
        let Some(process) = self.slots.get_mut(slot).and_then(|slot| slot.process.as_mut()) else {
            return Ok(());
        };
        let wake = process.core.next_wake().map(|tick| process.clock.when(tick).max(now));
        if process.wake != wake {
            process.wake = wake;
            if let Some(wake) = wake {
                self.at(wake, Event::Wake(slot, wake));
            }
        }
        for todo in todo {
            self.carry_out(slot, todo)?;
        }
        self.check_exclusivity()
    }
}

impl Slot {
    const fn empty() -> Self {
        Self { process: None, asleep: None, suspended_since: None, deferred: Vec::new() }
    }

    fn is_over(&self) -> bool {
        self.process.as_ref().is_none_or(|process| process.finished)
    }
}
