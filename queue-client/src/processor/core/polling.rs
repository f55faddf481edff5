//! When to receive, and what the answers mean.

use std::time::Duration;

use queue_proto::MessageCount;

use super::{
    config::QueueMissing,
    event::{Event, Poll, Trouble},
    ids::OpId,
    io::Action,
    lease::{self, LEASE_WITHOUT_UPDATES, lease_timeout},
    liveness::{Heard, heard},
    machine::Core,
    message::RawDelivery,
    phase::Phase,
    poller::{Receive, Why},
    report::{End, ShutdownMode},
    time::Tick,
};
use crate::failure::OpFailure;

/// The longest that an answer to a receive is waited for: the service itself gives up after 30 s
/// ("Setting timeouts for Queue service operations").
const ANSWER_LIMIT: Duration = Duration::from_secs(35);
/// The most messages of one answer ("Get Messages").
const BATCH: usize = 32;

impl Core {
    /// Issues the receives that are due.
    pub(super) fn receive(&mut self, now: Tick) {
        if self.phase != Phase::Running || self.paused || self.poller.create.is_some() {
            return;
        }
        if let Some(wait) = self.poller.wait {
            if now < wait.until {
                return;
            }
            if let Why::Trouble(_) = wait.why
                && self.poller.in_flight() > 0
            {
                // After trouble, one receive finds out whether it is over.
                return;
            }
        }
        loop {
            let free = self.room(now);
            let allowed = if self.poller.last_was_full {
                free.div_ceil(BATCH).min(self.config.max_polls.get())
            } else {
                1
            };
            if free == 0 || self.poller.in_flight() >= allowed {
                return;
            }
            let asked = free.min(BATCH);
            let lease = self.first_lease(now);
            let op = self.new_op();
            self.poller.in_flight.insert(op, Receive { asked, lease, jumped: Duration::ZERO });
            // A pause that is over shows up as trouble until an answer says otherwise.
            let limit = ANSWER_LIMIT.min(lease);
            self.act(Action::Receive {
                op,
                max: MessageCount::saturating(asked),
                lease: lease_timeout(lease),
                give_up_at: now + limit,
            });
        }
    }

    /// When a receive is due, if only time is missing.
    pub(super) fn receive_due(&self) -> Option<Tick> {
        let idle = self.poller.in_flight() == 0 && self.poller.create.is_none();
        let full = self.deliveries.len() >= self.capacity();
        if self.phase != Phase::Running || self.paused || !idle || full {
            return None;
        }
        let wait = self.poller.waits_until();
        if self.room(self.latest) > 0 {
            return wait;
        }
        // The rate allows no more for now. `None` is less than any instant.
        let ready = self.pace.ready_at(self.buffered.len() + 1, self.latest)?;
        wait.max(Some(ready))
    }

    /// How many messages more can be held, and started as the rate allows: what waits for its start
    /// waits better in the queue, where others can have it.
    fn room(&self, now: Tick) -> usize {
        let asked = self.poller.asked();
        let free = self.capacity().saturating_sub(self.deliveries.len() + asked);
        free.min(self.pace.ready(now).saturating_sub(self.buffered.len() + asked))
    }

    /// While updates are forbidden leases cannot be renewed, so they are longer.
    fn first_lease(&self, now: Tick) -> Duration {
        if self.updates_forbidden(now) {
            self.config.lease.max(LEASE_WITHOUT_UPDATES)
        } else {
            self.config.lease
        }
    }

    pub(super) fn received(
        &mut self,
        now: Tick,
        op: OpId,
        sent_at: Tick,
        result: Result<Vec<RawDelivery>, OpFailure>,
    ) {
        let Some(receive) = self.poller.in_flight.remove(&op) else {
            return self.unknown_answer();
        };
        self.counters.polls += 1;
        // Nothing was received later than now, whatever the driver says.
        let sent_at = sent_at.min(now);
        let messages = match result {
            Ok(messages) if messages.len() > receive.asked => {
                // To give back what was not asked for would be a flood: who answers 2,000 messages
                // once will do so again. Test:
                // `polling::an_answer_with_more_messages_than_asked_for_is_refused`.
                return self.receive_failed(now, sent_at, Trouble::NotTheService, None);
            }
            Ok(messages) => messages,
            Err(failure) => {
                let retry_after = match failure {
                    OpFailure::Refused { retry_after, .. } => retry_after,
                    _ => None,
                };
                return self.receive_failed(now, sent_at, Trouble::of(&failure), retry_after);
            }
        };
        let count = messages.len();
        self.emit(Event::Polled(match count {
            0 => Poll::Empty,
            count if count >= receive.asked => Poll::Full(count),
            count => Poll::Partial(count),
        }));
        self.poller.succeeded(&self.config.polling, &mut self.rng, now, receive.asked, count);
        self.heard(now, Heard::Success);
        self.counters.received += count as u64;
        if count > 0 && now >= lease::deadline(sent_at, receive.lease, receive.jumped) {
            // By now the messages are visible again, and others may have them. Test:
            // `leases::a_late_answer_just_after_its_deadline_is_discarded`.
            self.emit(Event::LateAnswer { messages: count });
            return;
        }
        for message in messages {
            self.arrive(now, sent_at, receive.lease, receive.jumped, message);
        }
    }

    fn receive_failed(
        &mut self,
        now: Tick,
        sent_at: Tick,
        trouble: Trouble,
        retry_after: Option<Duration>,
    ) {
        self.emit(Event::Polled(Poll::Failed(trouble)));
        let next = self.poller.failed(&mut self.rng, now, sent_at, trouble, retry_after);
        self.act_on_trouble(now, trouble);
        // A try that would come after the end is not waited for.
        if let (Some(since), Some(limit)) = (self.poller.failing_since, self.config.give_up_after())
            && next > since + limit
        {
            self.begin_shutdown(now, ShutdownMode::Drain, End::GaveUp(trouble));
        }
    }

    fn act_on_trouble(&mut self, now: Tick, trouble: Trouble) {
        match trouble {
            // A configuration error should show at once; a credential that stops working may work
            // again. Test: `polling::a_wrong_credential_shows_at_once_and_a_lost_one_is_waited_for`.
            Trouble::Unauthorized if !self.poller.has_received => {
                self.begin_shutdown(now, ShutdownMode::Drain, End::Unauthorized);
            }
            Trouble::QueueMissing => match self.config.queue_missing() {
                QueueMissing::Fail => {
                    self.begin_shutdown(now, ShutdownMode::Drain, End::QueueMissing);
                }
                QueueMissing::Create if self.poller.create.is_none() => {
                    let op = self.new_op();
                    self.poller.create = Some(op);
                    self.act(Action::CreateQueue { op, give_up_at: now + ANSWER_LIMIT });
                }
                QueueMissing::Create | QueueMissing::Wait => {}
            },
            _ => {}
        }
    }

    pub(super) fn queue_created(&mut self, now: Tick, op: OpId, result: &Result<(), OpFailure>) {
        if self.poller.create != Some(op) {
            return self.unknown_answer();
        }
        self.poller.create = None;
        self.heard(now, heard(result));
        if result.is_ok() {
            // The failures are counted on: a queue that is made and deleted in turns is no reason
            // to ask all the time.
            self.poller.wait = None;
        }
    }

    /// Whether a receive has just found the queue empty and nothing else is under way.
    pub(super) fn is_drained(&self) -> bool {
        self.poller.empty > 0 && self.poller.in_flight.is_empty() && self.deliveries.is_empty()
    }
}
