//! [`LeaseHandle`]: a handler's view of its lease.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{
    processor::core::{LostCause, Standing, StopCause, Tick},
    runtime::Runtime,
};

/// What a handler knows about its lease. Clones see the same lease.
#[derive(Debug, Clone)]
pub struct LeaseHandle {
    view: watch::Receiver<View>,
    runtime: Arc<dyn Runtime>,
}

/// The state of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeaseState {
    /// Nobody else can have the message for some time, provided that the clock of this machine is at
    /// most 5 % slow.
    Held {
        /// The time that is left.
        remaining: Duration,
    },
    /// The deadline has passed: somebody else may have the message.
    Suspect,
    /// Somebody else has the message, or the message is gone, or its receipt is lost.
    Lost(LostCause),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    pub(super) deadline: Tick,
    pub(super) standing: Standing,
    pub(super) stop: Option<StopCause>,
}

impl LeaseHandle {
    pub(super) fn new(view: watch::Receiver<View>, runtime: Arc<dyn Runtime>) -> Self {
        Self { view, runtime }
    }

    /// The clock and the timers of the lease.
    pub(in crate::processor) fn runtime(&self) -> Arc<dyn Runtime> {
        Arc::clone(&self.runtime)
    }

    /// The state at this moment: the deadline is compared with the clock now, whatever the processor
    /// has got round to telling.
    #[must_use]
    pub fn state(&self) -> LeaseState {
        self.state_of(&self.view.borrow())
    }

    /// The time for which nobody else can have the message; zero when that is not known.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        match self.state() {
            LeaseState::Held { remaining } => remaining,
            LeaseState::Suspect | LeaseState::Lost(_) => Duration::ZERO,
        }
    }

    /// Why the handler should come to an end, if it should.
    #[must_use]
    pub fn stop_cause(&self) -> Option<StopCause> {
        self.view.borrow().stop
    }

    /// Completes when the message cannot be relied upon any more, with the reason. Cancel-safe.
    pub async fn lost(&self) -> LeaseState {
        let mut view = self.view.clone();
        match view.wait_for(|view| view.standing != Standing::Held).await {
            Ok(view) => self.state_of(&view),
            // The processor is gone, and nobody renews.
            Err(_) => LeaseState::Suspect,
        }
    }

    /// Completes when the handler should come to an end: the processor shuts down, the lease cannot
    /// be renewed much longer, or a later delivery has gone further. Cancel-safe.
    pub async fn stop(&self) -> StopCause {
        let mut view = self.view.clone();
        match view.wait_for(|view| view.stop.is_some()).await {
            Ok(view) => view.stop.unwrap_or(StopCause::Shutdown),
            Err(_) => StopCause::Shutdown,
        }
    }

    fn state_of(&self, view: &View) -> LeaseState {
        let now = Tick::new(self.runtime.elapsed());
        match view.standing {
            Standing::Lost(cause) => LeaseState::Lost(cause),
            Standing::Held if now < view.deadline => {
                LeaseState::Held { remaining: now.until(view.deadline) }
            }
            Standing::Held | Standing::Suspect => LeaseState::Suspect,
        }
    }
}
