//! Reads the account from variables of the environment, by the names of the Azure command-line
//! tools; [`Account::from_env`] documents them.

use std::{error::Error as StdError, fmt};

use queue_auth::{AccountKey, sas::SasToken};
use queue_proto::{AccountName, Endpoint, Scheme};

use super::{
    Account,
    connection_string::{ConnectionStringError, PUBLIC_CLOUD_SUFFIX},
    lookalike::{unescaped, unquoted},
};

const CONNECTION_STRING: &str = "AZURE_STORAGE_CONNECTION_STRING";
const ACCOUNT: &str = "AZURE_STORAGE_ACCOUNT";
const SAS_TOKEN: &str = "AZURE_STORAGE_SAS_TOKEN";
const KEY: &str = "AZURE_STORAGE_KEY";
const AUTH_MODE: &str = "AZURE_STORAGE_AUTH_MODE";
const SERVICE_ENDPOINT: &str = "AZURE_STORAGE_SERVICE_ENDPOINT";

impl Account {
    /// Reads the environment.
    ///
    /// The variables are those of the Azure command-line tools. The first line that is complete
    /// counts:
    ///
    /// 1. `AZURE_STORAGE_CONNECTION_STRING`
    /// 2. `AZURE_STORAGE_ACCOUNT` and `AZURE_STORAGE_AUTH_MODE=login`: a bearer token of whoever is
    ///    logged in to the Azure CLI (feature `azure-identity`)
    /// 3. `AZURE_STORAGE_ACCOUNT` and `AZURE_STORAGE_SAS_TOKEN`
    /// 4. `AZURE_STORAGE_ACCOUNT` and `AZURE_STORAGE_KEY`
    ///
    /// With the last three, `AZURE_STORAGE_SERVICE_ENDPOINT` may name an address of the queue
    /// service other than the account's own in the public cloud. Which line was used is logged at
    /// debug level.
    ///
    /// # Errors
    ///
    /// [`EnvironmentError`] when no line is complete or a value is not usable. It names the
    /// variable, never its value.
    pub fn from_env() -> Result<Self, EnvironmentError> {
        read(|name| std::env::var(name).ok())
    }
}

/// Reads the account from `variables`; an empty variable counts as one that is not set.
fn read(variables: impl Fn(&str) -> Option<String>) -> Result<Account, EnvironmentError> {
    let variable = |name: &'static str| variables(name).filter(|value| !unquoted(value).is_empty());

    if let Some(text) = variable(CONNECTION_STRING) {
        let account =
            Account::from_connection_string(&text).map_err(EnvironmentError::ConnectionString)?;
        tracing::debug!(endpoint = %account.endpoint(), "account taken from {CONNECTION_STRING}");
        return Ok(account);
    }
    let name = variable(ACCOUNT).ok_or(EnvironmentError::NoAccount)?;
    let name = AccountName::new(unquoted(&name)).map_err(invalid(ACCOUNT))?;
    let endpoint = match variable(SERVICE_ENDPOINT) {
        Some(url) => Endpoint::parse(unquoted(&url), name).map_err(invalid(SERVICE_ENDPOINT))?,
        None => Endpoint::for_account(name, PUBLIC_CLOUD_SUFFIX, Scheme::Https)
            .map_err(invalid(ACCOUNT))?,
    };
    let logs_in =
        variable(AUTH_MODE).is_some_and(|mode| unquoted(&mode).eq_ignore_ascii_case("login"));
    let (source, account) = match (variable(SAS_TOKEN), variable(KEY)) {
        _ if logs_in => (AUTH_MODE, login(endpoint)?),
        (Some(token), _) => {
            let token =
                SasToken::parse(&unescaped(unquoted(&token))).map_err(invalid(SAS_TOKEN))?;
            (SAS_TOKEN, Account::new(endpoint, token))
        }
        (None, Some(key)) => {
            let key = AccountKey::from_base64(unquoted(&key)).map_err(invalid(KEY))?;
            (KEY, Account::with_key(endpoint, key))
        }
        (None, None) => return Err(EnvironmentError::NoCredential),
    };
    tracing::debug!(endpoint = %account.endpoint(), "account taken from {ACCOUNT} and {source}");
    Ok(account)
}

/// The account with the credential of the person or workload that is logged in.
#[cfg(feature = "azure-identity")]
fn login(endpoint: Endpoint) -> Result<Account, EnvironmentError> {
    use queue_auth::{Bearer, bearer::Identity};

    let source = Identity::developer_tools().map_err(invalid(AUTH_MODE))?;
    Ok(Account::new(endpoint, Bearer::new(source)))
}

#[cfg(not(feature = "azure-identity"))]
fn login(_: Endpoint) -> Result<Account, EnvironmentError> {
    Err(EnvironmentError::LoginNotBuiltIn)
}

fn invalid<E: StdError + Send + Sync + 'static>(
    variable: &'static str,
) -> impl FnOnce(E) -> EnvironmentError {
    move |error| EnvironmentError::Invalid { variable, source: Box::new(error) }
}

