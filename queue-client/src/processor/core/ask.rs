//! What handlers ask about their leases: a renewal now, or a checkpoint.

use std::sync::Arc;

use super::{
    delivery::{Ask, Delivery, Fate, OpKind},
    ids::{AskId, DeliveryKey},
    io::Action,
    machine::Core,
    standing::{LeaseError, Standing},
    time::Tick,
};

impl Core {
    pub(super) fn ask(&mut self, now: Tick, key: DeliveryKey, ask: Ask) {
        let id = ask.id();
        let running = self.deliveries.get(&key).is_some_and(Delivery::is_running);
        if !running {
            return self.reply(key, id, Err(LeaseError::Over));
        }
        self.with(now, key, |_, delivery| {
            delivery.asks.push_back(ask);
            Fate::Keep
        });
    }

    pub(super) fn answer_ask(
        &mut self,
        now: Tick,
        key: DeliveryKey,
        delivery: &mut Delivery,
        ask: Ask,
    ) {
        let refusal = match delivery.lease.standing {
            Standing::Lost(cause) => Some(LeaseError::Lost(cause)),
            _ if self.updates_forbidden(now) => Some(LeaseError::Refused),
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
                let failure = refusal.unwrap_or(LeaseError::Exhausted);
                self.reply(key, ask.id(), Err(failure));
                if !delivery.asks.is_empty() {
                    self.renew(now, key, delivery);
                }
            }
        }
    }

    pub(super) fn refuse_asks(&mut self, key: DeliveryKey, delivery: &mut Delivery) {
        for ask in std::mem::take(&mut delivery.asks) {
            self.reply(key, ask.id(), Err(LeaseError::Over));
        }
    }

    pub(super) fn reply(&mut self, key: DeliveryKey, ask: AskId, result: Result<Tick, LeaseError>) {
        self.act(Action::Reply { key, ask, result });
    }
}
