//! [`Exchange`]: a request and its answer with a fault between them. A transport or a server that
//! lets faults have their way calls [`Emulator::exchange`] in place of [`Emulator::handle`].

use std::error::Error;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Request, Response};
use queue_proto::{
    AnyOperation, ErrorCode, IncomingRequest, OperationKind, Resource, ServiceError,
};

use crate::connection::Connection;
use crate::emulator::Emulator;
use crate::fault::{Effect, Fault};
use crate::target;

/// The outcome of a request that faults may have met.
#[derive(Debug)]
#[non_exhaustive]
pub struct Exchange {
    /// The time for which the client waits for the answer, or for its loss. Waiting is left to the
    /// caller, who knows what time means to the client.
    pub delay: Duration,
    /// The answer, or the way in which it got lost.
    pub result: Result<Response<Bytes>, Dropped>,
}

/// The way in which an answer got lost.
#[derive(Debug)]
#[non_exhaustive]
pub enum Dropped {
    /// Nothing ever comes; the connection stays open until the client has enough.
    Silent,
    /// The connection was closed before an answer.
    Closed,
    /// The connection was closed within the answer. The value is the part that came; its
    /// `Content-Length` promises more.
    Truncated(Box<Response<Bytes>>),
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Silent => "a fault swallowed the answer",
            Self::Closed => "a fault closed the connection before the answer",
            Self::Truncated(_) => "a fault closed the connection within the answer",
        })
    }
}

impl Error for Dropped {}

impl Emulator {
    /// Answers a request as [`handle`](Self::handle) does, but lets faults have their way.
    #[must_use]
    pub fn exchange(&self, request: Request<Bytes>) -> Exchange {
        let connection = Connection::of(&request);
        self.exchange_from(request, connection)
    }

    /// Answers a request that came over a given connection, and lets faults have their way.
    #[must_use]
    pub fn exchange_from(&self, request: Request<Bytes>, connection: Connection) -> Exchange {
        let Exchange { delay, result } = self.exchange_unsettled(request, connection);
        let result = match result {
            Ok(response) => Ok(self.settle_blocking(response)),
            // A part of an answer is no promise.
            Err(dropped) => Err(dropped),
        };
        Exchange { delay, result }
    }

    /// Like [`exchange_from`](Self::exchange_from), but the answer is not to be given before it is
    /// settled.
    pub(crate) fn exchange_unsettled(
        &self,
        request: Request<Bytes>,
        connection: Connection,
    ) -> Exchange {
        if !self.faults().armed() {
            let result = Ok(self.reply(&request, connection, None));
            return Exchange { delay: Duration::ZERO, result };
        }
        let (kind, queue) = self.subject(&request, connection);
        let (delay, effect) = self.faults().meet(kind, queue.as_deref(), self.now());
        let refuse = |code| Ok(self.reply(&request, connection, Some(ServiceError::new(code))));
        let apply = || self.reply(&request, connection, None);
        // Without `After` the request is not applied: the order of `apply` and the rest is what
        // separates a lost request from a lost answer (tests/it/faults.rs).
        let result = match effect {
            None | Some(Effect::Delay(_)) => Ok(apply()),
            Some(Effect::Drop) => Err(Dropped::Silent),
            Some(Effect::DropAfter) => {
                drop(apply());
                Err(Dropped::Silent)
            }
            Some(Effect::Close) => Err(Dropped::Closed),
            Some(Effect::CloseAfter) => {
                drop(apply());
                Err(Dropped::Closed)
            }
            Some(Effect::Refuse(code)) => refuse(code),
            Some(Effect::RefuseAfter(code)) => {
                drop(apply());
                refuse(code)
            }
            Some(Effect::Status(status)) => {
                let mut response = Response::new(Bytes::new());
                *response.status_mut() = status;
                Ok(response)
            }
            Some(Effect::Throttle { .. }) => refuse(ErrorCode::ServerBusy),
            Some(Effect::Truncate(length)) => Err(truncate(apply(), length)),
        };
        Exchange { delay, result }
    }

    /// The operation and the queue that a request is about, as far as they can be told.
    fn subject(
        &self,
        request: &Request<Bytes>,
        connection: Connection,
    ) -> (Option<OperationKind>, Option<String>) {
        let Ok(endpoint) = target::endpoint(request, connection.https, self) else {
            return (None, None);
        };
        let Ok(incoming) = IncomingRequest::new(&endpoint, request) else { return (None, None) };
        let queue = match incoming.resource() {
            Resource::Queue(queue) | Resource::Messages(queue) | Resource::Message(queue, _) => {
                Some(queue.to_string())
            }
            Resource::Service => None,
        };
        (AnyOperation::route(&incoming).ok(), queue)
    }

    /// Adds a fault. Of several that meet one request the one that was added first decides; only
    /// delays add up.
    pub fn add_fault(&self, fault: Fault) {
        self.faults().add(fault);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.faults().clear();
    }

    /// The number of requests that each fault has met, in the order in which faults were added.
    #[must_use]
    pub fn fault_counts(&self) -> Vec<u64> {
        self.faults().counts()
    }
}

/// Cuts an answer off behind `length` bytes of its body, and at least one before its end.
fn truncate(mut response: Response<Bytes>, length: usize) -> Dropped {
    let whole = response.body().len();
    if whole == 0 {
        return Dropped::Closed;
    }
    response.headers_mut().insert(CONTENT_LENGTH, whole.into());
    response.body_mut().truncate(length.min(whole - 1));
    Dropped::Truncated(Box::new(response))
}
