//! When a lease ends, when it is renewed, and how long it becomes.
//!
//! The instant at which the request was sent is not later than the instant at which the service
//! started the lease. Counting from there needs no clocks that agree; it needs only that the local
//! clock is at most 5 % slow, which the margin covers.

use std::time::Duration;

use fastrand::Rng;

use queue_proto::{LeaseTimeout, VisibilityTimeout};

use super::{
    config::{CoreConfig, LeaseGrowth},
    standing::{LostCause, Standing},
    time::Tick,
};

/// The shortest lease while leases cannot be renewed.
pub(super) const LEASE_WITHOUT_UPDATES: Duration = Duration::from_secs(600);

/// What is known about the lease of one delivery.
#[derive(Debug)]
pub(super) struct Lease {
    /// When the request that received the message was sent.
    first: Tick,
    /// When the request that started the lease was sent.
    since: Tick,
    /// How long the service hides the message from then on.
    visibility: Duration,
    /// Until when nobody else can have the message.
    deadline: Tick,
    /// When the next renewal is due; `None` when there will be none.
    renew_at: Option<Tick>,
    pub(super) standing: Standing,
    /// The answer to an update was lost, so the receipt may be stale.
    pub(super) receipt_unknown: bool,
    /// When the message expires, at the earliest.
    expires: Option<Tick>,
}

/// How long before its end a lease counts as over. A twentieth is for a clock that is 5 % slow.
/// Test: `leases_are_exclusive_with_a_clock_that_is_as_slow_as_allowed`.
fn margin(visibility: Duration) -> Duration {
    (visibility / 20).max(Duration::from_secs(1))
}

/// Until when nobody else can have a message that was hidden for `visibility` by a request sent at
/// `sent_at`, when the local clock has since stood still for `jumped`.
pub(super) fn deadline(sent_at: Tick, visibility: Duration, jumped: Duration) -> Tick {
    (sent_at + visibility).minus(margin(visibility).saturating_add(jumped))
}

impl Lease {
    pub(super) fn received(
        rng: &mut Rng,
        sent_at: Tick,
        visibility: Duration,
        jumped: Duration,
        expires_in: Option<Duration>,
    ) -> Self {
        let mut lease = Self {
            first: sent_at,
            since: sent_at,
            visibility,
            deadline: sent_at,
            renew_at: None,
            standing: Standing::Held,
            receipt_unknown: false,
            expires: expires_in.map(|rest| (sent_at + rest).minus(jumped)),
        };
        lease.extend(rng, sent_at, visibility, jumped);
        lease
    }

    /// An update that was sent at `sent_at` succeeded.
    pub(super) fn extend(
        &mut self,
        rng: &mut Rng,
        sent_at: Tick,
        visibility: Duration,
        jumped: Duration,
    ) {
        self.since = sent_at;
        self.visibility = visibility;
        self.deadline = deadline(sent_at, visibility, jumped);
        // Jitter only makes it earlier: half a lease must be left for outages. Property: `Renewal`.
        let half = visibility.mul_f64(0.5 * (0.9 + 0.1 * rng.f64()));
        self.renew_at = Some(sent_at + half);
        self.receipt_unknown = false;
    }

    /// This lease, as one more of a handler that had `earlier`: the longest time in all counts on.
    pub(super) const fn continuing(mut self, earlier: &Self) -> Self {
        self.first = earlier.first;
        self
    }

    /// Whether the longest time in all is over.
    pub(super) fn is_overlong(&self, config: &CoreConfig, now: Tick) -> bool {
        config.max_lease.is_some_and(|max| now >= self.first + max)
    }

    pub(super) const fn deadline(&self) -> Tick {
        self.deadline
    }

    pub(super) const fn renew_at(&self) -> Option<Tick> {
        self.renew_at
    }

    pub(super) const fn expires(&self) -> Option<Tick> {
        self.expires
    }

    /// When the service makes the message visible again, or somewhat later.
    pub(super) fn end(&self) -> Tick {
        self.since + self.visibility
    }

