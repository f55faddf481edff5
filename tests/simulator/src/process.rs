//! [`Process`]: one core with its clock and its handlers, and the checks at the border between core and
//! driver.

mod checks;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use queue_client::{
    OpFailure,
    processor::core::{
        Action, Core, CoreConfig, DeliveryKey, Event, Input, LeaseGrowth, LeaseSignal, OpId,
        Outcome, RawDelivery, Settled, ShutdownMode, Tick,
    },
    proto::PopReceipt,
};

use crate::{
    check::{Violation, ensure},
    service::Request,
    time::{Clock, Micros},
};

#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) core: Core,
    pub(crate) clock: Clock,
    pub(crate) seed: u64,
    config: CoreConfig,
    pub(crate) handlers: BTreeMap<DeliveryKey, Handler>,
    /// Requests without an answer.
    pub(crate) requests: BTreeMap<OpId, Open>,
    /// The newest receipt known for a message, and the delivery it belongs to.
    newest: BTreeMap<usize, (u32, PopReceipt)>,
    completed: BTreeSet<usize>,
    lettered: BTreeSet<usize>,
    /// Deliveries whose handler has completed.
    done: BTreeSet<DeliveryKey>,
    /// Deliveries whose handler has asked for another.
    failed: BTreeSet<DeliveryKey>,
    /// Deliveries whose delete has failed.
    undeleted: BTreeSet<DeliveryKey>,
    started: BTreeSet<DeliveryKey>,
    /// How many handlers may run at once.
    concurrency: usize,
    /// When a message is to have started that was received, if it was received in time.
    start_by: BTreeMap<usize, Tick>,
    may_update: bool,
    /// Messages that were given back unstarted, and how often.
    pub(crate) given_back: BTreeMap<usize, u32>,
    /// When the last handlers started.
    starts: VecDeque<Tick>,
    settled: BTreeSet<DeliveryKey>,
    pub(crate) wake: Option<Micros>,
    shutdown: Option<(Tick, ShutdownMode)>,
    /// How long it stood still since, by its own clock.
    stood_still: Duration,
    pub(crate) finished: bool,
    /// Inputs (`None`: only time passed) and the actions that followed.
    log: Option<Vec<Step>>,
}

type Step = (Tick, Option<Input>, Vec<Action>);

#[derive(Debug)]
pub(crate) struct Handler {
    pub(crate) message: usize,
    pub(crate) since: Micros,
    deadline: Tick,
    told_held: bool,
    renewals: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct Open {
    pub(crate) key: Option<DeliveryKey>,
    pub(crate) request: Request,
    message: Option<usize>,
    /// The delivery that the receipt in the request belongs to.
    attempt: u32,
    /// The clock of the process stood still for this long since.
    jumped: Duration,
}

/// What the world has to do for a process.
#[derive(Debug)]
pub(crate) enum Todo {
    Send { op: OpId, request: Request, give_up_at: Tick },
    Run { key: DeliveryKey, message: usize },
    Stop { key: DeliveryKey },
    Dropped { key: DeliveryKey },
    Suspected,
}

impl Process {
    pub(crate) fn new(
        config: &CoreConfig,
        seed: u64,
        clock: Clock,
        now: Micros,
        log: bool,
    ) -> Self {
        let Ok(core) = Core::new(config.clone(), seed, clock.read(now)) else {
            unreachable!("scenarios have valid settings")
        };
        Self {
            core,
            clock,
            seed,
            config: config.clone(),
            handlers: BTreeMap::new(),
            requests: BTreeMap::new(),
            newest: BTreeMap::new(),
            completed: BTreeSet::new(),
            lettered: BTreeSet::new(),
            done: BTreeSet::new(),
            failed: BTreeSet::new(),
            undeleted: BTreeSet::new(),
            started: BTreeSet::new(),
            concurrency: config.concurrency.get(),
            start_by: BTreeMap::new(),
            may_update: true,
            given_back: BTreeMap::new(),
            starts: VecDeque::new(),
            settled: BTreeSet::new(),
            wake: None,
            shutdown: None,
            stood_still: Duration::ZERO,
            finished: false,
            log: log.then(Vec::new),
        }
    }

