//! When to receive: the pauses of an empty queue and of one that fails.

use std::{collections::BTreeMap, time::Duration};

use fastrand::Rng;

use super::{
    Action, Core, End, Event, LoopState, OpId, Phase, Poll, RawDelivery, ShutdownMode, Tick,
    Trouble,
    config::{Polling, QueueMissing},
    liveness::{Heard, heard},
};
use crate::failure::{OpFailure, Refusal};

/// The longest that an answer to a receive is waited for: the service itself gives up after 30 s
/// ("Setting timeouts for Queue service operations").
const ANSWER_LIMIT: Duration = Duration::from_secs(35);
/// The pause after an answer with fewer messages than asked for.
const SHORT_PAUSE: Duration = Duration::from_millis(10);
/// The most that a `Retry-After` counts.
const RETRY_AFTER_CAP: Duration = Duration::from_secs(300);
/// The most messages of one answer ("Get Messages").
const BATCH: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Poller {
    in_flight: BTreeMap<OpId, Receive>,
    create: Option<OpId>,
    /// Empty answers in a row.
    empty: u32,
    /// Failures in a row, by their kind.
    failures: BTreeMap<Trouble, u32>,
    wait: Option<Wait>,
    last_was_full: bool,
    nudged: bool,
    /// Whether a receive has ever succeeded.
    has_received: bool,
    /// When the first of the receives was sent that have failed in a row.
    failing_since: Option<Tick>,
}

#[derive(Debug)]
struct Receive {
    asked: usize,
    lease: Duration,
    jumped: Duration,
}

#[derive(Debug, Clone, Copy)]
struct Wait {
    until: Tick,
    why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Short,
    Empty,
    Trouble(Trouble),
}

impl Trouble {
    pub(super) const fn of(failure: &OpFailure) -> Self {
        match failure {
            OpFailure::Refused { kind, .. } => match kind {
                Refusal::Throttled => Self::Throttled,
                Refusal::Unauthorized => Self::Unauthorized,
                Refusal::QueueNotFound | Refusal::QueueBeingDeleted => Self::QueueMissing,
                _ => Self::Refused,
            },
            OpFailure::NotSent | OpFailure::Ambiguous => Self::Network,
            OpFailure::NotOwner => Self::Refused,
        }
    }

    /// The first and the longest pause.
    const fn back_off(self) -> (Duration, Duration) {
        match self {
            Self::Throttled | Self::QueueMissing | Self::Refused | Self::NotTheService => {
                (Duration::from_secs(1), Duration::from_secs(60))
            }
            Self::Network => (Duration::from_millis(500), Duration::from_secs(30)),
            Self::Unauthorized => (Duration::from_secs(10), Duration::from_secs(300)),
        }
    }
}

/// `first` doubled `times` times, not above `cap`.
pub(super) fn doubled(first: Duration, times: u32, cap: Duration) -> Duration {
    first.saturating_mul(1 << times.min(31)).min(cap)
}

impl Polling {
    /// The pause after the `count`th empty answer in a row.
    fn pause(&self, rng: &mut Rng, count: u32) -> Duration {
        let pause = doubled(self.min, count.saturating_sub(1), self.max);
        let factor = 1.0 + self.jitter * (2.0 * rng.f64() - 1.0);
        pause.mul_f64(factor).clamp(self.min, self.max)
    }
}

impl Poller {
    pub(super) fn asked(&self) -> usize {
        self.in_flight.values().map(|receive| receive.asked).sum()
    }

