//! What can be done to an emulator from outside the service: moving its time, and starting over. The
//! control interface does the same by these functions.

#[cfg(feature = "control")]
pub(crate) mod hand;

use std::time::{Duration, SystemTime};

use http::Response;
use queue_proto::ops::SetServiceProperties;
use queue_proto::{AccountName, AnyOperation, Location, ServiceError};

use crate::emulator::{Emulator, Guarded};
use crate::settle::Unsettled;
use crate::state::{Moment, Service};
use crate::watch::author::Author;
use crate::watch::plan::Plan;

impl Emulator {
    /// Moves the time by which messages live forward: what is hidden becomes visible, and what has
    /// lived long enough expires. Time goes on from there.
    ///
    /// Credentials are judged by the [clock](Self::now) as before, since clients date their requests
    /// by their own: a signature does not expire because messages do.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use queue_emulator::Emulator;
    ///
    /// let emulator = Emulator::new();
    /// let before = emulator.message_time();
    /// emulator.advance(Duration::from_secs(30));
    /// assert!(emulator.message_time() >= before + Duration::from_secs(30));
    /// ```
    pub fn advance(&self, by: Duration) {
        self.clock().advance(by);
        if let Some(watch) = self.watch() {
            watch.stir();
        }
    }

    /// The time by which messages live.
    #[must_use]
    pub fn message_time(&self) -> SystemTime {
        self.moment().to_system_time()
    }

    /// The time by which messages live is ahead of the clock by so much, since it was
    /// [moved](Self::advance).
    #[must_use]
    pub fn advanced_by(&self) -> Duration {
        self.clock().moved()
    }

    /// Starts over: there are no queues, settings or faults any more, nothing is remembered, and the
    /// time by which messages live is that of the clock again. Names of queues can be used at once.
    ///
    /// With a store on disk this returns when the disk has it, and the next request that changes
    /// something tells of a failure.
    pub fn reset(&self) {
        self.settle_all(self.begin_reset());
    }

    /// Like [`reset`](Self::reset), but what it returns is not yet settled.
    pub(crate) fn begin_reset(&self) -> Vec<Unsettled> {
        self.clear_faults();
        let names = self.accounts().iter().map(|account| account.name().clone());
        let unsettled = names.filter_map(|name| self.empty(&name)).collect();
        self.clock().rewind();
        if let Some(watch) = self.watch() {
            watch.forget();
        }
        unsettled
    }

    fn empty(&self, account: &AccountName) -> Option<Unsettled> {
        let now = self.moment();
        let mut guarded = self.service(account)?;
        guarded.service.start_over(now);
        let fresh = Service::new(guarded.service.deletion_time());
        let properties = SetServiceProperties::new(fresh.properties().clone()).into();
        // What every account starts with is valid.
        let _ = guarded.apply(account, properties, Location::Primary, now);
        guarded.restart_replica(fresh);
        Some(Unsettled::now(self))
    }

    fn settle_all(&self, unsettled: Vec<Unsettled>) {
        for unsettled in unsettled {
            let mut response = Response::new(bytes::Bytes::new());
            unsettled.mark(&mut response);
            drop(self.settle_blocking(response));
        }
    }

    /// Does something to an account by hand, as the service would do it for a client, with what is
    /// to be waited for before it is told of.
    #[cfg_attr(not(feature = "control"), expect(dead_code, reason = "only hands use it"))]
    pub(crate) fn by_hand<T>(
        &self,
        account: &AccountName,
        work: impl FnOnce(&mut Hand<'_>) -> Result<T, ServiceError>,
    ) -> Option<(Result<T, ServiceError>, Unsettled)> {
        let now = self.moment();
        let mut guarded = self.service(account)?;
        let mut hand = Hand { emulator: self, guarded: &mut guarded, account, now };
        let done = work(&mut hand);
        Some((done, Unsettled::now(self)))
    }
}

/// The state of one account, while its lock is held, for what is done by hand.
pub(crate) struct Hand<'a> {
    emulator: &'a Emulator,
    pub(crate) guarded: &'a mut Guarded,
    account: &'a AccountName,
    pub(crate) now: Moment,
}

impl Hand<'_> {
    /// Performs an operation, and remembers it.
    #[cfg_attr(not(feature = "control"), expect(dead_code, reason = "only hands use it"))]
    pub(crate) fn perform(
        &mut self,
        operation: impl Into<AnyOperation>,
    ) -> Result<crate::apply::Applied, ServiceError> {
        let operation = operation.into();
        let plan = self.emulator.watch().map(|watch| (watch, Plan::of(&operation)));
        let applied = self.guarded.apply(self.account, operation, Location::Primary, self.now);
        if let Some((watch, plan)) = plan {
            watch.note(&Author::control(), self.account, &plan, &applied, self.now);
        }
        applied
    }
}
