//! [`MemorySeen`]: what this process has seen.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use queue_auth::BoxFuture;

use super::seen::{Begin, Claim, Finish, Seen};
use crate::{
    processor::explanation::BoxError,
    runtime::{Runtime, TokioRuntime},
};

/// What this process has seen. Clones share it; it is gone with the process.
#[derive(Clone)]
pub struct MemorySeen {
    runtime: Arc<dyn Runtime>,
    keys: Arc<Mutex<HashMap<Arc<str>, Entry>>>,
}

/// What is known of a key. Instants are those of the runtime.
enum Entry {
    Held { holder: Arc<str>, until: Duration },
    Finished { at: Duration },
}

impl MemorySeen {
    /// A store that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::with_runtime(TokioRuntime::new())
    }

    /// A store that lives by the clock of this runtime.
    pub fn with_runtime(runtime: impl Runtime + 'static) -> Self {
        Self { runtime: Arc::new(runtime), keys: Arc::default() }
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<Arc<str>, Entry>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin_now(&self, claim: &Claim, hold: Duration) -> Begin {
        let now = self.runtime.elapsed();
        let mut keys = self.keys();
        match keys.get(claim.key()) {
            Some(Entry::Finished { .. }) => return Begin::Finished,
            Some(Entry::Held { holder, until }) if **holder != *claim.holder() && now < *until => {
                return Begin::Held { remaining: until.saturating_sub(now) };
            }
            _ => {}
        }
        let entry = Entry::Held { holder: claim.holder().into(), until: now.saturating_add(hold) };
        keys.insert(claim.key().into(), entry);
        Begin::Begun
    }

    fn finish_now(&self, claim: &Claim) -> Finish {
        let at = self.runtime.elapsed();
        match self.keys().get_mut(claim.key()) {
            Some(Entry::Finished { .. }) => Finish::Finished,
            Some(entry) if entry.is_held_by(claim) => {
                *entry = Entry::Finished { at };
                Finish::Finished
            }
            _ => Finish::NotHeld,
        }
    }
}

impl Entry {
    fn is_held_by(&self, claim: &Claim) -> bool {
        matches!(self, Self::Held { holder, .. } if **holder == *claim.holder())
    }
}

impl Seen for MemorySeen {
    fn begin<'a>(
        &'a self,
        claim: &'a Claim,
        hold: Duration,
    ) -> BoxFuture<'a, Result<Begin, BoxError>> {
        Box::pin(async move { Ok(self.begin_now(claim, hold)) })
    }

    fn finish<'a>(&'a self, claim: &'a Claim) -> BoxFuture<'a, Result<Finish, BoxError>> {
        Box::pin(async move { Ok(self.finish_now(claim)) })
    }

    fn abandon<'a>(&'a self, claim: &'a Claim) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let mut keys = self.keys();
            if keys.get(claim.key()).is_some_and(|entry| entry.is_held_by(claim)) {
                keys.remove(claim.key());
            }
            Ok(())
        })
    }

    fn expire(&self, older_than: Duration) -> BoxFuture<'_, Result<(), BoxError>> {
        Box::pin(async move {
            let now = self.runtime.elapsed();
            self.keys().retain(|_, entry| match entry {
                Entry::Finished { at } => now.saturating_sub(*at) <= older_than,
                Entry::Held { .. } => true,
            });
            Ok(())
        })
    }
}

impl Default for MemorySeen {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemorySeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySeen").field("keys", &self.keys().len()).finish_non_exhaustive()
    }
}
