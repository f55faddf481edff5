//! [`EmulatorBuilder`]: the settings of an emulator, each with its default.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use fastrand::Rng;
use queue_auth::verify::Verifier;
use queue_proto::AccountName;

use super::{DELETION_TIME, Emulator, Guarded, Keys, Shared};
use crate::account::Account;
use crate::capacity::Capacity;
use crate::clock::Clock;
use crate::clock::ManualClock;
#[cfg(feature = "bearer")]
use crate::delegation::DelegationKeys;
use crate::directory::Directory;
use crate::fault::Fault;
use crate::fault::Faults;
use crate::last_endpoint::LastEndpoint;
use crate::notice::{Notice, Notices};
use crate::observers::Observers;
use crate::record::RequestRecord;
use crate::replica::{Replica, Replication};
use crate::role::Role;
use crate::role::Roles;
#[cfg(feature = "durable")]
use crate::state::Moment;
use crate::state::Service;
#[cfg(feature = "durable")]
use crate::store::Store;
#[cfg(feature = "durable")]
use crate::store::error::StoreError;
use crate::watch::{RecordLimits, Watch};

/// Sets up an [`Emulator`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct EmulatorBuilder {
    accounts: Vec<Account>,
    /// The clock that was given; `None` for that of the machine.
    clock: Option<Clock>,
    notices: Notices,
    seed: Option<u64>,
    deletion_time: Duration,
    directory: Directory,
    replication: Replication,
    faults: Vec<Fault>,
    observers: Observers,
    service_limits: bool,
    record: Option<RecordLimits>,
    #[cfg(feature = "bearer")]
    issuer: Option<crate::token::TokenIssuer>,
}

/// The queues that an emulator starts with; an account that is missing has none.
#[derive(Debug, Default)]
struct Contents {
    services: HashMap<AccountName, Service>,
    /// The queues that the secondaries start with.
    copies: HashMap<AccountName, Service>,
    /// The number of times that the store was opened before.
    starts: u64,
    #[cfg(feature = "durable")]
    store: Option<Store>,
}

impl EmulatorBuilder {
    pub(super) fn new() -> Self {
        Self {
            accounts: Vec::new(),
            clock: None,
            notices: Notices::default(),
            seed: None,
            deletion_time: DELETION_TIME,
            directory: Directory::new(),
            replication: Replication::Live { lag: Duration::ZERO },
            faults: Vec::new(),
            observers: Observers::default(),
            service_limits: false,
            record: None,
            #[cfg(feature = "bearer")]
            issuer: None,
        }
    }

    /// Serves this account, beside others that are given so. An account that is given twice has the
    /// keys of the last time. `devstoreaccount1` with its published key is served if no account is
    /// given, and otherwise only if it is given too, as by [`Account::devstore`].
    pub fn account(mut self, account: Account) -> Self {
        self.accounts.retain(|other| other.name() != account.name());
        self.accounts.push(account);
        self
    }

