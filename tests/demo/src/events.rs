//! What the processes tell the referee: one line each on standard output.

use std::{
    fmt,
    io::{self, Write as _},
    str::FromStr,
};

/// Something that happened to the message with this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Sent {
        number: u32,
    },
    Received {
        number: u32,
        dequeue_count: u32,
    },
    /// Its work is done; the request to delete it goes out now.
    Deleting {
        number: u32,
    },
    Completed {
        number: u32,
    },
    /// The delete came too late: another receiver has the message.
    Late {
        number: u32,
    },
}

impl Event {
    /// Tells the referee at once: what is still in a buffer dies with the process.
    pub(crate) fn tell(self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{self}")?;
        out.flush()
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent { number } => write!(f, "sent {number}"),
            Self::Received { number, dequeue_count } => {
                write!(f, "received {number} {dequeue_count}")
            }
            Self::Deleting { number } => write!(f, "deleting {number}"),
            Self::Completed { number } => write!(f, "completed {number}"),
            Self::Late { number } => write!(f, "late {number}"),
        }
    }
}

impl FromStr for Event {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let unreadable = || format!("a process said {line:?}");
        let mut words = line.split(' ');
        let verb = words.next().unwrap_or_default();
        let mut number = || words.next().and_then(|word| word.parse().ok()).ok_or_else(unreadable);
        Ok(match verb {
            "sent" => Self::Sent { number: number()? },
            "received" => Self::Received { number: number()?, dequeue_count: number()? },
            "deleting" => Self::Deleting { number: number()? },
            "completed" => Self::Completed { number: number()? },
            "late" => Self::Late { number: number()? },
            _ => return Err(unreadable()),
        })
    }
}
