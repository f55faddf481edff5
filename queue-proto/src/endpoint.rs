//! Where a queue service is.

mod base;

use std::error::Error;
use std::fmt;

use http::Uri;
use http::uri::{self, Authority, PathAndQuery};

use self::base::Base;
use crate::devstore::{DEVSTORE_ACCOUNT, DEVSTORE_QUEUE_PORT};
use crate::name::AccountName;

/// The base URL of a queue service and the account that it serves.
///
/// The account is stated, never guessed. In *host style* the path of a request starts with the
/// queue (`https://contoso.queue.core.windows.net/orders`, or any custom domain); in *path style*
/// the account is the first segment (`http://127.0.0.1:10001/devstoreaccount1/orders`), as
/// emulators have it. Which one applies follows from the path of the URL alone.
///
/// Accounts with read access to their secondary have a second location, which
/// [`secondary`](Self::secondary) gives. It follows by rule where the URL names the account, and is
/// stated with [`with_secondary`](Self::with_secondary) elsewhere.
///
/// Cloning is cheap.
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
/// let domain = Endpoint::parse("https://queues.contoso.example/", contoso)?;
/// assert_eq!(domain.secondary(), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    account: AccountName,
    primary: Base,
    secondary: Option<Base>,
}

/// How a URL names the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the service has these two forms")]
pub enum AddressingStyle {
    /// The host belongs to the account; the path starts with the queue.
    Host,
    /// The first segment of the path is the account.
    Path,
}

/// The scheme of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the service has these two")]
pub enum Scheme {
    /// `http`, in clear text.
    Http,
    /// `https`.
    Https,
}

/// A URL that cannot be the base of a queue service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidEndpoint {
    /// It is not an absolute URL.
    NotAUrl,
    /// The scheme is neither `http` nor `https`.
    Scheme,
    /// It has a user name or a password.
    UserInfo,
    /// The host is empty, too long, not ASCII, or an IP address in an unusual spelling.
    Host,
    /// The port is not a number of 1 to 65535.
    Port,
    /// The path is neither empty nor the account alone.
    Path,
    /// It has a query or a fragment.
    Query,
    /// The secondary is in another addressing style than the primary.
    SecondaryStyle,
}

impl Scheme {
    fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    fn to_uri_scheme(self) -> uri::Scheme {
        match self {
            Self::Http => uri::Scheme::HTTP,
            Self::Https => uri::Scheme::HTTPS,
        }
    }
}

impl Endpoint {
    /// Reads a base URL. Host style when its path is empty or `/`, path style when the path is the
    /// account (or the account and `-secondary`).
    ///
    /// # Errors
    ///
    /// When `url` is no such URL.
    pub fn parse(url: &str, account: AccountName) -> Result<Self, InvalidEndpoint> {
        let primary = Base::parse(url, &account)?;
        let secondary = primary.secondary(&account);
        Ok(Self { account, primary, secondary })
    }

    /// The endpoint of an account in a public or a sovereign cloud:
    /// `{scheme}://{account}.queue.{suffix}`. The suffix of the public cloud is
    /// `core.windows.net`.
    ///
    /// # Errors
    ///
    /// When `suffix` is not the end of a host name.
    pub fn for_account(
        account: AccountName,
        suffix: &str,
        scheme: Scheme,
    ) -> Result<Self, InvalidEndpoint> {
        let url = format!("{}://{account}.queue.{suffix}", scheme.as_str());
        let endpoint = Self::parse(&url, account)?;
        match endpoint.style() {
            AddressingStyle::Host => Ok(endpoint),
            AddressingStyle::Path => Err(InvalidEndpoint::Host),
        }
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
    /// When `url` is no base URL for the account, or in another addressing style.
    pub fn with_secondary(mut self, url: &str) -> Result<Self, InvalidEndpoint> {
        let secondary = Base::parse(url, &self.account)?;
        if secondary.style() != self.primary.style() {
            return Err(InvalidEndpoint::SecondaryStyle);
        }
        self.secondary = Some(secondary);
        Ok(self)
    }

    /// The endpoint that reads from the secondary, if it is known where that is.
    #[must_use]
    pub fn secondary(&self) -> Option<Self> {
        let primary = self.secondary.clone()?;
        Some(Self { account: self.account.clone(), primary, secondary: None })
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &AccountName {
        &self.account
    }

    /// The scheme.
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

    /// How the URL names the account.
    #[must_use]
    pub fn style(&self) -> AddressingStyle {
        self.primary.style()
    }

    /// What the path of every request starts with: nothing, or a slash and the account.
    pub(crate) fn path_prefix(&self) -> &str {
        &self.primary.prefix
    }

    /// What the path of every request to the secondary starts with.
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
        let Base { scheme, authority, prefix } = &self.primary;
        write!(f, "{}://{authority}{prefix}/", scheme.as_str())
    }
}

impl fmt::Display for InvalidEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAUrl => {
                "endpoint is not a URL: it must look like https://account.queue.core.windows.net"
            }
            Self::Scheme => "endpoint has an unknown scheme: use https or http",
            Self::UserInfo => "endpoint has a user name or password: credentials are given apart",
            Self::Host => "endpoint has no valid host name or IP address",
            Self::Port => "endpoint has an invalid port: it must be 1 to 65535",
            Self::Path => {
                "endpoint has a path that is not the account name: \
                 leave it empty, or make it the account name alone"
            }
            Self::Query => {
                "endpoint has a query or a fragment: a shared access signature is given apart"
            }
            Self::SecondaryStyle => {
                "secondary endpoint has the account in another place than the primary: \
                 both must have it in the host, or both in the path"
            }
        })
    }
}

