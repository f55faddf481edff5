//! What happens in a simulation: drawn from a seed, and from nothing else.

mod draw;
mod special;

use queue_client::processor::core::CoreConfig;

use crate::time::Micros;

/// One simulation.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Scenario {
    /// The seed that it was drawn from; it also seeds what happens during the run.
    pub seed: u64,
    /// The settings of every processor.
    pub config: CoreConfig,
    /// How fast the clock of each processor runs.
    pub rates: Vec<f64>,
    /// The messages.
    pub messages: Vec<Plan>,
    /// What goes wrong on the wire, as long as faults last.
    pub wire: Wire,
    /// When faults end.
    pub calm_after: Micros,
    /// What happens besides.
    pub incidents: Vec<(Micros, Incident)>,
    /// Compares a second run, input by input.
    pub replay: bool,
}

/// What a message is, and what handlers do with it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// When it is put.
    pub put_at: Micros,
    /// How long it is hidden at first.
    pub delay: Micros,
    /// How long it lives.
    pub time_to_live: Option<Micros>,
    /// How handlers end.
    pub ending: Ending,
    /// How long handlers run, at most.
    pub longest: Micros,
    /// How often a handler asks for a renewal or writes a checkpoint.
    pub asks: f64,
}

/// How the handlers of a message end.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Ending {
    /// Complete.
    Good,
    /// Fail, always.
    Bad,
    /// Fail with this probability.
    Flaky(f64),
    /// Ask for a dead letter.
    Dead,
    /// Leave the message, with this probability.
    Abandon(f64),
    /// Never end by themselves.
    Hang,
}

/// Probabilities of what goes wrong with a request.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct Wire {
    /// It does not leave.
    pub not_sent: f64,
    /// It is lost.
    pub request_lost: f64,
    /// It is applied and its answer is lost.
    pub answer_lost: f64,
    /// 503.
    pub busy: f64,
    /// 500, applied or not.
    pub server_error: f64,
    /// It takes up to twenty seconds.
    pub slow: f64,
    /// The answer arrives twice.
    pub twice: f64,
    /// The driver sends late.
    pub late_send: f64,
    /// Only Update Message is hit.
    pub updates_only: bool,
}

/// Something that happens at a given time.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Incident {
    /// A process dies, and another starts after a while.
    Crash {
        /// Which.
        process: usize,
        /// After how long.
        restart: Micros,
    },
    /// A process stands still while its clock goes on.
    Pause {
        /// Which.
        process: usize,
        /// For how long.
        time: Micros,
    },
    /// A process and its monotonic clock stand still.
    Suspend {
        /// Which.
        process: usize,
        /// For how long.
        time: Micros,
    },
    /// A process is told to drain, and another starts in its place.
    Drain {
        /// Which.
        process: usize,
    },
    /// A process is told to release what it holds, and another starts in its place.
    Release {
        /// Which.
        process: usize,
    },
    /// The queue is deleted, and made again after a while.
    QueueDeleted {
        /// After how long.
        time: Micros,
    },
    /// The queue is cleared.
    Cleared,
    /// Every request is refused with 403.
    Forbidden {
        /// For how long.
        time: Micros,
    },
    /// Update Message is refused with 403.
    UpdatesForbidden {
        /// For how long.
        time: Micros,
    },
    /// Every request is answered with 503.
    Busy {
        /// For how long.
        time: Micros,
    },
    /// The number of handlers changes.
    Concurrency {
        /// Which process.
        process: usize,
        /// To how many.
        handlers: usize,
    },
}

/// What can be left out of a scenario to find out what matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parts {
    /// Faults on the wire.
    pub wire: bool,
    /// Incidents.
    pub incidents: bool,
    /// Clocks that drift.
    pub drift: bool,
    /// More than one process.
    pub others: bool,
    /// At most so many messages.
    pub messages: usize,
}

impl Parts {
    /// Everything.
    pub const ALL: Self =
        Self { wire: true, incidents: true, drift: true, others: true, messages: usize::MAX };

    /// What both keep.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            wire: self.wire && other.wire,
            incidents: self.incidents && other.incidents,
            drift: self.drift && other.drift,
            others: self.others && other.others,
            messages: self.messages.min(other.messages),
        }
    }
}

impl Scenario {
    /// Whether nothing goes wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.wire == Wire::default() && self.incidents.is_empty()
    }
}
