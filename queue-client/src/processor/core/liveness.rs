//! [`Liveness`]: since when the processor waits for a sign of life from the service. Read this to
//! learn what a liveness probe is told.

use super::time::Tick;
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

pub(super) const fn is_throttled(failure: &OpFailure) -> bool {
    matches!(failure, OpFailure::Refused { kind: Refusal::Throttled, .. })
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

    /// An answer came, after which other requests are still in flight or not.
    pub(super) fn heard(&mut self, now: Tick, heard: Heard, is_asking: bool) {
        match heard {
            Heard::Nothing => return,
            Heard::Refusal => {}
            Heard::Success => self.last_success = Some(now),
        }
        // What else is in flight was asked for before, but the service is there at this instant.
        self.unanswered_since = is_asking.then_some(now);
    }

    /// Nothing is waited for: a failure of long ago says nothing about the present.
    pub(super) fn rests(&mut self) {
        self.unanswered_since = None;
    }

    /// A request is made.
    pub(super) fn asked(&mut self, now: Tick) {
        self.unanswered_since.get_or_insert(now);
    }
}
