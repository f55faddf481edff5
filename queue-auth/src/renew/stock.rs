//! [`Stock`]: one credential, and when the next is fetched. It works on an injected time, without IO.

use std::time::{Duration, SystemTime};

/// How long before its end a credential is renewed, unless set otherwise. The official SDKs renew
/// tokens five minutes before, too.
const AHEAD: Duration = Duration::from_secs(5 * 60);

/// The pause after the first failed fetch; it doubles with every further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause after a failed fetch that the provider did not ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The longest pause that the provider can ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(10 * 60);

/// A credential that ends at some time, or never.
pub(crate) trait Expires {
    /// The longest time for which one is used without asking for the next, whatever it claims.
    const LONGEST_USE: Duration;

    /// The time from which the credential is not valid any more; `None` when it names none.
    fn end(&self) -> Option<SystemTime>;

    /// The time from which its provider advises to renew it.
    fn advised_renewal(&self) -> Option<SystemTime> {
        None
    }

    fn is_valid_at(&self, now: SystemTime) -> bool {
        self.end().is_none_or(|end| now < end)
    }
}

/// The thing that a caller has to do before it sends.
#[derive(Debug)]
pub(crate) enum Readiness<E> {
    /// Nothing: a valid credential is there.
    Ready,
    /// Renew the credential, which still holds; nobody does so yet.
    Due,
    /// Wait for a fetch: no valid credential is there.
    Missing,
    /// Give up: a fetch failed, and it is too soon for the next.
    Failed(E),
}

/// One credential, and what is known about the next.
#[derive(Debug)]
pub(crate) struct Stock<T, E> {
    held: Option<Held<T>>,
    failure: Option<Failure<E>>,
    ahead: Duration,
    /// The number of fetches that have ended.
    fetches: u64,
    /// Whether somebody renews a credential that still holds.
    renewing: bool,
}

#[derive(Debug)]
struct Held<T> {
    item: T,
    renew_at: Option<SystemTime>,
    /// Whether it is to be replaced before it is used again.
    stale: bool,
}

#[derive(Debug)]
struct Failure<E> {
    error: E,
    in_a_row: u32,
    at: SystemTime,
    until: SystemTime,
}

impl<T: Expires, E: Clone> Stock<T, E> {
    pub(crate) fn new() -> Self {
        Self { held: None, failure: None, ahead: AHEAD, fetches: 0, renewing: false }
    }

    /// Sets how long before its end a credential is renewed.
    pub(crate) fn set_ahead(&mut self, ahead: Duration) {
        self.ahead = ahead;
        if let Some(held) = &mut self.held {
            held.renew_at = renew_given(&held.item, ahead);
        }
    }

    pub(crate) fn item(&self) -> Option<&T> {
        self.held.as_ref().map(|held| &held.item)
    }

