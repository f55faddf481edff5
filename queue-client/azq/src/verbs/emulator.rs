//! `azq emulator`: the emulator with all its options, or a command against a fresh one.

use std::{ffi::OsString, process::ExitCode};

use clap::{CommandFactory as _, FromArgMatches as _, Parser};
use queue_emulator::program;

use crate::{
    app::App,
    failure::{Exit, Failure},
};

pub(crate) const EXAMPLES: &str =
    "  azq emulator --port 0 -- sh -c 'azq create orders && azq send orders hello'
  azq emulator --port 0 --location queues -- azq ls";

/// The words behind `emulator`, which [`run_words`] reads: the options that all verbs share would stand
/// in the way of the emulator's own.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// The options of the emulator: see `azq emulator --help`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTION")]
    words: Vec<OsString>,
}

#[derive(Parser)]
#[command(name = "azq emulator", bin_name = "azq emulator", version)]
struct Line {
    #[command(flatten)]
    args: program::Args,
}

pub(crate) async fn run(_: &App, args: Args) -> Result<(), Failure> {
    // The emulator makes a runtime of its own, which no task of another one may do.
    let ended = tokio::task::spawn_blocking(|| run_words(args.words, "{all-args}"));
    match ended.await {
        Ok(code) => Err(Failure::silent(Exit::Program(code))),
        Err(error) => Err(Failure::new(Exit::Itself, format!("the emulator failed: {error}"))),
    }
}

/// Runs the emulator with the words behind `emulator`.
pub(crate) fn run_words(words: impl IntoIterator<Item = OsString>, help: &'static str) -> ExitCode {
    let command = Line::command().help_template(help).before_help(EXAMPLES).after_help(AFTER);
    let line = std::iter::once(OsString::from("azq emulator")).chain(words);
    let matches = command.get_matches_from(line);
    match Line::from_arg_matches(&matches) {
        Ok(line) => program::run(line.args),
        Err(error) => error.exit(),
    }
}

const AFTER: &str = "\
Without COMMAND the emulator listens until Ctrl-C, and says how to connect. With it, COMMAND runs with
AZURE_STORAGE_CONNECTION_STRING set, the emulator stops after it, and the exit code is COMMAND's.";