impl Error for InvalidEndpoint {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Endpoint, InvalidEndpoint> {
        Endpoint::parse(url, AccountName::new("contoso").unwrap())
    }

    #[test]
    fn style_follows_from_the_path() {
        for (url, style, display) in [
            ("https://contoso.queue.core.windows.net", AddressingStyle::Host, None),
            (
                "HTTPS://Contoso.Queue.Core.Windows.Net:443/",
                AddressingStyle::Host,
                Some("https://contoso.queue.core.windows.net/"),
            ),
            ("http://127.0.0.1:10001", AddressingStyle::Host, None),
            ("http://127.0.0.1:10001/contoso", AddressingStyle::Path, None),
            (
                "http://azurite:10001/contoso/",
                AddressingStyle::Path,
                Some("http://azurite:10001/contoso/"),
            ),
            ("http://[::1]:10001/contoso", AddressingStyle::Path, None),
            ("http://[::1]/contoso", AddressingStyle::Path, None),
            (
                "http://[::FFFF:1.2.3.4]/contoso",
                AddressingStyle::Path,
                Some("http://[::ffff:102:304]/contoso/"),
            ),
            ("https://queues.example.com:8443/contoso-secondary", AddressingStyle::Path, None),
        ] {
            let endpoint = parse(url).unwrap();
            assert_eq!(endpoint.style(), style, "{url}");
            let expected = display.map_or_else(|| format!("{url}/"), Into::into);
            assert_eq!(endpoint.to_string(), expected);
        }
    }

    #[test]
    fn secondaries_follow_by_rule() {
        let of = |url: &str| parse(url).unwrap().secondary().map(|e| e.to_string());
        assert_eq!(of("http://h/contoso").unwrap(), "http://h/contoso-secondary/");
        assert_eq!(of("http://h/contoso-secondary"), None);
        assert_eq!(
            of("https://contoso-ipv6.queue.core.windows.net").unwrap(),
            "https://contoso-secondary-ipv6.queue.core.windows.net/"
        );
        assert_eq!(
            of("https://contoso-dualstack.queue.core.chinacloudapi.cn").unwrap(),
            "https://contoso-secondary-dualstack.queue.core.chinacloudapi.cn/"
        );
        assert_eq!(of("https://contosolike.example.com"), None);
        let stated =
            parse("https://q.example").unwrap().with_secondary("https://q2.example").unwrap();
        assert_eq!(stated.secondary().unwrap().to_string(), "https://q2.example/");
        assert_eq!(
            parse("https://q.example").unwrap().with_secondary("https://q2.example/contoso"),
            Err(InvalidEndpoint::SecondaryStyle)
        );
    }

    #[test]
    fn what_is_no_endpoint() {
        use InvalidEndpoint as No;
        for (url, error) in [
            ("", No::NotAUrl),
            ("contoso.queue.core.windows.net", No::NotAUrl),
            ("ftp://h", No::Scheme),
            ("https://", No::Host),
            ("https:///contoso", No::Host),
            ("https://user:pw@h", No::UserInfo),
            ("https://h:0", No::Port),
            ("https://h:70000", No::Port),
            ("https://h:1a", No::Port),
            ("https://h/other", No::Path),
            ("https://h/contoso/queue", No::Path),
            ("https://h//contoso", No::Path),
            ("https://h/?sig=x", No::Query),
            ("https://h/#x", No::Query),
            ("https://h%41", No::Host),
            ("https://hö", No::Host),
            ("https://127.1", No::Host),
            ("https://1.2.3.0x4", No::Host),
            ("https://a..b", No::Host),
            ("https://[::1", No::Host),
        ] {
            assert_eq!(parse(url), Err(error), "{url}");
        }
    }

    #[test]
    fn well_known_endpoints() {
        let emulator = Endpoint::emulator();
        assert_eq!(emulator.to_string(), "http://127.0.0.1:10001/devstoreaccount1/");
        assert!(!emulator.is_https());
        let account = AccountName::new("contoso").unwrap();
        let gov = Endpoint::for_account(account.clone(), "core.usgovcloudapi.net", Scheme::Https);
        assert_eq!(gov.unwrap().to_string(), "https://contoso.queue.core.usgovcloudapi.net/");
        assert!(Endpoint::for_account(account, "core.windows.net/contoso", Scheme::Https).is_err());
    }
}
