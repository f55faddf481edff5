//! [`SasUrl`]: a URL with a shared access signature, as people hand it out.

use std::{error::Error as StdError, fmt};

use queue_auth::sas::{InvalidSas, SasKind, SasToken};
use queue_proto::{Endpoint, InvalidEndpoint, InvalidName, QueueName};

use super::{
    Account,
    lookalike::{Lookalike, unescaped, unquoted},
};

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
    /// Reads the URL of an account, of a queue or of its messages. [`Endpoint`] states the rule by
    /// which a URL names its account. Quotes around the URL are ignored, and `&amp;` is read as
    /// `&`.
    ///
    /// A signature for one queue on a host with a domain that is not the service's needs both
    /// account and queue in the path: with one segment it cannot be told which of them it is.
    ///
    /// # Errors
    ///
    /// [`InvalidSasUrl`] when a part of the URL is missing, breaks its rule or can be read in two
    /// ways. The error shows no part of the signature.
    pub fn parse(url: &str) -> Result<Self, InvalidSasUrl> {
        let url = unescaped(unquoted(url));
        if let Some(seen) = Lookalike::of_sas_url(&url) {
            return Err(InvalidSasUrl::LooksLike(seen.advice()));
        }
        let (base, query) = url.split_once('?').ok_or(InvalidSasUrl::NoSignature)?;
        let token = SasToken::parse(query).map_err(InvalidSasUrl::Token)?;
        let (endpoint, queue) = Endpoint::split_url(base).map_err(|error| match error {
            InvalidEndpoint::NotAUrl => InvalidSasUrl::NotAUrl,
            InvalidEndpoint::NoAccount => InvalidSasUrl::NoAccount,
            InvalidEndpoint::Resource => InvalidSasUrl::TooManySegments,
            error => InvalidSasUrl::Endpoint(error),
        })?;
        let is_for_account = matches!(token.kind(), SasKind::Account);
        if queue.is_none() && endpoint.has_foreign_domain() && !is_for_account {
            return Err(InvalidSasUrl::Endpoint(InvalidEndpoint::Ambiguous));
        }
        let queue = queue.map(QueueName::new).transpose().map_err(InvalidSasUrl::Queue)?;
        Ok(Self { endpoint, queue, token })
    }

    /// Puts a URL together, to hand it out: of one queue, or of the account.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use queue_client::{Account, SasUrl, auth::sas::{QueuePermissions, QueueSas}};
    ///
    /// let account = Account::from_connection_string("UseDevelopmentStorage=true")?;
    /// let key = account.key().ok_or("a signature is made with the key of the account")?;
    /// let name = account.endpoint().account();
    /// let hour = SystemTime::now() + Duration::from_secs(3600);
    /// let token = QueueSas::new("orders", QueuePermissions::ADD, hour).sign(name.as_str(), key)?;
    ///
    /// let url = SasUrl::new(account.endpoint().clone(), Some("orders".parse()?), token);
    /// assert!(url.expose().starts_with("http://127.0.0.1:10001/devstoreaccount1/orders?sv="));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn new(endpoint: Endpoint, queue: Option<QueueName>, token: SasToken) -> Self {
        Self { endpoint, queue, token }
    }

    /// The URL with its signature, which is a secret: whoever has the URL may do what it permits.
    /// [`parse`](Self::parse) reads it.
    #[must_use]
    pub fn expose(&self) -> String {
        let Self { endpoint, queue, token } = self;
        let queue = queue.as_ref().map_or("", QueueName::as_str);
        format!("{endpoint}{queue}?{}", token.expose())
    }

    /// The address of the queue service.
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

impl Account {
    /// Reads a URL with a shared access signature. A queue in the path is not looked at:
    /// [`SasUrl`] knows it.
    ///
    /// # Errors
    ///
    /// [`InvalidSasUrl`] names the part of the URL that is missing or wrong. It shows no part of
    /// the signature.
    pub fn from_sas_url(url: &str) -> Result<Self, InvalidSasUrl> {
        SasUrl::parse(url).map(Self::from)
    }
}

impl From<SasUrl> for Account {
    fn from(url: SasUrl) -> Self {
        Self::new(url.endpoint, url.token)
    }
}

/// The reason why a text is not the URL of a queue service with a shared access signature. It shows
/// no part of the signature.
#[non_exhaustive]
pub enum InvalidSasUrl {
    /// The text is no absolute URL.
    NotAUrl,
    /// The text is something else that can be recognized; the value goes on from "the text".
    LooksLike(&'static str),
    /// The URL has no query.
    NoSignature,
    /// The URL names no account.
    NoAccount,
    /// The path has more than an account, a queue and its messages.
    TooManySegments,
    /// The query is no shared access signature.
    Token(InvalidSas),
    /// The part in front of the queue is no endpoint, or it can be read in two ways.
    Endpoint(InvalidEndpoint),
    /// The path names no queue.
    NoQueue,
    /// The path names no queue that could exist.
    Queue(InvalidName),
}

impl fmt::Display for InvalidSasUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SAS URL: ")?;
        match self {
            Self::LooksLike(what) => write!(f, "the text {what}"),
            Self::NotAUrl => f.write_str("it must start with https:// and a host"),
            Self::NoSignature => f.write_str("it has no signature: the part behind \"?\""),
            Self::NoAccount => f.write_str(
                "it names no account, neither in front of its host nor at the start of its path",
            ),
            Self::NoQueue => f.write_str("its path names no queue"),
            Self::TooManySegments => f.write_str(
                "its path must be a queue, or an account and a queue, with or without \
                     \"messages\" at its end",
            ),
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
