//! The command line.

use std::ffi::{OsStr, OsString};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::*;
use queue_emulator::{Account, Durability, Fault, InvalidAccount, Role, TokenIssuer, UserToken};

use crate::sentence;

/// The environment variable that accounts are taken from if none are given: who has set it for
/// Azurite has the same ones here.
pub(crate) const ACCOUNTS: &str = "AZURITE_ACCOUNTS";

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Azure Queue Storage on this machine, for development and tests.

Usage: queue-emulator [OPTIONS]
       queue-emulator [OPTIONS] --exec COMMAND [ARGUMENT]...
       queue-emulator token [TOKEN OPTIONS]

It listens until ctrl-c or SIGTERM and keeps all queues in memory, or on disk with --location.
Standard error tells you the connection string; standard output gets one line of JSON as soon as clients can connect.

Options:
  --port N              Port to listen on; 0 picks a free one [default: 10001]
  --host ADDRESS        Address to listen on [default: 127.0.0.1]. Any other than a loopback
                        address lets other machines in, over unencrypted HTTP unless --https.
  --location DIR        Keep the queues in this folder, which is made if there is none. Nothing is
                        answered before it is on disk.
  --durability LEVEL    With --location, when a change is answered: `disk`, when it is on disk, or
                        `os`, when the operating system has it: faster, and safe if this program
                        is killed, but not if the machine stops [default: disk]
  --https               Listen for HTTPS. Makes a certificate for this machine, and says in which
                        file the one is that clients must trust.
  --cert FILE           Use this certificate (PEM, with its chain) for HTTPS; needs --key
  --key FILE            The private key of the certificate (PEM)
  --account NAME:KEY    One more account beside devstoreaccount1. KEY is base64; several keys
                        of one account are separated by colons. May be repeated; connection
                        strings are printed for the first one given. Without this option, those
                        that the environment variable AZURITE_ACCOUNTS has as NAME:KEY;NAME:KEY
  --deletion-time SEC   How long the name of a deleted queue cannot be used again
                        [default: 30, as in the service]
  --faults FILE         Make faults by the script in FILE: a line like `close-after
                        operation=PutMessage probability=0.1`. The README lists the words.
  --seed N              Draw ids, receipts and faults from this number on: the same in every run
  --threads N           Threads that answer [default: 1, which costs the least]. A store on disk
                        has one more.
  --replication-lag SEC How far the secondary is behind the primary [default: 0]
  --role USER=ROLE,...  What the user with this object id may do with a bearer token: owner,
                        contributor, reader, processor, sender or delegator. USER * stands for all
                        that are not named. May be repeated [default: *=owner]
  --bearer-over-http    Take bearer tokens over plain HTTP too, from this machine
  --token-secret TEXT   Take only tokens of `queue-emulator token` with the same secret. Without
                        it any token is taken whose claims are right, whoever signed it.
  --exec COMMAND...     Run COMMAND with the connection string in the environment variable
                        AZURE_STORAGE_CONNECTION_STRING, then stop and exit as it did. Takes the
                        rest of the command line. Standard output is then COMMAND's alone.
  -h, --help            Print this help
  -V, --version         Print the version

Token options, for `queue-emulator token`, which prints a bearer token and ends:
  --object-id ID        The user [default: a certain one]
  --tenant ID           The user's tenant [default: a certain one]
  --audience URL        For which service [default: https://storage.azure.com]
  --role ROLE           Limits the user to this role; may be repeated [default: what --role of the
                        emulator says]
  --life SEC            How long it is valid [default: 3600]
  --token-secret TEXT   The secret that signs it

Examples:
  queue-emulator
  queue-emulator token --role sender
  queue-emulator --port 0 --exec python3 my_tests.py
";

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Command {
    Help,
    Version,
    Run(Box<Options>),
    /// Print a token of this issuer.
    Token(TokenIssuer, UserToken),
}

/// How to run.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) host: String,
    pub(crate) accounts: Vec<Account>,
    pub(crate) deletion_time: Option<Duration>,
    pub(crate) location: Option<PathBuf>,
    pub(crate) durability: Option<Durability>,
    pub(crate) https: Https,
    pub(crate) faults: Vec<Fault>,
    pub(crate) seed: Option<u64>,
    pub(crate) threads: NonZeroUsize,
    pub(crate) replication_lag: Option<Duration>,
    /// Roles by object id; `*` stands for everybody else.
    pub(crate) roles: Vec<(String, Vec<Role>)>,
    pub(crate) bearer_over_http: bool,
    pub(crate) issuer: Option<TokenIssuer>,
    pub(crate) exec: Option<Exec>,
}

