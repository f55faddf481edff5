//! The account that the environment names, by the variables of the Azure command-line tools.

use std::{error::Error as StdError, fmt, sync::Arc};

use queue_auth::{AccountKey, Authorize, SharedKey, sas::SasToken};
use queue_proto::{AccountName, Endpoint, Scheme};

use crate::connection_string::{ConnectionString, ConnectionStringError, PUBLIC_CLOUD_SUFFIX};

const CONNECTION_STRING: &str = "AZURE_STORAGE_CONNECTION_STRING";
const ACCOUNT: &str = "AZURE_STORAGE_ACCOUNT";
const SAS_TOKEN: &str = "AZURE_STORAGE_SAS_TOKEN";
const KEY: &str = "AZURE_STORAGE_KEY";
const SERVICE_ENDPOINT: &str = "AZURE_STORAGE_SERVICE_ENDPOINT";

/// Reads the account from `variables`; an empty variable counts as one that is not set.
pub(crate) fn read(
    variables: impl Fn(&str) -> Option<String>,
) -> Result<(Endpoint, Arc<dyn Authorize>), EnvironmentError> {
    let variable = |name: &'static str| variables(name).filter(|value| !value.trim().is_empty());

    if let Some(text) = variable(CONNECTION_STRING) {
        let parsed = ConnectionString::parse(&text).map_err(EnvironmentError::ConnectionString)?;
        tracing::debug!(endpoint = %parsed.endpoint(), "account taken from {CONNECTION_STRING}");
        return Ok(parsed.into_parts());
    }
    let account = variable(ACCOUNT).ok_or(EnvironmentError::NoAccount)?;
    let account = AccountName::new(account.trim()).map_err(invalid(ACCOUNT))?;
    let (source, authorizer): (_, Arc<dyn Authorize>) = match (variable(SAS_TOKEN), variable(KEY)) {
        (Some(token), _) => {
            let token = SasToken::parse(token.trim()).map_err(invalid(SAS_TOKEN))?;
            (SAS_TOKEN, Arc::new(token))
        }
        (None, Some(key)) => {
            let key = AccountKey::from_base64(&key).map_err(invalid(KEY))?;
            (KEY, Arc::new(SharedKey::new(account.as_str(), key)))
        }
        (None, None) => return Err(EnvironmentError::NoCredential),
    };
    let endpoint = match variable(SERVICE_ENDPOINT) {
        Some(url) => Endpoint::parse(url.trim(), account).map_err(invalid(SERVICE_ENDPOINT))?,
        None => Endpoint::for_account(account, PUBLIC_CLOUD_SUFFIX, Scheme::Https)
            .map_err(invalid(ACCOUNT))?,
    };
    tracing::debug!(%endpoint, "account taken from {ACCOUNT} and {source}");
    Ok((endpoint, authorizer))
}

fn invalid<E: StdError + Send + Sync + 'static>(
    variable: &'static str,
) -> impl FnOnce(E) -> EnvironmentError {
    move |error| EnvironmentError::Invalid { variable, source: Box::new(error) }
}

/// Why the environment names no usable account. It names the variable and never shows a value.
#[non_exhaustive]
pub enum EnvironmentError {
    /// Neither a connection string nor an account is set.
    NoAccount,
    /// An account is set, but no credential for it.
    NoCredential,
    /// The connection string is not usable.
    ConnectionString(ConnectionStringError),
    /// A variable holds something unusable.
    Invalid {
        /// Its name.
        variable: &'static str,
        /// What is wrong with its value.
        source: Box<dyn StdError + Send + Sync>,
    },
}

impl fmt::Display for EnvironmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAccount => write!(
                f,
                "no account: set {CONNECTION_STRING}, or {ACCOUNT} with {KEY} or {SAS_TOKEN} (for \
                 the emulator on this machine, {CONNECTION_STRING}=\"UseDevelopmentStorage=true\")"
            ),
            Self::NoCredential => {
                write!(f, "no credential for the account in {ACCOUNT}: set {KEY} or {SAS_TOKEN}")
            }
            Self::ConnectionString(error) => write!(f, "{CONNECTION_STRING}: {error}"),
            Self::Invalid { variable, source } => write!(f, "{variable}: {source}"),
        }
    }
}

/// The sentence: it is what a `main` that returns a `Result` prints.
impl fmt::Debug for EnvironmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for EnvironmentError {}