    /// Whether a request for the queue as a whole is in flight.
    pub(super) fn is_asking(&self) -> bool {
        !self.in_flight.is_empty() || self.create.is_some()
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    pub(super) fn waits_until(&self) -> Option<Tick> {
        self.wait.map(|wait| wait.until)
    }

    pub(super) fn trouble(&self) -> Option<Trouble> {
        match self.wait?.why {
            Why::Trouble(trouble) => Some(trouble),
            Why::Short | Why::Empty => None,
        }
    }

    pub(super) fn jumped(&mut self, by: Duration) {
        for receive in self.in_flight.values_mut() {
            receive.jumped = receive.jumped.saturating_add(by);
        }
    }

    /// There is something in the queue: an empty queue's pause ends, an outage's does not.
    pub(super) fn nudge(&mut self) {
        if self.wait.is_some_and(|wait| wait.why == Why::Empty) {
            self.wait = None;
        }
        self.empty = 0;
        // A receive that is under way may have passed the queue before the message was there.
        self.nudged = !self.in_flight.is_empty();
    }

    fn succeeded(
        &mut self,
        config: &Polling,
        rng: &mut Rng,
        now: Tick,
        asked: usize,
        count: usize,
    ) {
        self.failures.clear();
        self.failing_since = None;
        self.has_received = true;
        self.last_was_full = count >= asked;
        let nudged = std::mem::take(&mut self.nudged);
        self.wait = if count >= asked {
            self.empty = 0;
            None
        } else if count > 0 {
            self.empty = 0;
            Some(Wait { until: now + SHORT_PAUSE, why: Why::Short })
        } else if nudged {
            self.empty = 0;
            Some(Wait { until: now + SHORT_PAUSE, why: Why::Empty })
        } else {
            self.empty = self.empty.saturating_add(1);
            Some(Wait { until: now + config.pause(rng, self.empty), why: Why::Empty })
        };
    }

    /// Notes the failure of a receive that was sent at `sent_at`, and until when the next one waits.
    fn failed(
        &mut self,
        rng: &mut Rng,
        now: Tick,
        sent_at: Tick,
        trouble: Trouble,
        retry_after: Option<Duration>,
    ) -> Tick {
        self.failing_since.get_or_insert(sent_at);
        let count = self.failures.entry(trouble).or_default();
        *count = count.saturating_add(1);
        let (first, cap) = trouble.back_off();
        let pause = doubled(first, *count - 1, cap).mul_f64(0.5 + 0.5 * rng.f64());
        let asked = retry_after.unwrap_or_default();
        let until = now + pause.max(asked.min(RETRY_AFTER_CAP));
        self.last_was_full = false;
        self.empty = 0;
        self.wait = Some(Wait { until, why: Why::Trouble(trouble) });
        until
    }
}

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
                max: queue_proto::MessageCount::saturating(asked),
                lease: super::lease_timeout(lease),
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
            self.config.lease.max(super::running::LEASE_WITHOUT_UPDATES)
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
                // once will do so again.
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
        if count > 0 && now >= super::lease::deadline(sent_at, receive.lease, receive.jumped) {
            // By now the messages are visible again.
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
        if let (Some(since), Some(limit)) = (self.poller.failing_since, self.config.give_up_after)
            && next > since + limit
        {
            self.begin_shutdown(now, ShutdownMode::Drain, End::GaveUp(trouble));
        }
    }

    fn act_on_trouble(&mut self, now: Tick, trouble: Trouble) {
        match trouble {
            // A configuration error should show at once; a credential that stops working may work
            // again.
            Trouble::Unauthorized if !self.poller.has_received => {
                self.begin_shutdown(now, ShutdownMode::Drain, End::Unauthorized);
            }
            Trouble::QueueMissing => match self.config.queue_missing {
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

    pub(super) fn loop_state(&self) -> LoopState {
        match &self.phase {
            Phase::Finished => LoopState::Finished,
            Phase::Draining(draining) if draining.dropped => LoopState::Releasing,
            Phase::Draining(_) => LoopState::Draining,
            Phase::Running if self.paused => LoopState::Paused,
            Phase::Running => {
                self.poller.trouble().map_or(LoopState::Working, LoopState::BackingOff)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_stay_between_their_bounds() {
        let polling = Polling::default();
        let mut rng = Rng::with_seed(3);
        for count in 1..200 {
            let pause = polling.pause(&mut rng, count);
            assert!(pause >= polling.min && pause <= polling.max, "{count}: {pause:?}");
            let exact = doubled(polling.min, count - 1, polling.max);
            assert!(pause >= exact.mul_f64(0.79).max(polling.min), "{count}: {pause:?}");
            assert!(pause <= exact.mul_f64(1.21), "{count}: {pause:?}");
        }
    }
}
