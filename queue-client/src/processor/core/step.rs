//! What comes in, what goes out, and what time changes. Here one delivery after the other is taken
//! out, changed, brought up to date, and put back.

use super::{
    delivery::{Ask, Delivery, Fate, GiveBack, InFlight, OpKind, Settling, Work},
    event::Settled,
    ids::{DeliveryKey, OpId},
    io::{Action, Input},
    liveness::{Heard, heard},
    machine::Core,
    phase::Phase,
    report::{End, ShutdownMode},
    standing::Standing,
    time::Tick,
};

impl Core {
    /// Takes in what has happened. It never fails and never blocks: answers that nothing waits for
    /// are counted and ignored.
    pub fn handle(&mut self, now: Tick, input: Input) {
        let now = self.at(now);
        if self.phase == Phase::Finished {
            return;
        }
        match input {
            Input::Received { op, sent_at, result } => self.received(now, op, sent_at, result),
            Input::Updated { op, sent_at, result } => {
                self.notice_throttling(now, &result);
                let heard = heard(&result);
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
                self.notice_throttling(now, &result);
                let heard = heard(&result);
                self.answered(now, op, heard, OpKind::is_delete, |core, key, delivery, op| {
                    core.deleted(now, key, delivery, &op, result)
                });
            }
            Input::DeadLettered { op, result } => {
                let heard = heard(&result);
                self.answered(now, op, heard, OpKind::is_letter, |core, key, delivery, _| {
                    core.dead_lettered(now, key, delivery, result)
                });
            }
            Input::QueueCreated { op, result } => self.queue_created(now, op, &result),
            Input::HandlerDone { key, outcome, failure } => {
                self.handler_done(now, key, &outcome, failure);
            }
            Input::RenewNow { key, ask } => self.ask(now, key, Ask::Renew(ask)),
            Input::Checkpoint { key, ask, text } => {
                self.ask(now, key, Ask::Checkpoint(ask, text));
            }
            Input::Nudge => self.poller.nudge(),
            Input::SetConcurrency(concurrency) => self.config.concurrency = concurrency,
            Input::Allow(places) => self.allowed = places,
            Input::Pause => self.paused = true,
            Input::Resume => self.paused = false,
            Input::ClockJump { by } => self.clock_jumped(now, by),
            Input::Shutdown(mode) => self.begin_shutdown(now, mode, End::Shutdown(mode)),
        }
    }

    /// What is to be done next. A driver calls this until it returns `None`, after each
    /// [`handle`](Self::handle) and at each [`next_wake`](Self::next_wake).
    pub fn poll(&mut self, now: Tick) -> Option<Action> {
        let now = self.at(now);
        if self.actions.is_empty() {
            self.advance(now);
        }
        self.actions.pop_front()
    }

