//! What the answers to settling requests mean.

use std::time::Duration;

use super::{
    delivery::{DeleteAfter, Delivery, Fate, GiveBack, InFlight, PATIENCE, Settling, Work},
    event::{Event, Settled},
    ids::DeliveryKey,
    machine::Core,
    time::{Tick, doubled},
};
use crate::failure::{OpFailure, Refusal};

impl Core {
    pub(super) fn deleted(
        &mut self,
        now: Tick,
        key: DeliveryKey,
        delivery: &mut Delivery,
        op: &InFlight,
        result: Result<(), OpFailure>,
    ) -> Fate {
        let Work::Settling(Settling::Delete(delete)) = &mut delivery.work else {
            return Fate::Keep;
        };
        match result {
            Ok(()) => {
                let how = delete.after.done(false);
                self.completed.remove(&delivery.raw.id);
                self.end(now, key, delivery, how)
            }
            // There is a newer receipt than the one that was refused, so this says nothing. It is asked
            // before whether an earlier delete was lost, which was made with the old receipt too.
            Err(OpFailure::NotOwner) if op.superseded => Fate::Keep,
            Err(OpFailure::NotOwner) if delete.ambiguous => {
                let how = delete.after.done(true);
                // Most likely it was this process's own delete. Should it not have been, the
                // message comes back, and is not worked on again.
                self.completed.insert(now, &delivery.raw.id);
                self.end(now, key, delivery, how)
            }
            Err(OpFailure::NotOwner) => self.completed_not_owned(now, key, delivery),
            Err(OpFailure::Refused {
                kind: Refusal::QueueNotFound | Refusal::Unauthorized | Refusal::Invalid,
                ..
            }) => self.completed_not_owned(now, key, delivery),
            Err(failure) => {
                // That the message is gone then counts as success: most likely by this delete. Test:
                // `settling::a_delete_that_was_ambiguous_and_then_finds_nothing_has_succeeded`.
                if failure == OpFailure::Ambiguous && !op.superseded {
                    delete.ambiguous = true;
                }
                self.settle_later(now, key, delivery, &failure)
            }
        }
    }

    pub(super) fn released(
        &mut self,
        now: Tick,
        key: DeliveryKey,
        delivery: &mut Delivery,
        result: Result<(), OpFailure>,
    ) -> Fate {
        let Work::Settling(Settling::Release(release)) = &delivery.work else {
            return Fate::Keep;
        };
        let how = match release.why {
            GiveBack::Failed(reason) => Settled::Retried { after: release.delay, reason },
            GiveBack::Shutdown => Settled::Released,
            GiveBack::Unstarted => Settled::GivenBack,
        };
        // After a lost answer the receipt is stale because the first request was applied.
        let applied_before = delivery.lease.receipt_unknown;
        match result {
            Ok(()) => {
                self.updates_work();
                self.end(now, key, delivery, how)
            }
            Err(OpFailure::NotOwner) if applied_before => self.end(now, key, delivery, how),
            Err(OpFailure::NotOwner | OpFailure::Refused { kind: Refusal::QueueNotFound, .. }) => {
                self.end(now, key, delivery, Settled::NotOwned)
            }
            Err(OpFailure::Refused { kind: Refusal::Unauthorized, .. }) => {
                self.forbid_updates(now);
                self.end(now, key, delivery, Settled::Lapsed)
            }
            Err(OpFailure::Refused { kind: Refusal::Invalid, .. }) => {
                self.end(now, key, delivery, Settled::Lapsed)
            }
            Err(failure) => {
                if failure == OpFailure::Ambiguous {
                    delivery.lease.receipt_unknown = true;
                }
                self.settle_later(now, key, delivery, &failure)
            }
        }
    }

    pub(super) fn dead_lettered(
        &mut self,
        now: Tick,
        key: DeliveryKey,
        delivery: &mut Delivery,
        result: Result<(), OpFailure>,
    ) -> Fate {
        let Work::Settling(Settling::Letter(letter)) = &delivery.work else {
            return Fate::Keep;
        };
        let reason = letter.reason;
        match result {
            Ok(()) => {
                // Not before the letter is known to be durable: a crash here makes a second letter, a
                // crash in the other order would lose the message. Test:
                // `settling::a_message_is_put_before_it_is_deleted`.
                let after = DeleteAfter::Letter(reason);
                delivery.work = Work::Settling(Settling::delete(now, &delivery.lease, after));
                Fate::Keep
            }
            Err(
                failure @ (OpFailure::Ambiguous
                | OpFailure::NotSent
                | OpFailure::Refused {
                    kind: Refusal::Throttled | Refusal::QueueBeingDeleted,
                    ..
                }),
            ) => self.settle_later(now, key, delivery, &failure),
            Err(OpFailure::Refused { .. } | OpFailure::NotOwner) => {
                self.keep_original(now, key, delivery, reason)
            }
        }
    }

    fn settle_later(
        &mut self,
        now: Tick,
        key: DeliveryKey,
        delivery: &mut Delivery,
        failure: &OpFailure,
    ) -> Fate {
        let Work::Settling(settling) = &mut delivery.work else { return Fate::Keep };
        let tries = settling.tries_mut();
        tries.failures = tries.failures.saturating_add(1);
        let (first, cap) = (Duration::from_millis(500), Duration::from_secs(5));
        let pause = doubled(first, tries.failures - 1, cap).mul_f64(0.5 + 0.5 * self.rng.f64());
        let asked = match failure {
            OpFailure::Refused { retry_after: Some(pause), .. } => (*pause).min(PATIENCE),
            _ => Duration::ZERO,
        };
        tries.next_at = now + pause.max(asked);
        let failures = tries.failures;
        self.emit(Event::SettleRetry { key, failures });
        Fate::Keep
    }
}