/// The reason why the environment names no usable account. It names the variable and never shows a
/// value.
#[non_exhaustive]
pub enum EnvironmentError {
    /// Neither a connection string nor an account is set.
    NoAccount,
    /// An account is set, but no credential for it.
    NoCredential,
    /// `AZURE_STORAGE_AUTH_MODE` asks for a login, and the feature `azure-identity` is off.
    LoginNotBuiltIn,
    /// The connection string is not usable.
    ConnectionString(ConnectionStringError),
    /// A variable holds something unusable.
    Invalid {
        /// The name of the variable.
        variable: &'static str,
        /// The reason why the value of the variable is not usable.
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
            Self::LoginNotBuiltIn => write!(
                f,
                "{AUTH_MODE} asks for a login, which this program cannot do: build it with the \
                 feature \"azure-identity\", or set {KEY} or {SAS_TOKEN} instead"
            ),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> String {
        let found = read(|name| {
            let (_, value) = variables.iter().find(|(variable, _)| *variable == name)?;
            Some((*value).to_owned())
        });
        match found {
            Ok(account) => format!("{} {:?}", account.endpoint(), account.authorizer()),
            Err(error) => format!("error: {error}"),
        }
    }

    const SAS: &str = "?sv=2025-07-05&ss=q&srt=o&sp=p&se=2036-09-24&sig=c2VjcmV0";

    #[test]
    fn the_connection_string_comes_first() {
        let found = from(&[
            (CONNECTION_STRING, "UseDevelopmentStorage=true"),
            (ACCOUNT, "acme"),
            (KEY, "a2V5"),
        ]);
        assert!(found.starts_with("http://127.0.0.1:10001/devstoreaccount1/ SharedKey"), "{found}");
    }

    #[test]
    fn a_token_comes_before_a_key() {
        let found = from(&[(ACCOUNT, "acme"), (KEY, "a2V5"), (SAS_TOKEN, SAS)]);
        assert!(found.starts_with("https://acme.queue.core.windows.net/ SasToken"), "{found}");
        assert!(!found.contains("c2VjcmV0"), "{found}");
    }

    #[test]
    fn a_key_and_another_endpoint() {
        let found = from(&[
            (ACCOUNT, "acme"),
            (KEY, "a2V5"),
            (SERVICE_ENDPOINT, "https://acme.queue.core.usgovcloudapi.net"),
        ]);
        assert!(
            found.starts_with("https://acme.queue.core.usgovcloudapi.net/ SharedKey"),
            "{found}"
        );
    }

    #[test]
    fn quotes_and_escapes_are_taken_off() {
        let quoted = format!("\"{}\"", SAS.replace('&', "&amp;"));
        let found = from(&[(ACCOUNT, "'acme'"), (SAS_TOKEN, &quoted)]);
        assert!(found.starts_with("https://acme.queue.core.windows.net/ SasToken"), "{found}");
        let found = from(&[(ACCOUNT, "acme"), (KEY, "\"a2V5\"")]);
        assert!(found.contains("SharedKey"), "{found}");
    }

    #[test]
    fn empty_variables_are_not_set() {
        let found =
            from(&[(CONNECTION_STRING, " "), (ACCOUNT, "acme"), (SAS_TOKEN, ""), (KEY, "a2V5")]);
        assert!(found.contains("SharedKey"), "{found}");
    }

    #[test]
    fn errors_name_the_variable() {
        for (variables, expected) in [
            (&[][..], "no account: set AZURE_STORAGE_CONNECTION_STRING"),
            (&[(ACCOUNT, "acme")], "no credential for the account in AZURE_STORAGE_ACCOUNT"),
            (&[(ACCOUNT, "Acme"), (KEY, "a2V5")], "AZURE_STORAGE_ACCOUNT: account name has"),
            (&[(ACCOUNT, "acme"), (KEY, "!")], "AZURE_STORAGE_KEY: the account key is unusable"),
            (&[(ACCOUNT, "acme"), (SAS_TOKEN, "x")], "AZURE_STORAGE_SAS_TOKEN: "),
            (&[(CONNECTION_STRING, "x")], "AZURE_STORAGE_CONNECTION_STRING: setting 1"),
            (
                &[(ACCOUNT, "acme"), (KEY, "a2V5"), (SERVICE_ENDPOINT, "acme")],
                "AZURE_STORAGE_SERVICE_ENDPOINT: endpoint is not a URL",
            ),
        ] {
            let found = from(variables);
            assert!(found.starts_with(&format!("error: {expected}")), "{found}");
        }
    }

    #[cfg(not(feature = "azure-identity"))]
    #[test]
    fn a_login_that_is_not_built_in_says_how_to_get_it() {
        let found = from(&[(ACCOUNT, "acme"), (KEY, "a2V5"), (AUTH_MODE, "login")]);
        assert!(found.contains("feature \"azure-identity\""), "{found}");
    }

    #[cfg(feature = "azure-identity")]
    #[test]
    fn a_login_takes_bearer_tokens() {
        let found = from(&[(ACCOUNT, "acme"), (KEY, "a2V5"), (AUTH_MODE, "login")]);
        assert!(found.starts_with("https://acme.queue.core.windows.net/ Bearer"), "{found}");
    }
}
