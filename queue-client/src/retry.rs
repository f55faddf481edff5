//! When a failed attempt is followed by another.

mod budget;

use std::{fmt, time::Duration};

use queue_proto::{Idempotence, OperationKind};

pub use self::budget::RetryBudget;
use crate::failure::{OpFailure, Refusal};

/// An attempt that failed, as a [`RetryPolicy`] sees it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Attempt<'a> {
    /// The operation that was called.
    pub operation: OperationKind,
    /// The number of attempts that were made so far, this one included: 1 after the first.
    pub number: u32,
    /// The effect of the attempt.
    pub failure: &'a OpFailure,
    /// A random number, for jitter.
    pub random: u64,
}

/// Decides whether, and after which pause, a call is tried again.
///
/// The client asks only where trying again cannot do harm: what was
/// [refused for a moment](Refusal::Throttled) or [not sent](OpFailure::NotSent), and what is
/// [ambiguous](OpFailure::Ambiguous) if the operation may be repeated. Every attempt is built,
/// dated and signed afresh.
///
/// An implementation is a pure function of its argument.
pub trait RetryPolicy: fmt::Debug + Send + Sync {
    /// The pause before the next attempt, or `None` to give up.
    fn delay(&self, attempt: &Attempt<'_>) -> Option<Duration>;
}

/// A policy that never tries again.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to add")]
pub struct NoRetry;

impl RetryPolicy for NoRetry {
    fn delay(&self, _: &Attempt<'_>) -> Option<Duration> {
        None
    }
}

/// Pauses that double, each a random part of its bound (full jitter), so that clients which failed
/// together do not return together. The default policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExponentialBackoff {
    max_attempts: u32,
    base: Duration,
    cap: Duration,
    retry_after_cap: Duration,
}

impl ExponentialBackoff {
    /// Four attempts; pauses of up to 0.5 s, 1 s and 2 s, never above 30 s; a `Retry-After` of the
    /// service is honored up to 60 s.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_attempts: 4,
            base: Duration::from_millis(500),
            cap: Duration::from_secs(30),
            retry_after_cap: Duration::from_secs(60),
        }
    }

    /// Sets how many attempts are made in all, the first included; 1 means no retry. Default: 4.
    #[must_use]
    pub const fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Sets the bound of the first pause, which doubles with every further one. Default: 0.5
    /// seconds.
    #[must_use]
    pub const fn base(mut self, pause: Duration) -> Self {
        self.base = pause;
        self
    }

    /// Sets the bound that no pause exceeds. Default: 30 seconds.
    #[must_use]
    pub const fn cap(mut self, pause: Duration) -> Self {
        self.cap = pause;
        self
    }

    /// Sets the longest `Retry-After` that is waited for; a longer one is cut. Default: 60 seconds.
    #[must_use]
    pub const fn retry_after_cap(mut self, pause: Duration) -> Self {
        self.retry_after_cap = pause;
        self
    }
}

impl Default for ExponentialBackoff {
    fn default() -> Self {
        Self::new()
    }
}

impl RetryPolicy for ExponentialBackoff {
    fn delay(&self, attempt: &Attempt<'_>) -> Option<Duration> {
        if attempt.number >= self.max_attempts {
            return None;
        }
        if let OpFailure::Refused { retry_after: Some(pause), .. } = attempt.failure {
            return Some((*pause).min(self.retry_after_cap));
        }
        let doublings = attempt.number.saturating_sub(1).min(31);
        let bound = self.base.saturating_mul(1 << doublings).min(self.cap);
        let fraction = attempt.random as f64 / u64::MAX as f64;
        Some(bound.mul_f64(fraction))
    }
}

/// Says whether another attempt after `failure` can do no harm that a first one would not have
/// done.
pub(crate) fn is_safe_to_repeat(operation: OperationKind, failure: &OpFailure) -> bool {
    match failure {
        OpFailure::NotSent | OpFailure::Refused { kind: Refusal::Throttled, .. } => true,
        OpFailure::Ambiguous => operation.idempotence() != Idempotence::Effectful,
        OpFailure::Refused { .. } | OpFailure::NotOwner => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(number: u32, failure: &OpFailure, random: u64) -> Attempt<'_> {
        Attempt { operation: OperationKind::PutMessage, number, failure, random }
    }

    #[test]
    fn pauses_double_and_stay_below_the_cap() {
        let policy = ExponentialBackoff::new()
            .max_attempts(100)
            .base(Duration::from_secs(1))
            .cap(Duration::from_secs(5));
        let longest = |number| policy.delay(&attempt(number, &OpFailure::NotSent, u64::MAX));
        assert_eq!(longest(1), Some(Duration::from_secs(1)));
        assert_eq!(longest(2), Some(Duration::from_secs(2)));
        assert_eq!(longest(3), Some(Duration::from_secs(4)));
        assert_eq!(longest(4), Some(Duration::from_secs(5)));
        assert_eq!(longest(99), Some(Duration::from_secs(5)));
        assert_eq!(longest(100), None);
    }

    #[test]
    fn jitter_covers_the_whole_range() {
        let policy = ExponentialBackoff::new().base(Duration::from_secs(4));
        let failure = OpFailure::NotSent;
        assert_eq!(policy.delay(&attempt(1, &failure, 0)), Some(Duration::ZERO));
        let half = policy.delay(&attempt(1, &failure, u64::MAX / 2)).unwrap();
        assert!((half.as_secs_f64() - 2.0).abs() < 0.001, "{half:?}");
    }

    #[test]
    fn retry_after_is_honored_and_cut() {
        let policy = ExponentialBackoff::new().retry_after_cap(Duration::from_secs(10));
        let asked = |seconds| OpFailure::Refused {
            kind: Refusal::Throttled,
            retry_after: Some(Duration::from_secs(seconds)),
        };
        assert_eq!(policy.delay(&attempt(1, &asked(7), 0)), Some(Duration::from_secs(7)));
        assert_eq!(policy.delay(&attempt(1, &asked(700), 0)), Some(Duration::from_secs(10)));
    }

    #[test]
    fn one_attempt_means_no_retry() {
        let policy = ExponentialBackoff::new().max_attempts(1);
        assert_eq!(policy.delay(&attempt(1, &OpFailure::NotSent, 0)), None);
    }

    #[test]
    fn an_ambiguous_put_is_never_repeated_but_a_delete_is() {
        assert!(!is_safe_to_repeat(OperationKind::PutMessage, &OpFailure::Ambiguous));
        assert!(is_safe_to_repeat(OperationKind::PutMessage, &OpFailure::NotSent));
        assert!(is_safe_to_repeat(OperationKind::DeleteMessage, &OpFailure::Ambiguous));
        assert!(!is_safe_to_repeat(OperationKind::DeleteMessage, &OpFailure::NotOwner));
    }
}