/// Whether to encrypt.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Https {
    Off,
    /// With a certificate that is made at start.
    Generated,
    /// With this certificate and key.
    Files {
        certificate: PathBuf,
        key: PathBuf,
    },
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
        location: None,
        durability: None,
        https: Https::Off,
        faults: Vec::new(),
        seed: None,
        threads: NonZeroUsize::MIN,
        replication_lag: None,
        roles: Vec::new(),
        bearer_over_http: false,
        issuer: None,
        exec: None,
    };
    let (mut certificate, mut key) = (None, None);
    let mut first = true;
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(Command::Help),
            Short('V') | Long("version") => return Ok(Command::Version),
            Long("port") => options.port = parser.value()?.parse()?,
            Long("host") => options.host = parser.value()?.string()?,
            Long("account") => options.accounts.push(account(&parser.value()?)?),
            Value(word) if first && word == "token" => return token(parser),
            Long("deletion-time") => options.deletion_time = Some(seconds(&mut parser)?),
            Long("location") => options.location = Some(PathBuf::from(parser.value()?)),
            Long("durability") => options.durability = Some(durability(&mut parser)?),
            Long("https") => options.https = Https::Generated,
            Long("cert") => certificate = Some(PathBuf::from(parser.value()?)),
            Long("key") => key = Some(PathBuf::from(parser.value()?)),
            Long("faults") => options.faults.extend(faults(&parser.value()?)?),
            Long("seed") => options.seed = Some(parser.value()?.parse()?),
            Long("threads") => options.threads = parser.value()?.parse()?,
            Long("replication-lag") => options.replication_lag = Some(seconds(&mut parser)?),
            Long("role") => options.roles.push(roles(&parser.value()?.string()?)?),
            Long("bearer-over-http") => options.bearer_over_http = true,
            Long("token-secret") => options.issuer = Some(issuer(&mut parser)?),
            Long("exec") => {
                let program = parser.value()?;
                let arguments = parser.raw_args()?.collect();
                options.exec = Some(Exec { program, arguments });
            }
            _ => return Err(arg.unexpected()),
        }
        first = false;
    }
    if options.durability.is_some() && options.location.is_none() {
        return Err("--durability needs --location: without it queues are kept in memory".into());
    }
    options.https = match (options.https, certificate, key) {
        (https, None, None) => https,
        (_, Some(certificate), Some(key)) => Https::Files { certificate, key },
        _ => return Err("--cert and --key must be given together".into()),
    };
    Ok(Command::Run(Box::new(options)))
}

/// The signing secret when none is given. It is no secret: who wants one gives it.
const OPEN_SECRET: &[u8] = b"queue-emulator";

fn token(mut parser: lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut user = UserToken::new();
    let mut signer = TokenIssuer::new(OPEN_SECRET);
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(Command::Help),
            Long("object-id") => user = user.object_id(parser.value()?.string()?),
            Long("tenant") => user = user.tenant_id(parser.value()?.string()?),
            Long("audience") => user = user.audience(parser.value()?.string()?),
            Long("role") => user = user.role(role(&parser.value()?.string()?)?),
            Long("life") => user = user.life(seconds(&mut parser)?),
            Long("token-secret") => signer = issuer(&mut parser)?,
            _ => return Err(arg.unexpected()),
        }
    }
    Ok(Command::Token(signer, user))
}

fn seconds(parser: &mut lexopt::Parser) -> Result<Duration, lexopt::Error> {
    Ok(Duration::from_secs(parser.value()?.parse()?))
}

