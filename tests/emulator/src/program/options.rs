//! The settings of a server, as the command line and the environment give them: [`Options`].

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use super::args::{Level, ServeArgs};
use super::azurite::{Beside, Mode};
use super::input;
use super::page::PageOptions;
use super::seed::Seed;
use super::usage::UsageError;
use crate::account::Account;
use crate::fault::Fault;
use crate::role::Role;
use crate::store::database::Durability;
use crate::token::TokenIssuer;

/// The settings of a server.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) port: u16,
    pub(super) host: String,
    pub(super) accounts: Vec<Account>,
    pub(super) deletion_time: Option<Duration>,
    pub(super) location: Option<PathBuf>,
    pub(super) durability: Option<Durability>,
    pub(super) recover: bool,
    pub(super) seeds: Seed,
    pub(super) https: Https,
    pub(super) faults: Vec<Fault>,
    pub(super) service_limits: bool,
    pub(super) seed: Option<u64>,
    pub(super) threads: NonZeroUsize,
    pub(super) replication_lag: Option<Duration>,
    /// Roles by object id; `*` stands for everybody else.
    pub(super) roles: Vec<(String, Vec<Role>)>,
    pub(super) bearer_over_http: bool,
    pub(super) forbid_shared_key: bool,
    pub(super) issuer: Option<TokenIssuer>,
    pub(super) exec: Option<Exec>,
    /// The time after which an idle connection is closed.
    pub(super) keep_alive: Option<Duration>,
    /// The files that a line is written to for each request.
    pub(super) logs: Vec<PathBuf>,
    /// The program that this one stands in for.
    pub(super) mode: Option<Mode>,
    /// Where requests for blobs and tables are refused.
    pub(super) beside: Option<Beside>,
    /// Whether somebody may wait for the line that Azurite prints.
    pub(super) is_expected_line: bool,
    pub(super) page: PageOptions,
    /// What is to be said of options that change nothing.
    pub(super) notes: Vec<String>,
}

/// The encryption of connections.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Https {
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
pub(super) struct Exec {
    pub(super) program: OsString,
    pub(super) arguments: Vec<OsString>,
}

impl Options {
    /// Reads what the arguments say, or finds what contradicts itself.
    pub(super) fn new(args: ServeArgs, mode: Option<Mode>) -> Result<Self, UsageError> {
        args.azurite.check(args.location.is_some())?;
        if args.durability.is_some() && args.location.is_none() {
            return Err(
                "--durability needs --location: without it queues are kept in memory".into()
            );
        }
        if args.recover && args.location.is_none() {
            return Err("--recover needs --location: without it there is nothing to recover".into());
        }
        if args.azurite.silent.is_some()
            && args.log.as_ref().is_some_and(|log| log.as_os_str() == "-")
        {
            return Err("--silent and --log - contradict each other: use --log FILE".into());
        }
        let https = https(&args)?;
        let is_https = https != Https::Off;
        let accounts = input::accounts_given(&args.accounts)?;
        let seeds = Seed::given(&args.seeds)?;
        seeds.check(&accounts)?;
        let ServeArgs { azurite, exec, command, page, .. } = args;
        let exec = exec_given(exec, command)?;
        let page = PageOptions::new(page, exec.is_none(), args.port == Some(0))?;
        let seconds = |number: Option<u64>| number.map(Duration::from_secs);
        Ok(Self {
            port: args.port.unwrap_or(10001),
            host: args.host.unwrap_or_else(|| "127.0.0.1".to_owned()),
            accounts,
            deletion_time: seconds(args.deletion_time),
            location: args.location,
            durability: args.durability.map(|level| match level {
                Level::Disk => Durability::Disk,
                Level::Os => Durability::OperatingSystem,
            }),
            recover: args.recover,
            seeds,
            https,
            faults: args
                .faults
                .iter()
                .map(|file| input::faults_in(file))
                .collect::<Result<Vec<_>, _>>()?
                .concat(),
            service_limits: args.service_limits,
            seed: args.seed,
            threads: args.threads.unwrap_or(NonZeroUsize::MIN),
            replication_lag: seconds(args.replication_lag),
            roles: args.role.iter().map(|text| input::roles(text)).collect::<Result<_, _>>()?,
            bearer_over_http: args.bearer_over_http,
            forbid_shared_key: args.forbid_shared_key,
            issuer: input::issuer_given(&args.token_secret, &args.token_secret_file)?,
            exec,
            // Azurite takes 0 for "as Node.js does it".
            keep_alive: seconds(azurite.queue_keep_alive_timeout.filter(|seconds| *seconds > 0)),
            logs: args.log.into_iter().chain(azurite.debug.clone()).collect(),
            mode,
            beside: azurite.beside(mode),
            is_expected_line: mode.is_none() && azurite.is_used(),
            page,
            notes: azurite.notes(mode, is_https),
        })
    }
}

fn https(args: &ServeArgs) -> Result<Https, UsageError> {
    match (args.cert.clone(), args.key.clone(), args.certificate_file.clone()) {
        (None, None, file) if args.https => Ok(Https::Generated { file }),
        (None, None, None) => Ok(Https::Off),
        (None, None, Some(_)) => Err("--certificate-file needs --https".into()),
        (Some(certificate), Some(key), None) => Ok(Https::Files { certificate, key }),
        (Some(_), Some(_), Some(_)) => {
            Err("--certificate-file is for the certificate that --https makes, and --cert takes \
                 another"
                .into())
        }
        _ => Err("--cert and --key must be given together".into()),
    }
}

fn exec_given(
    exec: Option<Vec<OsString>>,
    command: Vec<OsString>,
) -> Result<Option<Exec>, UsageError> {
    if exec.is_some() && !command.is_empty() {
        return Err("a command is given twice: by --exec and behind --".into());
    }
    let mut words = exec.unwrap_or(command).into_iter();
    Ok(words.next().map(|program| Exec { program, arguments: words.collect() }))
}
