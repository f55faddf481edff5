//! One connection, from its first byte to its last: TLS if there is a certificate, then requests
//! and answers in HTTP/1.1.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
#[cfg(feature = "control")]
use http::request::Parts;
use http::{Method, Request, Response, Version};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use queue_proto::{ErrorCode, MetadataNames};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::answers::Answers;
use super::body;
use super::crowd::Seat;
use super::failure::{ConnectionFailure, FailureReason};
use super::heads::{Heads, MAX_HEAD_BYTES, Spelling, last_answer, reason};
use super::options::{Limits, OnFailure, Security};
use super::patience::Patience;
use super::payload::{Lost, Payload};
use super::stream::Stream;
use crate::admit::head::check_host;
use crate::connection::Connection;
#[cfg(feature = "control")]
use crate::control::{Control, Reply, read_body};
use crate::emulator::Emulator;
use crate::exchange::{Dropped, Exchange};
use crate::refusal::{Check, Refusal, by};

/// The things that all connections of a server share.
#[derive(Clone)]
pub(super) struct House {
    pub(super) emulator: Emulator,
    pub(super) security: Security,
    pub(super) limits: Limits,
    pub(super) answers: Arc<Answers>,
    pub(super) on_failure: OnFailure,
    pub(super) stopped: watch::Receiver<bool>,
    #[cfg(feature = "control")]
    pub(super) control: Desk,
}

/// What a server does beside answering for the service.
#[cfg(feature = "control")]
#[derive(Clone)]
pub(super) enum Desk {
    /// It says that it is there.
    Health,
    /// It serves the control interface too.
    Beside(Control),
    /// It serves the control interface and the page, and nothing else.
    Alone(Control),
}

impl House {
    /// Speaks with a client until either end has enough.
    pub(super) async fn converse(self, stream: TcpStream, peer: SocketAddr, seat: &Arc<Seat>) {
        let (on_failure, https) = (self.on_failure.clone(), self.security.is_https());
        if let Err(reason) = self.speak(stream, peer, seat).await {
            on_failure.tell(&ConnectionFailure::new(peer, https, reason));
        }
    }

