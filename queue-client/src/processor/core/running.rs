//! Leases of messages that are worked on: renewals, deadlines, questions of handlers.

use std::{sync::Arc, time::Duration};

use queue_proto::MessageText;

use super::{
    Action, AskFailure, AskId, Core, DeliveryKey, Event, LeaseSignal, LostCause, NewLease, Next,
    OpId, Outcome, Reason, RenewalResult, Settled, Standing, StopCause, Tick,
    config::OnLeaseLost,
    delivery::{Ask, Delivery, Fate, InFlight, OpKind, Work},
    settling::Settling,
};
use crate::failure::{OpFailure, Refusal};

/// The shortest lease while leases cannot be renewed.
pub(super) const LEASE_WITHOUT_UPDATES: Duration = Duration::from_secs(600);
/// How long a refusal of Update Message counts before it is tried again.
const FORBIDDEN_TIME: Duration = Duration::from_secs(600);
/// An answer to an update is waited for at least this long: a second update cannot repair a lost
/// receipt.
const UPDATE_ANSWER: Duration = Duration::from_secs(10);

impl Core {
    pub(super) fn updates_forbidden(&self, now: Tick) -> bool {
        self.updates_forbidden_until.is_some_and(|until| now < until)
    }

    pub(super) fn may_renew(&self, now: Tick) -> bool {
        self.config.renew && !self.updates_forbidden(now)
    }

    /// What time has done to a delivery whose handler waits or runs.
    pub(super) fn age(&mut self, now: Tick, key: DeliveryKey, delivery: &mut Delivery) -> Fate {
        if delivery.lease.standing == Standing::Held && now >= delivery.lease.deadline() {
            delivery.lease.standing = Standing::Suspect;
            match &delivery.work {
                Work::Buffered(_) => {
                    return self.end(now, key, delivery, Settled::NeverStarted);
                }
                Work::Running(_) => {
                    let id = delivery.raw.id.clone();
                    self.emit(Event::Suspect { key, id: id.clone() });
                    self.signal(key, LeaseSignal::Suspect);
                    if delivery.lease.ends_by_max_lease(&self.config) {
                        self.counters.leases_lost += 1;
                        self.emit(Event::LeaseLost { key, id, cause: LostCause::MaxLease });
                        if self.config.on_lease_lost == OnLeaseLost::Drop {
                            self.act(Action::Drop { key });
                            return self.end(now, key, delivery, Settled::Lapsed);
                        }
                    }
                }
                Work::Settling(_) => {}
            }
        }
        let Work::Running(running) = &mut delivery.work else { return Fate::Keep };
        if !running.warned && delivery.lease.warn_at(&self.config).is_some_and(|at| now >= at) {
            running.warned = true;
            self.stop(key, StopCause::MaxLease);
        }
        if let Work::Running(running) = &delivery.work
            && self.config.handler_timeout.is_some_and(|limit| now.since(running.since) >= limit)
        {
            self.act(Action::Drop { key });
            let outcome = Outcome::failed(Reason::HandlerTimedOut);
            return self.handler_over(now, key, delivery, &outcome);
        }
        Fate::Keep
    }

    /// Issues the renewal or checkpoint that is due.
    pub(super) fn renew(&mut self, now: Tick, key: DeliveryKey, delivery: &mut Delivery) {
        if let Some(ask) = delivery.asks.pop_front() {
            return self.answer_ask(now, key, delivery, ask);
        }
        if delivery.lease.renew_at().is_none_or(|at| now < at) {
            return;
        }
        match delivery.lease.extension(&self.config, now) {
            Some(visibility) if self.may_renew(now) && !delivery.lease.is_lost() => {
                let kind = OpKind::Renew { visibility, asks: Vec::new() };
                self.update(now, key, delivery, kind, visibility, None);
            }
            _ => delivery.lease.stop_renewing(),
        }
    }

