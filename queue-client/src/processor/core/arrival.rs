//! What is done with a message that arrives, and when its handler starts.

use std::{sync::Arc, time::Duration};

use super::{
    delivery::{DeleteAfter, Delivery, Fate, GiveBack, Running, Settling, Waiting, Work},
    event::{Event, Settled},
    ids::DeliveryKey,
    io::Action,
    lease::Lease,
    machine::Core,
    message::{RawDelivery, Reason},
    phase::Phase,
    standing::{LeaseSignal, LostCause, Standing, StopCause},
    time::Tick,
};

/// A message arrives that is held already.
enum Meeting {
    Stale,
    Adopt,
    /// The running handler is told to stop, and the message waits for its end.
    Replace,
    /// The running handler is told to stop, and the message does not wait for its end.
    Outrun,
    /// The delivery that is held is over.
    Succeed,
}

impl Core {
    pub(super) fn arrive(
        &mut self,
        now: Tick,
        sent_at: Tick,
        visibility: Duration,
        jumped: Duration,
        raw: RawDelivery,
    ) {
        let lease = Lease::received(&mut self.rng, sent_at, visibility, jumped, raw.expires_in);
        let held = self.by_id.get(&raw.id).copied();
        let mut after = None;
        match held.and_then(|key| Some((key, self.meeting(now, key, &raw)?))) {
            None => {}
            Some((_, Meeting::Stale)) => {
                self.emit(Event::StaleDelivery { id: raw.id });
                return;
            }
            Some((key, Meeting::Adopt)) => return self.adopt(now, key, &raw, lease),
            Some((key, Meeting::Replace)) => {
                self.replace(now, key, raw.attempt);
                after = Some(key);
            }
            Some((key, Meeting::Outrun)) => self.replace(now, key, raw.attempt),
            Some((key, Meeting::Succeed)) => self.conclude(now, key, Settled::NotOwned),
        }

        // The service has counted this delivery already, so the last one that is allowed still runs.
        // Test: `settling::the_count_is_checked_before_the_handler_runs`.
        let last = self.config.max_deliveries.is_some_and(|max| raw.attempt > max.get());
        // The order of these questions decides what becomes of the message. Its work may be done: then
        // it is deleted in every phase. While the run ends there is no time for more than to give it
        // back. Only then does the number of its deliveries count.
        // Tests: `settling::a_delete_that_finds_nothing_at_first_is_remembered`,
        // `shutdown::a_receive_under_way_when_draining_starts_brings_32`.
        let work = if self.completed.contains(now, &raw.id) {
            self.counters.duplicates_suppressed += 1;
            self.emit(Event::DuplicateSuppressed { id: raw.id.clone() });
            Work::Settling(Settling::delete(now, &lease, DeleteAfter::Duplicate))
        } else if self.phase != Phase::Running {
            // No handler will start for it here.
            Work::Settling(Settling::give_back_at_once(now, GiveBack::Shutdown))
        } else if last {
            Work::Settling(self.letter(now, &lease, Reason::DeliveriesExhausted))
        } else {
            let short = lease.is_half_over(now) || !jumped.is_zero();
            let renew_first = self.may_renew(now) && short;
            Work::Buffered(Waiting { renew_first, after })
        };
        let mut delivery = Delivery::new(raw, lease, work);
        if let Work::Buffered(Waiting { renew_first: true, .. }) = delivery.work {
            delivery.lease.renew_now(now);
        }
        let key = self.new_key();
        self.by_id.insert(delivery.raw.id.clone(), key);
        self.deliveries.insert(key, delivery);
        self.step(now, key);
    }

    /// What a message that arrives means for the delivery of it that is held.
    fn meeting(&self, now: Tick, key: DeliveryKey, raw: &RawDelivery) -> Option<Meeting> {
        let delivery = self.deliveries.get(&key)?;
        Some(match &delivery.work {
            // The service raises the count with every delivery, so this one is older.
            _ if raw.attempt <= delivery.attempt => Meeting::Stale,
            // A handler that hangs must not keep its message for ever by way of this process.
            Work::Running(_) if delivery.lease.is_overlong(&self.config, now) => Meeting::Outrun,
            Work::Running(_) if !delivery.knows_text(&raw.text) => Meeting::Replace,
            // It was given back, and that it came back shows that this worked.
            Work::Settling(Settling::Release(_)) | Work::Buffered(_) => Meeting::Succeed,
            Work::Running(_) | Work::Settling(_) => Meeting::Adopt,
        })
    }

