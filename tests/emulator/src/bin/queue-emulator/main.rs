//! The program `queue-emulator`: the service over HTTP on this machine.

#![deny(clippy::print_stdout, clippy::print_stderr)]

mod announce;
mod args;
mod certificate;
mod environment;
mod exec;
mod help;
mod input;
mod own_file;
mod run;
mod say;
mod signals;

use std::process::ExitCode;
use std::time::SystemTime;

use queue_emulator::TokenIssuer;

use crate::args::Command;
use crate::say::{print, say, sentence};

/// The secret that signs tokens when none is given. Everybody may know it: an emulator without a
/// secret takes tokens whoever signed them.
const OPEN_SECRET: &[u8] = b"queue-emulator";

fn main() -> ExitCode {
    let code = obey();
    say::finish();
    code
}

/// Does what the command line asks for.
fn obey() -> ExitCode {
    match parse() {
        Ok(Command::Help) => {
            print(help::HELP.trim_end());
            ExitCode::SUCCESS
        }
        Ok(Command::Version) => {
            print(concat!("queue-emulator ", env!("CARGO_PKG_VERSION")));
            ExitCode::SUCCESS
        }
        Ok(Command::Token(issuer, user)) => {
            let issuer = issuer.unwrap_or_else(|| TokenIssuer::new(OPEN_SECRET));
            print(issuer.issue(&user, SystemTime::now()));
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

/// Reads the command line, and the environment for what that does not give.
fn parse() -> Result<Command, lexopt::Error> {
    let mut command = args::parse(std::env::args_os())?;
    environment::complete(&mut command)?;
    Ok(command)
}
