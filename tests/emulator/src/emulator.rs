//! The emulator as its users hold it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use fastrand::Rng;
use queue_auth::AccountKey;
use queue_auth::verify::Verifier;
use queue_proto::AccountName;
use uuid::{Builder, Uuid};

use crate::clock::Clock;
use crate::state::Service;
use crate::{Account, ManualClock};

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
    /// In the order they were given; never empty.
    accounts: Vec<Account>,
    services: HashMap<AccountName, Mutex<Guarded>>,
    verifier: Verifier<Keys>,
    clock: Clock,
    request_ids: Mutex<Rng>,
}

/// What one account's lock guards.
#[derive(Debug)]
pub(crate) struct Guarded {
    pub(crate) service: Service,
    pub(crate) rng: Rng,
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

    /// An emulator with other accounts, another clock, or other rules.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder {
            accounts: Vec::new(),
            clock: Clock::wall(),
            seed: None,
            deletion_time: DELETION_TIME,
        }
    }

    /// The first account that was given to the builder, or else `devstoreaccount1`.
    #[must_use]
    pub fn account(&self) -> &Account {
        // The builder puts at least one account in; were it not so, nothing else would work.
        self.shared.accounts.first().expect("an emulator has an account")
    }

    /// Every account: those given to the builder, in that order, and `devstoreaccount1`.
    #[must_use]
    pub fn accounts(&self) -> &[Account] {
        &self.shared.accounts
    }

    /// The time by the clock it was given.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.shared.clock.now()
    }

    pub(crate) fn verifier(&self) -> &Verifier<Keys> {
        &self.shared.verifier
    }

    /// The queues of an account, for one operation.
    pub(crate) fn service(&self, account: &AccountName) -> Option<MutexGuard<'_, Guarded>> {
        // A panic under the lock is a bug, but no reason to make every later request fail.
        let service = self.shared.services.get(account)?;
        Some(service.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn next_request_id(&self) -> Uuid {
        let mut rng = self.shared.request_ids.lock().unwrap_or_else(PoisonError::into_inner);
        Builder::from_random_bytes(rng.u128(..).to_be_bytes()).into_uuid()
    }
}

impl Default for Emulator {
    fn default() -> Self {
        Self::new()
    }
}

/// Sets up an [`Emulator`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct EmulatorBuilder {
    accounts: Vec<Account>,
    clock: Clock,
    seed: Option<u64>,
    deletion_time: Duration,
}

impl EmulatorBuilder {
    /// Serves one more account. `devstoreaccount1` is always served; giving it here replaces its
    /// keys.
    pub fn account(mut self, account: Account) -> Self {
        self.accounts.retain(|other| other.name() != account.name());
        self.accounts.push(account);
        self
    }

    /// Reads the time from `now`, once for each request.
    pub fn clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Clock::from_fn(now);
        self
    }

    /// Lives by a clock that stands still until it is moved.
    pub fn manual_clock(self, clock: &ManualClock) -> Self {
        let clock = clock.clone();
        self.clock(move || clock.now())
    }

    /// Makes ids and receipts the same in every run with the same requests in the same order.
    /// Without it they differ from run to run.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// How long the name of a deleted queue cannot be used again (409 QueueBeingDeleted). The
    /// default is the service's 30 seconds; [`Duration::ZERO`] frees it at once.
    pub fn deletion_time(mut self, time: Duration) -> Self {
        self.deletion_time = time;
        self
    }

    /// Starts with no queues.
    #[must_use]
    pub fn build(self) -> Emulator {
        let Self { mut accounts, clock, seed, deletion_time } = self;
        let devstore = Account::devstore();
        if accounts.iter().all(|account| account.name() != devstore.name()) {
            accounts.push(devstore);
        }
        let mut seeds = seed.map_or_else(Rng::new, Rng::with_seed);
        let services = accounts
            .iter()
            .map(|account| {
                let guarded = Guarded { service: Service::new(deletion_time), rng: seeds.fork() };
                (account.name().clone(), Mutex::new(guarded))
            })
            .collect();
        let keys =
            accounts.iter().map(|account| (account.name().to_string(), account.keys().to_vec()));
        let verifier = Verifier::new(keys.collect());
        let request_ids = Mutex::new(seeds.fork());
        Emulator { shared: Arc::new(Shared { accounts, services, verifier, clock, request_ids }) }
    }
}
