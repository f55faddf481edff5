//! [`Poller`]: the pauses between receives, of an empty queue and of one that fails.

use std::{collections::BTreeMap, time::Duration};

use fastrand::Rng;

use super::{
    config::Polling,
    ease::Ease,
    event::Trouble,
    ids::OpId,
    time::{Tick, doubled},
};
use crate::failure::{OpFailure, Refusal};

/// The pause after an answer with fewer messages than asked for.
const SHORT_PAUSE: Duration = Duration::from_millis(10);
/// The most that a `Retry-After` counts.
const RETRY_AFTER_CAP: Duration = Duration::from_secs(300);

#[derive(Debug, Default)]
pub(super) struct Poller {
    pub(super) in_flight: BTreeMap<OpId, Receive>,
    pub(super) create: Option<OpId>,
    /// Empty answers in a row.
    pub(super) empty: u32,
    /// Failures in a row, by their kind.
    failures: BTreeMap<Trouble, u32>,
    pub(super) wait: Option<Wait>,
    pub(super) last_was_full: bool,
    nudged: bool,
    /// When a receive is due, if only time is missing.
    pub(super) due: Option<Tick>,
    pub(super) ease: Ease,
    /// Whether a receive has ever succeeded.
    pub(super) has_received: bool,
    /// When the first of the receives was sent that have failed in a row.
    pub(super) failing_since: Option<Tick>,
}

#[derive(Debug)]
pub(super) struct Receive {
    pub(super) asked: usize,
    pub(super) since: Tick,
    pub(super) lease: Duration,
    pub(super) jumped: Duration,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Wait {
    pub(super) until: Tick,
    pub(super) why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
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

    pub(super) fn succeeded(
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
    pub(super) fn failed(
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
        // Failures and empty answers have pauses of their own. Test:
        // `polling::an_outage_does_not_leave_the_loop_at_its_slowest`.
        self.empty = 0;
        self.wait = Some(Wait { until, why: Why::Trouble(trouble) });
        until
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
