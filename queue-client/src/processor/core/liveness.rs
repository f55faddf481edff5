//! [`Liveness`]: since when the processor waits for a sign of life from the service. Read this to
//! learn what a liveness probe is told.

use super::{Core, Tick};
use crate::failure::{OpFailure, Refusal};

/// When a request last succeeded, and whether one is missing its success now.
///
/// An age of the last success alone says nothing: with all handlers busy nothing is received, and
/// leases of five minutes are renewed every two and a half. What tells a processor that is stuck
/// from one that has nothing to ask for is a request that no good answer has followed.
#[derive(Debug, Default)]
pub(super) struct Liveness {
    last_success: Option<Tick>,
    unanswered_since: Option<Tick>,
}

/// What an answer to the request of a delivery says about the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// It did what it was asked for.
    Success,
    /// It is there, and refuses this one request: the message is somebody else's, for example.
    Refusal,
    /// It is not there, or has too much to do.
    Nothing,
}

pub(super) const fn heard<T>(result: &Result<T, OpFailure>) -> Heard {
    match result {
        Ok(_) => Heard::Success,
        Err(OpFailure::NotSent | OpFailure::Ambiguous)
        | Err(OpFailure::Refused { kind: Refusal::Throttled, .. }) => Heard::Nothing,
        Err(OpFailure::NotOwner | OpFailure::Refused { .. }) => Heard::Refusal,
    }
}

impl Liveness {
    pub(super) const fn last_success(&self) -> Option<Tick> {
        self.last_success
    }

    pub(super) const fn unanswered_since(&self) -> Option<Tick> {
        self.unanswered_since
    }

    /// A request is made.
    pub(super) fn asked(&mut self, now: Tick) {
        self.unanswered_since.get_or_insert(now);
    }
}

impl Core {
    /// A request was answered, and is not in flight any more.
    pub(super) fn heard(&mut self, now: Tick, heard: Heard) {
        match heard {
            Heard::Nothing => return,
            Heard::Refusal => {}
            Heard::Success => self.liveness.last_success = Some(now),
        }
        // What else is in flight was asked for before, but the service is there at this instant.
        self.liveness.unanswered_since = self.is_asking().then_some(now);
    }

    /// Nothing is waited for: a failure of long ago says nothing about the present.
    pub(super) fn rests(&mut self) {
        if !self.is_asking() && self.deliveries.is_empty() && self.receive_due().is_none() {
            self.liveness.unanswered_since = None;
        }
    }

    fn is_asking(&self) -> bool {
        self.poller.is_asking() || !self.ops.is_empty()
    }
}
