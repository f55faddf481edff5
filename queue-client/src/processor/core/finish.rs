//! How a delivery comes to its end: a handler has ended, and its outcome decides how the message is
//! settled; or there is nothing to settle any more.

use std::time::Duration;

use super::{
    config::LONGEST,
    delivery::{
        Delete, DeleteAfter, Delivery, Fate, GiveBack, Letter, PATIENCE, Release, Settling, Tries,
        Work,
    },
    event::{Event, Next, Settled},
    ids::DeliveryKey,
    io::Action,
    lease::Lease,
    machine::Core,
    message::{Outcome, Reason},
    standing::{LostCause, Standing},
    time::{Tick, doubled, whole_seconds},
};

/// The delay of a message that should be a dead letter and cannot.
const KEPT: Duration = Duration::from_secs(600);

impl Core {
    pub(super) fn handler_done(
        &mut self,
        now: Tick,
        key: DeliveryKey,
        outcome: &Outcome,
        failure: Option<Reason>,
    ) {
        if !self.deliveries.get(&key).is_some_and(Delivery::is_running) {
            return self.unknown_answer();
        }
        self.with(now, key, |core, delivery| {
            core.handler_over(now, key, delivery, outcome, failure)
        });
    }

    /// A handler has ended, by itself or by being dropped.
    pub(super) fn handler_over(
        &mut self,
        now: Tick,
        key: DeliveryKey,
        delivery: &mut Delivery,
        outcome: &Outcome,
        failure: Option<Reason>,
    ) -> Fate {
        self.refuse_asks(key, delivery);
        if let Work::Running(running) = &delivery.work
            && running.replaced
        {
            return self.end(now, key, delivery, Settled::NotOwned);
        }
        let settling = self.settling_for(now, delivery, outcome, failure);
        if let Some(reason) = failure {
            let next = match &settling {
                Ok(settling) => settling.next(),
                Err(Settled::Lapsed) => Next::Lapse,
                Err(_) => Next::Nothing,
            };
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
        failure: Option<Reason>,
    ) -> Result<Settling, Settled> {
        let lost = delivery.lease.is_lost();
        match outcome {
            Outcome::Complete if lost => {
                // There is no receipt to delete it with. Should it come back to this process, it is
                // deleted then, and not worked on again. Test:
                // `leases::the_answer_to_the_first_renewal_is_lost`.
                self.completed.insert(now, &delivery.raw.id);
                let receipt_lost =
                    delivery.lease.standing == Standing::Lost(LostCause::ReceiptLost);
                Err(Settled::CompletedNotOwned { receipt_lost })
            }
            Outcome::Abandon => Err(Settled::Lapsed),
            _ if lost => Err(Settled::NotOwned),
            Outcome::Complete => Ok(Settling::delete(now, &delivery.lease, DeleteAfter::Complete)),
            Outcome::DeadLetter { .. } => {
                let reason = failure.unwrap_or(Reason::Requested);
                Ok(self.letter(now, &delivery.lease, reason))
            }
            Outcome::Retry { after } => {
                // A wish is no failure: if this was the last delivery, the deliveries are exhausted.
                let reason = failure.unwrap_or(Reason::DeliveriesExhausted);
                Ok(self.retry(now, &delivery.lease, delivery.attempt, *after, reason))
            }
        }
    }

    /// A failed message: a delay, or a dead letter when this was the last delivery or the message
    /// would expire before the next.
    pub(super) fn retry(
        &mut self,
        now: Tick,
        lease: &Lease,
        attempt: u32,
        after: Option<Duration>,
        reason: Reason,
    ) -> Settling {
        // At the failure and not at the next delivery, which would come after a delay and to no use.
        // Test: `settling::the_last_failure_makes_a_dead_letter_at_once`.
        if self.config.max_deliveries.is_some_and(|max| attempt >= max.get()) {
            return self.letter(now, lease, reason);
        }
        let delay = match after {
            Some(delay) => delay.min(LONGEST),
            None => self.retry_delay(attempt),
        };
        // A message that is hidden when it expires is gone without a trace. Test:
        // `settling::a_message_that_would_expire_before_its_next_delivery_becomes_a_dead_letter`.
        if lease.would_expire(now, whole_seconds(delay)) && self.config.dead_letter {
            return self.letter(now, lease, Reason::WouldExpire);
        }
        Self::give_back(now, lease, delay, reason)
    }

    fn retry_delay(&mut self, attempt: u32) -> Duration {
        let retry = self.config.retry;
        let delay = doubled(retry.first, attempt.saturating_sub(1), retry.cap);
        let factor = 1.0 + retry.jitter * (2.0 * self.rng.f64() - 1.0);
        delay.mul_f64(factor).min(retry.cap)
    }

    pub(super) fn letter(&self, now: Tick, lease: &Lease, reason: Reason) -> Settling {
        if !self.config.dead_letter {
            return Self::give_back(now, lease, self.config.retry.cap, reason);
        }
        let tries = Tries::until(now, (now + PATIENCE).max(lease.end()));
        Settling::Letter(Letter { reason, tries })
    }

    fn give_back(now: Tick, lease: &Lease, delay: Duration, reason: Reason) -> Settling {
        let delay = lease.survivable(now, whole_seconds(delay));
        let tries = Tries::until(now, lease.end());
        Settling::Release(Release { delay, why: GiveBack::Failed(reason), tries })
    }

    /// The dead letter cannot be stored: the message stays where it is, and comes back much later.
    pub(super) fn keep_original(
        &mut self,
        now: Tick,
        key: DeliveryKey,
        delivery: &mut Delivery,
        reason: Reason,
    ) -> Fate {
        self.counters.dead_letter_failed += 1;
        let id = delivery.raw.id.clone();
        self.emit(Event::DeadLetterFailed { key, id, reason });
        delivery.work = Work::Settling(Self::give_back(now, &delivery.lease, KEPT, reason));
        Fate::Keep
    }

    /// The work is done, but the message is not known to be gone.
    pub(super) fn completed_not_owned(
        &mut self,
        now: Tick,
        key: DeliveryKey,
        delivery: &mut Delivery,
    ) -> Fate {
        self.completed.insert(now, &delivery.raw.id);
        let receipt_lost = delivery.lease.receipt_unknown
            || delivery.lease.standing == Standing::Lost(LostCause::ReceiptLost);
        let how = match &delivery.work {
            Work::Settling(Settling::Delete(Delete {
                after: DeleteAfter::Letter(reason), ..
            })) => Settled::DeadLettered { reason: *reason },
            Work::Settling(Settling::Delete(Delete { after: DeleteAfter::Duplicate, .. })) => {
                Settled::NotOwned
            }
            _ => Settled::CompletedNotOwned { receipt_lost },
        };
        self.end(now, key, delivery, how)
    }

    /// Counts and tells how a delivery ended.
    pub(super) fn end(
        &mut self,
        now: Tick,
        key: DeliveryKey,
        delivery: &mut Delivery,
        how: Settled,
    ) -> Fate {
        self.refuse_asks(key, delivery);
        let counters = &mut self.counters;
        match how {
            Settled::Completed => counters.completed += 1,
            Settled::CompletedAfterAmbiguity => {
                counters.completed += 1;
                counters.ambiguous_success += 1;
            }
            Settled::CompletedNotOwned { .. } => counters.completed_not_owned += 1,
            Settled::Retried { .. } => counters.retried += 1,
            Settled::Released => counters.released += 1,
            Settled::GivenBack => counters.given_back += 1,
            Settled::DeadLettered { .. } => counters.dead_lettered += 1,
            Settled::Lapsed | Settled::NeverStarted => counters.lapsed += 1,
            Settled::NotOwned => counters.not_owned += 1,
            Settled::Duplicate => {}
        }
        self.emit(Event::Settled {
            key,
            id: delivery.raw.id.clone(),
            how,
            margin: now.until(delivery.lease.deadline()),
        });
        self.act(Action::Forget { key });
        Fate::Gone
    }
}
