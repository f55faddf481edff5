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
    lookahead::Wish,
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

impl Core {
    /// Issues the receives that are due.
    pub(super) fn receive(&mut self, now: Tick) {
        self.poller.due = None;
        if self.phase != Phase::Running || self.paused || self.poller.create.is_some() {
            return;
        }
        let idle = self.poller.in_flight() == 0;
        if let Some(wait) = self.poller.wait {
            if now < wait.until {
                self.poller.due =
                    self.wish(now).at(now).filter(|_| idle).map(|at| at.max(wait.until));
                return;
            }
            // After trouble, one receive finds out whether it is over.
            if matches!(wait.why, Why::Trouble(_)) && !idle {
                return;
            }
        }
        // An answer with fewer messages than asked for says that there is nothing to hurry for.
        let allowed = if self.poller.last_was_full { self.config.max_polls.get() } else { 1 };
        while self.poller.in_flight() < allowed {
            match self.wish(now) {
                Wish::Now(messages) => self.ask_for(now, messages),
                wish => {
                    self.poller.due = wish.at(now);
                    return;
                }
            }
        }
    }

    fn ask_for(&mut self, now: Tick, messages: usize) {
        let lease = self.first_lease(now);
        let op = self.new_op();
        let receive = Receive { asked: messages, since: now, lease, jumped: Duration::ZERO };
        self.poller.in_flight.insert(op, receive);
        let limit = ANSWER_LIMIT.min(lease);
        // A pause that is over shows up as trouble until an answer says otherwise.
        self.act(Action::Receive {
            op,
            max: MessageCount::saturating(messages),
            lease: lease_timeout(lease),
            give_up_at: now + limit,
        });
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
                self.throttled_by(now, &failure, receive.asked);
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
        if receive.jumped.is_zero() {
            self.estimate.receive_took(now.since(receive.since));
        }
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
