//! [`Witness`]: sees a request on its way through the emulator, and tells the observers what became
//! of it. Without observers it sees nothing and costs nothing.

use std::time::Instant;

use bytes::Bytes;
#[cfg(feature = "serve")]
use http::HeaderMap;
use http::{Request, Response};
use queue_proto::header::{ERROR_CODE, REQUEST_ID};
use queue_proto::{
    AccountName, AnyOperation, ErrorCode, IncomingRequest, OperationKind, Resource, ServiceError,
};

use crate::connection::Connection;
use crate::emulator::Emulator;
use crate::record::RequestRecord;
use crate::refusal::Refused;
use crate::watch::author::Author;
use crate::watch::requests::Details;
use crate::wire::{message_id, read_message_id};

/// What is seen of one request; nothing if nobody listens.
///
/// One that is dropped before [`finish`](Witness::finish) tells of a request whose client went away
/// before its answer.
#[derive(Debug, Default)]
pub(crate) struct Witness(Option<Box<Seen>>);

#[derive(Debug)]
struct Seen {
    emulator: Emulator,
    started: Instant,
    record: RequestRecord,
    /// What only those who remember requests want to know.
    details: Option<Details>,
}

impl Emulator {
    /// Begins to watch a request, if anybody wants to know.
    pub(crate) fn witness(&self, request: &Request<Bytes>, connection: Connection) -> Witness {
        if !self.observers().are_there() && self.watch().is_none() {
            return Witness(None);
        }
        let record = RequestRecord::new(self.now(), connection.peer, connection.https);
        let mut record = record.asks(request.method(), request.uri(), request.headers());
        record.received_bytes = request.body().len();
        let details = self.watch().map(|watch| watch.begin(request.headers()));
        let (emulator, started) = (self.clone(), Instant::now());
        Witness(Some(Box::new(Seen { emulator, started, record, details })))
    }

    /// Tells the observers of a request whose head could not be read.
    #[cfg(feature = "serve")]
    pub(crate) fn tell_unread(&self, connection: Connection, response: &Response<Bytes>) {
        if self.observers().are_there() || self.watch().is_some() {
            let record = RequestRecord::new(self.now(), connection.peer, connection.https);
            let details = self.watch().map(|watch| watch.begin(&HeaderMap::new()));
            let (emulator, started) = (self.clone(), Instant::now());
            Witness(Some(Box::new(Seen { emulator, started, record, details }))).finish(response);
        }
    }
}

impl Witness {
    fn note(&mut self, note: impl FnOnce(&mut RequestRecord)) {
        if let Some(seen) = &mut self.0 {
            note(&mut seen.record);
        }
    }

    /// The request is understood as far as its path and its version.
    pub(crate) fn reads(&mut self, incoming: &IncomingRequest<'_>) {
        self.note(|record| {
            record.version = incoming.version();
            record.operation = AnyOperation::route(incoming).ok();
            record.names(incoming.resource());
        });
    }

    /// The account of the request is found.
    pub(crate) fn finds(&mut self, account: &AccountName) {
        self.note(|record| record.account = Some(account.clone()));
    }

    /// The request is refused.
    pub(crate) fn refuses(&mut self, error: &ServiceError) {
        if let Some(details) = self.0.as_mut().and_then(|seen| seen.details.as_mut()) {
            details.refused(error);
        }
    }

    /// Who sent the request, if what happens to messages is remembered.
    pub(crate) fn author(&self) -> Option<Author<'_>> {
        let Seen { record, details, .. } = &**self.0.as_ref()?;
        let details = details.as_ref()?;
        Some(Author {
            request: details.number,
            credential: Some(record.credential),
            peer: Some(record.peer),
            user_agent: details.user_agent(),
        })
    }

    /// A fault meets the request.
    pub(crate) fn meets(&mut self, fault: &'static str) {
        self.note(|record| record.fault = Some(fault));
    }

    /// What the request is about, for one that a fault keeps from being read.
    pub(crate) fn concerns(&mut self, kind: Option<OperationKind>, resource: Option<&Resource>) {
        self.note(|record| {
            record.operation = kind;
            if let Some(resource) = resource {
                record.names(resource);
            }
        });
    }

    /// An answer is made, and need not be what the client gets.
    pub(crate) fn made(&mut self, response: &Response<Bytes>) {
        self.note(|record| record.answers(response));
    }

    /// The client gets this answer, and nothing more happens.
    pub(crate) fn finish(mut self, response: &Response<Bytes>) {
        self.made(response);
        self.tell(false);
    }

    /// The client gets nothing, or a part of the answer.
    pub(crate) fn lose(mut self) {
        self.tell(true);
    }

    fn tell(&mut self, lost: bool) {
        let Some(seen) = self.0.take() else { return };
        let Seen { emulator, started, mut record, details } = *seen;
        record.lost = lost;
        record.took = started.elapsed();
        emulator.observers().tell(&record);
        if let (Some(watch), Some(details)) = (emulator.watch(), details) {
            watch.keep(record, details, emulator.moment());
        }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.tell(true);
    }
}

impl RequestRecord {
    fn names(&mut self, resource: &Resource) {
        match resource {
            Resource::Service => {}
            Resource::Queue(queue) | Resource::Messages(queue) => {
                self.queue = Some(queue.clone());
            }
            Resource::Message(queue, message) => {
                self.queue = Some(queue.clone());
                // Anything else may be a secret in the wrong place.
                self.message = read_message_id(message).map(message_id);
            }
        }
    }

    fn answers(&mut self, response: &Response<Bytes>) {
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        self.request_id = header(REQUEST_ID).map(str::to_owned);
        self.status = Some(response.status());
        self.code = header(ERROR_CODE).map(ErrorCode::from);
        self.refused = response.extensions().get::<Refused>().cloned();
        self.sent_bytes = response.body().len();
    }
}
