//! A handler's view of its lease.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use tokio::sync::watch;

use super::core::{AskFailure, LostCause, StopCause, Tick};
use crate::runtime::Runtime;

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
    /// Nobody else can have the message for so long, provided that the clock of this machine is at
    /// most 5 % slow.
    Held {
        /// What is left.
        remaining: Duration,
    },
    /// The deadline has passed: somebody else may have the message.
    Suspect,
    /// Somebody else has it, or it is gone, or its receipt is lost.
    Lost(LostCause),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    pub(super) deadline: Tick,
    pub(super) told: Told,
    pub(super) stop: Option<StopCause>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Held,
    Suspect,
    Lost(LostCause),
}

impl LeaseHandle {
    pub(super) fn new(view: watch::Receiver<View>, runtime: Arc<dyn Runtime>) -> Self {
        Self { view, runtime }
    }

    /// The state at this moment: the deadline is compared with the clock now, whatever the processor
    /// has got round to telling.
    #[must_use]
    pub fn state(&self) -> LeaseState {
        self.state_of(&self.view.borrow())
    }

    /// How long nobody else can have the message; zero when that is not known.
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
        match view.wait_for(|view| view.told != Told::Held).await {
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
        match view.told {
            Told::Lost(cause) => LeaseState::Lost(cause),
            Told::Held if now < view.deadline => {
                LeaseState::Held { remaining: now.until(view.deadline) }
            }
            Told::Held | Told::Suspect => LeaseState::Suspect,
        }
    }
}

/// A question about the lease that has no good answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum LeaseError {
    /// The lease is lost.
    Lost(LostCause),
    /// The lease cannot be longer: the settings or the expiry of the message forbid it.
    Exhausted,
    /// The service refused, or could not be reached. Nothing was changed.
    Refused,
    /// The answer was lost: it may have been done.
    Ambiguous,
    /// The delivery is over.
    Over,
    /// The new text cannot be written.
    Codec(queue_proto::codec::CodecError),
}

impl From<AskFailure> for LeaseError {
    fn from(failure: AskFailure) -> Self {
        match failure {
            AskFailure::Lost(cause) => Self::Lost(cause),
            AskFailure::Exhausted => Self::Exhausted,
            AskFailure::Refused => Self::Refused,
            AskFailure::Ambiguous => Self::Ambiguous,
            AskFailure::Over => Self::Over,
        }
    }
}

impl fmt::Display for LeaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lost(LostCause::Taken) => "the lease is lost: another receiver has the message",
            Self::Lost(LostCause::ReceiptLost) => {
                "the lease is lost: the answer to a renewal did not arrive, and its receipt with it"
            }
            Self::Lost(LostCause::Expired) => "the lease is lost: the message has expired",
            Self::Lost(LostCause::QueueGone) => "the lease is lost: the queue is gone",
            Self::Lost(LostCause::MaxLease) | Self::Exhausted => "the lease cannot be longer",
            Self::Refused => "the service did not renew the lease",
            Self::Ambiguous => "the answer to the renewal was lost",
            Self::Over => "the delivery is over",
            Self::Codec(_) => "the progress cannot be written as the text of the message",
        })
    }
}

impl Error for LeaseError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Codec(cause) => Some(cause),
            _ => None,
        }
    }
}