    /// Whether the handler would see its lease as held.
    pub(crate) fn holds(&self, handler: &Handler, now: Micros) -> bool {
        handler.told_held && self.clock.read(now) < handler.deadline
    }

    /// It could not run for so long, and its clock went on.
    pub(crate) fn stood_still(&mut self, time: Micros) {
        if self.shutdown.is_some() {
            self.stood_still += Duration::from_micros(time * 2);
        }
    }

    /// Whether it ended without being told to.
    pub(crate) const fn gave_up(&self) -> bool {
        self.finished && self.shutdown.is_none()
    }

    /// Feeds the core and checks what comes out.
    pub(crate) fn feed(
        &mut self,
        now: Micros,
        input: Option<Input>,
    ) -> Result<Vec<Todo>, Violation> {
        let tick = self.clock.read(now);
        if let Some(input) = &input {
            self.note(tick, input);
            self.core.handle(tick, input.clone());
        }
        let bound = 200 + 40 * self.core.deliveries().count();
        let mut actions = Vec::new();
        while let Some(action) = self.core.poll(tick) {
            actions.push(action);
            ensure!(actions.len() <= bound, NoBusyLoop, "{} actions at {tick:?}", actions.len());
        }
        let next = self.core.next_wake();
        ensure!(
            next.is_none_or(|next| next > tick),
            NoBusyLoop,
            "wants to wake at {next:?}, and it is {tick:?}"
        );
        if std::env::var_os("SIM_TRACE").is_some() {
            eprintln!("{tick:?} {:x} <- {input:?}", self.seed & 0xffff);
            for action in &actions {
                eprintln!("    {action:?}");
            }
        }
        let mut todo = Vec::new();
        for action in &actions {
            self.act(now, tick, action, &mut todo)?;
        }
        if let Some(log) = &mut self.log {
            log.push((tick, input, actions));
        }
        Ok(todo)
    }

    /// Keeps the books that the checks need.
    fn note(&mut self, tick: Tick, input: &Input) {
        match input {
            Input::Received { op, sent_at, result: Ok(messages) } => {
                let Some(Open { request: Request::Get { lease, .. }, jumped, .. }) =
                    self.requests.remove(op)
                else {
                    return;
                };
                // An answer that is older than its leases is ignored.
                let margin = (lease / 20).max(Duration::from_secs(1));
                if tick >= (*sent_at + lease).minus(margin + jumped) {
                    return;
                }
                for raw in messages {
                    self.must_start(tick, *sent_at, lease, raw);
                    let known = self.newest.get(&index(raw)).map_or(0, |(attempt, _)| *attempt);
                    if raw.attempt > known {
                        self.newest.insert(index(raw), (raw.attempt, raw.receipt.clone()));
                    }
                }
            }
            Input::Updated { op, result, .. } => {
                let Some(open) = self.requests.remove(op) else { return };
                if let (Ok(lease), Some(message)) = (result, open.message)
                    && let Some((attempt, receipt)) = self.newest.get_mut(&message)
                    && *attempt == open.attempt
                {
                    *receipt = lease.receipt.clone();
                }
            }
            Input::DeadLettered { op, result } => {
                if let Some(Open { message: Some(message), .. }) = self.requests.remove(op)
                    && result.is_ok()
                {
                    self.lettered.insert(message);
                }
            }
            Input::Deleted { op, result } => {
                if let Some(open) = self.requests.remove(op)
                    && result.is_err()
                {
                    self.undeleted.extend(open.key);
                }
            }
            Input::Received { op, .. } | Input::QueueCreated { op, .. } => {
                self.requests.remove(op);
            }
            Input::ClockJump { by } => {
                self.requests.values_mut().for_each(|open| open.jumped += *by);
            }
            Input::SetConcurrency(handlers) => self.concurrency = handlers.get(),
            Input::HandlerDone { key, outcome, .. } => {
                let Some(handler) = self.handlers.remove(key) else { return };
                match outcome {
                    Outcome::Complete => {
                        self.completed.insert(handler.message);
                        self.done.insert(*key);
                    }
                    Outcome::Retry { .. } => {
                        self.failed.insert(*key);
                    }
                    _ => {}
                }
            }
            Input::Shutdown(mode) if self.shutdown.is_none() => {
                self.shutdown = Some((tick, *mode));
            }
            _ => {}
        }
    }

