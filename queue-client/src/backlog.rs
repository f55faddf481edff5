//! [`Backlog`]: how much work waits in a queue, as far as one look at its front tells.

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
        let oldest = messages.iter().map(|message| message.inserted_at).min();
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
