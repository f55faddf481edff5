//! The storage accounts that an emulator serves: [`Account`], a name with its keys.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use queue_auth::{AccountKey, InvalidKey};
use queue_proto::{AccountName, DEVSTORE_ACCOUNT, DEVSTORE_KEY, InvalidName};
use zeroize::Zeroizing;

/// A storage account: its name, and the one or more keys that are valid for it.
///
/// ```
/// use queue_emulator::Account;
///
/// let account: Account = "contoso:bm90IGEgcmVhbCBrZXk=".parse()?;
/// assert_eq!(account.name().as_str(), "contoso");
/// # Ok::<(), queue_emulator::InvalidAccount>(())
/// ```
#[derive(Clone)]
pub struct Account {
    name: AccountName,
    keys: Vec<AccountKey>,
    /// The first key as text, for connection strings.
    text: Zeroizing<String>,
}

impl Account {
    /// The account that every emulator of Azure Storage has, `devstoreaccount1`, with the key that
    /// its documentation publishes.
    #[must_use]
    pub fn devstore() -> Self {
        Self::new(DEVSTORE_ACCOUNT, &[DEVSTORE_KEY]).expect("the published account is valid")
    }

    /// An account with the given name and base64 keys.
    ///
    /// # Errors
    /// [`InvalidAccount`] if the name breaks a rule, there is no key, or one is not base64.
    pub fn new(name: &str, keys: &[&str]) -> Result<Self, InvalidAccount> {
        let name = AccountName::from_str(name).map_err(InvalidAccount::Name)?;
        let first = keys.first().ok_or(InvalidAccount::NoKey)?;
        let text = Zeroizing::new(first.trim_ascii().to_owned());
        let keys = keys
            .iter()
            .map(|key| AccountKey::from_base64(key))
            .collect::<Result<_, _>>()
            .map_err(InvalidAccount::Key)?;
        Ok(Self { name, keys, text })
    }

    /// The name of the account.
    #[must_use]
    pub fn name(&self) -> &AccountName {
        &self.name
    }

    pub(crate) fn keys(&self) -> &[AccountKey] {
        &self.keys
    }

    /// The first key as text.
    #[cfg(feature = "bearer")]
    pub(crate) fn secret(&self) -> &str {
        &self.text
    }

    /// The connection string for clients that reach the account at `base_url` followed by a slash
    /// and its name; for the usual address `base_url` is `http://127.0.0.1:10001`.
    ///
    /// It holds the account's first key.
    #[must_use]
    pub fn connection_string(&self, base_url: &str) -> String {
        let Self { name, text, .. } = self;
        let scheme = base_url.split_once(':').map_or("http", |(scheme, _)| scheme);
        format!(
            "DefaultEndpointsProtocol={scheme};AccountName={name};AccountKey={key};\
             QueueEndpoint={base_url}/{name};",
            key = text.as_str(),
        )
    }
}

impl FromStr for Account {
    type Err = InvalidAccount;

    /// Reads `name:key` or `name:key1:key2`. `devstoreaccount1` alone is that account with its
    /// published key.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == DEVSTORE_ACCOUNT {
            return Ok(Self::devstore());
        }
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        Self::new(name, &parts.collect::<Vec<_>>())
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The reason why a text is not an account. It never holds a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidAccount {
    /// The name breaks a rule.
    Name(InvalidName),
    /// No key was given.
    NoKey,
    /// A key is not usable.
    Key(InvalidKey),
}

impl fmt::Display for InvalidAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(_) => f.write_str("the account's name is not valid"),
            Self::NoKey => f.write_str("the account has no key: write it as name:key"),
            Self::Key(_) => f.write_str("a key of the account is not valid"),
        }
    }
}

impl Error for InvalidAccount {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Name(error) => Some(error),
            Self::NoKey => None,
            Self::Key(error) => Some(error),
        }
    }
}