    /// The message came back while it is held: the newest receipt counts, and nothing starts.
    fn adopt(&mut self, now: Tick, key: DeliveryKey, raw: &RawDelivery, lease: Lease) {
        self.with(now, key, |core, delivery| {
            // The service invalidates a receipt as soon as it hands the message out again.
            // Test: `leases::the_same_message_received_while_it_runs_is_adopted`.
            delivery.receipt = raw.receipt.clone();
            delivery.attempt = raw.attempt;
            delivery.text = Arc::clone(&raw.text);
            delivery.doubtful_text = None;
            // The longest time in all counts from the first receive, or a handler that hangs would keep
            // its message for ever. Test: `leases::a_handler_that_hangs_does_not_keep_its_message`.
            delivery.lease = lease.continuing(&delivery.lease);
            if let Some(op) = &mut delivery.op {
                op.superseded = true;
            }
            if let Work::Settling(settling) = &mut delivery.work {
                settling.restart(now, &delivery.lease);
            }
            core.counters.redelivered_while_running += 1;
            core.emit(Event::RedeliveredWhileRunning {
                key,
                id: raw.id.clone(),
                attempt: raw.attempt,
                replaced: false,
            });
            if delivery.is_running() {
                let deadline = delivery.lease.deadline();
                core.signal(key, LeaseSignal::Recovered { deadline });
            }
            Fate::Keep
        });
    }

    /// The message came back with a text that its handler does not know.
    fn replace(&mut self, now: Tick, key: DeliveryKey, attempt: u32) {
        self.with(now, key, |core, delivery| {
            let id = delivery.raw.id.clone();
            core.counters.redelivered_while_running += 1;
            core.emit(Event::RedeliveredWhileRunning { key, id, attempt, replaced: true });
            if !delivery.lease.is_lost() {
                core.lose(key, delivery, LostCause::Taken);
            }
            if let Work::Running(running) = &mut delivery.work {
                running.replaced = true;
            }
            core.stop(key, StopCause::Superseded);
            Fate::Keep
        });
    }

    /// Starts the handlers that may start.
    pub(super) fn start_buffered(&mut self, now: Tick) {
        if self.slots.waiting_count() == 0 || self.phase != Phase::Running {
            return;
        }
        let free = self.free_slots().min(self.pace.ready(now));
        let ready = |key: &DeliveryKey| {
            self.deliveries.get(key).is_some_and(|delivery| match &delivery.work {
                Work::Buffered(waiting) => {
                    !waiting.renew_first
                        && delivery.lease.standing == Standing::Held
                        && waiting.after.is_none_or(|older| !self.deliveries.contains_key(&older))
                }
                _ => false,
            })
        };
        let ready: Vec<_> = self.slots.waiting().filter(ready).take(free).collect();
        for key in ready {
            self.start(now, key);
        }
    }

    /// When the rate lets a handler start whose message is here already.
    pub(super) fn start_due(&self) -> Option<Tick> {
        if self.slots.waiting_count() == 0 || self.phase != Phase::Running {
            return None;
        }
        self.pace.ready_at(1, self.latest)
    }

    fn start(&mut self, now: Tick, key: DeliveryKey) {
        self.pace.started(now);
        self.with(now, key, |core, delivery| {
            delivery.work = Work::Running(Running { since: now, replaced: false, warned: false });
            core.counters.started += 1;
            core.emit(Event::Started {
                key,
                id: delivery.raw.id.clone(),
                attempt: delivery.attempt,
            });
            core.act(Action::Start {
                key,
                delivery: Arc::clone(&delivery.raw),
                deadline: delivery.lease.deadline(),
            });
            Fate::Keep
        });
    }
}
