//! [`CoreConfig`]: what can be set, with the defaults and their limits.

use std::{
    error::Error,
    fmt,
    num::{NonZeroU32, NonZeroUsize},
    time::Duration,
};

/// The longest visibility timeout of the service: seven days ("Update Message").
pub(super) const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// For how long receives may fail before a run gives up that is to come to an end.
const DRAIN_PATIENCE: Duration = Duration::from_secs(30);
const SHORTEST_LEASE: Duration = Duration::from_secs(5);

/// The settings of a [`Core`](super::Core). Durations of leases are whole seconds. What a setting is
/// for, and when to change it, is told at the method of
/// [`Processor`](crate::processor::Processor) that has its name.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CoreConfig {
    /// The number of handlers that run at once. Default: 16.
    pub concurrency: NonZeroUsize,
    /// The number of messages that are received ahead and kept, with their leases renewed. Default:
    /// `None`, with which as many are received ahead as handlers are expected to start within some
    /// round trips, and are given back if they do not start.
    pub prefetch: Option<usize>,
    /// The number of messages being settled at which no handler starts until one is settled. Default:
    /// `None`, with which that is four times the concurrency, and at least 256.
    pub max_settling: Option<NonZeroUsize>,
    /// The number of receives that are in flight at once when the queue is busy. Default: 8.
    pub max_polls: NonZeroUsize,
    /// The time for which a received message is hidden at first, 5 s to 7 days. Default: 60 s.
    pub lease: Duration,
    /// Whether leases are renewed while a handler runs. Default: they are.
    pub renew: bool,
    /// How the lease grows with each renewal. Default: it doubles, up to 5 min.
    pub lease_growth: LeaseGrowth,
    /// The time in all for which a message is kept hidden for one handler; `None` for any time. Default:
    /// 1 h.
    pub max_lease: Option<Duration>,
    /// The time after which a running handler is dropped, above zero; `None` for never. Default: `None`.
    pub handler_timeout: Option<Duration>,
    /// What happens to a handler whose lease is lost. Default: the handler is told.
    pub on_lease_lost: OnLeaseLost,
    /// The delay after which a failed message is received again. Default: 5 s, doubling up to 10 min.
    pub retry: RetryDelay,
    /// The number of handlers that start per second at most, 0.001 to 1,000,000; `None` for any number.
    /// No more than that is received either. Default: `None`.
    pub rate: Option<f64>,
    /// The number of deliveries that a message gets before it is dead-lettered; `None` for any number.
    /// Default: 5.
    pub max_deliveries: Option<NonZeroU32>,
    /// Whether there is a place for dead letters. Without one, a message that would become one
    /// stays in the queue and returns after the longest retry delay. Default: there is one.
    pub dead_letter: bool,
    /// The pauses between receives of an empty queue. Default: 100 ms, doubling up to 10 s.
    pub polling: Polling,
    /// What happens when the queue does not exist. Default: `None`, with which the processor waits
    /// for it, or ends if it is to [stop when the queue is empty](Self::stop_when_empty).
    pub queue_missing: Option<QueueMissing>,
    /// The time for which receives may fail in a row, whatever the reason, before the run ends. Default:
    /// `None`, with which that is for ever, or 30 seconds if the run is to
    /// [stop when the queue is empty](Self::stop_when_empty).
    pub give_up_after: Option<Duration>,
    /// The time for which running handlers may go on after a shutdown with
    /// [`ShutdownMode::Drain`](super::ShutdownMode::Drain), up to 7 days. Default: 25 s.
    pub drain_timeout: Duration,
    /// The number of completed messages whose delete did not succeed and whose ids are remembered.
    /// Default: 1,024.
    pub completed_capacity: usize,
    /// The time for which these ids are remembered. Default: 15 min.
    pub completed_time: Duration,
    /// Whether the run ends once a receive finds nothing and nothing is held. Default: it does not.
    pub stop_when_empty: bool,
}

/// How a lease grows with each renewal.
///
/// Growth keeps the wait short for messages of a receiver that crashed young, and the renewals, each
/// of which may lose a pop receipt, few for handlers that run long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeaseGrowth {
    /// Every lease is as long as the first.
    None,
    /// Every lease is twice as long as the one before, up to the cap.
    Double {
        /// The longest lease, in whole seconds. A first lease that is longer stays as it is.
        cap: Duration,
    },
}

