//! `azq`, the command-line tool of Azure Storage queues. `cli.rs` is its command line, `verbs.rs` the
//! table of what it can do.

mod account;
mod app;
mod ask;
mod cli;
mod complete;
mod failure;
mod glob;
mod interrupt;
mod mass;
mod message;
mod missing;
mod output;
mod pattern;
mod probe;
mod progress;
mod receipt;
mod suggest;
mod terminal;
mod text;
mod units;
mod verbs;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
