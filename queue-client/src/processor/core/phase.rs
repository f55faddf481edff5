//! [`Phase`]: whether a run goes on, comes to its end, or is over.

use super::{report::End, time::Tick};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Running,
    Draining(Draining),
    Finished,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Draining {
    pub(super) end: End,
    /// When handlers are told to stop, are dropped, and when it is over whatever is left.
    pub(super) stop_at: Tick,
    pub(super) drop_at: Tick,
    pub(super) end_at: Tick,
    pub(super) stopped: bool,
    pub(super) dropped: bool,
}

impl Draining {
    pub(super) fn next_wake(&self) -> Tick {
        if !self.stopped {
            self.stop_at
        } else if !self.dropped {
            self.drop_at
        } else {
            self.end_at
        }
    }
}