    pub(super) const fn is_lost(&self) -> bool {
        matches!(self.standing, Standing::Lost(_))
    }

    /// Whether less than half of the lease is left.
    pub(super) fn is_half_over(&self, now: Tick) -> bool {
        now.until(self.end()) < self.visibility / 2
    }

    pub(super) const fn renew_now(&mut self, now: Tick) {
        self.renew_at = Some(now);
    }

    pub(super) const fn stop_renewing(&mut self) {
        self.renew_at = None;
    }

    /// The next try after a renewal that changed nothing or whose answer was lost.
    pub(super) fn retry_renewal(&mut self, now: Tick, at_least: Option<Duration>) {
        let (shortest, longest) = (Duration::from_millis(500), Duration::from_secs(5));
        let pause = if now < self.deadline {
            let rest = now.until(self.deadline);
            let pause = (rest / 2).clamp(shortest, longest);
            // The service's wish counts, but not for longer than the lease can bear.
            pause.max(at_least.unwrap_or_default().min(rest / 2))
        } else {
            longest.max(at_least.unwrap_or_default().min(longest * 2))
        };
        self.renew_at = Some(now + pause);
    }

    /// The monotonic clock stood still for an unknown part of the lease.
    pub(super) fn distrust(&mut self, now: Tick, by: Duration) {
        self.deadline = self.deadline.min(now);
        self.expires = self.expires.map(|at| at.minus(by));
        self.renew_now(now);
    }

    pub(super) const fn lose(&mut self, cause: LostCause) {
        self.standing = Standing::Lost(cause);
        self.renew_at = None;
    }

    /// How long the message may be hidden from now on, in whole seconds: growth, the cap, the
    /// longest time in all and the expiry of the message bound it.
    fn next_visibility(&self, config: &CoreConfig, now: Tick) -> Duration {
        let mut next = match config.lease_growth {
            LeaseGrowth::None => config.lease,
            LeaseGrowth::Double { .. } => {
                self.visibility.saturating_mul(2).max(config.lease).min(config.longest_lease())
            }
        };
        if let Some(max) = config.max_lease {
            next = next.min(now.until(self.first + max));
        }
        if let Some(expires) = self.expires {
            next = next.min(now.until(expires).saturating_sub(Duration::from_secs(1)));
        }
        Duration::from_secs(next.as_secs())
    }

    /// The visibility of a renewal now, if that makes the lease notably longer.
    pub(super) fn extension(&self, config: &CoreConfig, now: Tick) -> Option<Duration> {
        let next = self.next_visibility(config, now);
        let gain = (self.visibility / 10).max(Duration::from_secs(1));
        let longer = now + next >= self.end() + gain;
        (longer && deadline(now, next, Duration::ZERO) > now).then_some(next)
    }

    /// The visibility of an update that a handler asks for: a lease is never made shorter.
    pub(super) fn visibility_on_request(&self, config: &CoreConfig, now: Tick) -> Option<Duration> {
        let rest = now.until(self.end());
        let rest = Duration::from_secs(rest.as_secs() + u64::from(rest.subsec_nanos() > 0));
        let next = self.next_visibility(config, now).max(rest);
        (deadline(now, next, Duration::ZERO) > now).then_some(next)
    }

    /// Whether the longest time in all is what ends the lease.
    pub(super) fn ends_by_max_lease(&self, config: &CoreConfig) -> bool {
        config.max_lease.is_some_and(|max| {
            self.end() + Duration::from_secs(1) + self.visibility / 10 >= self.first + max
        })
    }

    /// When the handler is told that the longest time in all is near.
    pub(super) fn warn_at(&self, config: &CoreConfig) -> Option<Tick> {
        config.max_lease.map(|max| (self.first + max).minus(config.lease))
    }

    /// Whether the message would expire when it is hidden for `delay` from now on.
    pub(super) fn would_expire(&self, now: Tick, delay: Duration) -> bool {
        self.expires.is_some_and(|expires| now + delay + Duration::from_secs(1) >= expires)
    }

