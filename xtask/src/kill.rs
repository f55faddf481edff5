//! Processors in processes of their own that are killed while they work: more messages than the
//! tests send.

use lexopt::{Arg, Parser, ValueExt};

use crate::{Outcome, shell, usage};

pub(crate) fn run(mut arguments: Parser) -> Outcome {
    let mut messages = 20_000_u64;
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Arg::Long("messages") => {
                messages = arguments.value().and_then(|value| value.parse()).map_err(usage)?;
            }
            other => return Err(usage(other.unexpected())),
        }
    }
    shell::run(
        shell::cargo(["test", "--package", "queue-client", "--test", "processor", "--"])
            .args(["--exact", "killed::nothing_is_lost_when_processors_are_killed", "--nocapture"])
            .env("QUEUE_CLIENT_KILLED_MESSAGES", messages.to_string()),
    )
}
