//! The decisions of a processor, as a state machine without clock, IO, threads or randomness of its
//! own.
//!
//! A driver feeds [`Input`]s into the [`Core`] and carries out the [`Action`]s that come out; the
//! tokio driver of this crate is one, the simulator of its tests another. Time is an argument, a
//! [`Tick`] of a monotonic clock. The same seed and the same inputs give the same actions.
//!
//! The loop of a driver:
//!
//! 1. [`handle`](Core::handle) what has happened,
//! 2. carry out what [`poll`](Core::poll) returns, until it returns `None`,
//! 3. wait for something to happen, at most until [`next_wake`](Core::next_wake), and go on with 1
//!    or 2.
//!
//! The core keeps at most one request in flight for each message, and uses only the newest pop
//! receipt. An answer that is lost is [`Ambiguous`](crate::OpFailure::Ambiguous), which is a state
//! of its own and not an error.

mod arrival;
mod completed;
mod config;
mod delivery;
mod event;
mod io;
mod lease;
mod liveness;
mod message;
mod pace;
mod polling;
mod report;
mod running;
mod settling;
mod shutdown;
mod step;
mod time;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use fastrand::Rng;
use queue_proto::{LeaseTimeout, MessageId, VisibilityTimeout};

use self::{
    completed::Completed,
    delivery::{Ask, Delivery, OpKind, Work},
    liveness::Liveness,
    pace::Pace,
    polling::Poller,
    shutdown::Draining,
};
pub use self::{
    config::{
        ConfigError, CoreConfig, LeaseGrowth, OnLeaseLost, Polling, QueueMissing, RetryDelay,
    },
    event::{Event, LoopState, Next, Poll, RenewalResult, Settled, Trouble},
    io::{
        Action, AskFailure, AskId, DeliveryKey, Input, LeaseSignal, LostCause, OpId, ShutdownMode,
        StopCause,
    },
    message::{Letter, NewLease, Outcome, RawDelivery, Reason},
    report::{Counters, DeliverySnapshot, End, Left, Snapshot, Stage, Standing, Summary},
    time::Tick,
};

/// The state machine of one processor. See the [module](self).
#[derive(Debug)]
pub struct Core {
    config: CoreConfig,
    rng: Rng,
    latest: Tick,
    next_op: u64,
    next_key: u64,
    phase: Phase,
    paused: bool,
    poller: Poller,
    pace: Pace,
    liveness: Liveness,
    deliveries: BTreeMap<DeliveryKey, Delivery>,
    by_id: BTreeMap<MessageId, DeliveryKey>,
    /// Those that have not started.
    buffered: BTreeSet<DeliveryKey>,
    timers: BTreeSet<(Tick, DeliveryKey)>,
    /// Which delivery a request in flight is for.
    ops: BTreeMap<OpId, DeliveryKey>,
    completed: Completed,
    updates_forbidden_until: Option<Tick>,
    told: LoopState,
    counters: Counters,
    actions: VecDeque<Action>,
    summary: Option<Summary>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    Draining(Draining),
    Finished,
}