/// What happens to a handler whose lease is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnLeaseLost {
    /// The handler is told and goes on.
    Notify,
    /// The handler's future is dropped.
    Drop,
}

/// The delay before a failed message is received again: it doubles with every delivery, with jitter.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RetryDelay {
    /// The delay after the first delivery. Default: 5 s.
    pub first: Duration,
    /// The bound that no delay exceeds, at most 7 days. Default: 10 min.
    pub cap: Duration,
    /// The part by which a delay may be shorter or longer, 0 to 1. Default: 0.2.
    pub jitter: f64,
}

/// How often an empty queue is asked: the pause doubles from `min` to `max`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Polling {
    /// The pause after the first empty answer, above zero. Default: 100 ms.
    pub min: Duration,
    /// The longest pause, at most 7 days. Default: 10 s, which is 8,640 requests a day for a queue that
    /// stays empty.
    pub max: Duration,
    /// The part by which a pause may be shorter or longer, 0 to 1. Default: 0.2.
    pub jitter: f64,
}

/// What happens when the queue does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueueMissing {
    /// The processor waits until somebody makes the queue.
    Wait,
    /// The processor makes the queue.
    Create,
    /// The run ends.
    Fail,
}

impl Default for CoreConfig {
    fn default() -> Self {
        Self {
            concurrency: NonZeroUsize::MIN.saturating_add(15),
            prefetch: None,
            max_settling: None,
            max_polls: NonZeroUsize::MIN.saturating_add(7),
            lease: Duration::from_secs(60),
            renew: true,
            lease_growth: LeaseGrowth::default(),
            max_lease: Some(Duration::from_secs(60 * 60)),
            handler_timeout: None,
            on_lease_lost: OnLeaseLost::Notify,
            retry: RetryDelay::default(),
            rate: None,
            max_deliveries: Some(NonZeroU32::MIN.saturating_add(4)),
            dead_letter: true,
            polling: Polling::default(),
            queue_missing: None,
            give_up_after: None,
            drain_timeout: Duration::from_secs(25),
            completed_capacity: 1024,
            completed_time: Duration::from_secs(15 * 60),
            stop_when_empty: false,
        }
    }
}

impl Default for LeaseGrowth {
    fn default() -> Self {
        Self::Double { cap: Duration::from_secs(300) }
    }
}

impl Default for RetryDelay {
    fn default() -> Self {
        Self::new(Duration::from_secs(5), Duration::from_secs(600))
    }
}

impl Default for Polling {
    fn default() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(10))
    }
}

impl RetryDelay {
    /// A delay that doubles from `first` to `cap`, with a jitter of 20 %.
    #[must_use]
    pub const fn new(first: Duration, cap: Duration) -> Self {
        Self { first, cap, jitter: 0.2 }
    }

    /// Sets the part by which a delay may be shorter or longer, 0 to 1.
    #[must_use]
    pub const fn jitter(mut self, part: f64) -> Self {
        self.jitter = part;
        self
    }
}

impl Polling {
    /// Pauses that double from `min` to `max`, with a jitter of 20 %.
    #[must_use]
    pub const fn new(min: Duration, max: Duration) -> Self {
        Self { min, max, jitter: 0.2 }
    }

    /// Sets the part by which a pause may be shorter or longer, 0 to 1.
    #[must_use]
    pub const fn jitter(mut self, part: f64) -> Self {
        self.jitter = part;
        self
    }
}

