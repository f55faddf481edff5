//! The command line.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use lexopt::prelude::*;
use queue_emulator::{Account, InvalidAccount};

use crate::sentence;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Azure Queue Storage on this machine, for development and tests.

Usage: queue-emulator [OPTIONS]
       queue-emulator [OPTIONS] --exec COMMAND [ARGUMENT]...

It listens until ctrl-c or SIGTERM and keeps all queues in memory. Standard error tells you the
connection string; standard output gets one line of JSON as soon as clients can connect.

Options:
  --port N              Port to listen on; 0 picks a free one [default: 10001]
  --host ADDRESS        Address to listen on [default: 127.0.0.1]. Any other than a loopback
                        address lets other machines in, over unencrypted HTTP.
  --account NAME:KEY    One more account beside devstoreaccount1. KEY is base64; several keys
                        of one account are separated by colons. May be repeated; connection
                        strings are printed for the first one given.
  --deletion-time SEC   How long the name of a deleted queue cannot be used again
                        [default: 30, as in the service]
  --exec COMMAND...     Run COMMAND with the connection string in the environment variable
                        AZURE_STORAGE_CONNECTION_STRING, then stop and exit as it did. Takes the
                        rest of the command line. Standard output is then COMMAND's alone.
  -h, --help            Print this help
  -V, --version         Print the version

Examples:
  queue-emulator
  queue-emulator --port 0 --exec python3 my_tests.py
";

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Command {
    Help,
    Version,
    Run(Options),
}

/// How to run.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) host: String,
    pub(crate) accounts: Vec<Account>,
    pub(crate) deletion_time: Option<Duration>,
    pub(crate) exec: Option<Exec>,
}

/// A program to run beside the emulator.
#[derive(Debug)]
pub(crate) struct Exec {
    pub(crate) program: OsString,
    pub(crate) arguments: Vec<OsString>,
}

/// Reads the command line, program name first.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, lexopt::Error> {
    let mut parser = lexopt::Parser::from_iter(args);
    let mut options = Options {
        port: 10001,
        host: "127.0.0.1".to_owned(),
        accounts: Vec::new(),
        deletion_time: None,
        exec: None,
    };
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(Command::Help),
            Short('V') | Long("version") => return Ok(Command::Version),
            Long("port") => options.port = parser.value()?.parse()?,
            Long("host") => options.host = parser.value()?.string()?,
            Long("account") => options.accounts.push(account(&parser.value()?)?),
            Long("deletion-time") => {
                options.deletion_time = Some(Duration::from_secs(parser.value()?.parse()?));
            }
            Long("exec") => {
                let program = parser.value()?;
                let arguments = parser.raw_args()?.collect();
                options.exec = Some(Exec { program, arguments });
            }
            _ => return Err(arg.unexpected()),
        }
    }
    Ok(Command::Run(options))
}

/// Not by `ValueExt::parse`, whose error repeats the value, which holds a key.
fn account(value: &OsStr) -> Result<Account, lexopt::Error> {
    let text = value.to_str().ok_or("--account is not valid UTF-8")?;
    text.parse().map_err(|error: InvalidAccount| format!("--account: {}", sentence(&error)).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(args: &[&str]) -> Result<Options, String> {
        let args = ["queue-emulator"].iter().chain(args).map(OsString::from);
        match parse(args) {
            Ok(Command::Run(options)) => Ok(options),
            Ok(other) => Err(format!("{other:?}")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn defaults() {
        let options = run(&[]).unwrap();
        assert_eq!((options.port, options.host.as_str()), (10001, "127.0.0.1"));
        assert!(options.accounts.is_empty() && options.exec.is_none());
    }

    #[test]
    fn everything_after_exec_belongs_to_the_command() {
        let options = run(&["--port", "0", "--exec", "sh", "-c", "--port 5", "--help"]).unwrap();
        let exec = options.exec.unwrap();
        assert_eq!(options.port, 0);
        assert_eq!(exec.program, "sh");
        assert_eq!(exec.arguments, ["-c", "--port 5", "--help"]);
    }

    #[test]
    fn mistakes_are_named_and_keys_are_not_repeated() {
        for (args, expected) in [
            (&["--port", "70000"][..], "70000"),
            (&["--port"], "--port"),
            (&["--prot", "1"], "--prot"),
            (&["extra"], "extra"),
            (&["--exec"], "--exec"),
            (&["--deletion-time", "-1"], "-1"),
            (&["--account", "one"], "--account"),
            (&["--account", "UPPER:c2VjcmV0"], "account"),
        ] {
            let error = run(args).unwrap_err();
            assert!(error.contains(expected), "{args:?}: {error}");
            assert!(!error.contains("c2VjcmV0"), "{error}");
        }
        let error = run(&["--account", "one:c2VjcmV0!"]).unwrap_err();
        assert!(!error.contains("c2VjcmV0"), "{error}");
    }

    #[test]
    fn help_names_every_option() {
        assert!(matches!(parse(["x", "-h"].map(OsString::from)), Ok(Command::Help)));
        assert!(matches!(parse(["x", "-V"].map(OsString::from)), Ok(Command::Version)));
        for option in ["--port", "--host", "--account", "--exec", "--help", "--version"] {
            assert!(HELP.contains(option));
        }
    }
}
