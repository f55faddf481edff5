//! The last operations on a delivery: delete, give back, dead-letter.

mod answers;

use std::{sync::Arc, time::Duration};

use super::{
    Action, Core, DeliveryKey, Event, Letter, LostCause, Next, Outcome, Reason, Settled, Standing,
    Tick,
    config::LONGEST,
    delivery::{Delivery, Fate, OpKind, Work},
    lease::Lease,
    polling::doubled,
};

/// How long settling is tried at least.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long an answer to a settling request is waited for.
const ANSWER_LIMIT: Duration = Duration::from_secs(35);
/// The delay of a message that should be a dead letter and cannot.
const KEPT: Duration = Duration::from_secs(600);

#[derive(Debug)]
pub(super) enum Settling {
    Delete(Delete),
    Release(Release),
    Letter(DeadLetter),
}

#[derive(Debug)]
pub(super) struct Delete {
    after: DeleteAfter,
    /// The answer to an earlier delete was lost.
    ambiguous: bool,
    tries: Tries,
}

/// What makes a delete right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeleteAfter {
    Complete,
    /// It was completed in an earlier delivery.
    Duplicate,
    /// The dead letter is stored.
    Letter(Reason),
}

#[derive(Debug)]
pub(super) struct Release {
    delay: Duration,
    /// Why the message is received again, or `None` for a shutdown.
    reason: Option<Reason>,
    tries: Tries,
}

#[derive(Debug)]
pub(super) struct DeadLetter {
    reason: Reason,
    tries: Tries,
}

/// When a settling request is tried again, and until when.
#[derive(Debug, Clone, Copy)]
struct Tries {
    failures: u32,
    next_at: Tick,
    give_up_at: Tick,
}

impl Tries {
    const fn until(now: Tick, give_up_at: Tick) -> Self {
        Self { failures: 0, next_at: now, give_up_at }
    }
}

impl Settling {
    pub(super) fn delete(now: Tick, lease: &Lease, after: DeleteAfter) -> Self {
        let tries = Tries::until(now, (now + PATIENCE).max(lease.end()));
        Self::Delete(Delete { after, ambiguous: false, tries })
    }

    pub(super) fn release_at_once(now: Tick) -> Self {
        let tries = Tries::until(now, now + PATIENCE);
        Self::Release(Release { delay: Duration::ZERO, reason: None, tries })
    }

    pub(super) const fn is_delete(&self) -> bool {
        matches!(
            self,
            Self::Delete(Delete { after: DeleteAfter::Complete | DeleteAfter::Letter(_), .. })
        )
    }

    pub(super) const fn is_letter(&self) -> bool {
        matches!(self, Self::Letter(_))
    }

    /// There is a new receipt, and all that is known of requests with the old one no longer counts.
    pub(super) fn restart(&mut self, now: Tick, lease: &Lease) {
        if let Self::Delete(delete) = self {
            delete.ambiguous = false;
        }
        let tries = self.tries_mut();
        tries.next_at = now;
        tries.give_up_at = tries.give_up_at.max(lease.end());
    }

    /// What a message comes to whose handler failed.
    pub(super) const fn next(&self) -> Next {
        match self {
            Self::Release(release) => Next::Retry { after: release.delay },
            Self::Delete(_) | Self::Letter(_) => Next::DeadLetter,
        }
    }

    pub(super) fn due(&self) -> Tick {
        self.tries().next_at
    }

    const fn tries(&self) -> &Tries {
        match self {
            Self::Delete(Delete { tries, .. })
            | Self::Release(Release { tries, .. })
            | Self::Letter(DeadLetter { tries, .. }) => tries,
        }
    }

    const fn tries_mut(&mut self) -> &mut Tries {
        match self {
            Self::Delete(Delete { tries, .. })
            | Self::Release(Release { tries, .. })
            | Self::Letter(DeadLetter { tries, .. }) => tries,
        }
    }
}