impl CoreConfig {
    /// Checks that every setting is within its limits.
    ///
    /// # Errors
    ///
    /// The first setting that is outside its limits, and its rule.
    pub fn check(&self) -> Result<(), ConfigError> {
        let rule = |holds: bool, setting: &'static str, rule: &'static str| {
            if holds { Ok(()) } else { Err(ConfigError { setting, rule }) }
        };
        let whole = |duration: Duration| duration.subsec_nanos() == 0;
        rule(
            whole(self.lease) && (SHORTEST_LEASE..=LONGEST).contains(&self.lease),
            "lease",
            "must be 5 s to 7 days in whole seconds",
        )?;
        if let LeaseGrowth::Double { cap } = self.lease_growth {
            rule(
                whole(cap) && (SHORTEST_LEASE..=LONGEST).contains(&cap),
                "lease_growth",
                "the cap must be 5 s to 7 days in whole seconds",
            )?;
        }
        rule(
            self.max_lease.is_none_or(|max| max >= self.lease),
            "max_lease",
            "must not be shorter than the lease",
        )?;
        rule(
            self.handler_timeout.is_none_or(|limit| !limit.is_zero()),
            "handler_timeout",
            "must be longer than zero",
        )?;
        rule(
            self.renew || self.handler_timeout.is_none_or(|limit| limit < self.lease),
            "handler_timeout",
            "must be shorter than the lease while leases are not renewed",
        )?;
        rule(
            self.retry.first <= self.retry.cap && self.retry.cap <= LONGEST,
            "retry",
            "the first delay must not exceed the cap, and the cap not 7 days",
        )?;
        rule(
            !self.polling.min.is_zero()
                && self.polling.min <= self.polling.max
                && self.polling.max <= LONGEST,
            "polling",
            "the shortest pause must be above zero and not exceed the longest, and that not 7 days",
        )?;
        for (setting, jitter) in [("retry", self.retry.jitter), ("polling", self.polling.jitter)] {
            rule((0.0..=1.0).contains(&jitter), setting, "the jitter must be 0 to 1")?;
        }
        rule(
            self.rate.is_none_or(|rate| (0.001..=1_000_000.0).contains(&rate)),
            "rate",
            "must be 0.001 to 1,000,000 messages per second",
        )?;
        rule(self.drain_timeout <= LONGEST, "drain_timeout", "must not exceed 7 days")?;
        rule(
            self.concurrency.get().saturating_add(self.prefetch.unwrap_or_default()) <= 1 << 20,
            "concurrency",
            "must not exceed 1,048,576 with the prefetch",
        )
    }

    /// The number of messages being settled at which no handler starts. Without a setting it is what a
    /// queue takes in an eighth of a second, so that no round trip up to that makes handlers wait.
    pub(super) fn settling_bound(&self) -> usize {
        let usual = self.concurrency.get().saturating_mul(4).max(256);
        self.max_settling.map_or(usual, NonZeroUsize::get)
    }

    pub(super) fn queue_missing(&self) -> QueueMissing {
        let default = if self.stop_when_empty { QueueMissing::Fail } else { QueueMissing::Wait };
        self.queue_missing.unwrap_or(default)
    }

    pub(super) fn give_up_after(&self) -> Option<Duration> {
        self.give_up_after.or(self.stop_when_empty.then_some(DRAIN_PATIENCE))
    }

    /// The longest lease that growth leads to.
    pub(super) fn longest_lease(&self) -> Duration {
        match self.lease_growth {
            LeaseGrowth::None => self.lease,
            LeaseGrowth::Double { cap } => cap.max(self.lease),
        }
    }
}

/// A setting outside its limits.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigError {
    setting: &'static str,
    rule: &'static str,
}

impl ConfigError {
    /// The name of the setting.
    #[must_use]
    pub const fn setting(&self) -> &'static str {
        self.setting
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "setting `{}`: {}", self.setting, self.rule)
    }
}

impl Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_within_their_limits() {
        assert_eq!(CoreConfig::default().check(), Ok(()));
    }

    #[test]
    fn an_error_names_the_setting_and_the_rule() {
        let refused = |change: fn(&mut CoreConfig)| {
            let mut config = CoreConfig::default();
            change(&mut config);
            config.check().unwrap_err().to_string()
        };
        assert_eq!(
            refused(|config| config.lease = Duration::from_secs(4)),
            "setting `lease`: must be 5 s to 7 days in whole seconds"
        );
        assert!(refused(|config| config.lease = Duration::from_millis(5500)).contains("lease"));
        assert!(refused(|config| config.max_lease = Some(Duration::from_secs(59))).contains("max"));
        assert!(refused(|config| config.retry.jitter = f64::NAN).contains("jitter"));
        assert!(refused(|config| config.polling.min = Duration::ZERO).contains("polling"));
        for rate in [0.0, -1.0, 1e7, f64::NAN, f64::INFINITY] {
            let config = CoreConfig { rate: Some(rate), ..CoreConfig::default() };
            assert_eq!(config.check().unwrap_err().setting(), "rate", "{rate}");
        }
        assert!(
            refused(|config| {
                config.renew = false;
                config.handler_timeout = Some(Duration::from_secs(60));
            })
            .contains("not renewed")
        );
    }
}
