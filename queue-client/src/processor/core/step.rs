//! What time and answers change, for one delivery after the other.

use super::{
    Core, DeliveryKey, End, OpId, Phase, Settled, ShutdownMode, Standing, Tick,
    delivery::{Delivery, Fate, InFlight, OpKind, Work},
    liveness::Heard,
};

impl Core {
    /// Does what is due.
    pub(super) fn advance(&mut self, now: Tick) {
        if self.phase == Phase::Finished {
            return;
        }
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
        self.receive(now);
        self.rests();
        self.tell_state();
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
        if let Some(at) = delivery.scheduled.take() {
            self.timers.remove(&(at, key));
        }
        let mut fate = change(self, &mut delivery);
        if fate == Fate::Keep && self.phase != Phase::Finished {
            fate = self.proceed(now, key, &mut delivery);
        }
        match fate {
            Fate::Keep => {
                delivery.scheduled = self.wake_for(&delivery).map(|at| at.max(now));
                if let Some(at) = delivery.scheduled {
                    // Due again at once would mean to go round in circles.
                    self.timers.insert((at, key));
                }
                self.deliveries.insert(key, delivery);
            }
            Fate::Gone => self.forget(key, &delivery),
        }
    }

    fn proceed(&mut self, now: Tick, key: DeliveryKey, delivery: &mut Delivery) -> Fate {
        if self.age(now, key, delivery) == Fate::Gone {
            return Fate::Gone;
        }
        if delivery.op.is_some() {
            return Fate::Keep;
        }
        match delivery.work {
            Work::Buffered(_) | Work::Running(_) => {
                self.renew(now, key, delivery);
                Fate::Keep
            }
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
        self.buffered.remove(&key);
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
                let renewal = renewal.filter(|_| settling.is_letter());
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
}
