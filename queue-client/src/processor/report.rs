//! How a run ended.

use std::{error::Error, fmt, time::SystemTime};

use queue_proto::MessageId;

use super::core::{ConfigError, Counters, End, Summary, Tick, Trouble};
use crate::runtime::Runtime;

/// What a processor did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Why it ended.
    pub end: End,
    /// What it did.
    pub counters: Counters,
    /// Messages that were neither completed, dead-lettered nor given back: they come back when their
    /// leases end.
    pub left: Vec<LeftMessage>,
    /// Receives that were not answered in time. Each may have hidden up to 32 messages for one
    /// lease.
    pub unanswered_receives: usize,
}

/// A message that comes back when its lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftMessage {
    /// Its id.
    pub id: MessageId,
    /// When it is visible again, at the latest, by the clock of this machine.
    pub visible_at: SystemTime,
    /// Its handler had completed, and only its delete is not confirmed.
    pub completed: bool,
}

impl Report {
    pub(super) fn new(summary: Summary, runtime: &dyn Runtime) -> Self {
        let (now, tick) = (runtime.now(), Tick::new(runtime.elapsed()));
        let left = summary.left.into_iter().map(|left| LeftMessage {
            id: left.id,
            visible_at: now.checked_add(tick.until(left.visible_at)).unwrap_or(now),
            completed: left.completed,
        });
        Self {
            end: summary.end,
            counters: summary.counters,
            left: left.collect(),
            unanswered_receives: summary.unanswered_receives,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counters = &self.counters;
        write!(
            f,
            "{} completed, {} retried, {} dead-lettered",
            counters.completed + counters.completed_not_owned,
            counters.retried,
            counters.dead_lettered
        )?;
        let rest = [
            (counters.released, "released"),
            (counters.lapsed, "left to lapse"),
            (counters.completed_not_owned, "perhaps to be repeated"),
            (counters.duplicates_suppressed, "repetitions avoided"),
        ];
        for (count, what) in rest {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}

/// Why a processor did not start, or ended by itself.
#[derive(Debug)]
#[non_exhaustive]
pub enum Stopped {
    /// A setting is outside its limits.
    Config(ConfigError),
    /// The credential was refused before a single receive had succeeded.
    Unauthorized {
        /// What the service said.
        error: String,
    },
    /// The queue does not exist, and the settings say to stop then.
    QueueMissing {
        /// What was done before.
        report: Box<Report>,
    },
    /// Receives have failed for [as long as the settings allow](super::Processor::give_up_after).
    GaveUp {
        /// Why the last receive failed.
        trouble: Trouble,
        /// What the service or the connection said last, if that is known.
        error: Option<String>,
        /// What was done before.
        report: Box<Report>,
    },
    /// The tokio runtime that the processor ran on was shut down. What was held comes back when its
    /// leases end.
    RuntimeGone,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(_) => f.write_str("the processor cannot start"),
            Self::Unauthorized { error } => write!(f, "the processor cannot receive: {error}"),
            Self::QueueMissing { report } => {
                write!(f, "the queue does not exist; until then: {report}")
            }
            Self::GaveUp { trouble, error, report } => {
                write!(f, "receives keep failing ({})", trouble.as_str())?;
                if let Some(error) = error {
                    write!(f, ": {error}")?;
                }
                write!(f, "; until then: {report}")
            }
            Self::RuntimeGone => {
                f.write_str("the tokio runtime that the processor ran on was shut down")
            }
        }
    }
}

impl Error for Stopped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Config(cause) => Some(cause),
            Self::Unauthorized { .. }
            | Self::QueueMissing { .. }
            | Self::GaveUp { .. }
            | Self::RuntimeGone => None,
        }
    }
}

impl From<ConfigError> for Stopped {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}
