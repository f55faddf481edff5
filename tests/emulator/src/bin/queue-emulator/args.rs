//! The command line: [`parse`] makes [`Options`] of it.

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use lexopt::prelude::*;
use queue_emulator::{Account, Durability, Fault, Role, TokenIssuer, UserToken};

use crate::input;

/// The thing that the command line asks for.
#[derive(Debug)]
pub(crate) enum Command {
    Help,
    Version,
    Run(Box<Options>),
    /// Print a token of this issuer, or of the one whose secret everybody knows.
    Token(Option<TokenIssuer>, UserToken),
}

/// The settings of a server.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) host: String,
    pub(crate) accounts: Vec<Account>,
    pub(crate) deletion_time: Option<Duration>,
    pub(crate) location: Option<PathBuf>,
    pub(crate) durability: Option<Durability>,
    pub(crate) recover: bool,
    pub(crate) https: Https,
    pub(crate) faults: Vec<Fault>,
    pub(crate) seed: Option<u64>,
    pub(crate) threads: NonZeroUsize,
    pub(crate) replication_lag: Option<Duration>,
    /// Roles by object id; `*` stands for everybody else.
    pub(crate) roles: Vec<(String, Vec<Role>)>,
    pub(crate) bearer_over_http: bool,
    pub(crate) forbid_shared_key: bool,
    pub(crate) issuer: Option<TokenIssuer>,
    pub(crate) exec: Option<Exec>,
}

/// The encryption of connections.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Https {
    Off,
    /// With a certificate that is made at start and written to this file, or to one of the
    /// program's choice.
    Generated {
        file: Option<PathBuf>,
    },
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
        recover: false,
        https: Https::Off,
        faults: Vec::new(),
        seed: None,
        threads: NonZeroUsize::MIN,
        replication_lag: None,
        roles: Vec::new(),
        bearer_over_http: false,
        forbid_shared_key: false,
        issuer: None,
        exec: None,
    };
    let (mut https, mut certificate, mut key, mut trust) = (false, None, None, None);
    let mut secret = None;
    let mut first = true;
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(Command::Help),
            Short('V') | Long("version") => return Ok(Command::Version),
            Long("port") => options.port = number("--port", &mut parser)?,
            Long("host") => options.host = parser.value()?.string()?,
            Long("account") => options.accounts.push(account(&parser.value()?)?),
            Long("account-file") => {
                options.accounts.extend(input::accounts_in(&path(&mut parser)?)?);
            }
            Value(word) if first && word == "token" => return token(parser),
            Long("deletion-time") => {
                options.deletion_time = Some(seconds("--deletion-time", &mut parser)?);
            }
            Long("location") => options.location = Some(path(&mut parser)?),
            Long("durability") => options.durability = Some(durability(&mut parser)?),
            Long("recover") => options.recover = true,
            Long("https") => https = true,
            Long("certificate-file") => trust = Some(path(&mut parser)?),
            Long("cert") => certificate = Some(path(&mut parser)?),
            Long("key") => key = Some(path(&mut parser)?),
            Long("faults") => options.faults.extend(input::faults_in(&path(&mut parser)?)?),
            Long("seed") => options.seed = Some(number("--seed", &mut parser)?),
            Long("threads") => options.threads = number("--threads", &mut parser)?,
            Long("replication-lag") => {
                options.replication_lag = Some(seconds("--replication-lag", &mut parser)?);
            }
            Long("role") => options.roles.push(roles(&parser.value()?.string()?)?),
            Long("bearer-over-http") => options.bearer_over_http = true,
            Long("forbid-shared-key") => options.forbid_shared_key = true,
            Long(name @ ("token-secret" | "token-secret-file")) => {
                let name = name.to_owned();
                give_once(&mut secret, issuer(&name, &mut parser)?)?;
            }
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
    if options.recover && options.location.is_none() {
        return Err("--recover needs --location: without it there is nothing to recover".into());
    }
    options.https = match (certificate, key, trust) {
        (None, None, file) if https => Https::Generated { file },
        (None, None, None) => Https::Off,
        (None, None, Some(_)) => return Err("--certificate-file needs --https".into()),
        (Some(certificate), Some(key), None) => Https::Files { certificate, key },
        (Some(_), Some(_), Some(_)) => {
            return Err(
                "--certificate-file is for the certificate that --https makes, and --cert \
                        takes another"
                    .into(),
            );
        }
        _ => return Err("--cert and --key must be given together".into()),
    };
    options.issuer = secret;
    Ok(Command::Run(Box::new(options)))
}

fn token(mut parser: lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut user = UserToken::new();
    let mut secret = None;
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(Command::Help),
            Long("object-id") => user = user.object_id(parser.value()?.string()?),
            Long("tenant") => user = user.tenant_id(parser.value()?.string()?),
            Long("audience") => user = user.audience(parser.value()?.string()?),
            Long("role") => user = user.role(role(&parser.value()?.string()?)?),
            Long("life") => user = user.life(seconds("--life", &mut parser)?),
            Long(name @ ("token-secret" | "token-secret-file")) => {
                let name = name.to_owned();
                give_once(&mut secret, issuer(&name, &mut parser)?)?;
            }
            _ => return Err(arg.unexpected()),
        }
    }
    Ok(Command::Token(secret, user))
}

fn seconds(option: &str, parser: &mut lexopt::Parser) -> Result<Duration, lexopt::Error> {
    number(option, parser).map(Duration::from_secs)
}

/// The value of an option that takes a number.
///
/// Not by `ValueExt::parse`, whose error does not name the option.
fn number<T>(option: &str, parser: &mut lexopt::Parser) -> Result<T, lexopt::Error>
where
    T: FromStr<Err: Display>,
{
    let text = parser.value()?.string()?;
    text.parse().map_err(|error| format!("{option} {text}: {error}").into())
}

fn durability(parser: &mut lexopt::Parser) -> Result<Durability, lexopt::Error> {
    match parser.value()?.string()?.as_str() {
        "disk" => Ok(Durability::Disk),
        "os" => Ok(Durability::OperatingSystem),
        other => Err(format!("--durability must be disk or os, not {other}").into()),
    }
}

fn path(parser: &mut lexopt::Parser) -> Result<PathBuf, lexopt::Error> {
    Ok(PathBuf::from(parser.value()?))
}

/// The issuer of `--token-secret` or `--token-secret-file`.
fn issuer(option: &str, parser: &mut lexopt::Parser) -> Result<TokenIssuer, lexopt::Error> {
    if option == "token-secret-file" {
        return input::issuer_in(&path(parser)?);
    }
    // Not by an error of the parser's, which repeats the value.
    let secret = parser.value()?;
    input::issuer(secret.to_str().ok_or("--token-secret is not valid UTF-8")?, "--token-secret")
}

fn give_once(found: &mut Option<TokenIssuer>, issuer: TokenIssuer) -> Result<(), lexopt::Error> {
    match found.replace(issuer) {
        None => Ok(()),
        Some(_) => Err("the secret of tokens is given twice".into()),
    }
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

fn account(value: &OsStr) -> Result<Account, lexopt::Error> {
    let text = value.to_str().ok_or("--account is not valid UTF-8")?;
    input::account(text, "--account")
}

#[cfg(test)]
mod tests;
