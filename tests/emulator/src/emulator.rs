//! [`Emulator`]: the state of all accounts with its locks, its clock and its settings. How a request
//! is answered is in `handle.rs`.

mod builder;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use fastrand::Rng;
use http::{Request, Response};
use queue_auth::AccountKey;
use queue_auth::verify::Verifier;
use queue_proto::{AccountName, AnyOperation, CorsRule, Idempotence, Location, ServiceError};
use uuid::{Builder, Uuid};

pub use self::builder::EmulatorBuilder;
use crate::account::Account;
use crate::apply::{self, Applied};
use crate::capacity::Capacity;
use crate::clock::Clock;
use crate::clock::ManualClock;
#[cfg(feature = "bearer")]
use crate::delegation::DelegationKeys;
use crate::directory::Directory;
use crate::fault::Faults;
use crate::last_endpoint::LastEndpoint;
use crate::lock::lock;
use crate::observers::Observers;
use crate::replica::{Replica, Replication};
use crate::state::{Moment, Service};
#[cfg(feature = "durable")]
use crate::store::Store;
use crate::watch::Watch;

/// How long the name of a deleted queue cannot be used again: "at least 30 seconds", says "Delete
/// Queue" in the REST reference.
const DELETION_TIME: Duration = Duration::from_secs(30);

/// An Azure Queue Storage service in memory.
///
/// Clones are cheap and share everything. Requests go in through [`Emulator::handle`], without a
/// socket, or over HTTP through `Server` (feature `serve`).
///
/// ```
/// use queue_emulator::Emulator;
///
/// let (emulator, clock) = Emulator::with_manual_clock();
/// # let request = http::Request::new(bytes::Bytes::new());
/// let response = emulator.handle(request);
/// clock.advance(std::time::Duration::from_secs(30));
/// # assert!(response.status().is_client_error());
/// ```
#[derive(Clone, Debug)]
pub struct Emulator {
    shared: Arc<Shared>,
}

/// The keys of each account.
type Keys = HashMap<String, Vec<AccountKey>>;

#[derive(Debug)]
struct Shared {
    /// The accounts in the order in which they were given; never empty.
    accounts: Vec<Account>,
    services: HashMap<AccountName, Mutex<Guarded>>,
    #[cfg(feature = "durable")]
    deletion_time: Duration,
    #[cfg(feature = "durable")]
    store: Option<Store>,
    verifier: Verifier<Keys>,
    #[cfg(feature = "bearer")]
    delegation_keys: Arc<DelegationKeys>,
    directory: Directory,
    last_endpoint: LastEndpoint,
    replication: Replication,
    faults: Faults,
    observers: Observers,
    /// What the service takes in a second, if that is a limit here.
    capacity: Option<Capacity>,
    clock: Clock,
    request_ids: Mutex<Rng>,
    /// What is remembered, if anything is.
    watch: Option<Watch>,
}

/// The state of one account, behind its lock.
#[derive(Debug)]
pub(crate) struct Guarded {
    pub(crate) service: Service,
    pub(crate) rng: Rng,
    /// The secondary, if it lags behind the primary.
    replica: Option<Replica>,
}

impl Guarded {
    /// Makes the secondary one that follows `fresh`, which the primary equals now.
    pub(crate) fn restart_replica(&mut self, fresh: Service) {
        if let Some(replica) = &mut self.replica {
            replica.start_over(fresh);
        }
    }

    /// Performs an operation on the primary, or reads from the secondary.
    pub(crate) fn apply(
        &mut self,
        account: &AccountName,
        operation: AnyOperation,
        location: Location,
        now: Moment,
    ) -> Result<Applied, ServiceError> {
        let Self { service, rng, replica } = self;
        let Some(replica) = replica else {
            return apply::apply(service, rng, account, operation, now);
        };
        if location == Location::Secondary {
            return replica.read(account, operation, now);
        }
        if operation.kind().idempotence() == Idempotence::Safe {
            return apply::apply(service, rng, account, operation, now);
        }
        let (copy, numbers) = (operation.clone(), rng.clone());
        let applied = apply::apply(service, rng, account, operation, now)?;
        replica.follow(account, copy, numbers, now);
        Ok(applied)
    }
}

impl Emulator {
    /// An emulator with the account `devstoreaccount1`, on the computer's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// An emulator whose time stands still until the returned clock is moved. It starts at the
    /// present time.
    #[must_use]
    pub fn with_manual_clock() -> (Self, ManualClock) {
        let clock = ManualClock::new();
        (Self::builder().manual_clock(&clock).build(), clock)
    }