    fn answer_ask(&mut self, now: Tick, key: DeliveryKey, delivery: &mut Delivery, ask: Ask) {
        let refusal = match delivery.lease.standing {
            Standing::Lost(cause) => Some(AskFailure::Lost(cause)),
            _ if self.updates_forbidden(now) => Some(AskFailure::Refused),
            _ => None,
        };
        let visibility = delivery.lease.visibility_on_request(&self.config, now);
        match (refusal, visibility, ask) {
            (None, Some(visibility), Ask::Renew(id)) => {
                let mut asks = vec![id];
                // One renewal answers all that wait for one.
                delivery.asks.retain(|ask| match ask {
                    Ask::Renew(id) => {
                        asks.push(*id);
                        false
                    }
                    Ask::Checkpoint(..) => true,
                });
                let kind = OpKind::Renew { visibility, asks };
                self.update(now, key, delivery, kind, visibility, None);
            }
            (None, Some(visibility), Ask::Checkpoint(ask, text)) => {
                let kind = OpKind::Checkpoint { visibility, ask, text: Arc::clone(&text) };
                self.update(now, key, delivery, kind, visibility, Some(text));
            }
            (refusal, _, ask) => {
                let failure = refusal.unwrap_or(AskFailure::Exhausted);
                self.reply(key, ask.id(), Err(failure));
                if !delivery.asks.is_empty() {
                    self.renew(now, key, delivery);
                }
            }
        }
    }

    fn update(
        &mut self,
        now: Tick,
        key: DeliveryKey,
        delivery: &mut Delivery,
        kind: OpKind,
        visibility: Duration,
        text: Option<Arc<MessageText>>,
    ) {
        let half = now.until(delivery.lease.deadline()) / 2;
        let give_up_at = now + half.max(UPDATE_ANSWER);
        let op = self.begin(delivery, kind);
        self.act(Action::Update {
            op,
            key,
            id: delivery.raw.id.clone(),
            receipt: delivery.receipt.clone(),
            visibility: super::visibility_timeout(visibility),
            text,
            give_up_at,
        });
    }

    pub(super) fn begin(&mut self, delivery: &mut Delivery, kind: OpKind) -> OpId {
        let id = self.new_op();
        delivery.op = Some(InFlight { id, kind, jumped: Duration::ZERO, superseded: false });
        id
    }

