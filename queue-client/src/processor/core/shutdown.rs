//! How a run comes to its end.

use std::time::Duration;

use super::{
    delivery::{Delivery, Fate, GiveBack, Settling, Work},
    event::Settled,
    ids::DeliveryKey,
    io::Action,
    machine::Core,
    message::Outcome,
    phase::{Draining, Phase},
    report::{End, LeftMessage, Report, ShutdownMode},
    standing::StopCause,
    time::Tick,
};

/// After the drain timeout: until handlers are dropped, and until it is over.
const DRAIN: (Duration, Duration) = (Duration::from_secs(3), Duration::from_secs(5));
/// The same when what is held is to be released.
const RELEASE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(10));

/// Of two causes: one that came by itself says more than the shutdown that followed it.
const fn telling(before: End, now: End) -> End {
    match (before, now) {
        (End::Shutdown(_), now) => now,
        (before, _) => before,
    }
}

impl Core {
    pub(super) fn begin_shutdown(&mut self, now: Tick, mode: ShutdownMode, end: End) {
        let (stop_at, (drop_after, end_after)) = match mode {
            ShutdownMode::Drain => (now + self.config.drain_timeout, DRAIN),
            ShutdownMode::Release => (now, RELEASE),
            ShutdownMode::Abort => {
                let end = match &self.phase {
                    Phase::Draining(draining) => telling(draining.end, end),
                    _ => end,
                };
                return self.finish(now, end);
            }
        };
        let mut draining = Draining {
            end,
            stop_at,
            drop_at: stop_at + drop_after,
            end_at: stop_at + end_after,
            stopped: false,
            dropped: false,
        };
        match self.phase {
            Phase::Finished => return,
            Phase::Running => {}
            Phase::Draining(before) => {
                draining = Draining {
                    end: telling(before.end, end),
                    stop_at: before.stop_at.min(draining.stop_at),
                    drop_at: before.drop_at.min(draining.drop_at),
                    end_at: before.end_at.min(draining.end_at),
                    ..before
                };
            }
        }
        self.phase = Phase::Draining(draining);
        // What has not started does not start any more.
        let waiting: Vec<_> = self.slots.waiting().collect();
        for key in waiting {
            self.with(now, key, |_, delivery| {
                delivery.work =
                    Work::Settling(Settling::give_back_at_once(now, GiveBack::Shutdown));
                Fate::Keep
            });
        }
    }

    pub(super) fn drain(&mut self, now: Tick) {
        let Phase::Draining(mut draining) = self.phase else { return };
        if !draining.stopped && now >= draining.stop_at {
            draining.stopped = true;
            let keys: Vec<_> = self.running();
            for key in keys {
                self.stop(key, StopCause::Shutdown);
            }
        }
        if !draining.dropped && now >= draining.drop_at {
            draining.dropped = true;
            for key in self.running() {
                self.act(Action::Drop { key });
                self.with(now, key, |core, delivery| core.drop_handler(now, key, delivery));
            }
        }
        self.phase = Phase::Draining(draining);
        // A delete that is under way is waited for: its message would be worked on twice otherwise.
        // Test: `shutdown::a_delete_under_way_when_draining_starts_is_finished`.
        let over = self.deliveries.is_empty() && self.poller.in_flight() == 0;
        if over || now >= draining.end_at {
            self.finish(now, draining.end);
        }
    }

    fn drop_handler(&mut self, now: Tick, key: DeliveryKey, delivery: &mut Delivery) -> Fate {
        let replaced = matches!(&delivery.work, Work::Running(running) if running.replaced);
        if delivery.lease.is_lost() || replaced {
            return self.handler_over(now, key, delivery, &Outcome::Abandon, None);
        }
        self.refuse_asks(key, delivery);
        delivery.work = Work::Settling(Settling::give_back_at_once(now, GiveBack::Shutdown));
        Fate::Keep
    }

    fn running(&self) -> Vec<DeliveryKey> {
        self.slots.running().collect()
    }

    fn finish(&mut self, now: Tick, end: End) {
        if self.phase == Phase::Finished {
            return;
        }
        let mut left = Vec::new();
        let keys: Vec<_> = self.deliveries.keys().copied().collect();
        for key in keys {
            self.with(now, key, |core, delivery| {
                let completed = delivery.is_completed();
                left.push(LeftMessage {
                    id: delivery.raw.id.clone(),
                    visible_in: now.until(delivery.lease.end()),
                    completed,
                });
                if delivery.is_running() {
                    core.act(Action::Drop { key });
                }
                let how = if completed {
                    Settled::CompletedNotOwned { receipt_lost: false }
                } else {
                    Settled::Lapsed
                };
                core.end(now, key, delivery, how)
            });
        }
        let unanswered_receives = self.poller.in_flight();
        self.phase = Phase::Finished;
        self.poller.due = None;
        self.tell_state();
        let report = Report { end, counters: self.counters, left, unanswered_receives };
        self.report = Some(report.clone());
        self.act(Action::Finished(report));
    }
}