    /// The function that answers requests, of an emulator with this clock: for tests that need
    /// nothing else of it.
    pub fn handler(
        clock: impl Fn() -> SystemTime + Send + Sync + 'static,
    ) -> impl Fn(Request<Bytes>) -> Response<Bytes> + Clone + Send + Sync + 'static {
        Self::builder().clock(clock).build().into_handler()
    }

    /// The function that answers requests, as [`handle`](Self::handle) does. Faults do not apply;
    /// see [`into_handler_with_faults`](Self::into_handler_with_faults).
    pub fn into_handler(
        self,
    ) -> impl Fn(Request<Bytes>) -> Response<Bytes> + Clone + Send + Sync + 'static {
        move |request| self.handle(request)
    }

    /// An emulator with other accounts, another clock, or other rules.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::new()
    }

    /// The first account that was given to the builder, or else `devstoreaccount1`.
    #[must_use]
    pub fn account(&self) -> &Account {
        // The builder puts at least one account in; were it not so, nothing else would work.
        self.shared.accounts.first().expect("an emulator has an account")
    }

    /// Every account: those given to the builder, in that order, or else `devstoreaccount1`.
    #[must_use]
    pub fn accounts(&self) -> &[Account] {
        &self.shared.accounts
    }

    /// The time by the clock that the builder was given.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.shared.clock.now()
    }

    /// The time by which messages live, which never goes back.
    pub(crate) fn moment(&self) -> Moment {
        self.shared.clock.moment()
    }

    pub(crate) fn verifier(&self) -> &Verifier<Keys> {
        &self.shared.verifier
    }

    #[cfg(feature = "bearer")]
    pub(crate) fn delegation_keys(&self) -> &DelegationKeys {
        &self.shared.delegation_keys
    }

    pub(crate) fn directory(&self) -> &Directory {
        &self.shared.directory
    }

    pub(crate) fn last_endpoint(&self) -> &LastEndpoint {
        &self.shared.last_endpoint
    }

    pub(crate) fn replication(&self) -> Replication {
        self.shared.replication
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    pub(crate) fn capacity(&self) -> Option<&Capacity> {
        self.shared.capacity.as_ref()
    }

    pub(crate) fn watch(&self) -> Option<&Watch> {
        self.shared.watch.as_ref()
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    pub(crate) fn observers(&self) -> &Observers {
        &self.shared.observers
    }

    /// The rules for calls from browsers.
    pub(crate) fn cors_rules(&self, account: &AccountName) -> Vec<CorsRule> {
        let guarded = self.service(account);
        guarded.and_then(|guarded| guarded.service.properties().cors.clone()).unwrap_or_default()
    }

    /// The queues of an account, for one operation.
    pub(crate) fn service(&self, account: &AccountName) -> Option<MutexGuard<'_, Guarded>> {
        #[cfg(feature = "durable")]
        self.put_right();
        self.shared.services.get(account).map(lock)
    }

    #[cfg(feature = "durable")]
    pub(crate) fn store(&self) -> Option<&Store> {
        self.shared.store.as_ref()
    }

    /// Takes the state from disk again if a change could not be stored: the change did not happen.
    #[cfg(feature = "durable")]
    fn put_right(&self) {
        let Shared { services, store, deletion_time, .. } = &*self.shared;
        let Some(store) = store.as_ref().filter(|store| store.has_failed()) else { return };
        // Everybody who gets here takes the locks in the same order, that of this map.
        let mut guarded: Vec<_> =
            services.iter().map(|(account, guarded)| (account, lock(guarded))).collect();
        if !store.has_failed() {
            return;
        }
        let mut stored = guarded
            .iter()
            .map(|(account, _)| ((*account).clone(), Service::new(*deletion_time)))
            .collect();
        // If it cannot be read, every answer goes on being an error.
        if store.recover(&mut stored).is_ok() {
            for (account, guarded) in &mut guarded {
                if let Some(service) = stored.remove(*account) {
                    guarded.service = service;
                }
            }
        }
    }

    pub(crate) fn next_request_id(&self) -> Uuid {
        let mut rng = lock(&self.shared.request_ids);
        Builder::from_random_bytes(rng.u128(..).to_be_bytes()).into_uuid()
    }
}

impl Default for Emulator {
    fn default() -> Self {
        Self::new()
    }
}
