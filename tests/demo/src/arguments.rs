//! What the command line says.

use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};

use crate::Outcome;

pub(crate) const HELP: &str = "\
Usage: cargo xtask demo [--messages N] [--receivers N] [--visibility SECONDS]

  --messages N          how many messages are sent (1000)
  --receivers N         how many processes receive them, at least 2 (3)
  --visibility SECONDS  how long a received message stays hidden (3; the service's default is 30)

Runs on the embedded emulator, or on the account that AZURE_STORAGE_CONNECTION_STRING names.
";

pub(crate) struct Arguments {
    pub(crate) role: Role,
    pub(crate) messages: u32,
    pub(crate) receivers: usize,
    pub(crate) visibility: Duration,
}

/// Who this process is. All but the referee are started by the referee.
pub(crate) enum Role {
    Referee,
    Sender { queue: String },
    Receiver { queue: String },
}

impl Arguments {
    /// `None` when help was asked for.
    pub(crate) fn parse() -> Outcome<Option<Self>> {
        let mut arguments = Self {
            role: Role::Referee,
            messages: 1_000,
            receivers: 3,
            visibility: Duration::from_secs(3),
        };
        let mut parser = Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Long("messages") => arguments.messages = parser.value()?.parse()?,
                Arg::Long("receivers") => arguments.receivers = parser.value()?.parse()?,
                Arg::Long("visibility") => {
                    arguments.visibility = Duration::from_secs(parser.value()?.parse()?);
                }
                Arg::Long("sender") => {
                    arguments.role = Role::Sender { queue: parser.value()?.string()? };
                }
                Arg::Long("receiver") => {
                    arguments.role = Role::Receiver { queue: parser.value()?.string()? };
                }
                Arg::Long("help") | Arg::Short('h') => return Ok(None),
                other => return Err(other.unexpected().into()),
            }
        }
        if arguments.receivers < 2 {
            return Err("--receivers must be at least 2: one of them is killed".into());
        }
        if arguments.messages == 0 {
            return Err("--messages must be at least 1".into());
        }
        if arguments.visibility < Duration::from_secs(1) {
            return Err("--visibility must be at least 1 second".into());
        }
        Ok(Some(arguments))
    }
}
