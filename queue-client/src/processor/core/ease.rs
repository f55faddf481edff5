//! [`Ease`]: fewer messages are asked for at once while the service is throttling.

use std::time::Duration;

use super::time::Tick;

/// However often the service throttles, so many messages may be asked for at once.
const LEAST: usize = 16;
/// The time after which twice as many may be asked for.
const RECOVERY: Duration = Duration::from_secs(10);
/// Refusals that come this close to another are of the same burst of requests.
const BURST: Duration = Duration::from_secs(1);

/// The most messages that all receives in flight may ask for, while there is a limit: the half of
/// what was asked for when the service said that it is busy (503 and 429), and twice as much every
/// ten seconds.
#[derive(Debug, Default)]
pub(super) struct Ease {
    limit: Option<(usize, Tick)>,
}

impl Ease {
    /// The service throttles, and this many messages were asked for. `full` is the most that can be.
    pub(super) fn throttled(&mut self, now: Tick, asked: usize, full: usize) {
        if self.limit.is_some_and(|(_, since)| now.since(since) < BURST) {
            return;
        }
        let before = self.limit(now).min(asked.max(LEAST * 2)).min(full);
        self.limit = Some(((before / 2).max(LEAST), now));
    }

    /// The most messages that may be asked for at once.
    pub(super) fn limit(&self, now: Tick) -> usize {
        let Some((limit, since)) = self.limit else { return usize::MAX };
        let times = u32::try_from(now.since(since).as_nanos() / RECOVERY.as_nanos());
        // Beyond 2^16 messages no limit is felt.
        match times {
            Ok(times @ 0..12) => limit << times,
            _ => usize::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Tick {
        Tick::new(Duration::from_secs(seconds))
    }

    #[test]
    fn a_burst_of_refusals_halves_once_and_time_brings_it_back() {
        let mut ease = Ease::default();
        assert_eq!(ease.limit(at(0)), usize::MAX);
        for _ in 0..20 {
            ease.throttled(at(0), 128, 256);
        }
        assert_eq!((ease.limit(at(0)), ease.limit(at(9)), ease.limit(at(10))), (64, 64, 128));
        ease.throttled(at(2), 500, 256);
        assert_eq!(ease.limit(at(2)), 32);
        for second in 3..60 {
            ease.throttled(at(second), 1, 256);
        }
        assert_eq!(ease.limit(at(60)), 16);
        assert_eq!(ease.limit(at(100)), 256);
        assert_eq!(ease.limit(at(100_000)), usize::MAX);
    }
}
