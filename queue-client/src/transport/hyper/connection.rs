//! One connection, and how a request goes over it.

use bytes::Bytes;
use http::{
    HeaderValue, Request, Response, Uri,
    header::HOST,
    uri::{Authority, PathAndQuery, Scheme},
};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    client::conn::{TrySendError, http1},
};
use hyper_util::client::legacy::connect::Connection as _;
use queue_proto::MetadataNames;
use tower_service::Service as _;

use super::{
    connect::{BoxError, Connector},
    spelling::{Spelled, Spelling},
};
use crate::transport::{TransportError, TransportErrorKind};

/// The server that a connection leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    scheme: Scheme,
    authority: Authority,
}

impl Origin {
    pub(super) fn of(uri: &Uri) -> Result<Self, TransportError> {
        match (uri.scheme(), uri.authority()) {
            (Some(scheme), Some(authority)) => {
                Ok(Self { scheme: scheme.clone(), authority: authority.clone() })
            }
            _ => {
                Err(TransportError::new(TransportErrorKind::NotSent)
                    .with_source("the URL has no host"))
            }
        }
    }

    /// The value of the `Host` header, with the port only if it is not the usual one.
    fn host(&self) -> Result<HeaderValue, BoxError> {
        let host = self.authority.host();
        let usual_port = if self.scheme == Scheme::HTTPS { 443 } else { 80 };
        let port = self.authority.port_u16().filter(|port| *port != usual_port);
        let host = match port {
            Some(port) => HeaderValue::try_from(format!("{host}:{port}")),
            None => HeaderValue::try_from(host),
        };
        Ok(host?)
    }
}

pub(super) struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    origin: Origin,
    host: HeaderValue,
    /// Says whether a proxy at the other end reads the requests, which then name the whole URL.
    proxied: bool,
    spelling: Spelling,
}

impl Connection {
    /// Opens a connection. It lives on a task of its own until the value is dropped.
    pub(super) async fn open(
        connector: &Connector,
        origin: &Origin,
        uri: &Uri,
    ) -> Result<Self, BoxError> {
        let host = origin.host()?;
        let line = connector.clone().call(uri.clone()).await?;
        let proxied = line.connected().is_proxied();
        let spelling = Spelling::default();
        let line = Spelled::new(line, spelling.clone());
        let (sender, connection) = http1::handshake(line).await?;
        tokio::spawn(async move {
            // Why it ended, whoever waits for an answer is told.
            let _ = connection.await;
        });
        Ok(Self { sender, origin: origin.clone(), host, proxied, spelling })
    }

    pub(super) const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Says whether a request can be sent at once.
    pub(super) fn is_ready(&self) -> bool {
        self.sender.is_ready()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Waits until a request can be sent: never, if the connection is closed.
    pub(super) async fn ready(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    /// Sends a request to `uri` and returns the head of the answer. The error gives the request
    /// back if nothing of it was written.
    pub(super) fn send(
        &mut self,
        uri: &Uri,
        mut request: Request<Full<Bytes>>,
    ) -> impl Future<Output = Result<Response<Incoming>, TrySendError<Request<Full<Bytes>>>>> + Send
    {
        request.headers_mut().entry(HOST).or_insert_with(|| self.host.clone());
        *request.uri_mut() = if self.proxied {
            uri.clone()
        } else {
            let root = PathAndQuery::from_static("/");
            Uri::from(uri.path_and_query().cloned().unwrap_or(root))
        };
        self.spelling.expect(&request);
        self.sender.try_send_request(request)
    }

    /// How names of metadata are spelled in the answer that came last, if one has a capital letter.
    pub(super) fn spelling(&self) -> Option<MetadataNames> {
        self.spelling.take()
    }
}
