//! [`Stopped`]: why a processor did not start, or ended by itself.

use std::{error::Error, fmt};

use crate::processor::core::{ConfigError, Report, Trouble};

/// Why a processor did not start, or ended by itself.
///
/// [`Debug`](fmt::Debug) shows the sentence with its cause, since that is what a `main` that returns a `Result`
/// prints.
#[non_exhaustive]
pub enum Stopped {
    /// A setting is outside its limits.
    Config(ConfigError),
    /// The credential was refused before a single receive had succeeded.
    Unauthorized {
        /// What the service said of the credential.
        error: String,
    },
    /// The queue does not exist, and the settings say to stop then.
    QueueMissing {
        /// What the processor did before.
        report: Box<Report>,
    },
    /// Receives have failed for [as long as the settings allow](super::processor::Processor::give_up_after).
    GaveUp {
        /// Why the last receive failed.
        trouble: Trouble,
        /// What the service or the connection said last, if that is known.
        error: Option<String>,
        /// What the processor did before.
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

impl fmt::Debug for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        match self.source() {
            Some(cause) => write!(f, "\n  because {cause}"),
            None => Ok(()),
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