impl Core {
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
        if self.config.max_deliveries.is_some_and(|max| attempt >= max.get()) {
            return self.letter(now, lease, reason);
        }
        let delay = match after {
            Some(delay) => delay.min(LONGEST),
            None => self.retry_delay(attempt),
        };
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
        Settling::Letter(DeadLetter { reason, tries })
    }

    fn give_back(now: Tick, lease: &Lease, delay: Duration, reason: Reason) -> Settling {
        let delay = survived(now, lease, whole_seconds(delay));
        let tries = Tries::until(now, lease.end());
        Settling::Release(Release { delay, reason: Some(reason), tries })
    }

    /// Issues the settling request that is due.
    pub(super) fn settle(&mut self, now: Tick, key: DeliveryKey, delivery: &mut Delivery) -> Fate {
        let Work::Settling(settling) = &mut delivery.work else { return Fate::Keep };
        let tries = *settling.tries();
        if let Settling::Letter(_) = settling
            && delivery.lease.renew_at().is_some_and(|at| now >= at)
            && now < tries.next_at
        {
            // The place for dead letters is slow: the message stays ours meanwhile.
            self.renew(now, key, delivery);
            return Fate::Keep;
        }
        if now < tries.next_at {
            return Fate::Keep;
        }
        if tries.failures > 0 && now >= tries.give_up_at {
            return self.give_up(now, key, delivery);
        }
        let give_up_at = now + ANSWER_LIMIT;
        let (id, receipt) = (delivery.raw.id.clone(), delivery.receipt.clone());
        match settling {
            Settling::Delete(_) => {
                let op = self.begin(delivery, OpKind::Delete);
                self.act(Action::Delete { op, key, id, receipt, give_up_at });
            }
            Settling::Release(_) if self.updates_forbidden(now) => {
                return self.end(now, key, delivery, Settled::Lapsed);
            }
            Settling::Release(release) => {
                // A first request may have taken its time.
                release.delay = survived(now, &delivery.lease, release.delay);
                let visibility = super::visibility_timeout(release.delay);
                let op = self.begin(delivery, OpKind::Release);
                self.act(Action::Update {
                    op,
                    key,
                    id,
                    receipt,
                    visibility,
                    text: None,
                    give_up_at,
                });
            }
            Settling::Letter(letter) => {
                let letter = Letter {
                    message: Arc::clone(&delivery.raw),
                    text: Arc::clone(&delivery.text),
                    attempt: delivery.attempt,
                    reason: letter.reason,
                };
                let op = self.begin(delivery, OpKind::Letter);
                self.act(Action::DeadLetter { op, key, letter, give_up_at });
            }
        }
        Fate::Keep
    }

    fn give_up(&mut self, now: Tick, key: DeliveryKey, delivery: &mut Delivery) -> Fate {
        let Work::Settling(settling) = &delivery.work else { return Fate::Keep };
        match settling {
            Settling::Delete(_) => self.completed_not_owned(now, key, delivery),
            Settling::Release(_) => self.end(now, key, delivery, Settled::Lapsed),
            Settling::Letter(letter) => {
                let reason = letter.reason;
                self.keep_original(now, key, delivery, reason)
            }
        }
    }

    /// The dead letter cannot be stored: the message stays where it is, and comes back much later.
    fn keep_original(
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

    pub(super) fn handler_done(&mut self, now: Tick, key: DeliveryKey, outcome: &Outcome) {
        if !self.deliveries.get(&key).is_some_and(Delivery::is_running) {
            return self.unknown_answer();
        }
        self.with(now, key, |core, delivery| core.handler_over(now, key, delivery, outcome));
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

/// The delay, or a shorter one if the message would expire meanwhile.
fn survived(now: Tick, lease: &Lease, delay: Duration) -> Duration {
    if !lease.would_expire(now, delay) {
        return delay;
    }
    let rest = lease.expires().map_or(Duration::ZERO, |expires| now.until(expires));
    Duration::from_secs(rest.as_secs() / 2)
}

/// The service counts in whole seconds; a wait is never shorter than asked for.
fn whole_seconds(delay: Duration) -> Duration {
    Duration::from_secs(delay.as_secs() + u64::from(delay.subsec_nanos() > 0))
}
