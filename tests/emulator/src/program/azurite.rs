//! The options and variables of Azurite that are not ours under another name: [`AzuriteArgs`], and
//! what is said of those that change nothing.

use std::env;
use std::path::PathBuf;

use super::secret::SecretText;
use super::usage::UsageError;

/// A program whose ways are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// `azurite`: ports for blobs and tables answer too, by refusing.
    All,
    /// `azurite-queue`: the queue service alone.
    Queue,
}

/// The options of Azurite. A truth value may follow a switch, as Azurite takes it.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Azurite")]
pub(super) struct AzuriteArgs {
    /// The number of seconds after which an idle connection is closed. Default: 60
    #[arg(
        long = "queueKeepAliveTimeout",
        value_name = "SEC",
        allow_negative_numbers = true,
        hide = true
    )]
    pub(super) queue_keep_alive_timeout: Option<u64>,
    /// The address of the blob service.
    #[arg(long = "blobHost", value_name = "ADDRESS", hide = true)]
    pub(super) blob_host: Option<String>,
    /// The port of the blob service.
    #[arg(long = "blobPort", value_name = "N", hide = true)]
    pub(super) blob_port: Option<u16>,
    /// The keep-alive of the blob service.
    #[arg(long = "blobKeepAliveTimeout", value_name = "SEC", hide = true)]
    pub(super) blob_keep_alive_timeout: Option<String>,
    /// The address of the table service.
    #[arg(long = "tableHost", value_name = "ADDRESS", hide = true)]
    pub(super) table_host: Option<String>,
    /// The port of the table service.
    #[arg(long = "tablePort", value_name = "N", hide = true)]
    pub(super) table_port: Option<u16>,
    /// The keep-alive of the table service.
    #[arg(long = "tableKeepAliveTimeout", value_name = "SEC", hide = true)]
    pub(super) table_keep_alive_timeout: Option<String>,
    /// No access log on the terminal.
    #[arg(
        short,
        long,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        hide = true
    )]
    pub(super) silent: Option<String>,
    /// The file of the debug log.
    #[arg(short, long, value_name = "FILE", hide = true)]
    pub(super) debug: Option<PathBuf>,
    /// Ignore what is not supported.
    #[arg(
        short = 'L',
        long,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        hide = true
    )]
    pub(super) loose: Option<String>,
    /// Take every version of the service.
    #[arg(
        long = "skipApiVersionCheck",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        hide = true
    )]
    pub(super) skip_api_version_check: Option<String>,
    /// Take the account from the path alone.
    #[arg(
        long = "disableProductStyleUrl",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        hide = true
    )]
    pub(super) disable_product_style_url: Option<String>,
    /// Send nothing home.
    #[arg(
        long = "disableTelemetry",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        hide = true
    )]
    pub(super) disable_telemetry: Option<String>,
    /// The level of OAuth.
    #[arg(long, value_name = "LEVEL", hide = true)]
    pub(super) oauth: Option<String>,
    /// The password of a PFX file.
    #[arg(
        long,
        value_name = "TEXT",
        value_parser = SecretText::parser(),
        allow_hyphen_values = true,
        hide = true
    )]
    pub(super) pwd: Option<SecretText>,
    /// Keep nothing on disk.
    #[arg(
        long = "inMemoryPersistence",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        hide = true
    )]
    pub(super) in_memory_persistence: Option<String>,
    /// The most memory for messages.
    #[arg(
        long = "extentMemoryLimit",
        value_name = "MB",
        allow_negative_numbers = true,
        hide = true
    )]
    pub(super) extent_memory_limit: Option<String>,
}

/// The addresses at which `azurite` has its other services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Beside {
    pub(super) blob: (String, u16),
    pub(super) table: (String, u16),
}

impl AzuriteArgs {
    /// Where requests for blobs and tables are refused; nowhere but as `azurite`.
    pub(super) fn beside(&self, mode: Option<Mode>) -> Option<Beside> {
        let local = || "127.0.0.1".to_owned();
        (mode == Some(Mode::All)).then(|| Beside {
            blob: (self.blob_host.clone().unwrap_or_else(local), self.blob_port.unwrap_or(10000)),
            table: (
                self.table_host.clone().unwrap_or_else(local),
                self.table_port.unwrap_or(10002),
            ),
        })
    }