    /// The delay, or a shorter one if the message would expire meanwhile.
    pub(super) fn survivable(&self, now: Tick, delay: Duration) -> Duration {
        if !self.would_expire(now, delay) {
            return delay;
        }
        let rest = self.expires.map_or(Duration::ZERO, |expires| now.until(expires));
        Duration::from_secs(rest.as_secs() / 2)
    }
}

/// As a header of Get Messages. Leases are between 5 s and 7 days, so that the value is kept.
pub(super) fn lease_timeout(duration: Duration) -> LeaseTimeout {
    LeaseTimeout::from_secs(duration.as_secs()).unwrap_or_default()
}

/// As a header of Update Message.
pub(super) fn visibility_timeout(duration: Duration) -> VisibilityTimeout {
    VisibilityTimeout::from_secs(duration.as_secs()).unwrap_or(VisibilityTimeout::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Tick {
        Tick::new(Duration::from_secs(seconds))
    }

    fn lease(visibility: u64, expires_in: Option<u64>) -> Lease {
        Lease::received(
            &mut Rng::with_seed(1),
            at(100),
            Duration::from_secs(visibility),
            Duration::ZERO,
            expires_in.map(Duration::from_secs),
        )
    }

    #[test]
    fn the_margin_is_a_twentieth_and_at_least_a_second() {
        assert_eq!(lease(60, None).deadline(), at(157));
        assert_eq!(lease(10, None).deadline(), at(109));
        assert_eq!(lease(600, None).deadline(), at(670));
    }

    #[test]
    fn renewals_come_at_half_the_lease_or_a_little_earlier() {
        let mut rng = Rng::with_seed(7);
        for _ in 0..1000 {
            let minute = Duration::from_secs(60);
            let lease = Lease::received(&mut rng, at(100), minute, Duration::ZERO, None);
            let renew_at = lease.renew_at().unwrap();
            assert!(renew_at >= at(127) && renew_at <= at(130), "{renew_at:?}");
        }
    }

    #[test]
    fn leases_double_up_to_the_cap() {
        let config = CoreConfig::default();
        for (now, next) in [(60, 120), (120, 240), (240, 300), (300, 300)] {
            let seconds = lease(now, None).extension(&config, at(100 + now / 2)).unwrap().as_secs();
            assert_eq!(seconds, next);
        }
    }

    #[test]
    fn expiry_and_the_longest_time_bound_the_lease() {
        let mut config = CoreConfig::default();
        assert_eq!(lease(60, Some(130)).extension(&config, at(130)), Some(Duration::from_secs(99)));
        // Nothing to gain: the message expires a second after the lease.
        assert_eq!(lease(60, Some(61)).extension(&config, at(130)), None);
        config.max_lease = Some(Duration::from_secs(90));
        assert_eq!(lease(60, None).extension(&config, at(130)), Some(Duration::from_secs(60)));
        assert_eq!(lease(60, None).warn_at(&config), Some(at(130)));
    }

    #[test]
    fn a_request_never_makes_a_lease_shorter() {
        let config =
            CoreConfig { max_lease: Some(Duration::from_secs(60)), ..CoreConfig::default() };
        assert_eq!(
            lease(60, None).visibility_on_request(&config, at(120)),
            Some(Duration::from_secs(40))
        );
        assert_eq!(lease(60, None).visibility_on_request(&config, at(160)), None);
    }

    #[test]
    fn a_refused_renewal_is_tried_at_half_of_the_rest() {
        let mut lease = lease(60, None);
        lease.retry_renewal(at(155), None);
        assert_eq!(lease.renew_at(), Some(at(156)));
        lease.retry_renewal(at(130), None);
        assert_eq!(lease.renew_at(), Some(at(135)));
        lease.retry_renewal(at(200), None);
        assert_eq!(lease.renew_at(), Some(at(205)));
    }
}
