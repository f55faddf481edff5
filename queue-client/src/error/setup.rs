//! [`SetupError`]: a client that could not be made.

use std::{error::Error as StdError, fmt};

use queue_auth::InvalidKey;
use queue_proto::{InvalidEndpoint, InvalidName};

use super::stripes::InvalidStripes;
use crate::{
    account::{ConnectionStringError, EnvironmentError, InvalidSasUrl},
    transport::TransportError,
};

/// The reason why a client could not be made. It shows no part of a key or signature.
#[non_exhaustive]
pub enum SetupError {
    /// The connection string is not usable.
    ConnectionString(ConnectionStringError),
    /// The environment names no usable account.
    Environment(EnvironmentError),
    /// The URL with a shared access signature is not usable.
    SasUrl(InvalidSasUrl),
    /// The address of the queue service is not usable.
    Endpoint(InvalidEndpoint),
    /// The text is no account key.
    Key(InvalidKey),
    /// The name of the queue breaks a rule.
    QueueName(InvalidName),
    /// The queues cannot be the stripes of one.
    Stripes(InvalidStripes),
    /// The default transport cannot be set up.
    Transport(TransportError),
    /// No transport was given, and the features `reqwest` and `hyper`, which have a default one,
    /// are off.
    NoTransport,
    /// No runtime was given, and the features `tokio` and `blocking`, which have a default one, are
    /// off.
    NoRuntime,
    /// The operating system gives no thread, or no way to wait for sockets, to a
    /// [blocking client](crate::blocking).
    #[cfg(feature = "blocking")]
    Thread(std::io::Error),
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConnectionString(error) => error.fmt(f),
            Self::Environment(error) => error.fmt(f),
            Self::SasUrl(error) => error.fmt(f),
            Self::Endpoint(error) => error.fmt(f),
            Self::Key(error) => error.fmt(f),
            Self::QueueName(error) => error.fmt(f),
            Self::Stripes(error) => error.fmt(f),
            Self::Transport(_) => f.write_str("the HTTP client cannot be set up"),
            Self::NoTransport => f.write_str(
                "the client has no transport: give it one with transport(), or turn on the \
                 feature \"reqwest\" or \"hyper\"",
            ),
            Self::NoRuntime => f.write_str(
                "the client has no runtime: give it one with runtime(), or turn on the feature \
                 \"tokio\"",
            ),
            #[cfg(feature = "blocking")]
            Self::Thread(_) => f.write_str("the thread of the blocking client cannot be started"),
        }
    }
}

/// The sentence: it is what a `main` that returns a `Result` prints.
impl fmt::Debug for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for SetupError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::ConnectionString(error) => error.source(),
            Self::Environment(error) => error.source(),
            Self::SasUrl(error) => error.source(),
            Self::Endpoint(error) => error.source(),
            Self::Key(error) => error.source(),
            Self::QueueName(error) => error.source(),
            Self::Stripes(error) => error.source(),
            Self::Transport(error) => Some(error),
            #[cfg(feature = "blocking")]
            Self::Thread(error) => Some(error),
            Self::NoTransport | Self::NoRuntime => None,
        }
    }
}

impl From<ConnectionStringError> for SetupError {
    fn from(error: ConnectionStringError) -> Self {
        Self::ConnectionString(error)
    }
}

impl From<InvalidSasUrl> for SetupError {
    fn from(error: InvalidSasUrl) -> Self {
        Self::SasUrl(error)
    }
}

/// A function that sets up the client of one queue returns one error:
///
/// ```
/// use queue_client::{QueueClient, QueueServiceClient, SetupError};
///
/// fn orders() -> Result<QueueClient, SetupError> {
///     Ok(QueueServiceClient::from_env()?.queue("orders")?)
/// }
/// ```
impl From<InvalidName> for SetupError {
    fn from(error: InvalidName) -> Self {
        Self::QueueName(error)
    }
}

impl From<InvalidEndpoint> for SetupError {
    fn from(error: InvalidEndpoint) -> Self {
        Self::Endpoint(error)
    }
}

impl From<InvalidKey> for SetupError {
    fn from(error: InvalidKey) -> Self {
        Self::Key(error)
    }
}

impl From<InvalidStripes> for SetupError {
    fn from(error: InvalidStripes) -> Self {
        Self::Stripes(error)
    }
}

impl From<EnvironmentError> for SetupError {
    fn from(error: EnvironmentError) -> Self {
        Self::Environment(error)
    }
}

impl From<TransportError> for SetupError {
    fn from(error: TransportError) -> Self {
        Self::Transport(error)
    }
}