fn durability(parser: &mut lexopt::Parser) -> Result<Durability, lexopt::Error> {
    match parser.value()?.string()?.as_str() {
        "disk" => Ok(Durability::Disk),
        "os" => Ok(Durability::OperatingSystem),
        other => Err(format!("--durability must be disk or os, not {other}").into()),
    }
}

fn issuer(parser: &mut lexopt::Parser) -> Result<TokenIssuer, lexopt::Error> {
    Ok(TokenIssuer::new(parser.value()?.string()?.as_bytes()))
}

fn role(name: &str) -> Result<Role, lexopt::Error> {
    name.trim().parse().map_err(|error| format!("--role {name}: {error}").into())
}

/// `USER=ROLE,ROLE`; no role at all forbids everything.
fn roles(text: &str) -> Result<(String, Vec<Role>), lexopt::Error> {
    let (user, names) = text.split_once('=').ok_or("--role must be USER=ROLE")?;
    let names = names.split(',').filter(|name| !name.trim().is_empty());
    Ok((user.to_owned(), names.map(role).collect::<Result<_, _>>()?))
}

fn faults(file: &OsStr) -> Result<Vec<Fault>, lexopt::Error> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", file.to_string_lossy());
    let script = std::fs::read_to_string(file).map_err(|error| named(&error))?;
    Fault::parse_script(&script).map_err(|error| named(&error).into())
}

fn account(value: &OsStr) -> Result<Account, lexopt::Error> {
    let text = value.to_str().ok_or("--account is not valid UTF-8")?;
    named_account(text, "--account")
}

/// Not by `ValueExt::parse`, whose error repeats the value, which holds a key.
fn named_account(text: &str, from: &str) -> Result<Account, lexopt::Error> {
    text.parse().map_err(|error: InvalidAccount| format!("{from}: {}", sentence(&error)).into())
}

/// The accounts in the text of [`ACCOUNTS`].
pub(crate) fn accounts(text: &str) -> Result<Vec<Account>, lexopt::Error> {
    let accounts = text.split(';').map(str::trim).filter(|account| !account.is_empty());
    accounts.map(|account| named_account(account, ACCOUNTS)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(args: &[&str]) -> Result<Box<Options>, String> {
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
        assert_eq!(options.threads.get(), 1);
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
            (&["--threads", "0"], "0"),
            (&["--prot", "1"], "--prot"),
            (&["extra"], "extra"),
            (&["--exec"], "--exec"),
            (&["--deletion-time", "-1"], "-1"),
            (&["--account", "one"], "--account"),
            (&["--location", "x", "--durability", "none"], "disk or os"),
            (&["--durability", "os"], "--location"),
            (&["--cert", "c.pem"], "--key"),
            (&["--role", "sender"], "USER=ROLE"),
            (&["--role", "me=emperor"], "emperor"),
            (&["--faults", "/no/such/file"], "/no/such/file"),
            (&["--port", "0", "token"], "token"),
            (&["token", "--port", "0"], "--port"),
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
        for option in [
            "--port",
            "--host",
            "--location",
            "--durability",
            "--https",
            "--cert",
            "--key",
            "--account",
            "--deletion-time",
            "--faults",
            "--seed",
            "--threads",
            "--replication-lag",
            "--role",
            "--bearer-over-http",
            "--token-secret",
            "--exec",
            "--help",
            "--version",
            "--object-id",
            "--tenant",
            "--audience",
            "--life",
        ] {
            assert!(HELP.contains(option), "{option}");
        }
    }

    #[test]
    fn roles_and_certificates() {
        let options = run(&["--role", "me=sender,delegator", "--role", "*=", "--https"]).unwrap();
        let expected =
            [("me".to_owned(), vec![Role::Sender, Role::Delegator]), ("*".to_owned(), vec![])];
        assert_eq!(options.roles, expected);
        assert_eq!(options.https, Https::Generated);
        let options = run(&["--cert", "c", "--key", "k"]).unwrap();
        assert_eq!(options.https, Https::Files { certificate: "c".into(), key: "k".into() });
    }
}
