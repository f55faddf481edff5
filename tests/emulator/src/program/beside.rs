//! The ports on which `azurite` has blobs and tables: here every request is refused in one sentence,
//! so that programs which wait for these ports go on.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use super::azurite::Beside;
use super::input::at;
use crate::serve::{BindError, Certificate};

/// The time for a request, and for a handshake of TLS.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most connections at a time. More wait.
const MAX_CONNECTIONS: usize = 256;

/// A port that is held for a service that is not there.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) name: &'static str,
    pub(super) address: SocketAddr,
}

/// Listens where `azurite` has its other services, and refuses everything, as long as the runtime
/// goes on. The ports are bound when this returns.
pub(super) async fn hold(
    beside: &Beside,
    certificate: Option<&Certificate>,
) -> Result<[Held; 2], BindError> {
    let acceptor = certificate.map(Certificate::acceptor);
    let blob = hold_one("Blob", &beside.blob, acceptor.clone()).await?;
    let table = hold_one("Table", &beside.table, acceptor).await?;
    Ok([blob, table])
}

async fn hold_one(
    name: &'static str,
    (host, port): &(String, u16),
    acceptor: Option<TlsAcceptor>,
) -> Result<Held, BindError> {
    let wanted = at(host, *port);
    let bound = TcpListener::bind(&*wanted).await;
    let listening = bound.and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (address, listener) = listening.map_err(|error| BindError::new(wanted, error))?;
    tokio::spawn(refuse_all(listener, acceptor, name));
    Ok(Held { name, address })
}

async fn refuse_all(listener: TcpListener, acceptor: Option<TlsAcceptor>, name: &'static str) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        // The semaphore is never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // Most likely all file descriptors are in use.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            // Nobody learns more of a connection that comes to nothing.
            let _ = tokio::time::timeout(PATIENCE, converse(stream, acceptor, name)).await;
            drop(place);
        });
    }
}

async fn converse(stream: TcpStream, acceptor: Option<TlsAcceptor>, name: &'static str) {
    match acceptor {
        None => refuse(stream, name).await,
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                refuse(stream, name).await;
            }
        }
    }
}

async fn refuse<S: AsyncRead + AsyncWrite + Unpin + Send>(stream: S, name: &'static str) {
    let service = service_fn(|_: Request<Incoming>| async move {
        let text = format!(
            "This emulator has queues only: there is no {} service. Azurite has one.\n",
            name.to_ascii_lowercase()
        );
        let mut response = Response::new(Full::new(Bytes::from(text)));
        *response.status_mut() = StatusCode::NOT_IMPLEMENTED;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        Ok::<_, Infallible>(response)
    });
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
