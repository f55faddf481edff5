//! `cargo xtask kills`: processes with `Once` are killed between every two steps, more of them than in
//! the tests.

use lexopt::{Arg, Parser, ValueExt};

use crate::{Outcome, shell};

/// The variable by which the test is told.
const KILLS: &str = "ONCE_KILLS";
const DEFAULT: u32 = 1_000;

pub(crate) fn run(mut arguments: Parser) -> Outcome {
    let mut kills = DEFAULT;
    while let Some(argument) = arguments.next().map_err(crate::usage)? {
        match argument {
            Arg::Long("kills") => {
                let value = arguments.value().map_err(crate::usage)?;
                kills = value.parse().map_err(crate::usage)?;
            }
            other => return Err(crate::usage(other.unexpected())),
        }
    }
    let mut command = shell::cargo(["test", "--package", "queue-client", "--all-features"]);
    command.args(["--test", "once", "--", "--nocapture", "an_effect_is_seen_once"]);
    shell::run(command.env(KILLS, kills.to_string()))
}