    /// Reads the time from `now`, once for each request. Default: the clock of the machine.
    ///
    /// Messages follow such a clock wherever it goes. Without one they live by a time that starts
    /// at the machine's and never goes back, whatever becomes of that.
    pub fn clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Some(Clock::from_fn(now));
        self
    }

    /// Reads the time from a clock that stands still until it is moved.
    pub fn manual_clock(self, clock: &ManualClock) -> Self {
        let clock = clock.clone();
        self.clock(move || clock.now())
    }

    /// Makes ids and receipts the same in every run with the same requests in the same order.
    /// Default: they differ from run to run.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sets the time for which the name of a deleted queue cannot be used again (409
    /// `QueueBeingDeleted`). [`Duration::ZERO`] frees the name at once. Default: 30 seconds, as in the
    /// service.
    pub fn deletion_time(mut self, time: Duration) -> Self {
        self.deletion_time = time;
        self
    }

    /// Sets how far the secondary is behind: what was written less than this time ago is not there
    /// yet. The secondary is read at `/account-secondary/...`, or at the host
    /// `account-secondary.queue.localhost`. Default: [`Duration::ZERO`], a secondary that always shows
    /// what the primary does.
    pub fn replication_lag(mut self, lag: Duration) -> Self {
        self.replication = Replication::Live { lag };
        self
    }

    /// Switches the secondary off: what is asked of it is refused with 403
    /// `InsufficientAccountPermissions`. Default: there is a secondary.
    pub fn without_secondary(mut self) -> Self {
        self.replication = Replication::Off;
        self
    }

    /// Gives the user with this object id these roles, whatever tokens of the user say. No role at
    /// all forbids everything.
    pub fn roles(
        mut self,
        object_id: impl Into<String>,
        roles: impl IntoIterator<Item = Role>,
    ) -> Self {
        self.directory.assigned.insert(object_id.into(), Roles::new(roles));
        self
    }

    /// Gives these roles to all users to whom [`roles`](Self::roles) gives none and whose tokens
    /// name none. Default: [`Role::Owner`], which allows everything.
    pub fn other_roles(mut self, roles: impl IntoIterator<Item = Role>) -> Self {
        self.directory.others = Roles::new(roles);
        self
    }

    /// Accepts bearer tokens over plain HTTP too, from this machine alone. The service never does:
    /// this is for tests of clients that can be told to send them so. Default: HTTPS is needed.
    pub fn bearer_over_http(mut self) -> Self {
        self.directory.clear_text = true;
        self
    }

    /// Forbids account keys, as the setting "Allow storage account key access" of an account does:
    /// Shared Key, and shared access signatures that an account key signed, are refused with 403
    /// `KeyBasedAuthenticationNotPermitted`. Bearer tokens and signatures of user delegation keys
    /// go on working. Default: account keys are allowed.
    pub fn forbid_shared_key(mut self) -> Self {
        self.directory.keys_forbidden = true;
        self
    }

    /// Sets the tenant in the challenge that clients without credentials get.
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.directory.tenant = tenant.into();
        self
    }

    /// Accepts bearer tokens of this issuer only, and checks their signatures. Default: any token is
    /// accepted whose claims are right, whoever signed it and for whatever tenant.
    #[cfg(feature = "bearer")]
    pub fn token_issuer(mut self, issuer: crate::token::TokenIssuer) -> Self {
        self.issuer = Some(issuer);
        self
    }

    /// Tells `listener` what whoever runs the emulator should know; see [`Notice`]. A listener
    /// must not call the emulator.
    pub fn on_notice(mut self, listener: impl Fn(&Notice) + Send + Sync + 'static) -> Self {
        self.notices = Notices::to(listener);
        self
    }

    /// Refuses more than the service takes, with 503 `ServerBusy`: more than 2,000 messages in a
    /// second of one queue, and more than 20,000 requests in a second to one account. Every message
    /// of an answer counts; after a pause a second's worth may come at once. The seconds are those
    /// of the emulator's clock. Default: there is no limit.
    pub fn service_limits(mut self) -> Self {
        self.service_limits = true;
        self
    }

    /// Tells `observer` of every request when its answer is ready, beside others that are given so.
    /// Without an observer nothing is noted. Default: none.
    ///
    /// An observer is called by the thread that answers: it should be quick, and must not call the
    /// emulator.
    ///
    /// ```
    /// use std::sync::mpsc::channel;
    ///
    /// use queue_emulator::{Check, Emulator};
    ///
    /// let (tell, told) = channel();
    /// let builder = Emulator::builder().on_request(move |record| {
    ///     // An error means that nobody listens any more.
    ///     let _ = tell.send(record.clone());
    /// });
    /// let emulator = builder.build();
    /// let request = http::Request::get("http://127.0.0.1:10001/devstoreaccount1/jobs?sig=secret")
    ///     .body(bytes::Bytes::new())?;
    /// let _refused = emulator.handle(request);
    /// let record = told.recv()?;
    /// assert_eq!(record.target, "/devstoreaccount1/jobs?sig=REDACTED");
    /// assert_eq!(record.refused.map(|refused| refused.check()), Some(Check::Authentication));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_request(mut self, observer: impl Fn(&RequestRecord) + Send + Sync + 'static) -> Self {
        self.observers.add(move |record| observer(record));
        self
    }

    /// Like [`on_request`](Self::on_request), for an observer that does its work later and elsewhere.
    #[cfg(feature = "program")]
    pub(crate) fn on_request_kept(
        mut self,
        observer: impl Fn(&Arc<RequestRecord>) + Send + Sync + 'static,
    ) -> Self {
        self.observers.add(observer);
        self
    }

    /// Makes an event of `tracing` of every request, with the target `queue_emulator::requests`: of
    /// the level `DEBUG`, or `INFO` if it was refused or its answer was lost. Events have no secrets,
    /// as [`on_request`](Self::on_request). Default: no events.
    #[cfg(feature = "tracing")]
    pub fn trace_requests(self) -> Self {
        self.on_request(RequestRecord::trace)
    }

    /// Starts with a fault; see [`Emulator::add_fault`]. Faults apply to requests that come through
    /// `Server`, [`Emulator::exchange`] or [`Emulator::into_handler_with_faults`].
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Remembers requests and what happened to messages, for [`Emulator::requests`] and
    /// [`Emulator::life`]. Default: nothing is remembered, and nothing is spent on it.
    pub fn record(mut self, limits: RecordLimits) -> Self {
        self.record = Some(limits);
        self
    }

    /// Starts with no queues, and keeps them in memory.
    #[must_use]
    pub fn build(mut self) -> Emulator {
        self.add_devstore();
        let clock = self.take_clock();
        self.assemble(clock, Contents::default())
    }

    /// Starts with the queues in an open store.
    #[cfg(feature = "durable")]
    pub(crate) fn build_on(mut self, store: Store) -> Result<Emulator, StoreError> {
        self.add_devstore();
        let mut contents = Contents { starts: store.starts(), ..Contents::default() };
        contents.services = self.empty_services();
        let latest = store.load(&mut contents.services)?;
        let mut clock = self.take_clock();
        let by = clock.go_on_from(latest);
        if !by.is_zero() {
            self.notices.tell(&Notice::ClockBehind { by });
        }
        let now = clock.moment();
        if self.replication.lag().is_some() {
            contents.copies = self.empty_services();
            store.copy(&mut contents.copies)?;
        }
        for service in contents.services.values_mut().chain(contents.copies.values_mut()) {
            service.free_names_by(now.after(service.deletion_time()));
        }
        self.directory.owners.remember_all(store.owners(Moment::from(clock.now()))?);
        contents.store = Some(store);
        Ok(self.assemble(clock, contents))
    }

    #[cfg(feature = "durable")]
    fn empty_services(&self) -> HashMap<AccountName, Service> {
        let service = || Service::new(self.deletion_time);
        self.accounts.iter().map(|account| (account.name().clone(), service())).collect()
    }

    #[cfg(feature = "durable")]
    pub(crate) fn notices(&self) -> Notices {
        self.notices.clone()
    }

    fn take_clock(&mut self) -> Clock {
        self.clock.take().unwrap_or_else(|| Clock::machine(self.notices.clone()))
    }

    fn add_devstore(&mut self) {
        // Everybody knows its key: it must not open an emulator that has accounts of its own.
        if self.accounts.is_empty() {
            self.accounts.push(Account::devstore());
        }
    }

    fn assemble(mut self, clock: Clock, mut contents: Contents) -> Emulator {
        let verifier = self.verifier();
        let Self {
            accounts,
            seed,
            deletion_time,
            directory,
            replication,
            faults,
            observers,
            service_limits,
            record,
            ..
        } = self;
        // Ids and receipts that are stored must not be drawn again.
        let seed = seed.map(|seed| seed ^ contents.starts.rotate_right(8));
        let mut seeds = seed.map_or_else(Rng::new, Rng::with_seed);
        let take = |services: &mut HashMap<AccountName, Service>, account: &Account| {
            services.remove(account.name()).unwrap_or_else(|| Service::new(deletion_time))
        };
        let services = accounts
            .iter()
            .map(|account| {
                let service = take(&mut contents.services, account);
                let copy = |lag| Replica::new(take(&mut contents.copies, account), lag);
                let replica = replication.lag().map(copy);
                let guarded = Guarded { service, rng: seeds.fork(), replica };
                (account.name().clone(), Mutex::new(guarded))
            })
            .collect();
        #[cfg(feature = "bearer")]
        let delegation_keys =
            Arc::new(DelegationKeys::new(accounts.clone(), Arc::clone(&directory.owners)));
        #[cfg(feature = "bearer")]
        let verifier = verifier.delegation_keys(Arc::clone(&delegation_keys));
        let request_ids = Mutex::new(seeds.fork());
        let faults = Faults::new(faults, seeds.fork());
        Emulator {
            shared: Arc::new(Shared {
                accounts,
                services,
                #[cfg(feature = "durable")]
                deletion_time,
                #[cfg(feature = "durable")]
                store: contents.store,
                verifier,
                #[cfg(feature = "bearer")]
                delegation_keys,
                directory,
                last_endpoint: LastEndpoint::default(),
                replication,
                faults,
                observers,
                capacity: service_limits.then(Capacity::default),
                clock,
                request_ids,
                watch: record.map(Watch::new),
            }),
        }
    }

    fn verifier(&mut self) -> Verifier<Keys> {
        let keys = self
            .accounts
            .iter()
            .map(|account| (account.name().to_string(), account.keys().to_vec()))
            .collect();
        let verifier = Verifier::new(keys);
        #[cfg(feature = "bearer")]
        let verifier = {
            use queue_auth::verify::BearerRules;

            verifier.bearer(match self.issuer.take() {
                Some(issuer) => BearerRules::new(crate::token::LocalSignatures(issuer)),
                None => crate::token::ENTRA_ISSUERS
                    .iter()
                    .fold(BearerRules::danger_accept_any_signature(), |rules, issuer| {
                        rules.danger_issuer_prefix(*issuer)
                    }),
            })
        };
        verifier
    }
}
