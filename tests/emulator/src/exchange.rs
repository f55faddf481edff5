//! [`Exchange`]: a request and its answer with a fault between them. A transport or a server that
//! lets faults have their way calls [`Emulator::exchange`] in place of [`Emulator::handle`].

use std::error::Error;
use std::time::Duration;
use std::{fmt, io};

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Request, Response};
use queue_proto::{
    AnyOperation, ErrorCode, IncomingRequest, OperationKind, QueueName, Resource, ServiceError,
};

use crate::connection::Connection;
use crate::emulator::Emulator;
use crate::fault::{Effect, Fault, FaultState};
use crate::target;
use crate::witness::Witness;

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

/// The error that a socket would report: `TimedOut`, `ConnectionReset` or `UnexpectedEof`, in the
/// order of the variants.
impl From<Dropped> for io::Error {
    fn from(dropped: Dropped) -> Self {
        let kind = match dropped {
            Dropped::Silent => io::ErrorKind::TimedOut,
            Dropped::Closed => io::ErrorKind::ConnectionReset,
            Dropped::Truncated(_) => io::ErrorKind::UnexpectedEof,
        };
        Self::new(kind, dropped)
    }
}

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
        let (Exchange { delay, result }, witness) = self.exchange_unsettled(request, connection);
        let result = match result {
            Ok(response) => {
                let response = self.settle_blocking(response);
                witness.finish(&response);
                Ok(response)
            }
            // A part of an answer is no promise.
            Err(dropped) => {
                witness.lose();
                Err(dropped)
            }
        };
        Exchange { delay, result }
    }

    /// The function that answers requests, as [`exchange`](Self::exchange) does: faults have their
    /// way. It returns the delay of an answer, and the answer or the error that a socket would
    /// report. `queue_client::testing::in_process_with_faults` takes such a function.
    pub fn into_handler_with_faults(
        self,
    ) -> impl Fn(Request<Bytes>) -> (Duration, io::Result<Response<Bytes>>) + Clone + Send + Sync + 'static
    {
        move |request| {
            let Exchange { delay, result } = self.exchange(request);
            (delay, result.map_err(io::Error::from))
        }
    }

    /// Like [`exchange_from`](Self::exchange_from), but the answer is not to be given before it is
    /// settled.
    pub(crate) fn exchange_unsettled(
        &self,
        request: Request<Bytes>,
        connection: Connection,
    ) -> (Exchange, Witness) {
        let mut witness = self.witness(&request, connection);
        if !self.faults().armed() {
            let result = Ok(self.reply(&request, connection, None, &mut witness));
            return (Exchange { delay: Duration::ZERO, result }, witness);
        }
        let (kind, resource) = self.subject(&request, connection);
        let queue = resource.as_ref().and_then(queue_of);
        let (delay, effect) = self.faults().meet(kind, queue.map(QueueName::as_str), self.now());
        if let Some(effect) = &effect {
            witness.meets(&request, effect.word());
            witness.concerns(kind, resource.as_ref());
        } else if !delay.is_zero() {
            witness.meets(&request, Effect::Delay(delay).word());
        }
        let refuse = |code, witness: &mut Witness| {
            Ok(self.reply(&request, connection, Some(ServiceError::new(code)), witness))
        };
        let apply = |witness: &mut Witness| {
            let response = self.reply(&request, connection, None, witness);
            witness.made(&response);
            response
        };
        // Without `After` the request is not applied: the order of `apply` and the rest is what
        // separates a lost request from a lost answer (tests/it/faults.rs).
        let result = match effect {
            None | Some(Effect::Delay(_)) => Ok(apply(&mut witness)),
            Some(Effect::Drop) => Err(Dropped::Silent),
            Some(Effect::DropAfter) => {
                drop(apply(&mut witness));
                Err(Dropped::Silent)
            }
            Some(Effect::Close) => Err(Dropped::Closed),
            Some(Effect::CloseAfter) => {
                drop(apply(&mut witness));
                Err(Dropped::Closed)
            }
            Some(Effect::Refuse(code)) => refuse(code, &mut witness),
            Some(Effect::RefuseAfter(code)) => {
                drop(apply(&mut witness));
                refuse(code, &mut witness)
            }
            Some(Effect::Status(status)) => {
                let mut response = Response::new(Bytes::new());
                *response.status_mut() = status;
                Ok(response)
            }
            Some(Effect::Throttle { .. }) => refuse(ErrorCode::ServerBusy, &mut witness),
            Some(Effect::Truncate(length)) => Err(truncate(apply(&mut witness), length)),
        };
        (Exchange { delay, result }, witness)
    }

    /// The operation and the resource that a request is about, as far as they can be told.
    fn subject(
        &self,
        request: &Request<Bytes>,
        connection: Connection,
    ) -> (Option<OperationKind>, Option<Resource>) {
        let Ok(endpoint) = target::endpoint(request, connection.https, self) else {
            return (None, None);
        };
        let Ok(incoming) = IncomingRequest::new(&endpoint, request) else { return (None, None) };
        (AnyOperation::route(&incoming).ok(), Some(incoming.resource().clone()))
    }

    /// Adds a fault, and returns its number. Of several that meet one request the one that was added
    /// first decides; only delays add up.
    pub fn add_fault(&self, fault: Fault) -> u64 {
        self.faults().add(fault)
    }

    /// The faults in the order in which they were added.
    #[must_use]
    pub fn faults_in_force(&self) -> Vec<FaultState> {
        self.faults().states()
    }

    /// Removes the fault with this number; false if there is none.
    pub fn remove_fault(&self, number: u64) -> bool {
        self.faults().remove(number)
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

/// The queue that a resource is, or is in.
fn queue_of(resource: &Resource) -> Option<&QueueName> {
    match resource {
        Resource::Queue(queue) | Resource::Messages(queue) | Resource::Message(queue, _) => {
            Some(queue)
        }
        Resource::Service => None,
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
