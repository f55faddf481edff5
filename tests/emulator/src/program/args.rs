//! The command line: [`Args`]. What its values mean is read in `options.rs`, so that no value that may
//! be a secret is repeated by the parser.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Subcommand, ValueEnum};

use super::azurite::AzuriteArgs;
use super::health::HealthArgs;
use super::page::PageArgs;
use super::secret::{AccountArgs, SecretText};
use super::seed::SeedArgs;
use super::token::TokenArgs;

const ABOUT: &str = "Azure Queue Storage on this machine, for development and tests.";

const MORE: &str = "\
The program listens until ctrl-c, SIGTERM or SIGHUP. It keeps all queues in memory, or on disk with
--location. Standard error tells you the connection string; standard output gets one line of JSON as
soon as clients can connect.";

const EXAMPLES: &str = "\
Examples:
  queue-emulator
  queue-emulator --location ./queues --port 10101 --queue jobs
  queue-emulator --port 0 -- python3 my_tests.py
  queue-emulator token --role sender
  queue-emulator health

The options and environment variables of Azurite are taken too; as `azurite` or `azurite-queue` the
program behaves as those do. The README lists them under \"From Azurite\". Every option that has no
secret as its value can be given by an environment variable: QUEUE_EMULATOR_PORT for --port, and so on.";

/// The command line of the program `queue-emulator`.
#[derive(Clone, Debug, clap::Args)]
#[command(
    about = ABOUT,
    long_about = format!("{ABOUT}\n\n{MORE}"),
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
pub struct Args {
    /// The word that asks for something else than an emulator.
    #[command(subcommand)]
    pub(super) word: Option<Word>,
    /// The settings of the emulator.
    #[command(flatten)]
    pub(super) serve: ServeArgs,
}

/// The first word of a command line.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum Word {
    /// Print a bearer token
    Token(TokenArgs),
    /// Ask a running emulator for a sign of life: exits with 0 if it answers, and with 1 if not
    Health(HealthArgs),
    /// Behave as the program `azurite` does: its ports, its lines on standard output
    Azurite(Box<ServeArgs>),
    /// Behave as the program `azurite-queue` does
    AzuriteQueue(Box<ServeArgs>),
}

