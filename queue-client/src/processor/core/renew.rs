//! Leases of messages that wait or are worked on: what time does to them, when they are renewed, and
//! what the answers mean.

use std::{sync::Arc, time::Duration};

use queue_proto::MessageText;

use super::{
    config::OnLeaseLost,
    delivery::{Delivery, Fate, InFlight, OpKind, Settling, Work},
    event::{Event, RenewalResult, Settled},
    ids::{DeliveryKey, OpId},
    io::Action,
    lease::visibility_timeout,
    machine::Core,
    message::{NewLease, Outcome, Reason},
    standing::{LeaseError, LeaseSignal, LostCause, Standing, StopCause},
    time::Tick,
};
use crate::failure::{OpFailure, Refusal};

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
                    // From this instant on the service may hand the message to somebody else, so the
                    // handler is told now and not with the next answer. Property: `Signals`.
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
            let outcome = Outcome::Retry { after: None };
            let failure = Some(Reason::HandlerTimedOut);
            return self.handler_over(now, key, delivery, &outcome, failure);
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

    pub(super) fn update(
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
            visibility: visibility_timeout(visibility),
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
        // Before anything is taken from the answer: the message was received anew meanwhile, and the
        // receipt and lease of that delivery are the newest. Property: `Serialization`.
        if superseded {
            for ask in asks {
                self.reply(key, ask, Err(LeaseError::Lost(LostCause::Taken)));
            }
            return Fate::Keep;
        }
        let reply = match result {
            Ok(lease) => {
                self.counters.renewals += 1;
                self.updates_work();
                // Update Message makes all older receipts invalid: the next request needs this one.
                // Test: `settling::a_handler_finishes_while_a_renewal_is_under_way`.
                delivery.receipt = lease.receipt;
                if let Some(text) = text {
                    delivery.text = text;
                    delivery.doubtful_text = None;
                }
                // The service started the lease between the sending and the answer; only the sending is
                // certainly not later. Test:
                // `leases::the_deadline_counts_from_the_instant_of_sending`.
                delivery.lease.extend(&mut self.rng, sent_at, visibility, jumped);
                self.told_renewed(now, key, delivery);
                match &mut delivery.work {
                    Work::Buffered(waiting) => waiting.renew_first = false,
                    // The message is there, so no delete of it was applied.
                    Work::Settling(Settling::Delete(delete)) => delete.ambiguous = false,
                    Work::Running(_) | Work::Settling(_) => {}
                }
                Ok(delivery.lease.deadline())
            }
            Err(OpFailure::Ambiguous) => {
                // If the update was applied, its receipt is lost with the answer. A refusal that
                // follows then does not mean that somebody else has the message.
                // Test: `leases::the_answer_to_the_first_renewal_is_lost`.
                delivery.lease.receipt_unknown = true;
                delivery.doubtful_text = text.or(delivery.doubtful_text.take());
                delivery.lease.retry_renewal(now, None);
                Err(LeaseError::Ambiguous)
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
                Err(LeaseError::Lost(cause))
            }
            Err(OpFailure::Refused { kind: Refusal::QueueNotFound, .. }) => {
                self.lose(key, delivery, LostCause::QueueGone);
                Err(LeaseError::Lost(LostCause::QueueGone))
            }
            Err(OpFailure::Refused { kind: Refusal::Unauthorized, .. }) => {
                self.forbid_updates(now);
                delivery.lease.stop_renewing();
                if let Work::Buffered(waiting) = &mut delivery.work {
                    waiting.renew_first = false;
                }
                Err(LeaseError::Refused)
            }
            Err(OpFailure::Refused { retry_after, .. }) => {
                delivery.lease.retry_renewal(now, retry_after);
                Err(LeaseError::Refused)
            }
            Err(OpFailure::NotSent) => {
                delivery.lease.retry_renewal(now, None);
                Err(LeaseError::Refused)
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
            // What the delete did whose answer was lost.
            Work::Settling(Settling::Delete(delete))
                if delete.ambiguous && !delivery.lease.receipt_unknown =>
            {
                let how = delete.after.done(true);
                self.completed.insert(now, &delivery.raw.id);
                self.end(now, key, delivery, how)
            }
            Work::Settling(Settling::Delete(_)) => self.completed_not_owned(now, key, delivery),
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

    pub(super) fn clock_jumped(&mut self, now: Tick, by: Duration) {
        self.emit(Event::ClockJump { by });
        self.poller.jumped(by);
        let keys: Vec<_> = self.deliveries.keys().copied().collect();
        for key in keys {
            self.with(now, key, |_, delivery| {
                // Nobody knows when in the lease the clock stood still, so the service is asked. Test:
                // `leases::a_process_that_was_suspended_for_ten_minutes_trusts_nothing`.
                delivery.lease.distrust(now, by);
                if let Some(op) = &mut delivery.op {
                    op.jumped = op.jumped.saturating_add(by);
                }
                Fate::Keep
            });
        }
    }

    pub(super) fn signal(&mut self, key: DeliveryKey, signal: LeaseSignal) {
        self.act(Action::Signal { key, signal });
    }

    pub(super) fn stop(&mut self, key: DeliveryKey, cause: StopCause) {
        self.emit(Event::StopSignaled { key, cause });
        self.signal(key, LeaseSignal::Stop(cause));
    }
}