    #[cfg_attr(
        not(feature = "https"),
        expect(unused_mut, reason = "only TLS waits before the first request")
    )]
    async fn speak(
        mut self,
        stream: TcpStream,
        peer: SocketAddr,
        seat: &Arc<Seat>,
    ) -> Result<(), FailureReason> {
        // An address of IPv4 that came over a socket of IPv6 is one of IPv4 all the same.
        let ip = peer.ip().to_canonical();
        match self.security.clone() {
            Security::None => self.serve(stream, Connection::http(ip), seat).await,
            #[cfg(feature = "https")]
            Security::Tls(acceptor) => {
                let stream = tokio::select! {
                    () = leave(&mut self.stopped, seat) => return Ok(()),
                    stream = tokio::time::timeout(
                        self.limits.head_timeout,
                        shake_hands(&acceptor, stream),
                    ) => stream,
                };
                let stream = stream.map_err(|_| FailureReason::HandshakeTimeout)??;
                self.serve(stream, Connection::https(ip), seat).await
            }
        }
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        self,
        stream: S,
        connection: Connection,
        seat: &Arc<Seat>,
    ) -> Result<(), FailureReason> {
        let patience = Patience::new(self.limits.write_timeout, Arc::clone(&self.answers));
        let stream = Stream::new(stream, Arc::clone(seat), patience);
        let spelling = Arc::new(Spelling::default());
        let emulator = &self.emulator;
        let stream = Heads::new(stream, Arc::clone(&spelling), || {
            let answer = emulator.refuse_unread(ErrorCode::MetadataTooLarge);
            emulator.tell_unread(connection, &answer);
            last_answer(&answer)
        });
        let service = service_fn(|mut request: Request<Incoming>| {
            if let Some(names) = spelling.take() {
                request.extensions_mut().insert(names);
            }
            let answered = self.answer(connection, seat, request);
            async {
                let mut response = answered.await?;
                if let Some(names) = response.extensions_mut().remove::<MetadataNames>() {
                    spelling.answer(names);
                }
                Ok::<_, Lost>(response)
            }
        });
        let conversation = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head_timeout)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        let mut conversation = pin!(conversation);
        let mut stopped = self.stopped.clone();
        let ended = tokio::select! {
            ended = conversation.as_mut() => ended,
            () = leave(&mut stopped, seat) => {
                conversation.as_mut().graceful_shutdown();
                conversation.await
            }
        };
        match ended.err().and_then(|error| FailureReason::of_http(&error, seat)) {
            Some(reason) => Err(reason),
            None => Ok(()),
        }
    }

    async fn answer(
        &self,
        connection: Connection,
        seat: &Seat,
        request: Request<Incoming>,
    ) -> Result<Response<Payload>, Lost> {
        seat.asks();
        let (parts, incoming) = request.into_parts();
        #[cfg(feature = "control")]
        let incoming = match self.at_desk(&parts, incoming, seat).await {
            Ok(response) => return Ok(response),
            Err(incoming) => incoming,
        };
        // HTTP/1.1 wants the header even where the target names a host, which is not seen later.
        let body = match (parts.version, check_host(&parts.headers)) {
            (Version::HTTP_11, Err(error)) => Err(Refusal::new(Check::Head, error)),
            _ => body::read(&parts.headers, incoming, self.limits.body_timeout)
                .await
                .map_err(by(Check::Transfer)),
        };
        // Large answers are pages of queues or messages, and all of these are asked for by GET.
        // Other requests must not wait for clients that do not read. And not before the body is
        // there: whoever has the turn must not be held up by its own client.
        let turn = if parts.method == Method::GET { self.answers.room().await } else { None };
        let ((Exchange { delay, mut result }, witness), early) = match body {
            Ok(body) => {
                let request = Request::from_parts(parts, body);
                (self.emulator.exchange_unsettled(request, connection), false)
            }
            Err(refusal) => {
                let result = Ok(self.emulator.refuse(&parts, &refusal));
                let request = Request::from_parts(parts, Bytes::new());
                let witness = self.emulator.witness(&request, connection);
                ((Exchange { delay: Duration::ZERO, result }, witness), true)
            }
        };
        if let Some(body) = match &mut result {
            Ok(response) => Some(response.body_mut()),
            Err(Dropped::Truncated(response)) => Some(response.body_mut()),
            Err(_) => None,
        } {
            *body = self.answers.count(std::mem::take(body));
        }
        drop(turn);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let (mut response, payload): (_, fn(Bytes) -> Payload) = match result {
            Ok(response) => {
                let response = self.emulator.settle(response).await;
                witness.finish(&response);
                (response, Payload::whole)
            }
            Err(dropped) => {
                witness.lose();
                match dropped {
                    Dropped::Truncated(response) => (*response, Payload::cut),
                    Dropped::Closed => return Err(Lost),
                    // Until the client goes away, or the server is stopped.
                    Dropped::Silent => std::future::pending().await,
                }
            }
        };
        if let Some(reason) = reason(&response) {
            response.extensions_mut().insert(reason);
        }
        if early {
            seat.answered_early();
        } else {
            seat.answered();
        }
        Ok(response.map(payload))
    }
}

#[cfg(feature = "control")]
impl House {
    /// Answers what is not for the service; gives the body back of what is.
    async fn at_desk(
        &self,
        parts: &Parts,
        body: Incoming,
        seat: &Seat,
    ) -> Result<Response<Payload>, Incoming> {
        let ours = Control::is_for(parts.uri.path());
        let control = match &self.control {
            Desk::Alone(control) => control,
            Desk::Beside(control) if ours => control,
            Desk::Health if ours => {
                let Some(health) = Control::health(&self.emulator, parts) else {
                    return Err(body);
                };
                seat.answered();
                return Ok(health.map(Payload::whole));
            }
            _ => return Err(body),
        };
        let body = tokio::time::timeout(self.limits.body_timeout, read_body(body)).await;
        let body = body.unwrap_or_else(|_| Ok(Bytes::new()));
        Ok(match control.answer(parts, body).await {
            Reply::Whole(response) => {
                seat.answered();
                response.map(|body| Payload::whole(self.answers.count(body)))
            }
            // Whoever listens is not idle: the connection keeps its place.
            Reply::Stream(response) => response.map(Payload::feed),
        })
    }
}

/// Waits for a reason to close the connection as soon as nothing is asked on it: the server is
/// stopped, or others need the place.
async fn leave(stopped: &mut watch::Receiver<bool>, seat: &Seat) {
    tokio::select! {
        // An error means that the server is gone.
        _ = stopped.changed() => {}
        () = seat.dismissed() => {}
    }
}

#[cfg(feature = "https")]
async fn shake_hands(
    acceptor: &tokio_rustls::TlsAcceptor,
    stream: TcpStream,
) -> Result<tokio_rustls::server::TlsStream<TcpStream>, FailureReason> {
    // The first byte tells what the client speaks, if the handshake fails; afterwards it is gone.
    let mut first = [0];
    let first = match stream.peek(&mut first).await {
        Ok(1) => first.first().copied(),
        _ => None,
    };
    let shaken = acceptor.accept(stream).await;
    shaken.map_err(|error| FailureReason::of_handshake(&error, first))
}
