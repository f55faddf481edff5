//! The program `queue-emulator`: the service over HTTP on this machine.

#![deny(clippy::print_stdout, clippy::print_stderr)]

mod args;
mod certificate;
mod run;
mod say;

use std::error::Error;
use std::process::ExitCode;

use args::Command;
use say::{print, say};

fn main() -> ExitCode {
    match parse() {
        Ok(Command::Help) => {
            print(args::HELP.trim_end());
            ExitCode::SUCCESS
        }
        Ok(Command::Version) => {
            print(concat!("queue-emulator ", env!("CARGO_PKG_VERSION")));
            ExitCode::SUCCESS
        }
        Ok(Command::Token(issuer, user)) => {
            print(issuer.issue(&user, std::time::SystemTime::now()));
            ExitCode::SUCCESS
        }
        Ok(Command::Run(options)) => run::run(*options).unwrap_or_else(|error| {
            say(format_args!("queue-emulator: {}", sentence(&*error)));
            ExitCode::FAILURE
        }),
        Err(error) => {
            // The message of this type has its cause in it.
            say(format_args!("queue-emulator: {error}\nTry 'queue-emulator --help'."));
            ExitCode::from(2)
        }
    }
}

/// What the command line asks for, and the environment.
fn parse() -> Result<Command, lexopt::Error> {
    let mut command = args::parse(std::env::args_os())?;
    if let Command::Run(options) = &mut command
        && options.accounts.is_empty()
        && let Ok(text) = std::env::var(args::ACCOUNTS)
    {
        options.accounts = args::accounts(&text)?;
    }
    Ok(command)
}

/// An error and its causes on one line.
fn sentence(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
