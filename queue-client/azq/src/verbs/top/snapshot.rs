//! [`Snapshot`]: what one look at all queues found.

use std::{
    collections::BTreeMap,
    time::{Instant, SystemTime},
};

use crate::glob;

/// The suffix of the queues of dead letters.
pub(super) const SUFFIX: &str = "-poison";

/// One queue as a look found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Measured {
    pub(super) name: String,
    /// The approximate count, hidden messages included.
    pub(super) depth: u64,
    pub(super) visible: u32,
    /// There may be more visible messages.
    pub(super) is_capped: bool,
    /// The insertion time of the oldest visible message.
    pub(super) oldest: Option<SystemTime>,
    /// The depth of the poison queue that belongs to it.
    pub(super) poison: Option<u64>,
}

impl Measured {
    pub(super) fn visible_in_words(&self) -> String {
        let more = if self.is_capped { "+" } else { "" };
        format!("{}{more}", self.visible)
    }
}

/// What one look at all queues found.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    queues: Vec<Measured>,
    at: Instant,
}

impl Snapshot {
    /// The queues that match; each knows the depth of its poison queue.
    pub(super) fn new(mut queues: Vec<Measured>, pattern: &str, at: Instant) -> Self {
        let depths: BTreeMap<String, u64> =
            queues.iter().map(|queue| (queue.name.clone(), queue.depth)).collect();
        queues.retain(|queue| glob::matches(pattern, &queue.name));
        for queue in &mut queues {
            queue.poison = depths.get(&format!("{}{SUFFIX}", queue.name)).copied();
        }
        Self { queues, at }
    }

    pub(super) fn queues(&self) -> &[Measured] {
        &self.queues
    }

    /// How many messages a second a queue has gained since an earlier look; negative if it shrank.
    pub(super) fn trend(&self, earlier: &Self, name: &str) -> Option<f64> {
        let depth = |snapshot: &Self| {
            snapshot.queues.iter().find(|queue| queue.name == name).map(|queue| queue.depth)
        };
        let (now, before) = (depth(self)?, depth(earlier)?);
        let seconds = self.at.duration_since(earlier.at).as_secs_f64();
        if seconds < 0.001 {
            return None;
        }
        let gained = i64::try_from(now).ok()?.checked_sub(i64::try_from(before).ok()?)?;
        #[expect(clippy::cast_precision_loss, reason = "a trend is an approximation")]
        let gained = gained as f64;
        Some(gained / seconds)
    }
}
