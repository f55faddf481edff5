//! Why a connection failed: [`ConnectionFailure`], for everything that goes wrong outside of a
//! request, where there is no answer that could say so.

use std::error::Error as _;
use std::fmt;
use std::io;
use std::net::SocketAddr;

use super::crowd::Seat;
use super::patience::Hurried;

/// A connection that failed: the client sent what could not be read, or went away, or took too
/// long.
///
/// It prints as a sentence, and [`code`](FailureReason::code) is a word for logs. Neither holds
/// anything that the client sent beyond the names of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionFailure {
    /// The client's address.
    pub peer: SocketAddr,
    /// True if the server speaks HTTPS.
    pub https: bool,
    /// The cause of the failure.
    pub reason: FailureReason,
}

impl ConnectionFailure {
    pub(super) fn new(peer: SocketAddr, https: bool, reason: FailureReason) -> Self {
        Self { peer, https, reason }
    }
}

impl fmt::Display for ConnectionFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.peer, self.reason)
    }
}

/// The cause of a failed connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureReason {
    /// The client does not trust the server's certificate, and said so with this alert of TLS.
    CertificateRefused(String),
    /// Client and server have no version or cipher of TLS in common.
    NoCommonTls(String),
    /// The handshake failed otherwise.
    Handshake(String),
    /// The client sent no handshake within the time for a head.
    HandshakeTimeout,
    /// The client went away during the handshake.
    HandshakeAbandoned,
    /// The client speaks HTTP without TLS, and the server HTTPS.
    HttpOnHttps,
    /// The client speaks TLS, and the server HTTP without it.
    HttpsOnHttp,
    /// The client speaks HTTP/2 without having asked for it, and the server HTTP/1.1.
    Http2,
    /// What the client sent is not HTTP.
    NotHttp(String),
    /// The head of a request is larger than 64 KiB, or has more than 100 headers. The client got
    /// status 431, or 400 `MetadataTooLarge` if metadata is the reason.
    HeadTooLarge,
    /// The head of a request did not come to its end in time.
    HeadTimeout,
    /// The client went away in the middle of a request.
    Incomplete,
    /// The client took nothing of its answer for too long.
    AnswerNotTaken,
    /// The client took little of a large answer while others waited for room.
    AnswerTakenSlowly,
    /// The connection broke.
    Broken(io::ErrorKind),
}

impl FailureReason {
    /// The name of the cause for logs, such as `certificate-refused`. Names do not change between
    /// versions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::CertificateRefused(_) => "certificate-refused",
            Self::NoCommonTls(_) => "no-common-tls",
            Self::Handshake(_) => "handshake",
            Self::HandshakeTimeout => "handshake-timeout",
            Self::HandshakeAbandoned => "handshake-abandoned",
            Self::HttpOnHttps => "http-on-https",
            Self::HttpsOnHttp => "https-on-http",
            Self::Http2 => "http2",
            Self::NotHttp(_) => "not-http",
            Self::HeadTooLarge => "head-too-large",
            Self::HeadTimeout => "head-timeout",
            Self::Incomplete => "incomplete",
            Self::AnswerNotTaken => "answer-not-taken",
            Self::AnswerTakenSlowly => "answer-taken-slowly",
            Self::Broken(_) => "broken",
        }
    }

    /// The cause of an error of HTTP; `None` if a fault of the script wanted the error, or if the
    /// client was only idle.
    pub(super) fn of_http(error: &hyper::Error, seat: &Seat) -> Option<Self> {
        if error.is_user() {
            return None;
        }
        if error.is_parse_version_h2() {
            return Some(Self::Http2);
        }
        if error.is_parse_too_large() {
            return Some(Self::HeadTooLarge);
        }
        if error.is_parse() {
            return Some(match seat.start() {
                // A record of TLS of any version starts so.
                Some([0x16, 3, ..]) => Self::HttpsOnHttp,
                _ => Self::NotHttp(error.to_string()),
            });
        }
        if error.is_timeout() {
            return seat.start().map(|_| Self::HeadTimeout);
        }
        if error.is_incomplete_message() {
            return Some(Self::Incomplete);
        }
        let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
        match cause {
            Some(cause) if cause.get_ref().is_some_and(|inner| inner.is::<Hurried>()) => {
                Some(Self::AnswerTakenSlowly)
            }
            Some(cause) if cause.kind() == io::ErrorKind::TimedOut => Some(Self::AnswerNotTaken),
            // Many clients do not say goodbye.
            Some(_) if !seat.is_busy() => None,
            Some(cause) => Some(Self::Broken(cause.kind())),
            None => Some(Self::Broken(io::ErrorKind::Other)),
        }
    }

    /// The cause of a failed handshake, of which `first` is the first byte.
    #[cfg(feature = "https")]
    pub(super) fn of_handshake(error: &io::Error, first: Option<u8>) -> Self {
        use tokio_rustls::rustls::{AlertDescription, Error};

        let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<Error>());
        match cause {
            Some(Error::InvalidMessage(_))
                if first.is_some_and(|byte| byte.is_ascii_uppercase()) =>
            {
                Self::HttpOnHttps
            }
            Some(Error::AlertReceived(alert)) => match alert {
                AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnknownCA
                // The client trusts an issuer of the same name with another key: the one of an
                // emulator that ran before.
                | AlertDescription::DecryptError => Self::CertificateRefused(format!("{alert:?}")),
                alert => Self::Handshake(format!("the client sent the alert {alert:?}")),
            },
            Some(Error::PeerIncompatible(why)) => Self::NoCommonTls(format!("{why:?}")),
            Some(other) => Self::Handshake(other.to_string()),
            None => Self::HandshakeAbandoned,
        }
    }
}

impl fmt::Display for FailureReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CertificateRefused(alert) => {
                write!(f, "the client does not trust the certificate ({alert})")
            }
            Self::NoCommonTls(why) => {
                write!(f, "client and server have no version or cipher of TLS in common ({why})")
            }
            Self::Handshake(why) => write!(f, "the TLS handshake failed: {why}"),
            Self::HandshakeTimeout => f.write_str("no TLS handshake came in time"),
            Self::HandshakeAbandoned => {
                f.write_str("the client closed the connection during the TLS handshake")
            }
            Self::HttpOnHttps => f.write_str("the client speaks HTTP, and this server HTTPS"),
            Self::HttpsOnHttp => f.write_str("the client speaks HTTPS, and this server HTTP"),
            Self::Http2 => f.write_str("the client speaks HTTP/2, and this server HTTP/1.1"),
            Self::NotHttp(why) => write!(f, "what the client sent is not HTTP: {why}"),
            Self::HeadTooLarge => f.write_str("the head of the request is too large"),
            Self::HeadTimeout => f.write_str("the head of the request did not end in time"),
            Self::Incomplete => {
                f.write_str("the client closed the connection in the middle of a request")
            }
            Self::AnswerNotTaken => f.write_str("the client did not take its answer"),
            Self::AnswerTakenSlowly => Hurried.fmt(f),
            Self::Broken(kind) => write!(f, "the connection broke: {kind}"),
        }
    }
}
