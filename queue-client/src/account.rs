//! [`Account`]: an endpoint with its credential, read from a connection string, a URL with a shared
//! access signature or the environment. Come here to see how an account can be named.

mod connection_string;
mod environment;
mod lookalike;
mod sas_url;

use std::{fmt, sync::Arc};

use queue_auth::{AccountKey, Authorize};
use queue_proto::Endpoint;

pub use self::{
    connection_string::ConnectionStringError,
    environment::EnvironmentError,
    sas_url::{InvalidSasUrl, SasUrl},
};

/// An account of the queue service: where it is, and the credential for it.
///
/// Every way to name an account leads here, and [`ClientBuilder::from`](crate::ClientBuilder) leads
/// on from here, with any transport, retry policy, observer and runtime:
///
/// ```
/// use queue_client::{Account, ClientBuilder, retry::NoRetry};
///
/// let account = Account::from_sas_url(
///     "https://contoso.queue.core.windows.net/?sv=2025-07-05&ss=q&srt=o&sp=p&se=2036-09-24&sig=c2VjcmV0",
/// )?;
/// assert_eq!(account.endpoint().to_string(), "https://contoso.queue.core.windows.net/");
/// # #[cfg(feature = "reqwest")]
/// let service = ClientBuilder::from(account).retry(NoRetry).build()?;
/// # Ok::<(), queue_client::SetupError>(())
/// ```
///
/// # Connection strings
///
/// Settings are `Key=Value`, separated by semicolons; a value is everything after the first equals
/// sign. Keys are compared without case; blanks around keys and values, quotes around a value or
/// the whole string, and empty settings are ignored. A setting that is unknown or stands there
/// twice is an error.
///
/// | Setting | Meaning |
/// | --- | --- |
/// | `AccountName`, `AccountKey` | the account, and its key for Shared Key |
/// | `SharedAccessSignature` | a token, with or without its leading `?`, instead of a key |
/// | `DefaultEndpointsProtocol` | `https` or `http`. Default: `https`. |
/// | `EndpointSuffix` | the domain of the cloud. Default: `core.windows.net`. |
/// | `QueueEndpoint` | the address of the queue service, if it is not the account's usual one |
/// | `QueueSecondaryEndpoint` | the address that can be read when the primary is down |
/// | `UseDevelopmentStorage` | `true`: the emulator at `http://127.0.0.1:10001` |
/// | `DevelopmentStorageProxyUri` | scheme and host of an emulator elsewhere; its port is 10001 whatever the URL says |
///
/// The endpoints of the other services (`BlobEndpoint`, `TableEndpoint`, ...) are accepted and
/// ignored. [`Endpoint`] states the rule by which `QueueEndpoint` names its account. The format is
/// that of "Configure Azure Storage connection strings" in the documentation of the service.
///
/// What people paste in place of a connection string works where its meaning is certain: a URL with
/// a shared access signature for an account, a string that was escaped for HTML, and the base64 of
/// a whole string. For anything else the error says what it looks like and what to do.
///
/// ```
/// use queue_client::Account;
///
/// let account = Account::from_connection_string("UseDevelopmentStorage=true")?;
/// assert_eq!(account.endpoint().to_string(), "http://127.0.0.1:10001/devstoreaccount1/");
///
/// let error = Account::from_connection_string("AccountName=acme;AcountKey=c2VjcmV0").unwrap_err();
/// assert_eq!(error.to_string(), "the connection string has an unknown setting \"AcountKey\"");
/// # Ok::<(), queue_client::ConnectionStringError>(())
/// ```
#[derive(Clone)]
pub struct Account {
    pub(crate) endpoint: Endpoint,
    pub(crate) authorizer: Arc<dyn Authorize>,
    key: Option<AccountKey>,
}

impl Account {
    /// An account with any credential.
    #[must_use]
    pub fn new(endpoint: Endpoint, authorizer: impl Authorize + 'static) -> Self {
        Self { endpoint, authorizer: Arc::new(authorizer), key: None }
    }

    /// The address of the queue service.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The credential, which signs every request.
    #[must_use]
    pub fn authorizer(&self) -> &Arc<dyn Authorize> {
        &self.authorizer
    }

    /// The account key, if the account was named with one: it makes shared access signatures
    /// ([`queue_auth::sas`]).
    #[must_use]
    pub const fn key(&self) -> Option<&AccountKey> {
        self.key.as_ref()
    }

    /// An account with Shared Key.
    fn with_key(endpoint: Endpoint, key: AccountKey) -> Self {
        let authorizer = queue_auth::SharedKey::new(endpoint.account().as_str(), key.clone());
        Self { key: Some(key), ..Self::new(endpoint, authorizer) }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("endpoint", &self.endpoint)
            .field("authorizer", &self.authorizer)
            .finish_non_exhaustive()
    }
}