/// The settings of an emulator.
#[derive(Clone, Debug, clap::Args)]
#[command(args_override_self = true)]
pub(super) struct ServeArgs {
    /// The port to listen on; 0 picks a free one. Default: 10001
    #[arg(
        long,
        alias = "queuePort",
        value_name = "N",
        env = "QUEUE_EMULATOR_PORT",
        hide_env = true,
        allow_negative_numbers = true,
        help_heading = "Listening"
    )]
    pub(super) port: Option<u16>,
    /// The address or name to listen on; `localhost` stands for 127.0.0.1 and ::1. Any other than a
    /// loopback address lets other machines in, over unencrypted HTTP unless --https is given.
    /// Default: 127.0.0.1
    #[arg(
        long,
        alias = "queueHost",
        value_name = "ADDRESS",
        env = "QUEUE_EMULATOR_HOST",
        hide_env = true,
        help_heading = "Listening"
    )]
    pub(super) host: Option<String>,
    /// The number of threads that answer; one costs the least. A store on disk has one more.
    /// Default: 1
    #[arg(
        long,
        value_name = "N",
        env = "QUEUE_EMULATOR_THREADS",
        hide_env = true,
        allow_negative_numbers = true,
        help_heading = "Listening"
    )]
    pub(super) threads: Option<NonZeroUsize>,

    /// Listen for HTTPS with a certificate that is made at the start. Clients must trust the one in
    /// the file that the program names, which is removed when it ends. The file lies in the folder
    /// of --location, or for temporary files
    #[arg(
        long,
        env = "QUEUE_EMULATOR_HTTPS",
        hide_env = true,
        value_parser = BoolishValueParser::new(),
        help_heading = "HTTPS"
    )]
    pub(super) https: bool,
    /// With --https, the file to write that certificate to
    #[arg(
        long,
        value_name = "FILE",
        env = "QUEUE_EMULATOR_CERTIFICATE_FILE",
        hide_env = true,
        help_heading = "HTTPS"
    )]
    pub(super) certificate_file: Option<PathBuf>,
    /// Listen for HTTPS with this certificate (PEM, with its chain); needs --key
    #[arg(
        long,
        value_name = "FILE",
        env = "QUEUE_EMULATOR_CERT",
        hide_env = true,
        help_heading = "HTTPS"
    )]
    pub(super) cert: Option<PathBuf>,
    /// The private key of the certificate (PEM, without a password)
    #[arg(
        long,
        value_name = "FILE",
        env = "QUEUE_EMULATOR_KEY",
        hide_env = true,
        help_heading = "HTTPS"
    )]
    pub(super) key: Option<PathBuf>,

    /// The accounts to serve.
    #[command(flatten)]
    pub(super) accounts: AccountArgs,

    /// What the user with this object id may do: owner, contributor, reader, processor, sender or
    /// delegator. USER * stands for all that are not named. May be repeated. Default: *=owner
    #[arg(
        long,
        value_name = "USER=ROLE,...",
        env = "QUEUE_EMULATOR_ROLE",
        hide_env = true,
        help_heading = "Bearer tokens"
    )]
    pub(super) role: Vec<String>,
    /// Take bearer tokens over plain HTTP too, from this machine
    #[arg(
        long,
        env = "QUEUE_EMULATOR_BEARER_OVER_HTTP",
        hide_env = true,
        value_parser = BoolishValueParser::new(),
        help_heading = "Bearer tokens"
    )]
    pub(super) bearer_over_http: bool,
    /// Refuse account keys, and signatures that were made with one (403
    /// KeyBasedAuthenticationNotPermitted)
    #[arg(
        long,
        env = "QUEUE_EMULATOR_FORBID_SHARED_KEY",
        hide_env = true,
        value_parser = BoolishValueParser::new(),
        help_heading = "Bearer tokens"
    )]
    pub(super) forbid_shared_key: bool,
    /// Take only tokens of `queue-emulator token` with the secret in this file. Without a secret any
    /// token is taken whose claims are right, whoever signed it
    #[arg(long, value_name = "FILE", help_heading = "Bearer tokens")]
    pub(super) token_secret_file: Vec<PathBuf>,
    /// The secret itself, which other users of the machine can read in the list of processes: prefer
    /// --token-secret-file, or the environment variable QUEUE_EMULATOR_TOKEN_SECRET, which counts
    /// if neither option is given
    #[arg(
        long,
        value_name = "TEXT",
        value_parser = SecretText::parser(),
        allow_hyphen_values = true,
        help_heading = "Bearer tokens"
    )]
    pub(super) token_secret: Vec<SecretText>,

    /// Keep the queues in this folder, which is made if there is none. Nothing is answered before it
    /// is on disk
    #[arg(
        short,
        long,
        value_name = "DIR",
        env = "QUEUE_EMULATOR_LOCATION",
        hide_env = true,
        help_heading = "Queues"
    )]
    pub(super) location: Option<PathBuf>,
    /// With --location, when a change is answered: `disk`, when it is on disk, or `os`, when the
    /// operating system has it: faster, and safe if this program is killed, but not if the machine
    /// stops. Default: disk
    #[arg(
        long,
        value_name = "LEVEL",
        hide_possible_values = true,
        env = "QUEUE_EMULATOR_DURABILITY",
        hide_env = true,
        help_heading = "Queues"
    )]
    pub(super) durability: Option<Level>,
    /// With --location, look through the whole store first and, if it is damaged, go on with what
    /// can be read of it. Damaged files are kept in a folder beside. Without it such a store is
    /// refused
    #[arg(
        long,
        env = "QUEUE_EMULATOR_RECOVER",
        hide_env = true,
        value_parser = BoolishValueParser::new(),
        help_heading = "Queues"
    )]
    pub(super) recover: bool,
    /// The queues and messages to start with.
    #[command(flatten)]
    pub(super) seeds: SeedArgs,
    /// How many seconds the name of a deleted queue cannot be used again. Default: 30, as in the
    /// service
    #[arg(
        long,
        value_name = "SEC",
        env = "QUEUE_EMULATOR_DELETION_TIME",
        hide_env = true,
        allow_negative_numbers = true,
        help_heading = "Queues"
    )]
    pub(super) deletion_time: Option<u64>,
    /// How many seconds the secondary is behind the primary. Default: 0
    #[arg(
        long,
        value_name = "SEC",
        env = "QUEUE_EMULATOR_REPLICATION_LAG",
        hide_env = true,
        allow_negative_numbers = true,
        help_heading = "Queues"
    )]
    pub(super) replication_lag: Option<u64>,

    /// Write one line of JSON for each request to this file, at its end; `-` is standard error. No
    /// line has a signature, key, token or receipt
    #[arg(
        long,
        value_name = "FILE",
        env = "QUEUE_EMULATOR_LOG",
        hide_env = true,
        help_heading = "Log"
    )]
    pub(super) log: Option<PathBuf>,

    /// Make faults by the script in FILE: a line like `close-after operation=PutMessage
    /// probability=0.1`. The README lists the words. May be repeated
    #[arg(
        long,
        value_name = "FILE",
        env = "QUEUE_EMULATOR_FAULTS",
        hide_env = true,
        help_heading = "Tests"
    )]
    pub(super) faults: Vec<PathBuf>,
    /// Refuse more than the service takes with 503 ServerBusy: 2,000 messages in a second of one
    /// queue, 20,000 requests in a second to one account
    #[arg(
        long,
        env = "QUEUE_EMULATOR_SERVICE_LIMITS",
        hide_env = true,
        value_parser = BoolishValueParser::new(),
        help_heading = "Tests"
    )]
    pub(super) service_limits: bool,
    /// Draw ids, receipts and faults from this number on: the same in every run
    #[arg(
        long,
        value_name = "N",
        env = "QUEUE_EMULATOR_SEED",
        hide_env = true,
        allow_negative_numbers = true,
        help_heading = "Tests"
    )]
    pub(super) seed: Option<u64>,
    /// Run COMMAND with the connection string in the environment variable
    /// AZURE_STORAGE_CONNECTION_STRING, then stop and exit as it did: with 127 if there is no such
    /// command, and 126 if it cannot be run. Takes the rest of the command line. Standard output is
    /// then COMMAND's alone
    #[arg(
        long,
        value_name = "COMMAND",
        num_args = 1..,
        allow_hyphen_values = true,
        help_heading = "Tests"
    )]
    pub(super) exec: Option<Vec<OsString>>,
    /// The same as --exec COMMAND
    #[arg(last = true, value_name = "COMMAND", help_heading = "Tests")]
    pub(super) command: Vec<OsString>,

    /// The page, and the control interface for tests.
    #[command(flatten)]
    pub(super) page: PageArgs,
    /// The options that come from Azurite.
    #[command(flatten)]
    pub(super) azurite: AzuriteArgs,
}

/// When a change is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Level {
    /// When the change is on disk.
    Disk,
    /// When the operating system has the change.
    Os,
}

#[cfg(test)]
mod tests;
