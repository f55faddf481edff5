//! `cargo xtask simulate`: simulations of the processor, for more seeds than the tests run.

use lexopt::Parser;

use crate::{Outcome, shell};

pub(crate) fn run(mut arguments: Parser) -> Outcome {
    let rest = arguments.raw_args().map_err(crate::usage)?;
    let mut command =
        shell::cargo(["run", "--profile", "simulate", "--package", "queue-simulator", "--"]);
    shell::run(command.args(rest))
}
