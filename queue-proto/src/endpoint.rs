//! [`Endpoint`]: where a queue service is, and which account it serves. Come here to learn how an
//! address names its account.

mod base;
mod invalid;
mod rule;
mod url;

use std::fmt;

use http::Uri;
use http::uri::{self, Authority, PathAndQuery};

pub use self::base::AddressingStyle;
use self::base::Base;
pub use self::invalid::InvalidEndpoint;
pub use self::url::Scheme;
use crate::devstore::{DEVSTORE_ACCOUNT, DEVSTORE_QUEUE_PORT};
use crate::name::AccountName;

/// The base URL of a queue service and the account that it serves.
///
/// Accounts with read access to their secondary have a second location, which
/// [`secondary`](Self::secondary) gives. It follows by rule where the URL names the account, and is
/// stated with [`with_secondary`](Self::with_secondary) elsewhere.
///
/// Cloning is cheap.
///
/// # Where the account is
///
/// In *host style* the path of a request starts with the queue
/// (`https://contoso.queue.core.windows.net/orders`); in *path style* the account comes before the
/// queue (`http://127.0.0.1:10001/devstoreaccount1/orders`), as emulators have it. One rule decides
/// for endpoints, connection strings and URLs with a shared access signature:
///
/// | Host | Where the account is |
/// | --- | --- |
/// | `{account}.queue.{suffix}`: a host of the service, of any cloud, or of an emulator | in the host; the path starts with the queue |
/// | an IP address, or a name of one label such as `localhost` or `azurite` | in the first segment of the path |
/// | any other name, such as `host.docker.internal` or `queues.contoso.example` | in the first segment of the path, unless the account is stated |
///
/// [`parse`](Self::parse) takes the account from its caller. On a host of the last kind a path is
/// then free: one that ends in the account is path style, any other one is the prefix of a gateway,
/// and without a path the host belongs to the account. [`from_url`](Self::from_url) and
/// [`split_url`](Self::split_url) know only the URL, and refuse one that can be read in two ways.
///
/// # Behind a gateway
///
/// A gateway can serve the account under a path: `https://gw.example.org/storage/contoso` names the
/// account at its end, `https://gw.example.org/queues` does not. Every request then starts with
/// that path, and Shared Key signs it with the path. So a gateway in front of Shared Key must pass
/// on method, path, query, body and the headers `Content-*`, `Date` and `x-ms-*` as they are; one
/// that takes its prefix off the path breaks the signature (403 `AuthenticationFailed`), and needs
/// a shared access signature or a bearer token, which do not cover the path that is sent.
///
/// ```
/// use queue_proto::{AccountName, Endpoint};
///
/// let contoso: AccountName = "contoso".parse()?;
/// let cloud = Endpoint::parse("https://contoso.queue.core.windows.net", contoso.clone())?;
/// assert!(cloud.is_https());
/// assert_eq!(
///     cloud.secondary().map(|secondary| secondary.to_string()).as_deref(),
///     Some("https://contoso-secondary.queue.core.windows.net/")
/// );
///
/// let domain = Endpoint::parse("https://queues.contoso.example/", contoso.clone())?;
/// assert_eq!(domain.secondary(), None);
///
/// let gateway = Endpoint::parse("https://gw.example.org/storage/contoso", contoso)?;
/// assert_eq!(gateway.to_string(), "https://gw.example.org/storage/contoso/");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    account: AccountName,
    primary: Base,
    secondary: Option<Base>,
}

impl Endpoint {
    /// Reads a base URL of the account that is stated, by
    /// [the rule](Self#where-the-account-is). Where the URL itself names the account,
    /// [`from_url`](Self::from_url) needs no statement.
    ///
    /// # Errors
    ///
    /// [`InvalidEndpoint`] when `url` is no such URL.
    pub fn parse(url: &str, account: AccountName) -> Result<Self, InvalidEndpoint> {
        let primary = Base::parse(url, &account)?;
        let secondary = primary.secondary(&account);
        Ok(Self { account, primary, secondary })
    }

    /// Reads a base URL that names its account by [the rule](Self#where-the-account-is).
    ///
    /// # Errors
    ///
    /// [`InvalidEndpoint`] when `url` is no such URL, names no account or goes on behind it.
    pub fn from_url(url: &str) -> Result<Self, InvalidEndpoint> {
        match Self::split_url(url)? {
            (endpoint, None) => Ok(endpoint),
            (endpoint, Some(_)) if endpoint.style() == AddressingStyle::Host => {
                Err(InvalidEndpoint::ServicePath)
            }
            (_, Some(_)) => Err(InvalidEndpoint::Path),
        }
    }

    /// Reads the URL of an account, of a queue, of its messages or of one message, without a query,
    /// by [the rule](Self#where-the-account-is). The second value is the name of the queue as it
    /// stands in the URL, not checked yet.
    ///
    /// ```
    /// use queue_proto::Endpoint;
    ///
    /// let url = "https://contoso.queue.core.windows.net/orders/messages";
    /// let (endpoint, queue) = Endpoint::split_url(url)?;
    /// assert_eq!(endpoint.account().as_str(), "contoso");
    /// assert_eq!(queue, Some("orders"));
    /// # Ok::<(), queue_proto::InvalidEndpoint>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidEndpoint`] when `url` is no such URL, names no account, or can be read in two ways.
    pub fn split_url(url: &str) -> Result<(Self, Option<&str>), InvalidEndpoint> {
        let rule::Named { account, base, queue } = rule::split(url)?;
        Ok((Self::parse(base, account)?, queue))
    }

