//! [`Scenario`]: what happens in a simulation. It is drawn from a seed and from nothing else. A reader
//! comes here to add something that can go wrong.

mod draw;
mod special;

use queue_client::processor::core::CoreConfig;

use crate::time::Micros;

/// The settings, messages and faults of one simulation.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Scenario {
    /// The seed that it was drawn from; it also seeds what happens during the run.
    pub seed: u64,
    /// The settings of every processor.
    pub config: CoreConfig,
    /// How fast the clock of each processor runs.
    pub rates: Vec<f64>,
    /// The messages that are put.
    pub messages: Vec<Plan>,
    /// What goes wrong on the wire, as long as faults last.
    pub wire: Wire,
    /// When faults end.
    pub calm_after: Micros,
    /// What happens to processes and to the service, and when.
    pub incidents: Vec<(Micros, Incident)>,
    /// Whether a second run is compared with the first, input by input.
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
    /// They complete the message.
    Good,
    /// They fail, always.
    Bad,
    /// They fail with this probability.
    Flaky(f64),
    /// They ask for a dead letter.
    Dead,
    /// They leave the message, with this probability.
    Abandon(f64),
    /// They never end by themselves.
    Hang,
}

/// Probabilities of what goes wrong with a request.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct Wire {
    /// The request does not leave.
    pub not_sent: f64,
    /// The request is lost.
    pub request_lost: f64,
    /// The request is applied and its answer is lost.
    pub answer_lost: f64,
    /// The service is busy: 503.
    pub busy: f64,
    /// The service fails: 500, with the request applied or not.
    pub server_error: f64,
    /// The request takes up to twenty seconds.
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
        /// The number of the process.
        process: usize,
        /// The time until its successor starts.
        restart: Micros,
    },
    /// A process stands still while its clock goes on.
    Pause {
        /// The number of the process.
        process: usize,
        /// The time for which this lasts.
        time: Micros,
    },
    /// A process and its monotonic clock stand still.
    Suspend {
        /// The number of the process.
        process: usize,
        /// The time for which this lasts.
        time: Micros,
    },
    /// A process is told to drain, and another starts in its place.
    Drain {
        /// The number of the process.
        process: usize,
    },
    /// A process is told to release what it holds, and another starts in its place.
    Release {
        /// The number of the process.
        process: usize,
    },
    /// The queue is deleted, and made again after a while.
    QueueDeleted {
        /// The time until it is made again.
        time: Micros,
    },
    /// The queue is cleared.
    Cleared,
    /// Every request is refused with 403.
    Forbidden {
        /// The time for which this lasts.
        time: Micros,
    },
    /// Update Message is refused with 403.
    UpdatesForbidden {
        /// The time for which this lasts.
        time: Micros,
    },
    /// Every request is answered with 503.
    Busy {
        /// The time for which this lasts.
        time: Micros,
    },
    /// The number of handlers changes.
    Concurrency {
        /// The number of the process.
        process: usize,
        /// The new number.
        handlers: usize,
    },
}

/// What can be left out of a scenario to find out what matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parts {
    /// Faults on the wire.
    pub wire: bool,
    /// Crashes and other incidents.
    pub incidents: bool,
    /// Clocks that drift.
    pub drift: bool,
    /// More than one process.
    pub others: bool,
    /// The largest number of messages.
    pub messages: usize,
}

impl Parts {
    /// The whole scenario.
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
