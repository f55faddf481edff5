//! The program `queue-emulator` as a part of other programs: [`Args`] for their command line, and
//! [`run`].
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use clap::Parser;
//!
//! /// A tool with an emulator in it.
//! #[derive(Parser)]
//! enum Tool {
//!     /// Azure Queue Storage on this machine.
//!     Emulator(Box<queue_emulator::program::Args>),
//! }
//!
//! fn main() -> ExitCode {
//!     let Tool::Emulator(args) = Tool::parse();
//!     queue_emulator::program::run(*args)
//! }
//! ```

mod announce;
mod args;
mod azurite;
mod beside;
mod certificate;
mod exec;
mod health;
mod input;
mod log;
mod options;
mod own_file;
mod page;
mod run;
mod say;
mod secret;
mod seed;
mod signals;
mod token;
mod usage;
mod words;

use std::process::ExitCode;

pub use self::args::Args;

use self::args::Word;
use self::options::Options;
use self::say::{print, say, sentence};
use self::usage::UsageError;
use self::words::{Parsed, parse};

/// Does what the program `queue-emulator` does with the command line of this process, and returns
/// what to exit with.
///
/// A process that is called `azurite` or `azurite-queue` behaves as if that were its first word.
#[must_use]
pub fn main() -> ExitCode {
    let code = match parse(std::env::args_os()) {
        Ok(args) => obey(args),
        Err(Parsed::Shown(text)) => {
            print(text.trim_end());
            ExitCode::SUCCESS
        }
        Err(Parsed::Wrong(error)) => refuse(&error),
    };
    say::finish();
    code
}

/// Does what these arguments ask for, until it is done, and returns what to exit with: 2 for
/// arguments that contradict each other, which are named on standard error.
///
/// It makes a runtime of its own, and takes over the signals that stop the process.
#[must_use]
pub fn run(args: Args) -> ExitCode {
    let code = obey(args);
    say::finish();
    code
}

fn obey(args: Args) -> ExitCode {
    let Args { word, serve } = args;
    let wanted = match word {
        None => Options::new(serve, None),
        Some(Word::Azurite(serve)) => Options::new(*serve, Some(azurite::Mode::All)),
        Some(Word::AzuriteQueue(serve)) => Options::new(*serve, Some(azurite::Mode::Queue)),
        Some(Word::Health(health)) => return health.ask(),
        Some(Word::Token(token)) => {
            return match token.issue() {
                Ok(token) => {
                    print(token);
                    ExitCode::SUCCESS
                }
                Err(error) => refuse(&error),
            };
        }
    };
    match wanted {
        Ok(options) => run::run(options).unwrap_or_else(|error| {
            say(format_args!("queue-emulator: {}", sentence(&*error)));
            ExitCode::FAILURE
        }),
        Err(error) => refuse(&error),
    }
}

fn refuse(error: &UsageError) -> ExitCode {
    say(format_args!("queue-emulator: {error}. Try 'queue-emulator --help'."));
    ExitCode::from(2)
}