    /// The instant at which [`poll`](Self::poll) has to be called although nothing happens; `None` when
    /// the core only waits for inputs.
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
        [draining, timer, self.start_due(), self.poller.due].into_iter().flatten().min()
    }

    /// Whether nobody depends on what [`next_wake`](Self::next_wake) brings: only the next look at
    /// the queue and the upkeep of leases are due. A clock for tests does not move for their sake.
    ///
    /// A message that is being settled depends on it, and so does whoever waits for the end of the
    /// run, once no handler runs any more.
    #[must_use]
    pub fn waits_idly(&self) -> bool {
        if self.slots.settling_count() > 0 {
            return false;
        }
        let nobody_waits = self.phase == Phase::Running && !self.config.stop_when_empty;
        nobody_waits || self.slots.running_count() > 0
    }

    /// Does what is due.
    pub(super) fn advance(&mut self, now: Tick) {
        if self.phase == Phase::Finished {
            return;
        }
        // Leases age before handlers start, so that none starts on a lease that has ended.
        while let Some((at, key)) = self.timers.first().copied() {
            if at > now {
                break;
            }
            self.step(now, key);
        }
        self.start_buffered(now);
        self.drain(now);
        if self.phase == Phase::Running && self.config.stop_when_empty && self.is_drained() {
            self.begin_shutdown(now, ShutdownMode::Drain, End::Empty);
            self.drain(now);
        }
        // What is asked for depends on what is held, so this comes after everything that ends
        // deliveries. Test: `polling::no_more_is_asked_for_than_can_start`.
        self.receive(now);
        self.rest();
        self.tell_state();
        self.tell_settling();
    }

    /// Looks what time and answers ask for, for one delivery.
    pub(super) fn step(&mut self, now: Tick, key: DeliveryKey) {
        self.with(now, key, |_, _| Fate::Keep);
    }

    /// Changes one delivery, then does for it what is due, and notes when to look at it again.
    pub(super) fn with(
        &mut self,
        now: Tick,
        key: DeliveryKey,
        change: impl FnOnce(&mut Self, &mut Delivery) -> Fate,
    ) {
        let Some(mut delivery) = self.deliveries.remove(&key) else { return };
        self.slots.leave(key, &delivery);
        let started = delivery.started();
        if let Some(at) = delivery.scheduled.take() {
            self.timers.remove(&(at, key));
        }
        let mut fate = change(self, &mut delivery);
        if fate == Fate::Keep && self.phase != Phase::Finished {
            fate = self.proceed(now, key, &mut delivery);
        }
        if let Some(since) = started
            && (fate == Fate::Gone || !delivery.is_running())
        {
            self.estimate.handler_ended(now, since);
        }
        match fate {
            Fate::Keep => {
                delivery.scheduled = self.wake_for(&delivery).map(|at| at.max(now));
                self.timers.extend(delivery.scheduled.map(|at| (at, key)));
                self.slots.enter(key, &delivery);
                self.deliveries.insert(key, delivery);
            }
            Fate::Gone => self.forget(key, &delivery),
        }
    }

    fn proceed(&mut self, now: Tick, key: DeliveryKey, delivery: &mut Delivery) -> Fate {
        // A deadline passes whether or not a request is under way.
        if self.age(now, key, delivery) == Fate::Gone {
            return Fate::Gone;
        }
        // One request at a time: each update brings a new receipt, and of two that are under way
        // nobody could tell which brought the newer. Test:
        // `settling::a_handler_finishes_while_a_renewal_is_under_way`.
        if delivery.op.is_some() {
            return Fate::Keep;
        }
        if self.is_to_be_given_back(now, delivery) {
            delivery.work = Work::Settling(Settling::give_back_at_once(now, GiveBack::Unstarted));
        }
        match delivery.work {
            Work::Buffered(_) | Work::Running(_) => {
                self.renew(now, key, delivery);
                Fate::Keep
            }
            // No renewal first: its answer would make the receipt of the delete stale. Test:
            // `settling::a_delete_does_not_wait_for_a_renewal`.
            Work::Settling(_) => self.settle(now, key, delivery),
        }
    }

    /// Ends a delivery from outside a step.
    pub(super) fn conclude(&mut self, now: Tick, key: DeliveryKey, how: Settled) {
        self.with(now, key, |core, delivery| core.end(now, key, delivery, how));
    }

    fn forget(&mut self, key: DeliveryKey, delivery: &Delivery) {
        if let Some(op) = &delivery.op {
            self.ops.remove(&op.id);
        }
        if self.by_id.get(&delivery.raw.id) == Some(&key) {
            self.by_id.remove(&delivery.raw.id);
        }
        if self.config.stop_when_empty {
            // Whether the queue is empty is to be known soon.
            self.poller.nudge();
        }
    }

    /// When time changes something for a delivery.
    fn wake_for(&self, delivery: &Delivery) -> Option<Tick> {
        let lease = &delivery.lease;
        let idle = delivery.op.is_none();
        let deadline = (lease.standing == Standing::Held).then(|| lease.deadline());
        let renewal = lease.renew_at().filter(|_| idle);
        match &delivery.work {
            Work::Buffered(_) => deadline.into_iter().chain(renewal).min(),
            Work::Running(running) => {
                let timeout = self.config.handler_timeout.map(|limit| running.since + limit);
                let warning = lease.warn_at(&self.config).filter(|_| !running.warned);
                [deadline, renewal, timeout, warning].into_iter().flatten().min()
            }
            Work::Settling(settling) => {
                let renewal = renewal.filter(|_| settling.keeps_its_lease());
                let due = Some(settling.due()).filter(|_| idle);
                [renewal, due, deadline].into_iter().flatten().min()
            }
        }
    }

    /// The answer to a request of a delivery. An answer to another kind of request is none.
    pub(super) fn answered(
        &mut self,
        now: Tick,
        op: OpId,
        heard: Heard,
        fits: impl Fn(&OpKind) -> bool,
        take: impl FnOnce(&mut Self, DeliveryKey, &mut Delivery, InFlight) -> Fate,
    ) {
        // A driver that confuses the answer to a renewal with that to a delete must not make a message
        // look deleted. Property: `Robustness`.
        let fits = |held: &mut InFlight| held.id == op && fits(&held.kind);
        let Some(key) = self.ops.get(&op).copied() else { return self.unknown_answer() };
        let mut taken = false;
        self.with(now, key, |core, delivery| match delivery.op.take_if(fits) {
            Some(op) => {
                taken = true;
                take(core, key, delivery, op)
            }
            None => Fate::Keep,
        });
        if taken {
            self.ops.remove(&op);
            self.heard(now, heard);
        } else {
            self.unknown_answer();
        }
    }

    /// Forgets what was not answered when nothing is waited for any more.
    fn rest(&mut self) {
        if !self.is_asking() && self.deliveries.is_empty() && self.poller.due.is_none() {
            self.liveness.rests();
        }
    }
}
