//! [`Seen`]: the store that knows which work is done, and who is at it.

use std::{fmt, sync::Arc, time::Duration};

use queue_auth::BoxFuture;

use crate::processor::{explanation::BoxError, run::delivery::FencingToken};

/// A store that knows which work is done, and who is at it.
///
/// Each method is atomic, and durable once it has returned, as far as the store is durable at all.
/// The [module](super) has the statements for a database.
pub trait Seen: fmt::Debug + Send + Sync + 'static {
    /// Begins the work on a key, unless it is finished or another holder has it. A hold that has ended
    /// is taken over. The same holder may begin again, which renews its hold.
    fn begin<'a>(
        &'a self,
        claim: &'a Claim,
        hold: Duration,
    ) -> BoxFuture<'a, Result<Begin, BoxError>>;

    /// Marks the work of this claim as finished, for good, if its holder still has the key. A hold that
    /// has ended but that nobody took over counts as held.
    fn finish<'a>(&'a self, claim: &'a Claim) -> BoxFuture<'a, Result<Finish, BoxError>>;

    /// Ends the hold of this claim without a mark, if its holder still has the key. A finished key
    /// stays finished.
    fn abandon<'a>(&'a self, claim: &'a Claim) -> BoxFuture<'a, Result<(), BoxError>>;

    /// Forgets the marks that were set longer ago than this.
    fn expire(&self, older_than: Duration) -> BoxFuture<'_, Result<(), BoxError>>;
}

/// What [`Seen::begin`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a store has to say one of the three")]
pub enum Begin {
    /// The key is this claim's for the time of the hold.
    Begun,
    /// The work is finished.
    Finished,
    /// Another holder has the key.
    Held {
        /// The time until its hold ends, unless it is renewed.
        remaining: Duration,
    },
}

/// What [`Seen::finish`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a store has to say one of the two")]
pub enum Finish {
    /// The key is finished: by this call, or it was before, by whichever holder.
    Finished,
    /// Another holder has the key, or nobody has.
    NotHeld,
}

/// The claim of one delivery to the work on one key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Claim {
    key: Arc<str>,
    holder: Arc<str>,
}

impl Claim {
    /// The claim of a holder to a key, for tests of a store.
    pub fn new(key: impl Into<Arc<str>>, holder: impl Into<Arc<str>>) -> Self {
        Self { key: key.into(), holder: holder.into() }
    }

    /// The claim of a delivery. No two deliveries have one token, in whatever processes.
    pub(super) fn of(token: &FencingToken, key: Option<String>) -> Self {
        Self::new(key.unwrap_or_else(|| token.id().to_string()), token.to_string())
    }

    /// The key of the work.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The name of the delivery that holds the key, which no other delivery has.
    #[must_use]
    pub fn holder(&self) -> &str {
        &self.holder
    }
}
