use std::{error::Error as StdError, fmt};

use queue_auth::sas::{InvalidSas, SasToken};
use queue_proto::{AccountName, Endpoint, InvalidEndpoint, InvalidName, QueueName};

/// A URL with a shared access signature in its query, taken apart: what people hand out to give
/// access to an account or one queue.
///
/// ```
/// use queue_client::SasUrl;
///
/// let url = SasUrl::parse(
///     "https://acme.queue.core.windows.net/orders?sv=2025-07-05&sp=p&se=2036-09-24&sig=c2VjcmV0",
/// )?;
/// assert_eq!(url.endpoint().to_string(), "https://acme.queue.core.windows.net/");
/// assert_eq!(url.queue().map(|queue| queue.as_str()), Some("orders"));
/// # Ok::<(), queue_client::InvalidSasUrl>(())
/// ```
#[derive(Debug, Clone)]
pub struct SasUrl {
    endpoint: Endpoint,
    queue: Option<QueueName>,
    token: SasToken,
}

impl SasUrl {
    /// Reads a URL of an account in a cloud of Azure or of an emulator. The account is the first
    /// label of the host, or the first segment of the path where the host names no account: an IP
    /// address, or a path of two segments.
    ///
    /// # Errors
    ///
    /// When a part of the URL is missing or breaks its rule. The error shows no part of the
    /// signature.
    pub fn parse(url: &str) -> Result<Self, InvalidSasUrl> {
        let (base, query) = url.trim().split_once('?').ok_or(InvalidSasUrl::NoSignature)?;
        let token = SasToken::parse(query).map_err(InvalidSasUrl::Token)?;
        let (origin, path) = split_path(base).ok_or(InvalidSasUrl::NotAUrl)?;
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        let (first, second) = (segments.next(), segments.next());
        if segments.next().is_some() {
            return Err(InvalidSasUrl::TooManySegments);
        }

        let (endpoint, queue) = match (account_of_host(origin), first, second) {
            // An account and a queue, or an account alone where the host names none.
            (_, Some(account), Some(queue)) => (Self::path_style(origin, account)?, Some(queue)),
            (None, Some(account), None) => (Self::path_style(origin, account)?, None),
            (Some(account), queue, None) => {
                let endpoint = Endpoint::parse(origin, account).map_err(InvalidSasUrl::Endpoint)?;
                (endpoint, queue)
            }
            (None, None, _) | (Some(_), None, Some(_)) => return Err(InvalidSasUrl::NoAccount),
        };
        let queue = queue.map(QueueName::new).transpose().map_err(InvalidSasUrl::Queue)?;
        Ok(Self { endpoint, queue, token })
    }

    fn path_style(origin: &str, account: &str) -> Result<Endpoint, InvalidSasUrl> {
        let url = format!("{origin}/{account}");
        let account = account_name(account).ok_or(InvalidSasUrl::NoAccount)?;
        Endpoint::parse(&url, account).map_err(InvalidSasUrl::Endpoint)
    }

    /// Where the queue service is.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The queue, if the URL names one.
    #[must_use]
    pub const fn queue(&self) -> Option<&QueueName> {
        self.queue.as_ref()
    }

    /// The shared access signature.
    #[must_use]
    pub const fn token(&self) -> &SasToken {
        &self.token
    }
}

/// The account that a URL names by the rules of the service: the first segment of the path, or the
/// first label of the host without the marks of a secondary or of an address family.
pub(crate) fn account_of(url: &str) -> Option<AccountName> {
    let (origin, path) = split_path(url)?;
    match path.split('/').find(|segment| !segment.is_empty()) {
        Some(segment) => account_name(segment),
        None => account_of_host(origin),
    }
}

/// `https://host` and what follows the slash behind it.
fn split_path(url: &str) -> Option<(&str, &str)> {
    let start = url.find("://")?.saturating_add("://".len());
    match url.get(start..)?.find('/') {
        None => Some((url, "")),
        Some(slash) => url.split_at_checked(start.saturating_add(slash)),
    }
}

/// `None` where the host is an address or has one label, as that of a container.
fn account_of_host(origin: &str) -> Option<AccountName> {
    let host = origin.split_once("://")?.1;
    let host = host.split(':').next().filter(|host| !host.starts_with('['))?;
    let (label, rest) = host.split_once('.')?;
    let is_address = rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_address { None } else { account_name(label) }
}

fn account_name(label: &str) -> Option<AccountName> {
    let name = ["-ipv6", "-dualstack", "-secondary"]
        .iter()
        .fold(label, |name, mark| name.strip_suffix(mark).unwrap_or(name));
    AccountName::new(name.to_ascii_lowercase()).ok()
}

/// Why a URL is not one of a queue service with a shared access signature. It shows no part of the
/// signature.
#[non_exhaustive]
pub enum InvalidSasUrl {
    /// It is no absolute URL.
    NotAUrl,
    /// It has no query.
    NoSignature,
    /// It names no account.
    NoAccount,
    /// Its path has more than an account and a queue.
    TooManySegments,
    /// The query is no shared access signature.
    Token(InvalidSas),
    /// The part in front of the path is no endpoint.
    Endpoint(InvalidEndpoint),
    /// Its path names no queue.
    NoQueue,
    /// The path names no queue that could exist.
    Queue(InvalidName),
}

impl fmt::Display for InvalidSasUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SAS URL: ")?;
        match self {
            Self::NotAUrl => f.write_str("it must start with https:// and a host"),
            Self::NoSignature => f.write_str("it has no signature: the part behind \"?\""),
            Self::NoAccount => f.write_str(
                "it names no account, neither in front of its host nor at the start of its path",
            ),
            Self::NoQueue => f.write_str("its path names no queue"),
            Self::TooManySegments => {
                f.write_str("its path must be a queue, or an account and a queue")
            }
            Self::Token(error) => error.fmt(f),
            Self::Endpoint(error) => error.fmt(f),
            Self::Queue(error) => error.fmt(f),
        }
    }
}

/// The sentence: it is what a `main` that returns a `Result` prints.
impl fmt::Debug for InvalidSasUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for InvalidSasUrl {}