    #[cfg(any(test, feature = "aad"))]
    pub(crate) fn is_stale(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.stale)
    }

    /// The error of the last fetch, unless that succeeded.
    pub(crate) fn failure(&self) -> Option<&E> {
        self.failure.as_ref().map(|failure| &failure.error)
    }

    pub(crate) fn fetches(&self) -> u64 {
        self.fetches
    }

    /// Says what to do before a request at `now`.
    pub(crate) fn readiness(&self, now: SystemTime) -> Readiness<E> {
        // A pause that seems to lie in the future began before the clock was set back.
        let paused =
            self.failure.as_ref().filter(|failure| failure.at <= now && now < failure.until);
        match &self.held {
            Some(held) if held.item.is_valid_at(now) && !held.stale => {
                let early = held.renew_at.is_none_or(|at| now < at);
                if early || self.renewing || paused.is_some() {
                    Readiness::Ready
                } else {
                    Readiness::Due
                }
            }
            _ => paused
                .map_or(Readiness::Missing, |failure| Readiness::Failed(failure.error.clone())),
        }
    }

    /// Says what to do before a request at `now`. Whoever is told [`Due`](Readiness::Due) has the
    /// renewal, and must [end](Self::end_renewal) it.
    pub(super) fn readiness_to_renew(&mut self, now: SystemTime) -> Readiness<E> {
        let readiness = self.readiness(now);
        if matches!(readiness, Readiness::Due) {
            self.renewing = true;
        }
        readiness
    }

    pub(super) fn end_renewal(&mut self) {
        self.renewing = false;
    }

    /// Puts in a credential that the caller has, at an unknown time.
    pub(crate) fn give(&mut self, item: T) {
        let renew_at = renew_given(&item, self.ahead);
        self.held = Some(Held { item, renew_at, stale: false });
        self.failure = None;
    }

    /// Notes that a fetch ended at `now` with this credential.
    pub(crate) fn fetched(&mut self, item: T, now: SystemTime) {
        self.fetches += 1;
        let renew_at = renew_fetched(&item, self.ahead, now);
        self.held = Some(Held { item, renew_at, stale: false });
        self.failure = None;
    }

    /// Notes that a fetch failed at `now`, and for how long the provider asks not to be asked again.
    /// The credential that is there stays.
    pub(crate) fn failed(&mut self, error: E, asked: Option<Duration>, now: SystemTime) {
        self.fetches += 1;
        let in_a_row = self.failure.as_ref().map_or(0, |failure| failure.in_a_row);
        let until = now.checked_add(pause_after(in_a_row, asked)).unwrap_or(now);
        self.failure =
            Some(Failure { error, in_a_row: in_a_row.saturating_add(1), at: now, until });
    }

    /// Forgets the last failure: what is asked for next is something else.
    #[cfg(any(test, feature = "aad"))]
    pub(crate) fn forgive(&mut self) {
        self.failure = None;
    }

    /// Has the credential replaced before it is used again.
    #[cfg(any(test, feature = "aad"))]
    pub(crate) fn set_stale(&mut self) {
        if let Some(held) = &mut self.held {
            held.stale = true;
        }
    }
}

/// The time to renew a credential that came at an unknown time.
fn renew_given(item: &impl Expires, ahead: Duration) -> Option<SystemTime> {
    item.end().map(|end| end.checked_sub(ahead).unwrap_or(SystemTime::UNIX_EPOCH))
}

/// The time to renew a credential that came at `now`: `ahead` before its end, or half-way for short ones.
/// Half of what is left also keeps a source from being asked again at once when it gives out one
/// credential until that ends, as managed identities do.
fn renew_fetched<T: Expires>(item: &T, ahead: Duration, now: SystemTime) -> Option<SystemTime> {
    let end = item.end()?;
    let left = end.duration_since(now).unwrap_or_default();
    let wait = left.saturating_sub(ahead).max(left / 2).min(T::LONGEST_USE);
    let ours = now.checked_add(wait).unwrap_or(now);
    Some(match item.advised_renewal() {
        Some(advised) if now < advised && advised < ours => advised,
        _ => ours,
    })
}

