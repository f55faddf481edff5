//! The scheduler: it owns time, carries requests, and makes things go wrong.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use fastrand::Rng;
use queue_client::{
    OpFailure, Refusal,
    processor::core::{AskId, DeliveryKey, Input, OpId, Outcome, Reason, ShutdownMode, Tick},
    proto::MessageText,
};

use crate::{
    check::{Tally, Violation, ensure},
    process::{Process, Todo, failed},
    scenario::{Ending, Incident, Scenario},
    service::{Answer, Gone, Request, Service},
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

/// What becomes of a request at the service and on the way back.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Good,
    Twice,
    Unanswered,
    Busy,
    Error { applied: bool },
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

    /// When everything has to be settled, given that faults are over.
    fn limit(&self) -> Micros {
        let config = &self.scenario.config;
        let longest = config.max_lease.unwrap_or_default().max(config.lease);
        let attempt =
            crate::time::micros(longest + config.retry.cap) + seconds(400 + 600 + 660 + 240);
        let attempts = u64::from(config.max_deliveries.map_or(1, std::num::NonZero::get)) + 2;
        let puts = self.scenario.messages.iter().map(|plan| plan.put_at + plan.delay);
        let shares = self.scenario.messages.len() / config.concurrency.get() + 2;
        self.calm_at.max(puts.max().unwrap_or_default()) + attempt * attempts * shares as u64
    }

    fn all_settled(&self) -> bool {
        self.now > self.calm_at
            && self.service.messages().len() == self.scenario.messages.len()
            && self.service.messages().iter().all(|message| message.gone.is_some())
    }

    fn left(&self) -> String {
        let left = self.service.messages().iter().filter(|message| message.gone.is_none());
        left.map(|message| format!("{}({})", message.id, message.count))
            .collect::<Vec<_>>()
            .join(" ")
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
                self.input(slot, Some(Input::HandlerDone { key, outcome }))?;
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
        if let Some(Input::HandlerDone { key, outcome }) = &input {
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

    fn carry_out(&mut self, slot: usize, todo: Todo) -> Result<(), Violation> {
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

    fn run_handler(
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

    fn hangs(&self, slot: usize, key: DeliveryKey) -> bool {
        let handler = self.process(slot).and_then(|process| process.handlers.get(&key));
        let plan = handler.and_then(|handler| self.scenario.messages.get(handler.message));
        plan.is_some_and(|plan| plan.ending == Ending::Hang)
    }

    fn end_handler(&mut self, slot: usize, key: DeliveryKey) -> Result<(), Violation> {
        let handler = self.process(slot).and_then(|process| process.handlers.get(&key));
        let Some(message) = handler.map(|handler| handler.message) else { return Ok(()) };
        let Some(plan) = self.scenario.messages.get(message) else { return Ok(()) };
        let after = (self.rng.u8(..8) == 0).then(|| Duration::from_millis(self.rng.u64(0..9000)));
        let failure = Outcome::Retry { after, reason: Reason::HandlerFailed };
        let outcome = match plan.ending {
            Ending::Good => Outcome::Complete,
            Ending::Bad | Ending::Hang => failure,
            Ending::Flaky(part) if self.rng.f64() < part => failure,
            Ending::Abandon(part) if self.rng.f64() < part => Outcome::Abandon,
            Ending::Flaky(_) | Ending::Abandon(_) => Outcome::Complete,
            Ending::Dead => Outcome::DeadLetter { reason: Reason::Requested },
        };
        self.input(slot, Some(Input::HandlerDone { key, outcome }))
    }

    fn send(&mut self, slot: usize, op: OpId, request: Request, give_up_at: Tick) {
        self.tally.requests += 1;
        if let Request::Update { .. } = request {
            self.tally.renewals += 1;
        }
        let Some(process) = self.process(slot) else { return };
        let clock = process.clock;
        let wire = self.scenario.wire;
        let hit = self.now < self.scenario.calm_after
            && (!wire.updates_only || matches!(request, Request::Update { .. }));
        let chance = |rng: &mut Rng, part: f64| hit && rng.f64() < part;
        let mut sent = self.now;
        if chance(&mut self.rng, wire.late_send) {
            sent += self.rng.u64(0..seconds(2));
        }
        let sent_at = clock.read(sent);
        let latency = |rng: &mut Rng, slow: bool| {
            if slow { rng.u64(0..seconds(20)) } else { rng.u64(1_000..60_000) }
        };
        if chance(&mut self.rng, wire.not_sent) {
            let at = sent + latency(&mut self.rng, false);
            let answer = request.failed(OpFailure::NotSent);
            self.at(at, Event::Answer { slot, op, answer, sent_at });
            return;
        }
        let fate = if chance(&mut self.rng, wire.answer_lost) {
            Fate::Unanswered
        } else if chance(&mut self.rng, wire.busy) {
            Fate::Busy
        } else if chance(&mut self.rng, wire.server_error) {
            Fate::Error { applied: self.rng.bool() }
        } else if chance(&mut self.rng, wire.twice) {
            Fate::Twice
        } else {
            Fate::Good
        };
        self.at(clock.when(give_up_at), Event::GiveUp { slot, op, sent_at });
        if !chance(&mut self.rng, wire.request_lost) {
            let slow = chance(&mut self.rng, wire.slow);
            let at = sent + latency(&mut self.rng, slow);
            self.at(at, Event::Arrive { slot, op, request, fate, sent_at });
        }
    }

    fn arrive(
        &mut self,
        slot: usize,
        op: OpId,
        request: &Request,
        fate: Fate,
        sent_at: Tick,
    ) -> Result<(), Violation> {
        // A delay that was right when it was sent may be too long when it arrives very late.
        let prompt = self.process(slot).is_some_and(|process| {
            process.clock.read(self.now).since(sent_at) < Duration::from_millis(900)
        });
        let throttled = |rng: &mut Rng| OpFailure::Refused {
            kind: Refusal::Throttled,
            retry_after: rng.bool().then(|| Duration::from_secs(rng.u64(0..10))),
        };
        let answer = match fate {
            _ if self.now < self.service.busy_until => request.failed(throttled(&mut self.rng)),
            Fate::Busy => request.failed(throttled(&mut self.rng)),
            Fate::Error { applied } => {
                if applied {
                    self.apply(request, prompt)?;
                }
                request.failed(OpFailure::Ambiguous)
            }
            Fate::Good | Fate::Twice | Fate::Unanswered => self.apply(request, prompt)?,
        };
        if fate == Fate::Unanswered {
            return Ok(());
        }
        let slow = self.now < self.scenario.calm_after && self.rng.f64() < self.scenario.wire.slow;
        let times = if fate == Fate::Twice { 2 } else { 1 };
        for _ in 0..times {
            let most = if slow { seconds(20) } else { 60_000 };
            let at = self.now + self.rng.u64(1_000..most);
            self.at(at, Event::Answer { slot, op, answer: answer.clone(), sent_at });
        }
        Ok(())
    }

    /// The service carries out a request; what must hold at that moment is checked.
    fn apply(&mut self, request: &Request, prompt: bool) -> Result<Answer, Violation> {
        let now = self.now;
        let answer = self.service.handle(now, request);
        match (request, &answer) {
            (_, Answer::Got(Ok(messages))) => {
                for raw in messages {
                    let message = crate::process::index(raw);
                    for (slot, key) in self.handlers_of(message) {
                        let Some(process) = self.process(slot) else { continue };
                        let held =
                            process.handlers.get(&key).is_some_and(|h| process.holds(h, now));
                        ensure!(
                            !held,
                            Signals,
                            "message {message} is handed out, and its handler in process {slot} \
                             believes to hold it"
                        );
                    }
                }
            }
            (Request::Update { receipt, release: true, .. }, Answer::Updated(Ok(_))) => {
                let index = self.service.message_of(receipt).unwrap_or(usize::MAX);
                if let Some(message) = self.service.messages().get(index)
                    && prompt
                    && let Some(expires_at) = message.expires_at
                {
                    ensure!(
                        message.visible_at < expires_at,
                        Expiry,
                        "message {index} would be hidden until it expires"
                    );
                }
            }
            (Request::Delete { receipt }, Answer::Done(Ok(()))) => {
                let index = self.service.message_of(receipt).unwrap_or(usize::MAX);
                let done = self.completions.get(index).is_some_and(|count| *count > 0);
                ensure!(
                    done || self.service.letters(index) > 0,
                    Conservation,
                    "message {index} is deleted, and neither completed nor a dead letter"
                );
            }
            (Request::Letter { .. }, _) => self.tally.letters += 1,
            _ => {}
        }
        Ok(answer)
    }

    /// The running handlers of a message, in processes that do not stand still.
    fn handlers_of(&self, message: usize) -> impl Iterator<Item = (usize, DeliveryKey)> {
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

    fn check_exclusivity(&self) -> Result<(), Violation> {
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

    fn incident(&mut self, incident: Incident) -> Result<(), Violation> {
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

    fn incident_over(&mut self, incident: Incident) {
        match incident {
            Incident::QueueDeleted { .. } => self.service.missing = false,
            Incident::Forbidden { .. } => self.service.forbidden = false,
            Incident::UpdatesForbidden { .. } => self.service.updates_forbidden = false,
            _ => {}
        }
    }

    fn resume(&mut self, number: usize) -> Result<(), Violation> {
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

    fn check_totals(&mut self) -> Result<(), Violation> {
        self.service.expire(self.now);
        self.tally.seconds = self.now / 1_000_000;
        let clean = self.scenario.is_clean();
        let config = &self.scenario.config;
        // Messages that wait behind handlers that hang are given up when their time is over.
        let hangs = self.scenario.messages.iter().any(|plan| plan.ending == Ending::Hang);
        let steady = clean
            && (config.prefetch == 0 || !hangs)
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
                ensure!(
                    (runs, message.count, letters) == (allowed, allowed, 1),
                    Attempts,
                    "message {index}: {runs} runs, {} deliveries and {letters} dead letters; {allowed} \
                     are allowed",
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
            }
        }
        Ok(())
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

impl Incident {
    const fn time(&self) -> Micros {
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
