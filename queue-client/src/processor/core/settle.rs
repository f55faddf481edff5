//! The last request of a delivery: a delete, a release or a dead letter, tried again until it works
//! or is given up.

use std::{sync::Arc, time::Duration};

use super::{
    delivery::{Delivery, Fate, OpKind, Settling, Work},
    event::Settled,
    ids::DeliveryKey,
    io::Action,
    lease::visibility_timeout,
    machine::Core,
    time::Tick,
};

/// How long an answer to a settling request is waited for.
const ANSWER_LIMIT: Duration = Duration::from_secs(35);

impl Core {
    /// Issues the settling request that is due.
    pub(super) fn settle(&mut self, now: Tick, key: DeliveryKey, delivery: &mut Delivery) -> Fate {
        let Work::Settling(settling) = &mut delivery.work else { return Fate::Keep };
        let tries = *settling.tries();
        if settling.keeps_its_lease()
            && delivery.lease.renew_at().is_some_and(|at| now >= at)
            && now < tries.next_at
        {
            // The service or the place for dead letters is slow: the message stays ours meanwhile, or
            // somebody else would work on it again. Tests:
            // `settling::the_message_is_kept_hidden_while_the_letter_is_slow`,
            // `settling::the_message_is_kept_hidden_while_its_delete_is_refused`.
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
                release.delay = delivery.lease.survivable(now, release.delay);
                let visibility = visibility_timeout(release.delay);
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
                let reason = letter.reason;
                let op = self.begin(delivery, OpKind::Letter);
                self.act(Action::DeadLetter {
                    op,
                    key,
                    message: Arc::clone(&delivery.raw),
                    text: Arc::clone(&delivery.text),
                    attempt: delivery.attempt,
                    reason,
                    give_up_at,
                });
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
}
