//! [`RequestRecord`]: what is told of a request after its answer, to logs, pages and tests. It is made
//! in `witness.rs`, and only if somebody listens.

mod byte_set;
#[cfg(feature = "log")]
mod json;
mod shown;
#[cfg(feature = "tracing")]
mod trace;

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use queue_proto::{AccountName, ErrorCode, MessageId, OperationKind, QueueName, ServiceVersion};

pub(crate) use self::shown::{client_request_id, target};
use crate::refusal::Refused;

/// A request and what became of it, without any secret: no signature, key, token, pop receipt or
/// body is in it, wherever in the request a client has put one.
///
/// Listen to them by [`EmulatorBuilder::on_request`](crate::EmulatorBuilder::on_request).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RequestRecord {
    /// The time by the emulator's clock at which the request came.
    pub time: SystemTime,
    /// The id that the emulator gave the request (`x-ms-request-id`); `None` if no answer was made.
    pub request_id: Option<String>,
    /// The id that the client gave the request (`x-ms-client-request-id`), if it has the form of an
    /// id; otherwise `REDACTED`.
    pub client_request_id: Option<String>,
    /// The address of the client.
    pub peer: IpAddr,
    /// Whether the request came over TLS.
    pub https: bool,
    /// The method; `None` for a head that could not be read.
    pub method: Option<Method>,
    /// Path and query, with `REDACTED` in place of everything that may be secret; empty for a head
    /// that could not be read.
    pub target: String,
    /// The version of the service that the request asks for, if it was understood.
    pub version: Option<ServiceVersion>,
    /// The operation, if it was understood.
    pub operation: Option<OperationKind>,
    /// The account, if there is one of that name.
    pub account: Option<AccountName>,
    /// The queue that the path names.
    pub queue: Option<QueueName>,
    /// The message that the path names.
    pub message: Option<MessageId>,
    /// The kind of credential that the request carries, right or wrong.
    pub credential: CredentialKind,
    /// The status of the answer; `None` if a fault kept the request from being answered at all.
    pub status: Option<StatusCode>,
    /// The error code of the answer.
    pub code: Option<ErrorCode>,
    /// Why the request was refused.
    pub refused: Option<Refused>,
    /// The word of the fault that met the request, such as `close-after`.
    pub fault: Option<&'static str>,
    /// Whether the client did not get the answer: a fault took it, or the client went away.
    pub lost: bool,
    /// The time from when the request was read until its answer was ready, with waiting for the
    /// disk, and for a fault where a server waits.
    pub took: Duration,
    /// The length of the body of the request in bytes.
    pub received_bytes: usize,
    /// The length of the body of the answer in bytes.
    pub sent_bytes: usize,
}

/// The kind of credential that a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialKind {
    /// The request carries none.
    Anonymous,
    /// A signature with an account key in `Authorization`.
    SharedKey,
    /// A signature with an account key in the shorter form.
    SharedKeyLite,
    /// A bearer token.
    Bearer,
    /// A shared access signature for the account.
    AccountSas,
    /// A shared access signature for a queue.
    QueueSas,
    /// A shared access signature that a user delegation key made.
    UserDelegationSas,
    /// An `Authorization` header of another kind.
    Unknown,
}

impl CredentialKind {
    /// The kind, as logs write it: `shared-key`, `queue-sas` and so on.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::SharedKey => "shared-key",
            Self::SharedKeyLite => "shared-key-lite",
            Self::Bearer => "bearer",
            Self::AccountSas => "account-sas",
            Self::QueueSas => "queue-sas",
            Self::UserDelegationSas => "user-delegation-sas",
            Self::Unknown => "unknown",
        }
    }

    /// Looks at a request, and checks nothing.
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        if let Some(value) = headers.get(AUTHORIZATION) {
            let scheme = value.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default();
            let is = |name: &str| scheme.eq_ignore_ascii_case(name.as_bytes());
            return match () {
                () if is("SharedKey") => Self::SharedKey,
                () if is("SharedKeyLite") => Self::SharedKeyLite,
                () if is("Bearer") => Self::Bearer,
                () => Self::Unknown,
            };
        }
        let query = uri.query().unwrap_or_default();
        let has = |name: &str| {
            query.split('&').any(|part| part.split('=').next().is_some_and(|found| found == name))
        };
        match () {
            () if !has("sig") => Self::Anonymous,
            () if has("skoid") => Self::UserDelegationSas,
            () if has("ss") || has("srt") => Self::AccountSas,
            () => Self::QueueSas,
        }
    }
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl RequestRecord {
    /// A request that came, before anything is known of its answer.
    pub(crate) fn new(time: SystemTime, peer: IpAddr, https: bool) -> Self {
        Self {
            time,
            request_id: None,
            client_request_id: None,
            peer,
            https,
            method: None,
            target: String::new(),
            version: None,
            operation: None,
            account: None,
            queue: None,
            message: None,
            credential: CredentialKind::Anonymous,
            status: None,
            code: None,
            refused: None,
            fault: None,
            lost: false,
            took: Duration::ZERO,
            received_bytes: 0,
            sent_bytes: 0,
        }
    }

    /// Notes what the request says, but for what its path means.
    pub(crate) fn asks(&mut self, request: &Request<Bytes>) {
        let (uri, headers) = (request.uri(), request.headers());
        self.method = Some(request.method().clone());
        self.target = target(uri);
        self.client_request_id = client_request_id(headers);
        self.credential = CredentialKind::of(uri, headers);
        self.received_bytes = request.body().len();
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn kinds_of_credentials() {
        for (uri, authorization, expected) in [
            ("/a?comp=list", None, CredentialKind::Anonymous),
            ("/a?sig=x&sr=q&sv=1", None, CredentialKind::QueueSas),
            ("/a?sv=1&ss=q&srt=s&sig=x", None, CredentialKind::AccountSas),
            ("/a?skoid=1&sig=x", None, CredentialKind::UserDelegationSas),
            ("/a?sigh=x", None, CredentialKind::Anonymous),
            ("/a", Some("sharedkey a:b"), CredentialKind::SharedKey),
            ("/a", Some("SharedKeyLite a:b"), CredentialKind::SharedKeyLite),
            ("/a?sig=x", Some("Bearer x"), CredentialKind::Bearer),
            ("/a", Some("Basic x"), CredentialKind::Unknown),
            ("/a", Some(""), CredentialKind::Unknown),
        ] {
            let mut request = Request::get(uri);
            if let Some(value) = authorization {
                request = request.header(AUTHORIZATION, value);
            }
            let request = request.body(()).unwrap();
            let found = CredentialKind::of(request.uri(), request.headers());
            assert_eq!(found, expected, "{uri} {authorization:?}");
        }
    }
}
