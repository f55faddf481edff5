//! The properties that a simulation checks ([`Property`]), and the report of one that is broken
//! ([`Violation`]).

use std::fmt;

/// What must hold in every simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the list is the specification")]
pub enum Property {
    /// Every message that was put is there, completed, dead-lettered or expired.
    Conservation,
    /// Two handlers of one message never both see their lease as held.
    Exclusivity,
    /// A delete follows a completed handler or a stored dead letter, in the same process.
    DeleteIsEarned,
    /// A message has at most as many runs as the settings allow, and exactly as many when it always
    /// fails on a clean network.
    Attempts,
    /// Once faults are over, everything settles within a bound.
    Liveness,
    /// One request at a time for each delivery, with the newest receipt.
    Serialization,
    /// Refusals for less than half a lease do not cost a lease.
    Renewal,
    /// A handler is told before the service hands its message to somebody else.
    Signals,
    /// A shutdown ends in time, starts nothing and accounts for everything.
    Shutdown,
    /// Renewals and receives stay within their bounds.
    Cost,
    /// No more handlers start in any time than the rate of the settings allows.
    Rate,
    /// No more handlers run at once than the settings allow.
    Capacity,
    /// A message that is leased ahead starts before half of its lease is over, or is given back.
    Waiting,
    /// A moment in time has a bounded number of actions.
    NoBusyLoop,
    /// The same seed and inputs give the same actions.
    Determinism,
    /// Any sequence of inputs is survived.
    Robustness,
    /// On a clean network every message is worked on once and in time.
    CleanNetwork,
    /// No message expires because of a delay that the processor chose.
    Expiry,
}

/// A broken property.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Violation {
    /// The property that does not hold.
    pub property: Property,
    /// What was seen, with the ids and times that show it.
    pub detail: String,
}

impl Violation {
    /// A broken property.
    #[must_use]
    pub fn new(property: Property, detail: impl Into<String>) -> Self {
        Self { property, detail: detail.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.property, self.detail)
    }
}

/// Returns a violation unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $property:ident, $($detail:tt)*) => {
        let holds: bool = $condition;
        if !holds {
            return Err($crate::check::Violation::new(
                $crate::check::Property::$property,
                format!($($detail)*),
            ));
        }
    };
}
pub(crate) use ensure;

/// What happened in one or many simulations.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Tally {
    /// The number of simulations.
    pub scenarios: u64,
    /// Messages that were put.
    pub messages: u64,
    /// Handlers that were started.
    pub runs: u64,
    /// Handlers that completed.
    pub completions: u64,
    /// Completions of messages that had been completed before.
    pub duplicates: u64,
    /// Handlers that were started while another of the same message was running.
    pub overlaps: u64,
    /// Dead letters that were stored.
    pub letters: u64,
    /// Requests to the service.
    pub requests: u64,
    /// Renewals of leases.
    pub renewals: u64,
    /// Messages that were given back since no handler came free in time.
    pub given_back: u64,
    /// Processes that crashed.
    pub crashes: u64,
    /// Messages that expired.
    pub expired: u64,
    /// Simulations that were compared with a second one of the same seed.
    pub replays: u64,
    /// Simulated time in seconds.
    pub seconds: u64,
    /// The longest that a message waited for its first run, in milliseconds.
    pub longest_wait: u64,
}

impl Tally {
    /// Adds the counts of another tally.
    pub fn add(&mut self, other: &Self) {
        self.longest_wait = self.longest_wait.max(other.longest_wait);
        self.scenarios += other.scenarios;
        self.messages += other.messages;
        self.runs += other.runs;
        self.completions += other.completions;
        self.duplicates += other.duplicates;
        self.overlaps += other.overlaps;
        self.letters += other.letters;
        self.requests += other.requests;
        self.renewals += other.renewals;
        self.given_back += other.given_back;
        self.crashes += other.crashes;
        self.expired += other.expired;
        self.replays += other.replays;
        self.seconds += other.seconds;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} scenarios, {} messages, {} runs, {} completions ({} repeated), {} overlapping runs, \
             {} dead letters, {} given back, {} expired, {} requests, {} renewals, {} crashes, {} replayed, \
             {:.1} simulated days",
            self.scenarios,
            self.messages,
            self.runs,
            self.completions,
            self.duplicates,
            self.overlaps,
            self.letters,
            self.given_back,
            self.expired,
            self.requests,
            self.renewals,
            self.crashes,
            self.replays,
            self.seconds as f64 / 86_400.0
        )
    }
}
