//! [`Arguments`]: what the command line of the demo says, and what its processes are told.

use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};

use crate::Outcome;

pub(crate) const HELP: &str = "\
Usage: cargo xtask demo [--full] [--messages N] [--receivers N] [--kills N] [--stops N]
                        [--faults PERCENT] [--lease SECONDS]

  --messages N       how many messages are sent (2000)
  --receivers N      how many processes receive them, at least 2 (3)
  --kills N          how many times a receiver is killed and replaced, once each second while there
                     are messages (5)
  --stops N          how many times a receiver is suspended (SIGSTOP) for longer than its lease, and
                     then goes on, once each five seconds (0)
  --faults PERCENT   of the requests the emulator refuses, or closes the connection before or after
                     it has carried them out (0)
  --lease SECONDS    for how long a received message is hidden at first, at least 5 (5; the
                     processor's default is 60)
  --full             20,000 messages, 2 % faults, kills and stops to the end; options after it change
                     that

Runs on the embedded emulator, or on the account that AZURE_STORAGE_CONNECTION_STRING names; there
are no faults to order there.
";

#[derive(Debug, Clone)]
pub(crate) struct Arguments {
    pub(crate) role: Role,
    pub(crate) messages: u32,
    pub(crate) receivers: usize,
    pub(crate) kills: usize,
    pub(crate) stops: usize,
    /// The share of requests that fail, from 0 to 1.
    pub(crate) faults: f64,
    pub(crate) lease: Duration,
}

/// Who this process is. All but the referee are started by the referee.
#[derive(Debug, Clone)]
pub(crate) enum Role {
    Referee,
    Sender { queue: String },
    Receiver { queue: String },
}

impl Arguments {
    /// What was read, or `None` when help was asked for.
    pub(crate) fn parse() -> Outcome<Option<Self>> {
        let mut arguments = Self {
            role: Role::Referee,
            messages: 2_000,
            receivers: 3,
            kills: 5,
            stops: 0,
            faults: 0.0,
            lease: Duration::from_secs(5),
        };
        let mut parser = Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Long("messages") => arguments.messages = parser.value()?.parse()?,
                Arg::Long("receivers") => arguments.receivers = parser.value()?.parse()?,
                Arg::Long("kills") => arguments.kills = parser.value()?.parse()?,
                Arg::Long("stops") => arguments.stops = parser.value()?.parse()?,
                Arg::Long("faults") => {
                    arguments.faults = parser.value()?.parse::<f64>()? / 100.0;
                }
                Arg::Long("lease") => {
                    arguments.lease = Duration::from_secs(parser.value()?.parse()?);
                }
                Arg::Long("full") => {
                    arguments.messages = 20_000;
                    arguments.kills = usize::MAX;
                    arguments.stops = usize::MAX;
                    arguments.faults = 0.02;
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
        if !(0.0..=0.5).contains(&arguments.faults) {
            return Err("--faults must be a percentage from 0 to 50".into());
        }
        if arguments.lease < Duration::from_secs(5) {
            return Err("--lease must be at least 5 seconds".into());
        }
        Ok(Some(arguments))
    }
}