    /// Whether an option is given that only Azurite has.
    pub(super) fn is_used(&self) -> bool {
        !self.said(None).is_empty()
            || self.silent.is_some()
            || self.debug.is_some()
            || self.oauth.is_some()
            || self.in_memory_persistence.is_some()
            || self.queue_keep_alive_timeout.is_some()
    }

    /// Checks what contradicts other options, or cannot be done.
    pub(super) fn check(&self, has_location: bool) -> Result<(), UsageError> {
        if self.pwd.is_some() {
            return Err("--pwd is the password of a PFX file, and those are not read: `openssl \
                        pkcs12 -in FILE -nodes -out both.pem` makes one file of it, for --cert \
                        both.pem --key both.pem"
                .into());
        }
        if self.in_memory_persistence.is_some() && has_location {
            return Err(
                "--inMemoryPersistence and --location cannot be given together: queues are \
                        in memory, or in a folder"
                    .into(),
            );
        }
        if self.extent_memory_limit.is_some() && self.in_memory_persistence.is_none() {
            return Err("--extentMemoryLimit needs --inMemoryPersistence".into());
        }
        match &self.oauth {
            Some(level) if !level.eq_ignore_ascii_case("basic") => {
                Err("--oauth must be basic: there is no other level".into())
            }
            _ => Ok(()),
        }
    }

    /// What is said of options and variables that change nothing, each with the reason.
    pub(super) fn notes(&self, mode: Option<Mode>, https: bool) -> Vec<String> {
        let mut notes: Vec<String> = self
            .said(mode)
            .into_iter()
            .map(|(option, why)| format!("{option} changes nothing: {why}"))
            .collect();
        if self.oauth.is_some() && !https {
            notes.push(
                "--oauth changes nothing without --https or --cert: bearer tokens are taken over \
                 HTTPS, with or without it"
                    .to_owned(),
            );
        }
        if mode == Some(Mode::All) {
            notes.push(
                "there are queues only: what is asked of the ports for blobs and tables is \
                 answered with 501"
                    .to_owned(),
            );
        }
        for (variable, why) in VARIABLES {
            if env::var_os(variable).is_some_and(|value| !value.is_empty()) {
                notes.push(format!("the variable {variable} changes nothing: {why}"));
            }
        }
        notes
    }

    fn said(&self, mode: Option<Mode>) -> Vec<(&'static str, &'static str)> {
        let beside = mode == Some(Mode::All);
        let given = [
            (self.blob_host.is_some() && !beside, "--blobHost", NO_BLOBS),
            (self.blob_port.is_some() && !beside, "--blobPort", NO_BLOBS),
            (self.blob_keep_alive_timeout.is_some(), "--blobKeepAliveTimeout", NO_BLOBS),
            (self.table_host.is_some() && !beside, "--tableHost", NO_TABLES),
            (self.table_port.is_some() && !beside, "--tablePort", NO_TABLES),
            (self.table_keep_alive_timeout.is_some(), "--tableKeepAliveTimeout", NO_TABLES),
            (
                self.loose.is_some(),
                "--loose",
                "headers and parameters that an operation does not have are always taken",
            ),
            (
                self.skip_api_version_check.is_some(),
                "--skipApiVersionCheck",
                "every version that is a date from 2009-04-14 on is taken",
            ),
            (
                self.disable_product_style_url.is_some(),
                "--disableProductStyleUrl",
                "the account is in the path unless the host is ACCOUNT.queue.HOST",
            ),
            (self.disable_telemetry.is_some(), "--disableTelemetry", "nothing is sent to anybody"),
            (
                self.extent_memory_limit.is_some(),
                "--extentMemoryLimit",
                "messages take the memory that they need",
            ),
        ];
        given.into_iter().filter(|(given, ..)| *given).map(|(_, name, why)| (name, why)).collect()
    }
}

const NO_BLOBS: &str = "there are no blobs here; Azurite has them";
const NO_TABLES: &str = "there are no tables here; Azurite has them";

/// The variables that Azurite reads and this program need not. `AZURITE_ACCOUNTS` is read.
const VARIABLES: [(&str, &str); 2] = [
    ("AZURITE_DB", "it is about blobs"),
    ("AZURITE_SKIP_API_VERSION_CHECK", "every version that is a date from 2009-04-14 on is taken"),
];
