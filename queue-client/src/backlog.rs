//! [`Backlog`] and [`VisibleCount`]: how much work waits in a queue, as far as the service tells.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use queue_proto::{MessageCount, ops::PeekedMessage};

/// The messages that wait to be received: how many, and for how long the oldest one has.
///
/// [`QueueClient::properties`](crate::QueueClient::properties) counts all messages, those that are
/// hidden because somebody works on them or because they are for later as well. This counts those
/// alone that a receiver would get now. The service shows at most 32 of them: beyond, the count is
/// a lower bound and [`is_capped`](Self::is_capped) says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    visible: u32,
    oldest_age: Option<Duration>,
}

impl Backlog {
    /// The backlog that `messages` show, which a request for 32 gave at the time `now`.
    pub(crate) fn new(messages: &[PeekedMessage], now: SystemTime) -> Self {
        let oldest = messages.iter().map(|message| message.inserted_at()).min();
        Self {
            visible: u32::try_from(messages.len()).unwrap_or(u32::MAX),
            oldest_age: oldest.map(|oldest| now.duration_since(oldest).unwrap_or_default()),
        }
    }

    /// The number of visible messages: exact below 32, and 32 for any higher number.
    #[must_use]
    pub const fn visible(&self) -> u32 {
        self.visible
    }

    /// Says whether there may be more messages than [`visible`](Self::visible) counts.
    #[must_use]
    pub fn is_capped(&self) -> bool {
        self.visible >= MessageCount::MAX.get()
    }

    /// The time since the oldest of the messages that were seen was put into the queue, to about a
    /// second: the service dates messages in whole seconds, and the difference of the two clocks is
    /// in it. `None` when no message is visible.
    #[must_use]
    pub const fn oldest_age(&self) -> Option<Duration> {
        self.oldest_age
    }
}

impl fmt::Display for Backlog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.visible)?;
        if self.is_capped() {
            f.write_str(" or more")?;
        }
        f.write_str(" visible")?;
        match self.oldest_age {
            Some(age) => write!(f, ", the oldest for {} s", age.as_secs()),
            None => Ok(()),
        }
    }
}

/// The number of messages that could be received now, as exactly as the service tells it: the answer
/// of [`QueueClient::count_visible`](crate::QueueClient::count_visible).
///
/// The service shows at most 32 messages, and its count has the hidden ones in it. So a small number
/// is exact, and of a large one only the bounds are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum VisibleCount {
    /// There were exactly so many.
    Exact(u32),
    /// There were at least as many as one look shows, and at most as many as the queue has.
    Between {
        /// The number of messages that were seen.
        at_least: u32,
        /// About how many messages the queue has, hidden ones included.
        at_most: u64,
    },
}

impl VisibleCount {
    /// The number of messages that are visible for certain.
    #[must_use]
    pub const fn at_least(self) -> u32 {
        match self {
            Self::Exact(count) | Self::Between { at_least: count, .. } => count,
        }
    }

    /// The messages of this queue and of another one.
    pub(crate) fn and(self, other: Self) -> Self {
        let most = |count: Self| match count {
            Self::Exact(count) => count.into(),
            Self::Between { at_most, .. } => at_most,
        };
        let at_least = self.at_least().saturating_add(other.at_least());
        if self.is_exact() && other.is_exact() {
            Self::Exact(at_least)
        } else {
            Self::Between { at_least, at_most: most(self).saturating_add(most(other)) }
        }
    }

    /// Says whether the number is exact.
    #[must_use]
    pub const fn is_exact(self) -> bool {
        matches!(self, Self::Exact(_))
    }
}

impl fmt::Display for VisibleCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(count) => write!(f, "{count} visible"),
            Self::Between { at_least, at_most } => {
                write!(f, "{at_least} or more visible, about {at_most} with the hidden ones")
            }
        }
    }
}
