//! [`Hold`]: the hold of a handler, which ends with the handler whatever becomes of that.

use std::sync::Arc;

use super::seen::{Claim, Seen};

/// The hold of a handler that runs. Dropped with the handler, it lets the key go in the background, so
/// that a later delivery does not have to wait for the end of the hold.
pub(super) struct Hold {
    seen: Arc<dyn Seen>,
    claim: Option<Claim>,
}

impl Hold {
    pub(super) fn new(seen: &Arc<dyn Seen>, claim: &Claim) -> Self {
        Self { seen: Arc::clone(seen), claim: Some(claim.clone()) }
    }

    /// The handler has ended: its outcome says what becomes of the hold.
    pub(super) fn ended(mut self) {
        self.claim = None;
    }

    /// Lets the key go.
    pub(super) async fn abandon(mut self) {
        if let Some(claim) = self.claim.take() {
            give_up(&*self.seen, &claim).await;
        }
    }
}

async fn give_up(seen: &dyn Seen, claim: &Claim) {
    if let Err(error) = seen.abandon(claim).await {
        tracing::warn!(
            target: "queue_client::processor",
            %error,
            key = claim.key(),
            "the hold of a handler could not be given up: it ends by itself"
        );
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // Without a runtime the hold ends by itself.
        if let Some(claim) = self.claim.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let seen = Arc::clone(&self.seen);
            drop(runtime.spawn(async move { give_up(&*seen, &claim).await }));
        }
    }
}
