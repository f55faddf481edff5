//! [`Lifetime`]: how long a message lives where it is put.

use std::time::Duration;

use queue_proto::{LifeSeconds, TimeToLive};

/// How long messages live in the queue that they are put into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Lifetime {
    /// As long as they had left: a message that does not expire stays so.
    #[default]
    Keep,
    /// 7 days from now on, which the service uses for every put that says nothing.
    ServiceDefault,
    /// They live for this time from now on.
    Set(TimeToLive),
}

impl Lifetime {
    /// What the put of a message says that had so much time left.
    pub(super) fn of(self, left: Option<Duration>) -> Option<TimeToLive> {
        match self {
            Self::ServiceDefault => None,
            Self::Set(time) => Some(time),
            Self::Keep => Some(match left {
                // Never zero: a message that is about to expire is moved before it does.
                Some(left) => LifeSeconds::from_secs(left.as_secs().max(1))
                    .map_or(TimeToLive::Never, TimeToLive::After),
                None => TimeToLive::Never,
            }),
        }
    }
}