    /// Says whether the host is one of the third kind of [the rule](Self#where-the-account-is): a
    /// name with a domain that is not the service's, which may belong to the account as a whole.
    #[must_use]
    pub fn has_foreign_domain(&self) -> bool {
        rule::is_ambiguous(&self.primary.authority)
    }

    /// The endpoint of an account in a public or a sovereign cloud:
    /// `{scheme}://{account}.queue.{suffix}`. The suffix of the public cloud is
    /// `core.windows.net`; the label of a service in front of it (`queue.core.windows.net`) is
    /// passed over.
    ///
    /// # Errors
    ///
    /// [`InvalidEndpoint`] when `suffix` is not the end of a host name.
    pub fn for_account(
        account: AccountName,
        suffix: &str,
        scheme: Scheme,
    ) -> Result<Self, InvalidEndpoint> {
        let suffix = ["blob", "dfs", "file", "queue", "table", "web"]
            .iter()
            .find_map(|service| suffix.strip_prefix(service)?.strip_prefix('.'))
            .unwrap_or(suffix);
        let url = format!("{}://{account}.queue.{suffix}", scheme.as_str());
        let endpoint = Self::parse(&url, account)?;
        if endpoint.path_prefix().is_empty() { Ok(endpoint) } else { Err(InvalidEndpoint::Host) }
    }

    /// The endpoint of an emulator on this machine: `http://127.0.0.1:10001/devstoreaccount1`.
    #[must_use]
    pub fn emulator() -> Self {
        let account = AccountName::new(DEVSTORE_ACCOUNT).expect("the name keeps the rules");
        let url = format!("http://127.0.0.1:{DEVSTORE_QUEUE_PORT}/{DEVSTORE_ACCOUNT}");
        Self::parse(&url, account).expect("the URL keeps the rules")
    }

    /// States where the secondary is.
    ///
    /// # Errors
    ///
    /// [`InvalidEndpoint`] when `url` is no base URL for the account, or in another addressing
    /// style.
    pub fn with_secondary(mut self, url: &str) -> Result<Self, InvalidEndpoint> {
        let secondary = Base::parse(url, &self.account)?;
        if secondary.style() != self.primary.style() {
            return Err(InvalidEndpoint::SecondaryStyle);
        }
        self.secondary = Some(secondary);
        Ok(self)
    }

    /// States the path under which [a gateway](Self#behind-a-gateway) serves the account: in front
    /// of the account in path style, in front of the queue in host style. It takes the place of the
    /// prefix that the URL had, if any.
    ///
    /// [`parse`](Self::parse) finds most prefixes in the URL; this is for those that it refuses,
    /// and it comes before [`with_secondary`](Self::with_secondary).
    ///
    /// ```
    /// use queue_proto::Endpoint;
    ///
    /// let endpoint = Endpoint::parse("http://gateway:8080", "contoso".parse()?)?;
    /// assert_eq!(
    ///     endpoint.with_prefix("/contoso/queues")?.to_string(),
    ///     "http://gateway:8080/contoso/queues/"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidEndpoint::PathCharacters`] when `prefix` is no such path.
    pub fn with_prefix(mut self, prefix: &str) -> Result<Self, InvalidEndpoint> {
        self.primary = self.primary.with_prefix(prefix)?;
        self.secondary = self.primary.secondary(&self.account);
        Ok(self)
    }

    /// The endpoint that reads from the secondary, if it is known where that is.
    #[must_use]
    pub fn secondary(&self) -> Option<Self> {
        let primary = self.secondary.clone()?;
        Some(Self { account: self.account.clone(), primary, secondary: None })
    }

    /// The account that the endpoint serves.
    #[must_use]
    pub fn account(&self) -> &AccountName {
        &self.account
    }

    /// The scheme of the URL.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.primary.scheme
    }

    /// True when the endpoint is reached over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.primary.scheme == Scheme::Https
    }

    /// Host and port, in lower case, without the port that the scheme implies.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.primary.authority
    }

    /// The way in which the URL names the account.
    #[must_use]
    pub fn style(&self) -> AddressingStyle {
        self.primary.style()
    }

    /// The start of the path of every request: nothing, or a slash and segments, the last of
    /// which is the account in path style.
    pub(crate) fn path_prefix(&self) -> &str {
        &self.primary.prefix
    }

    /// The start of the path of every request to the secondary.
    pub(crate) fn secondary_path_prefix(&self) -> Option<&str> {
        self.secondary.as_ref().map(|base| &*base.prefix)
    }

    /// Host and port of the secondary.
    pub(crate) fn secondary_authority(&self) -> Option<&Authority> {
        self.secondary.as_ref().map(|base| &base.authority)
    }

    /// Joins location and target, which starts with a slash and has only unreserved bytes, escapes
    /// and delimiters.
    pub(crate) fn uri(&self, target: PathAndQuery) -> Uri {
        let mut parts = uri::Parts::default();
        parts.scheme = Some(self.primary.scheme.to_uri_scheme());
        parts.authority = Some(self.primary.authority.clone());
        parts.path_and_query = Some(target);
        Uri::from_parts(parts).expect("scheme, authority and path are there")
    }
}

impl fmt::Display for Endpoint {
    /// The base URL, with a slash at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Base { scheme, authority, prefix, .. } = &self.primary;
        write!(f, "{}://{authority}{prefix}/", scheme.as_str())
    }
}

#[cfg(test)]
mod tests;
