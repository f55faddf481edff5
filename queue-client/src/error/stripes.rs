//! [`InvalidStripes`]: why queues cannot be the stripes of one.

use std::{error::Error as StdError, fmt};

use queue_proto::{InvalidName, QueueName};

/// Why queues cannot be the stripes of a [`Striped`](crate::Striped) queue.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidStripes {
    /// The name of the whole or of a stripe breaks a rule of "Naming queues and metadata".
    Name(InvalidName),
    /// There is no stripe, or there are too many.
    Count {
        /// The highest number of stripes.
        max: usize,
    },
    /// A queue is there twice, and would get two shares of the messages.
    Twice {
        /// The name of the queue.
        queue: QueueName,
    },
}

impl fmt::Display for InvalidStripes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(_) => f.write_str("a name of the stripes is not valid"),
            Self::Count { max } => write!(f, "the number of stripes must be from 1 to {max}"),
            Self::Twice { queue } => {
                write!(f, "the queue {queue} is there twice among the stripes")
            }
        }
    }
}

impl StdError for InvalidStripes {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Name(error) => Some(error),
            Self::Count { .. } | Self::Twice { .. } => None,
        }
    }
}

impl From<InvalidName> for InvalidStripes {
    fn from(error: InvalidName) -> Self {
        Self::Name(error)
    }
}
