//! [`Witness`]: sees a request on its way through the emulator, and tells the observers what became
//! of it. Without observers it sees nothing and costs nothing.

use std::mem;
use std::time::{Instant, SystemTime};

use bytes::Bytes;
#[cfg(feature = "serve")]
use http::HeaderMap;
use http::header::USER_AGENT;
use http::{HeaderValue, Method, Request, Response, Uri};
use queue_proto::header::{ERROR_CODE, REQUEST_ID};
use queue_proto::{
    AccountName, AnyOperation, ErrorCode, IncomingRequest, OperationKind, Resource, ServiceError,
};

use crate::connection::Connection;
use crate::emulator::Emulator;
use crate::record::{CredentialKind, RequestRecord};
use crate::refusal::Refused;
use crate::target;
use crate::watch::author::Author;
use crate::watch::requests::Details;
use crate::wire::{message_id, read_message_id};

/// What is seen of one request; nothing if nobody listens.
///
/// One that is dropped before [`finish`](Witness::finish) tells of a request whose client went away
/// before its answer.
#[derive(Debug, Default)]
pub(crate) struct Witness(Sight);

#[derive(Debug, Default)]
enum Sight {
    #[default]
    Nothing,
    /// While nobody looks: what the events of messages tell of their request, and what a record is
    /// made of if the request turns out to be one that is remembered.
    Glance(Box<Glance>),
    Whole(Box<Seen>),
}

#[derive(Debug)]
struct Glance {
    emulator: Emulator,
    time: SystemTime,
    started: Instant,
    number: u64,
    connection: Connection,
    method: Method,
    uri: Uri,
    credential: CredentialKind,
    user_agent: Option<HeaderValue>,
}

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
        let watch = self.watch();
        if !self.observers().are_there() {
            let Some(watch) = watch else { return Witness::default() };
            if !watch.is_looked_at() {
                return Witness(Sight::Glance(Box::new(Glance {
                    emulator: self.clone(),
                    time: self.now(),
                    started: Instant::now(),
                    number: watch.number(),
                    connection,
                    method: request.method().clone(),
                    uri: request.uri().clone(),
                    credential: CredentialKind::of(request.uri(), request.headers()),
                    user_agent: request.headers().get(USER_AGENT).cloned(),
                })));
            }
        }
        let record = RequestRecord::new(self.now(), connection.peer, connection.https);
        let record = record.asks(request);
        let details = watch.map(|watch| watch.begin(request.headers()));
        let (emulator, started) = (self.clone(), Instant::now());
        Witness(Sight::Whole(Box::new(Seen { emulator, started, record, details })))
    }

    /// Tells the observers of a request whose head could not be read.
    #[cfg(feature = "serve")]
    pub(crate) fn tell_unread(&self, connection: Connection, response: &Response<Bytes>) {
        if self.observers().are_there() || self.watch().is_some() {
            let record = RequestRecord::new(self.now(), connection.peer, connection.https);
            let details = self.watch().map(|watch| watch.begin(&HeaderMap::new()));
            let (emulator, started) = (self.clone(), Instant::now());
            let seen = Seen { emulator, started, record, details };
            Witness(Sight::Whole(Box::new(seen))).finish(response);
        }
    }
}

impl Glance {
    /// What would have been seen of the request from the start.
    fn whole(self, request: &Request<Bytes>) -> Seen {
        let Self { emulator, time, started, number, connection, .. } = self;
        let record = RequestRecord::new(time, connection.peer, connection.https);
        let mut record = record.asks(request);
        if let Ok(endpoint) = target::endpoint(request, connection.https, &emulator) {
            record.account = Some(endpoint.account().clone());
            if let Ok(incoming) = IncomingRequest::new(&endpoint, request) {
                record.reads(&incoming);
            }
        }
        let details = Some(Details::new(number, request.headers()));
        Seen { emulator, started, record, details }
    }

    /// The same by the head without its headers, which are gone.
    fn whole_by_head(self) -> Seen {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        self.whole(&request)
    }
}

impl Witness {
    fn note(&mut self, note: impl FnOnce(&mut RequestRecord)) {
        if let Sight::Whole(seen) = &mut self.0 {
            note(&mut seen.record);
        }
    }

    /// The request is one that is remembered even if nobody looks.
    fn look_closer(&mut self, request: &Request<Bytes>) {
        if let Sight::Glance(_) = self.0
            && let Sight::Glance(glance) = mem::take(&mut self.0)
        {
            self.0 = Sight::Whole(Box::new(glance.whole(request)));
        }
    }

    /// The request is understood as far as its path and its version.
    pub(crate) fn reads(&mut self, incoming: &IncomingRequest<'_>) {
        self.note(|record| record.reads(incoming));
    }

    /// The account of the request is found.
    pub(crate) fn finds(&mut self, account: &AccountName) {
        self.note(|record| record.account = Some(account.clone()));
    }

    /// The request is refused.
    pub(crate) fn refuses(&mut self, request: &Request<Bytes>, error: &ServiceError) {
        self.look_closer(request);
        if let Sight::Whole(seen) = &mut self.0
            && let Some(details) = &mut seen.details
        {
            details.refused(error);
        }
    }

    /// Who sent the request, if what happens to messages is remembered.
    pub(crate) fn author(&self) -> Option<Author<'_>> {
        match &self.0 {
            Sight::Nothing => None,
            Sight::Glance(glance) => Some(Author {
                request: glance.number,
                credential: Some(glance.credential),
                peer: Some(glance.connection.peer),
                user_agent: glance.user_agent.as_ref().map_or(b"", HeaderValue::as_bytes),
            }),
            Sight::Whole(seen) => {
                let Seen { record, details, .. } = &**seen;
                let details = details.as_ref()?;
                Some(Author {
                    request: details.number,
                    credential: Some(record.credential),
                    peer: Some(record.peer),
                    user_agent: details.user_agent(),
                })
            }
        }
    }

    /// A fault meets the request.
    pub(crate) fn meets(&mut self, request: &Request<Bytes>, fault: &'static str) {
        self.look_closer(request);
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
        if let Sight::Glance(_) = self.0
            && response.status().is_success()
        {
            self.0 = Sight::Nothing;
        }
        self.tell(Some(response));
    }

    /// The client gets nothing, or a part of the answer.
    pub(crate) fn lose(mut self) {
        self.tell(None);
    }

    fn tell(&mut self, response: Option<&Response<Bytes>>) {
        let seen = match mem::take(&mut self.0) {
            Sight::Nothing => return,
            Sight::Glance(glance) => glance.whole_by_head(),
            Sight::Whole(seen) => *seen,
        };
        let Seen { emulator, started, mut record, details } = seen;
        match response {
            Some(response) => record.answers(response),
            None => record.lost = true,
        }
        record.took = started.elapsed();
        emulator.observers().tell(&record);
        if let (Some(watch), Some(details)) = (emulator.watch(), details) {
            watch.keep(record, details, emulator.moment());
        }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.tell(None);
    }
}

impl RequestRecord {
    fn reads(&mut self, incoming: &IncomingRequest<'_>) {
        self.version = incoming.version();
        self.operation = AnyOperation::route(incoming).ok();
        self.names(incoming.resource());
    }

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