    /// A renewal or checkpoint was answered.
    pub(super) fn renewed(
        &mut self,
        now: Tick,
        key: DeliveryKey,
        delivery: &mut Delivery,
        op: InFlight,
        sent_at: Tick,
        result: Result<NewLease, OpFailure>,
    ) -> Fate {
        let InFlight { kind, jumped, superseded, .. } = op;
        let (visibility, asks, text) = match kind {
            OpKind::Renew { visibility, asks } => (visibility, asks, None),
            OpKind::Checkpoint { visibility, ask, text } => (visibility, vec![ask], Some(text)),
            OpKind::Release | OpKind::Delete | OpKind::Letter => return Fate::Keep,
        };
        let event = match &result {
            Ok(_) => RenewalResult::Ok,
            Err(OpFailure::Ambiguous) => RenewalResult::Ambiguous,
            Err(OpFailure::NotOwner) => RenewalResult::NotOwner,
            Err(OpFailure::Refused { .. } | OpFailure::NotSent) => RenewalResult::Refused,
        };
        self.emit(Event::Renewal { key, result: event });
        if superseded {
            // The message was received anew meanwhile, so the lease of that answer is the newest.
            for ask in asks {
                self.reply(key, ask, Err(AskFailure::Lost(LostCause::Taken)));
            }
            return Fate::Keep;
        }
        let reply = match result {
            Ok(lease) => {
                self.counters.renewals += 1;
                self.updates_work();
                delivery.receipt = lease.receipt;
                if let Some(text) = text {
                    delivery.text = text;
                    delivery.doubtful_text = None;
                }
                delivery.lease.extend(&mut self.rng, sent_at, visibility, jumped);
                self.told_renewed(now, key, delivery);
                if let Work::Buffered(waiting) = &mut delivery.work {
                    waiting.renew_first = false;
                }
                Ok(delivery.lease.deadline())
            }
            Err(OpFailure::Ambiguous) => {
                delivery.lease.receipt_unknown = true;
                delivery.doubtful_text = text.or(delivery.doubtful_text.take());
                delivery.lease.retry_renewal(now, None);
                Err(AskFailure::Ambiguous)
            }
            Err(OpFailure::NotOwner) => {
                let cause = if delivery.lease.receipt_unknown {
                    LostCause::ReceiptLost
                } else if delivery.lease.expires().is_some_and(|at| now >= at) {
                    LostCause::Expired
                } else {
                    LostCause::Taken
                };
                self.lose(key, delivery, cause);
                Err(AskFailure::Lost(cause))
            }
            Err(OpFailure::Refused { kind: Refusal::QueueNotFound, .. }) => {
                self.lose(key, delivery, LostCause::QueueGone);
                Err(AskFailure::Lost(LostCause::QueueGone))
            }
            Err(OpFailure::Refused { kind: Refusal::Unauthorized, .. }) => {
                self.forbid_updates(now);
                delivery.lease.stop_renewing();
                if let Work::Buffered(waiting) = &mut delivery.work {
                    waiting.renew_first = false;
                }
                Err(AskFailure::Refused)
            }
            Err(OpFailure::Refused { retry_after, .. }) => {
                delivery.lease.retry_renewal(now, retry_after);
                Err(AskFailure::Refused)
            }
            Err(OpFailure::NotSent) => {
                delivery.lease.retry_renewal(now, None);
                Err(AskFailure::Refused)
            }
        };
        for ask in asks {
            self.reply(key, ask, reply);
        }
        if delivery.lease.is_lost() { self.after_loss(now, key, delivery) } else { Fate::Keep }
    }

    /// What the loss of its lease means for a delivery.
    fn after_loss(&mut self, now: Tick, key: DeliveryKey, delivery: &mut Delivery) -> Fate {
        match &delivery.work {
            Work::Buffered(_) => self.end(now, key, delivery, Settled::NeverStarted),
            Work::Running(_) if self.config.on_lease_lost == OnLeaseLost::Drop => {
                self.act(Action::Drop { key });
                self.end(now, key, delivery, Settled::NotOwned)
            }
            Work::Running(_) => Fate::Keep,
            Work::Settling(settling) if settling.is_delete() => {
                self.completed_not_owned(now, key, delivery)
            }
            Work::Settling(_) => self.end(now, key, delivery, Settled::NotOwned),
        }
    }

    fn told_renewed(&mut self, now: Tick, key: DeliveryKey, delivery: &mut Delivery) {
        let deadline = delivery.lease.deadline();
        let before = delivery.lease.standing;
        if now >= deadline {
            // The answer took longer than the lease it brought.
            return;
        }
        delivery.lease.standing = Standing::Held;
        if !delivery.is_running() {
            return;
        }
        let signal = match before {
            Standing::Held => LeaseSignal::Renewed { deadline },
            Standing::Suspect | Standing::Lost(_) => LeaseSignal::Recovered { deadline },
        };
        self.signal(key, signal);
    }

    pub(super) fn lose(&mut self, key: DeliveryKey, delivery: &mut Delivery, cause: LostCause) {
        delivery.lease.lose(cause);
        if let Work::Running(_) = delivery.work {
            self.counters.leases_lost += 1;
            self.signal(key, LeaseSignal::Lost(cause));
        }
        self.emit(Event::LeaseLost { key, id: delivery.raw.id.clone(), cause });
    }

    pub(super) fn forbid_updates(&mut self, now: Tick) {
        if !self.updates_forbidden(now) {
            self.emit(Event::UpdatesForbidden);
        }
        self.updates_forbidden_until = Some(now + FORBIDDEN_TIME);
    }

