//! [`Replica`]: the secondary, which shows what the primary was a while ago.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fastrand::Rng;
use queue_proto::ops::GeoReplicationStatus;
use queue_proto::{AccountName, AnyOperation, ServiceError};

use crate::apply::{self, Applied};
use crate::state::{Moment, Service};

/// Whether there is a secondary, and how far it is behind the primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replication {
    /// The account has no secondary that could be read.
    Off,
    /// The secondary shows what was written at least this time ago.
    Live { lag: Duration },
}

impl Replication {
    pub(crate) fn is_readable(self) -> bool {
        self != Self::Off
    }

    /// The time by which the secondary is behind, if it is.
    pub(crate) fn lag(self) -> Option<Duration> {
        match self {
            Self::Live { lag } if !lag.is_zero() => Some(lag),
            _ => None,
        }
    }

    /// What Get Queue Service Stats says: the state, and what time the secondary has reached.
    pub(crate) fn status(self, now: SystemTime) -> (GeoReplicationStatus, Option<SystemTime>) {
        match self {
            Self::Off => (GeoReplicationStatus::Unavailable, None),
            Self::Live { lag } => {
                let synced = now.checked_sub(lag).unwrap_or(UNIX_EPOCH);
                (GeoReplicationStatus::Live, Some(synced))
            }
        }
    }
}

/// A copy of an account that follows at a distance.
///
/// Operations are pure: given the same state, time and random numbers they do the same. So the
/// copy does them again, later.
#[derive(Debug)]
pub(crate) struct Replica {
    lag: Duration,
    service: Service,
    /// The operations that the copy has not done yet, oldest first, each with the moment and the
    /// random numbers of the primary.
    log: VecDeque<(Moment, AnyOperation, Rng)>,
}

impl Replica {
    /// A copy of `service`, which follows it from now on.
    pub(crate) fn new(service: Service, lag: Duration) -> Self {
        Self { lag, service, log: VecDeque::new() }
    }

    /// Forgets everything, and follows from `service` on.
    pub(crate) fn start_over(&mut self, service: Service) {
        *self = Self::new(service, self.lag);
    }

    /// Takes note of an operation that the primary has done.
    pub(crate) fn follow(
        &mut self,
        account: &AccountName,
        operation: AnyOperation,
        rng: Rng,
        now: Moment,
    ) {
        self.log.push_back((now, operation, rng));
        self.catch_up(account, now);
    }

    /// Reads from the copy as it is at `now`.
    pub(crate) fn read(
        &mut self,
        account: &AccountName,
        operation: AnyOperation,
        now: Moment,
    ) -> Result<Applied, ServiceError> {
        self.catch_up(account, now);
        // Reading draws no random numbers.
        apply::apply(&mut self.service, &mut Rng::with_seed(0), account, operation, now)
    }

    fn catch_up(&mut self, account: &AccountName, now: Moment) {
        while let Some((at, ..)) = self.log.front()
            && at.after(self.lag) <= now
        {
            let Some((at, operation, mut rng)) = self.log.pop_front() else { return };
            // It succeeded on the primary, and so it does here.
            let _ = apply::apply(&mut self.service, &mut rng, account, operation, at);
        }
    }
}
