//! [`RetryBudget`]: bounds the retries of many calls together.

use std::sync::atomic::{AtomicU32, Ordering};

/// In tenths of a retry, so that a share of the calls can be put aside with whole numbers.
const RETRY: u32 = 10;

/// Bounds the retries of all clients that share it to a part of their calls, so that clients do not
/// bury a service that is in trouble.
///
/// Every call puts a tenth of a retry aside, up to a bound; every retry takes one out. While none
/// is left, calls fail at their first error. What costs nothing: the repetition after a credential
/// was renewed, a clock corrected, or a closed connection replaced.
///
/// ```
/// use queue_client::retry::RetryBudget;
///
/// // Fifty retries at once at most, and one for every ten calls in the long run.
/// let budget = RetryBudget::new(50);
/// assert_eq!(budget.left(), 50);
/// ```
#[derive(Debug)]
pub struct RetryBudget {
    tenths: AtomicU32,
    bound: u32,
}

impl RetryBudget {
    /// A budget that starts with, and never holds more than, so many retries.
    #[must_use]
    pub const fn new(retries: u32) -> Self {
        let bound = retries.saturating_mul(RETRY);
        Self { tenths: AtomicU32::new(bound), bound }
    }

    /// The number of retries that are left.
    #[must_use]
    pub fn left(&self) -> u32 {
        self.tenths.load(Ordering::Relaxed) / RETRY
    }

    pub(crate) fn earn(&self) {
        let add = |tenths: u32| Some(tenths.saturating_add(1).min(self.bound));
        // The closure always gives a value.
        let _ = self.tenths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    pub(crate) fn spend(&self) -> bool {
        let take = |tenths: u32| tenths.checked_sub(RETRY);
        self.tenths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }
}

impl Default for RetryBudget {
    /// A hundred retries.
    fn default() -> Self {
        Self::new(100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_calls_earn_one_retry() {
        let budget = RetryBudget::new(2);
        assert!(budget.spend() && budget.spend() && !budget.spend());
        for _ in 0..9 {
            budget.earn();
        }
        assert!(!budget.spend());
        budget.earn();
        assert!(budget.spend() && !budget.spend());
    }

    #[test]
    fn savings_are_bounded() {
        let budget = RetryBudget::new(1);
        for _ in 0..1_000 {
            budget.earn();
        }
        assert_eq!(budget.left(), 1);
    }
}