    pub(super) fn updates_work(&mut self) {
        if self.updates_forbidden_until.take().is_some() {
            self.emit(Event::UpdatesAllowed);
        }
    }

    pub(super) fn ask(&mut self, now: Tick, key: DeliveryKey, ask: Ask) {
        let id = ask.id();
        let running = self.deliveries.get(&key).is_some_and(Delivery::is_running);
        if !running {
            return self.reply(key, id, Err(AskFailure::Over));
        }
        self.with(now, key, |_, delivery| {
            delivery.asks.push_back(ask);
            Fate::Keep
        });
    }

    pub(super) fn refuse_asks(&mut self, key: DeliveryKey, delivery: &mut Delivery) {
        for ask in std::mem::take(&mut delivery.asks) {
            self.reply(key, ask.id(), Err(AskFailure::Over));
        }
    }

    pub(super) fn clock_jumped(&mut self, now: Tick, by: Duration) {
        self.emit(Event::ClockJump { by });
        self.poller.jumped(by);
        let keys: Vec<_> = self.deliveries.keys().copied().collect();
        for key in keys {
            self.with(now, key, |_, delivery| {
                delivery.lease.distrust(now, by);
                if let Some(op) = &mut delivery.op {
                    op.jumped = op.jumped.saturating_add(by);
                }
                Fate::Keep
            });
        }
    }

    fn reply(&mut self, key: DeliveryKey, ask: AskId, result: Result<Tick, AskFailure>) {
        self.act(Action::Reply { key, ask, result });
    }

    pub(super) fn signal(&mut self, key: DeliveryKey, signal: LeaseSignal) {
        self.act(Action::Signal { key, signal });
    }

    pub(super) fn stop(&mut self, key: DeliveryKey, cause: StopCause) {
        self.emit(Event::StopSignaled { key, cause });
        self.signal(key, LeaseSignal::Stop(cause));
    }

    /// A handler has ended, by itself or by being dropped.
    pub(super) fn handler_over(
        &mut self,
        now: Tick,
        key: DeliveryKey,
        delivery: &mut Delivery,
        outcome: &Outcome,
    ) -> Fate {
        self.refuse_asks(key, delivery);
        if let Work::Running(running) = &delivery.work
            && running.replaced
        {
            return self.end(now, key, delivery, Settled::NotOwned);
        }
        let settling = self.settling_for(now, delivery, outcome);
        if let Some(reason) = outcome.failure() {
            let next = settling.as_ref().map_or(Next::Nothing, Settling::next);
            let (id, attempt) = (delivery.raw.id.clone(), delivery.attempt);
            self.emit(Event::Failed { key, id, attempt, reason, next });
        }
        match settling {
            Ok(settling) => {
                delivery.work = Work::Settling(settling);
                Fate::Keep
            }
            Err(how) => self.end(now, key, delivery, how),
        }
    }

    /// How to settle, or how the delivery ends without any request.
    fn settling_for(
        &mut self,
        now: Tick,
        delivery: &Delivery,
        outcome: &Outcome,
    ) -> Result<Settling, Settled> {
        let lost = delivery.lease.is_lost();
        match outcome {
            Outcome::Complete if lost => {
                self.completed.insert(now, &delivery.raw.id);
                let receipt_lost =
                    delivery.lease.standing == Standing::Lost(LostCause::ReceiptLost);
                Err(Settled::CompletedNotOwned { receipt_lost })
            }
            Outcome::Abandon => Err(Settled::Lapsed),
            _ if lost => Err(Settled::NotOwned),
            Outcome::Complete => {
                Ok(Settling::delete(now, &delivery.lease, super::settling::DeleteAfter::Complete))
            }
            Outcome::DeadLetter { reason } => Ok(self.letter(now, &delivery.lease, *reason)),
            Outcome::Retry { after, reason } => {
                Ok(self.retry(now, &delivery.lease, delivery.attempt, *after, *reason))
            }
        }
    }
}