    fn act(
        &mut self,
        now: Micros,
        tick: Tick,
        action: &Action,
        todo: &mut Vec<Todo>,
    ) -> Result<(), Violation> {
        match action {
            Action::Receive { op, max, lease, give_up_at } => {
                ensure!(self.shutdown.is_none(), Shutdown, "receives at {tick:?}");
                let request = Request::Get { max: max.get() as usize, lease: lease.as_duration() };
                self.open(*op, None, request, *give_up_at, todo)?;
            }
            Action::Update { op, key, receipt, visibility, text, give_up_at, .. } => {
                ensure!(
                    !self.done.contains(key) || self.undeleted.contains(key),
                    Serialization,
                    "an update before a delete, and the handler of {key:?} had completed"
                );
                let visibility = visibility.as_duration();
                // A renewed lease is another.
                let renewed = self.newest.iter().find(|(_, (_, newest))| newest == receipt);
                if let Some((message, _)) = renewed {
                    self.start_by.remove(message);
                }
                if let Some(handler) = self.handlers.get_mut(key) {
                    handler.renewals += u32::from(text.is_none());
                    let cap = match self.config.lease_growth {
                        LeaseGrowth::Double { cap } => cap.max(self.config.lease),
                        _ => self.config.lease,
                    };
                    // A lease of ten minutes while updates are refused is never made shorter.
                    let cap = if text.is_some() { Duration::MAX } else { cap };
                    ensure!(
                        visibility <= cap || visibility <= Duration::from_secs(600),
                        Cost,
                        "a lease of {visibility:?}, and the cap is {cap:?}"
                    );
                }
                let (receipt, text) = (receipt.clone(), text.clone());
                let release = self.failed.contains(key);
                let request = Request::Update { receipt, visibility, text, release };
                self.open(*op, Some(*key), request, *give_up_at, todo)?;
            }
            Action::Delete { op, key, receipt, give_up_at, .. } => {
                let request = Request::Delete { receipt: receipt.clone() };
                self.open(*op, Some(*key), request, *give_up_at, todo)?;
            }
            Action::DeadLetter { op, key, message, give_up_at, .. } => {
                let request = Request::Letter { index: index(message) };
                self.open(*op, Some(*key), request, *give_up_at, todo)?;
            }
            Action::CreateQueue { op, give_up_at } => {
                self.open(*op, None, Request::Create, *give_up_at, todo)?;
            }
            Action::Start { key, delivery, deadline } => {
                ensure!(self.shutdown.is_none(), Shutdown, "starts a handler at {tick:?}");
                ensure!(*deadline > tick, Exclusivity, "starts after the end of the lease");
                let message = index(delivery);
                self.started.insert(*key);
                self.check_rate(tick)?;
                ensure!(
                    self.handlers.len() < self.concurrency,
                    Capacity,
                    "{} handlers run already, and another starts",
                    self.handlers.len()
                );
                let late = self.start_by.remove(&message).filter(|by| tick > *by);
                ensure!(
                    late.is_none(),
                    Waiting,
                    "message {message} starts at {tick:?}, not by {late:?}"
                );
                let handler = Handler {
                    message,
                    since: now,
                    deadline: *deadline,
                    told_held: true,
                    renewals: 0,
                };
                self.handlers.insert(*key, handler);
                todo.push(Todo::Run { key: *key, message });
            }
            Action::Signal { key, signal } => {
                if let LeaseSignal::Stop(_) = signal {
                    todo.push(Todo::Stop { key: *key });
                }
                let Some(handler) = self.handlers.get_mut(key) else { return Ok(()) };
                match signal {
                    LeaseSignal::Renewed { deadline } | LeaseSignal::Recovered { deadline } => {
                        handler.deadline = *deadline;
                        handler.told_held = true;
                    }
                    LeaseSignal::Suspect | LeaseSignal::Lost(_) => {
                        handler.told_held = false;
                        todo.push(Todo::Suspected);
                    }
                    _ => {}
                }
            }
            Action::Drop { key } => {
                self.handlers.remove(key);
                todo.push(Todo::Dropped { key: *key });
            }
            Action::Emit(Event::Settled { key, how, id, .. }) => {
                let message = id.as_str().parse().unwrap_or(usize::MAX);
                self.start_by.remove(&message);
                if let Settled::GivenBack = how {
                    *self.given_back.entry(message).or_default() += 1;
                }
                ensure!(self.settled.insert(*key), Shutdown, "{key:?} is settled twice");
                ensure!(
                    !self.handlers.contains_key(key),
                    Shutdown,
                    "{key:?} is {how:?} while its handler runs"
                );
            }
            // It is held already: nothing starts, or not before another handler has ended.
            Action::Emit(
                Event::RedeliveredWhileRunning { id, .. } | Event::StaleDelivery { id },
            ) => {
                self.start_by.remove(&id.as_str().parse().unwrap_or(usize::MAX));
            }
            // What would have been given back waits on.
            Action::Emit(Event::UpdatesForbidden) => {
                self.start_by.clear();
                self.may_update = false;
            }
            Action::Emit(Event::UpdatesAllowed) => self.may_update = true,
            Action::Finished(report) => {
                self.finished = true;
                self.check_end(tick, report.left.len())?;
            }
            _ => {}
        }
        Ok(())
    }

