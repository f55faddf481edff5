//! [`AccountArgs`]: the options that name an account and say where its credential is. Secrets are none
//! of them.

use clap::{Args, ValueEnum};

use super::environment::{CONNECTION_STRING, KEY, SAS_TOKEN};
use crate::failure::Failure;

/// How requests are authorized, by the words of `az` and more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AuthMode {
    /// Microsoft Entra ID: service principal or workload of the environment, else the login of `az`.
    #[value(alias = "entra", alias = "cli")]
    Login,
    /// The account key.
    Key,
    /// A shared access signature.
    Sas,
    /// Microsoft Entra ID by the managed identity of this machine.
    #[value(alias = "msi")]
    Managed,
    /// No credential at all.
    #[value(alias = "none")]
    Anonymous,
}

/// The account to talk to, and where its credential is.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Account")]
pub(crate) struct AccountArgs {
    /// The name of the storage account [env: AZURE_STORAGE_ACCOUNT]
    #[arg(long, visible_alias = "account", global = true, value_name = "NAME")]
    pub(crate) account_name: Option<String>,

    /// The address of its queue service, if it is not that of the public cloud
    /// [env: AZURE_STORAGE_SERVICE_ENDPOINT]
    #[arg(long, visible_alias = "endpoint", global = true, value_name = "URL")]
    pub(crate) queue_endpoint: Option<String>,

    /// A connection string without a key or signature, such as UseDevelopmentStorage=true
    #[arg(
        long,
        global = true,
        value_name = "TEXT",
        conflicts_with_all = ["connection_string_env", "connection_string_file"],
        hide_short_help = true,
    )]
    pub(crate) connection_string: Option<String>,

    /// The variable that holds the connection string; without it AZURE_STORAGE_CONNECTION_STRING
    #[arg(
        long,
        global = true,
        value_name = "VARIABLE",
        conflicts_with = "connection_string_file",
        hide_short_help = true
    )]
    pub(crate) connection_string_env: Option<String>,

    /// The file that holds the connection string
    #[arg(long, global = true, value_name = "PATH", hide_short_help = true)]
    pub(crate) connection_string_file: Option<std::path::PathBuf>,

    /// The variable that holds a shared access signature or a URL with one; without it
    /// AZURE_STORAGE_SAS_TOKEN
    #[arg(
        long,
        global = true,
        value_name = "VARIABLE",
        conflicts_with = "key_env",
        hide_short_help = true
    )]
    pub(crate) sas_env: Option<String>,

    /// The variable that holds the account key; without it AZURE_STORAGE_KEY
    #[arg(long, global = true, value_name = "VARIABLE", hide_short_help = true)]
    pub(crate) key_env: Option<String>,

    /// How requests are authorized [env: AZURE_STORAGE_AUTH_MODE]
    #[arg(long, visible_alias = "auth", global = true, value_name = "MODE", value_enum)]
    pub(crate) auth_mode: Option<AuthMode>,

    /// The context of `azq context` to use [env: AZQ_CONTEXT]
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        conflicts_with_all = ["connection_string", "connection_string_env", "connection_string_file"],
    )]
    pub(crate) context: Option<String>,

    /// Refused: a key in an argument shows in process lists.
    #[arg(long, global = true, hide = true, num_args = 0..=1, default_missing_value = "")]
    pub(crate) account_key: Option<String>,

    /// Refused: a signature in an argument shows in process lists.
    #[arg(long, alias = "sas", global = true, hide = true, num_args = 0..=1, default_missing_value = "")]
    pub(crate) sas_token: Option<String>,
}

impl AccountArgs {
    pub(super) fn names_a_connection_string(&self) -> bool {
        self.connection_string.is_some()
            || self.connection_string_env.is_some()
            || self.connection_string_file.is_some()
    }

    pub(super) fn names_something(&self) -> bool {
        self.names_a_connection_string()
            || self.account_name.is_some()
            || self.queue_endpoint.is_some()
            || self.sas_env.is_some()
            || self.key_env.is_some()
    }

    /// Refuses secrets in arguments, without showing them.
    pub(crate) fn refuse_secrets(&self) -> Result<(), Failure> {
        let refuse = |what: &str, variable: &str, option: &str| {
            Err(Failure::usage(format!(
                "{what} in an argument shows in process lists and histories: set {variable}, or name \
                 another variable with {option}"
            )))
        };
        if self.account_key.is_some() {
            return refuse("an account key", KEY, "--key-env");
        }
        if self.sas_token.is_some() {
            return refuse("a shared access signature", SAS_TOKEN, "--sas-env");
        }
        match &self.connection_string {
            Some(text) if holds_a_secret(text) => refuse(
                "a connection string with a key or signature",
                CONNECTION_STRING,
                "--connection-string-env (or a file with --connection-string-file)",
            ),
            _ => Ok(()),
        }
    }
}

/// Whatever is not surely without a secret counts as one that has it.
fn holds_a_secret(connection_string: &str) -> bool {
    let known = |setting: &str| {
        let name = setting.split('=').next().unwrap_or_default().trim().to_ascii_lowercase();
        matches!(
            name.as_str(),
            "" | "usedevelopmentstorage"
                | "developmentstorageproxyuri"
                | "defaultendpointsprotocol"
                | "endpointsuffix"
                | "accountname"
        ) || name.ends_with("endpoint") && !setting.contains('?')
    };
    !connection_string.trim_matches(['"', '\'']).split(';').all(known)
}