impl Core {
    /// A core that has received nothing yet. `seed` decides all jitter.
    ///
    /// # Errors
    ///
    /// When a setting is [outside its limits](CoreConfig::check).
    pub fn new(config: CoreConfig, seed: u64, now: Tick) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            completed: Completed::new(config.completed_capacity, config.completed_time),
            pace: Pace::new(config.rate, now),
            liveness: Liveness::default(),
            config,
            rng: Rng::with_seed(seed),
            latest: now,
            next_op: 0,
            next_key: 0,
            phase: Phase::Running,
            paused: false,
            poller: Poller::default(),
            deliveries: BTreeMap::new(),
            by_id: BTreeMap::new(),
            buffered: BTreeSet::new(),
            timers: BTreeSet::new(),
            ops: BTreeMap::new(),
            updates_forbidden_until: None,
            told: LoopState::Working,
            counters: Counters::default(),
            actions: VecDeque::new(),
            summary: None,
        })
    }

    /// Takes in what has happened. Never fails and never blocks: answers that nothing waits for are
    /// counted and ignored.
    pub fn handle(&mut self, now: Tick, input: Input) {
        let now = self.at(now);
        if self.phase == Phase::Finished {
            return;
        }
        match input {
            Input::Received { op, sent_at, result } => self.received(now, op, sent_at, result),
            Input::Updated { op, sent_at, result } => {
                let heard = liveness::heard(&result);
                self.answered(
                    now,
                    op,
                    heard,
                    OpKind::is_update,
                    |core, key, delivery, op| match op.kind {
                        OpKind::Release => core.released(now, key, delivery, result.map(drop)),
                        _ => core.renewed(now, key, delivery, op, sent_at.min(now), result),
                    },
                );
            }
            Input::Deleted { op, result } => {
                let heard = liveness::heard(&result);
                self.answered(now, op, heard, OpKind::is_delete, |core, key, delivery, op| {
                    core.deleted(now, key, delivery, &op, result)
                });
            }
            Input::DeadLettered { op, result } => {
                let heard = liveness::heard(&result);
                self.answered(now, op, heard, OpKind::is_letter, |core, key, delivery, _| {
                    core.dead_lettered(now, key, delivery, result)
                });
            }
            Input::QueueCreated { op, result } => self.queue_created(now, op, &result),
            Input::HandlerDone { key, outcome } => self.handler_done(now, key, &outcome),
            Input::RenewNow { key, ask } => self.ask(now, key, Ask::Renew(ask)),
            Input::Checkpoint { key, ask, text } => {
                self.ask(now, key, Ask::Checkpoint(ask, text));
            }
            Input::Nudge => self.poller.nudge(),
            Input::SetConcurrency(concurrency) => self.config.concurrency = concurrency,
            Input::Pause => self.paused = true,
            Input::Resume => self.paused = false,
            Input::ClockJump { by } => self.clock_jumped(now, by),
            Input::Shutdown(mode) => self.begin_shutdown(now, mode, End::Shutdown(mode)),
        }
    }

    /// What is to be done next. Call it until it returns `None`, after each
    /// [`handle`](Self::handle) and at each [`next_wake`](Self::next_wake).
    pub fn poll(&mut self, now: Tick) -> Option<Action> {
        let now = self.at(now);
        if self.actions.is_empty() {
            self.advance(now);
        }
        self.actions.pop_front()
    }

    /// When [`poll`](Self::poll) has to be called although nothing happens.
    #[must_use]
    pub fn next_wake(&self) -> Option<Tick> {
        if !self.actions.is_empty() {
            return Some(self.latest);
        }
        let draining = match &self.phase {
            Phase::Draining(draining) => Some(draining.next_wake()),
            Phase::Running => None,
            Phase::Finished => return None,
        };
        let timer = self.timers.first().map(|(at, _)| *at);
        [draining, timer, self.start_due(), self.receive_due()].into_iter().flatten().min()
    }

    /// Whether nobody depends on what [`next_wake`](Self::next_wake) brings: only the next look at
    /// the queue and the upkeep of leases are due. A clock for tests does not move for their sake.
    ///
    /// A message that is being settled depends on it, and so does whoever waits for the end of the
    /// run, once no handler runs any more.
    #[must_use]
    pub fn waits_idly(&self) -> bool {
        let mut handlers_run = false;
        for delivery in self.deliveries.values() {
            match &delivery.work {
                Work::Settling(_) => return false,
                Work::Running(_) => handlers_run = true,
                Work::Buffered(_) => {}
            }
        }
        handlers_run || (self.phase == Phase::Running && !self.config.stop_when_empty)
    }

    /// What is held at the moment, for health reports and tests.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            state: self.loop_state(),
            receives_in_flight: self.poller.in_flight(),
            waits_until: self.poller.waits_until(),
            last_success: self.liveness.last_success(),
            unanswered_since: self.liveness.unanswered_since(),
            deliveries: self.deliveries.iter().map(|(key, held)| held.snapshot(*key)).collect(),
            free: self.capacity().saturating_sub(self.deliveries.len()),
            remembered: self.completed.len(),
            counters: self.counters,
        }
    }

    /// What happened so far.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How it ended, once it has.
    #[must_use]
    pub const fn finished(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }

    /// Time does not run backwards here, whatever the driver says.
    fn at(&mut self, now: Tick) -> Tick {
        self.latest = self.latest.max(now);
        self.latest
    }

    fn tell_state(&mut self) {
        let state = self.loop_state();
        if self.told != state {
            self.told = state;
            self.emit(Event::Loop(state));
        }
    }

    fn unknown_answer(&mut self) {
        self.counters.unknown_answers += 1;
        self.emit(Event::UnknownAnswer);
    }

    fn capacity(&self) -> usize {
        self.config.concurrency.get().saturating_add(self.config.prefetch)
    }

    fn act(&mut self, action: Action) {
        match &action {
            Action::Update { op, key, .. }
            | Action::Delete { op, key, .. }
            | Action::DeadLetter { op, key, .. } => {
                self.ops.insert(*op, *key);
                self.liveness.asked(self.latest);
            }
            Action::Receive { .. } | Action::CreateQueue { .. } => {
                self.liveness.asked(self.latest);
            }
            _ => {}
        }
        self.actions.push_back(action);
    }

    fn emit(&mut self, event: Event) {
        self.actions.push_back(Action::Emit(event));
    }

    const fn new_op(&mut self) -> OpId {
        self.next_op += 1;
        OpId::new(self.next_op)
    }

    const fn new_key(&mut self) -> DeliveryKey {
        self.next_key += 1;
        DeliveryKey::new(self.next_key)
    }
}

/// Leases are between 5 s and 7 days, so that both conversions keep their value.
fn lease_timeout(duration: Duration) -> LeaseTimeout {
    LeaseTimeout::from_secs(duration.as_secs()).unwrap_or_default()
}

fn visibility_timeout(duration: Duration) -> VisibilityTimeout {
    VisibilityTimeout::from_secs(duration.as_secs()).unwrap_or(VisibilityTimeout::MAX)
}