    fn open(
        &mut self,
        op: OpId,
        key: Option<DeliveryKey>,
        request: Request,
        give_up_at: Tick,
        todo: &mut Vec<Todo>,
    ) -> Result<(), Violation> {
        if let Some(key) = key {
            let other = self.requests.values().find(|open| open.key == Some(key));
            ensure!(other.is_none(), Serialization, "{request:?} while {other:?} is under way");
        }
        let mut message = None;
        let mut attempt = 0;
        if let Request::Update { receipt, .. } | Request::Delete { receipt } = &request {
            let newest = self.newest.iter().find(|(_, (_, newest))| newest == receipt);
            ensure!(newest.is_some(), Serialization, "{request:?} has an old receipt");
            if let Some((index, (of, _))) = newest {
                message = Some(*index);
                attempt = *of;
            }
        }
        if let Request::Delete { .. } = &request {
            let earned = message.is_some_and(|index| {
                self.completed.contains(&index) || self.lettered.contains(&index)
            });
            ensure!(earned, DeleteIsEarned, "message {message:?} is neither done nor dead");
        }
        if let Request::Letter { index } = &request {
            message = Some(*index);
        }
        self.requests.insert(
            op,
            Open { key, request: request.clone(), message, attempt, jumped: Duration::ZERO },
        );
        todo.push(Todo::Send { op, request, give_up_at });
        Ok(())
    }
}

/// Message ids are numbers here.
pub(crate) fn index(raw: &RawDelivery) -> usize {
    raw.id.as_str().parse().unwrap_or(usize::MAX)
}

/// The input that tells of a failed request.
pub(crate) fn failed(op: OpId, request: &Request, sent_at: Tick, failure: OpFailure) -> Input {
    match request {
        Request::Get { .. } => Input::Received { op, sent_at, result: Err(failure) },
        Request::Update { .. } => Input::Updated { op, sent_at, result: Err(failure) },
        Request::Delete { .. } => Input::Deleted { op, result: Err(failure) },
        Request::Letter { .. } => Input::DeadLettered { op, result: Err(failure) },
        Request::Create => Input::QueueCreated { op, result: Err(failure) },
    }
}
