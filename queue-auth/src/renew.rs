//! Renewal of what expires: one fetch for all who wait, ahead of the end, with pauses after failures.
//!
//! Access tokens ([`Bearer`](crate::Bearer)) and shared access signatures
//! ([`SasCredential`](crate::sas::SasCredential)) are both kept so. Come here when a credential is
//! fetched too often, too late or twice; the times are decided in [`stock`].

pub(crate) mod gate;
pub(crate) mod stock;

use std::ops::Deref;
use std::sync::Arc;
use std::time::SystemTime;

use crate::authorize::BoxFuture;
use crate::error::AuthError;

use gate::{Gate, Pass};
use stock::{Readiness, Stock};

/// A function that runs a renewal in the background.
pub(crate) type Spawn = Box<dyn Fn(BoxFuture<'static, ()>) + Send + Sync>;

/// A holder of one credential that can fetch the next.
pub(crate) trait Renewable: Send + Sync + 'static {
    type Item: stock::Expires + Send;
    /// All who wait for one fetch share its error.
    type Error: Clone + Into<AuthError> + Send;

    fn gate(&self) -> &Gate;

    fn with_stock<R>(&self, use_it: impl FnOnce(&mut Stock<Self::Item, Self::Error>) -> R) -> R;

    /// Fetches and notes the result in the stock. The pass is a proof that nobody else does.
    fn fetch(
        &self,
        pass: &Pass<'_>,
        now: SystemTime,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Makes sure that a credential is there at `now`, and that one which ends soon is renewed.
///
/// A caller waits only when no credential is valid, or when it is the one that renews and no `spawn`
/// takes that off its hands.
pub(crate) fn refresh<'a, R: Renewable>(
    shared: &'a Arc<R>,
    spawn: Option<&Spawn>,
    now: SystemTime,
) -> BoxFuture<'a, Result<(), AuthError>> {
    let renewal = match shared.with_stock(|stock| stock.readiness_to_renew(now)) {
        Readiness::Ready => return Box::pin(std::future::ready(Ok(()))),
        Readiness::Failed(error) => return Box::pin(std::future::ready(Err(error.into()))),
        Readiness::Missing => return Box::pin(obtain(&**shared, now)),
        Readiness::Due => Renewal { shared: Arc::clone(shared) }.run(now),
    };
    match spawn {
        Some(spawn) => {
            spawn(Box::pin(renewal));
            Box::pin(std::future::ready(Ok(())))
        }
        None => Box::pin(async {
            renewal.await;
            Ok(())
        }),
    }
}

/// Fetches once, or shares what another task fetches meanwhile.
async fn obtain<R: Renewable>(shared: &R, now: SystemTime) -> Result<(), AuthError> {
    let before = shared.with_stock(|stock| stock.fetches());
    let pass = shared.gate().pass().await;
    let outcome = shared.with_stock(|stock| match stock.readiness(now) {
        Readiness::Ready | Readiness::Due => Some(Ok(())),
        Readiness::Failed(error) => Some(Err(error)),
        // A fetch ended while this task waited. Its pause may be over at this task's `now`, and a
        // hundred tasks that waited would then each try once more, one after the other. Pinned by
        // `one_call_for_many_who_wait` and `failures` in tests/credential.rs.
        Readiness::Missing if stock.fetches() != before => stock.failure().cloned().map(Err),
        Readiness::Missing => None,
    });
    match outcome {
        Some(outcome) => outcome.map_err(Into::into),
        None => shared.fetch(&pass, now).await.map_err(Into::into),
    }
}

/// The task that renews a credential ahead of its end; there is one at a time.
struct Renewal<P: Deref<Target: Renewable>> {
    shared: P,
}

impl<P: Deref<Target: Renewable>> Renewal<P> {
    async fn run(self, now: SystemTime) {
        // Somebody who found nothing valid fetches already: then this renewal is theirs.
        if let Some(pass) = self.shared.gate().try_pass() {
            // Its failure is kept in the stock, and the old credential still holds.
            let _ = self.shared.fetch(&pass, now).await;
        }
    }
}

impl<P: Deref<Target: Renewable>> Drop for Renewal<P> {
    // A caller may drop the future before its end; the next one must be able to renew then. Pinned
    // by `a_renewal_that_is_dropped_is_taken_up_again` in tests/credential.rs.
    fn drop(&mut self) {
        self.shared.with_stock(Stock::end_renewal);
    }
}