fn pause_after(failures_before: u32, asked: Option<Duration>) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << failures_before.min(16)).min(LONGEST_PAUSE);
    doubled.max(asked.unwrap_or_default().min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000 + seconds)
    }

    #[derive(Debug, Default)]
    struct Item {
        end: Option<u64>,
        advised: Option<u64>,
    }

    impl Expires for Item {
        const LONGEST_USE: Duration = Duration::from_secs(24 * 60 * 60);

        fn end(&self) -> Option<SystemTime> {
            self.end.map(at)
        }

        fn advised_renewal(&self) -> Option<SystemTime> {
            self.advised.map(at)
        }
    }

    fn until(end: u64) -> Item {
        Item { end: Some(end), advised: None }
    }

    fn fetched(end: u64) -> Stock<Item, &'static str> {
        let mut stock = Stock::new();
        stock.fetched(until(end), at(0));
        stock
    }

    #[test]
    fn fresh_due_and_gone() {
        let mut stock = fetched(3600);
        assert!(matches!(stock.readiness(at(0)), Readiness::Ready));
        assert!(matches!(stock.readiness(at(3299)), Readiness::Ready));
        assert!(matches!(stock.readiness_to_renew(at(3300)), Readiness::Due));
        // One renews, the others go on.
        assert!(matches!(stock.readiness_to_renew(at(3300)), Readiness::Ready));
        assert!(matches!(stock.readiness(at(3600)), Readiness::Missing));
        stock.end_renewal();
        assert!(matches!(stock.readiness(at(3300)), Readiness::Due));
        stock.set_stale();
        assert!(matches!(stock.readiness(at(0)), Readiness::Missing));
        assert!(stock.item().is_some() && stock.is_stale());
    }

    #[test]
    fn when_a_credential_is_renewed() {
        let time = |end| renew_fetched(&until(end), AHEAD, at(0));
        assert_eq!(time(3600), Some(at(3300)));
        assert_eq!(time(600), Some(at(300)));
        assert_eq!(time(60), Some(at(30)));
        assert_eq!(time(u64::from(u32::MAX)), Some(at(24 * 60 * 60)));
        let advised = |advice| {
            let item = Item { end: Some(3600), advised: Some(advice) };
            renew_fetched(&item, AHEAD, at(0))
        };
        assert_eq!(advised(1800), Some(at(1800)));
        assert_eq!(advised(3500), Some(at(3300)));
        assert_eq!(advised(0), Some(at(3300)));

        // One that does not say when it ends holds for ever; one that was given is renewed ahead.
        let mut stock = Stock::<_, ()>::new();
        stock.fetched(Item::default(), at(0));
        assert!(matches!(stock.readiness(at(u64::from(u32::MAX))), Readiness::Ready));
        stock.give(until(600));
        assert!(matches!(stock.readiness(at(299)), Readiness::Ready));
        assert!(matches!(stock.readiness(at(300)), Readiness::Due));
        stock.set_ahead(Duration::from_secs(60));
        assert!(matches!(stock.readiness(at(539)), Readiness::Ready));
        assert!(matches!(stock.readiness(at(540)), Readiness::Due));
    }

    #[test]
    fn failures_pause_longer_and_longer() {
        let pauses: Vec<u64> = (0..9).map(|n| pause_after(n, None).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(pause_after(u32::MAX, None), LONGEST_PAUSE);
        assert_eq!(pause_after(0, Some(Duration::from_secs(90))).as_secs(), 90);
        assert_eq!(pause_after(6, Some(Duration::from_secs(5))).as_secs(), 60);
        assert_eq!(pause_after(0, Some(Duration::MAX)), LONGEST_RETRY_AFTER);

        let mut stock = Stock::<Item, _>::new();
        stock.failed("a", None, at(0));
        assert!(matches!(stock.readiness(at(0)), Readiness::Failed("a")));
        assert!(matches!(stock.readiness(at(1)), Readiness::Missing));
        stock.failed("b", Some(Duration::from_secs(30)), at(1));
        assert!(matches!(stock.readiness(at(30)), Readiness::Failed("b")));
        assert!(matches!(stock.readiness(at(31)), Readiness::Missing));
        // A clock that was set back must not stretch the pause.
        assert!(matches!(stock.readiness(at(0)), Readiness::Missing));
        assert_eq!((stock.fetches(), stock.failure()), (2, Some(&"b")));
        stock.forgive();
        assert!(matches!(stock.readiness(at(30)), Readiness::Missing));
    }

    #[test]
    fn a_failed_renewal_leaves_the_old_credential() {
        let mut stock = fetched(3600);
        stock.failed("a", None, at(3400));
        assert!(matches!(stock.readiness(at(3400)), Readiness::Ready));
        assert!(matches!(stock.readiness(at(3401)), Readiness::Due));
        assert!(stock.item().is_some_and(|item| item.is_valid_at(at(3401))));
    }
}
