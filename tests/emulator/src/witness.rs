//! [`Witness`]: sees a request on its way through the emulator, and tells the observers what became
//! of it. Without observers it sees nothing and costs nothing.

use std::mem;
use std::sync::Arc;
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
use crate::state::Moment;
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
    Whole(Seen),
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
    /// Nobody else has it before it is told: whoever is told may keep it.
    record: Arc<RequestRecord>,
    /// What only those who remember requests want to know.
    details: Option<Details>,
    /// The time by which messages live when the request was carried out.
    carried_out: Option<Moment>,
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
        let details = watch.map(|watch| watch.begin(request.headers()));
        let mut seen = Seen::new(self, self.now(), Instant::now(), connection, details);
        seen.note(|record| record.asks(request));
        Witness(Sight::Whole(seen))
    }

    /// Tells the observers of a request whose head could not be read.
    #[cfg(feature = "serve")]
    pub(crate) fn tell_unread(&self, connection: Connection, response: &Response<Bytes>) {
        if self.observers().are_there() || self.watch().is_some() {
            let details = self.watch().map(|watch| watch.begin(&HeaderMap::new()));
            let seen = Seen::new(self, self.now(), Instant::now(), connection, details);
            Witness(Sight::Whole(seen)).finish(response);
        }
    }
}

impl Glance {
    /// What would have been seen of the request from the start.
    fn whole(self, request: &Request<Bytes>) -> Seen {
        let Self { emulator, time, started, number, connection, .. } = self;
        let details = Some(Details::new(number, request.headers()));
        let mut seen = Seen::new(&emulator, time, started, connection, details);
        seen.note(|record| {
            record.asks(request);
            if let Ok(endpoint) = target::endpoint(request, connection.https, &emulator) {
                record.account = Some(endpoint.account().clone());
                if let Ok(incoming) = IncomingRequest::new(&endpoint, request) {
                    record.reads(&incoming, AnyOperation::route(&incoming).ok());
                }
            }
        });
        seen
    }

    /// The same by the head without its headers, which are gone.
    fn whole_by_head(self) -> Seen {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        self.whole(&request)
    }
}

impl Seen {
    fn new(
        emulator: &Emulator,
        time: SystemTime,
        started: Instant,
        connection: Connection,
        details: Option<Details>,
    ) -> Self {
        let record = Arc::new(RequestRecord::new(time, connection.peer, connection.https));
        Self { emulator: emulator.clone(), started, record, details, carried_out: None }
    }

    fn note(&mut self, note: impl FnOnce(&mut RequestRecord)) {
        if let Some(record) = Arc::get_mut(&mut self.record) {
            note(record);
        }
    }
}

impl Witness {
    fn note(&mut self, note: impl FnOnce(&mut RequestRecord)) {
        if let Sight::Whole(seen) = &mut self.0 {
            seen.note(note);
        }
    }

    /// The request is one that is remembered even if nobody looks.
    fn look_closer(&mut self, request: &Request<Bytes>) {
        if let Sight::Glance(_) = self.0
            && let Sight::Glance(glance) = mem::take(&mut self.0)
        {
            self.0 = Sight::Whole(glance.whole(request));
        }
    }

    /// The request is understood as far as its path and its version.
    pub(crate) fn reads(&mut self, incoming: &IncomingRequest<'_>, kind: Option<OperationKind>) {
        self.note(|record| record.reads(incoming, kind));
    }

    /// The account of the request is found.
    pub(crate) fn finds(&mut self, account: &AccountName) {
        self.note(|record| record.account = Some(account.clone()));
    }

    /// The answer will have this id.
    pub(crate) fn names(&mut self, id: &str) {
        self.note(|record| record.request_id = Some(id.to_owned()));
    }

    /// The request is carried out now, by the time by which messages live.
    pub(crate) fn carried_out(&mut self, moment: Moment) {
        if let Sight::Whole(seen) = &mut self.0 {
            seen.carried_out = Some(moment);
        }
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
                let Seen { record, details, .. } = seen;
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
        let mut seen = match mem::take(&mut self.0) {
            Sight::Nothing => return,
            Sight::Glance(glance) => glance.whole_by_head(),
            Sight::Whole(seen) => seen,
        };
        let took = seen.started.elapsed();
        seen.note(|record| {
            match response {
                Some(response) => record.answers(response),
                None => record.lost = true,
            }
            record.took = took;
        });
        let Seen { emulator, record, details, carried_out, .. } = seen;
        emulator.observers().tell(&record);
        if let (Some(watch), Some(details)) = (emulator.watch(), details) {
            watch.keep(record, details, carried_out.unwrap_or_else(|| emulator.moment()));
        }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.tell(None);
    }
}

impl RequestRecord {
    fn reads(&mut self, incoming: &IncomingRequest<'_>, kind: Option<OperationKind>) {
        self.version = incoming.version();
        self.operation = kind;
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
        if self.request_id.is_none() {
            self.request_id = header(REQUEST_ID).map(str::to_owned);
        }
        self.status = Some(response.status());
        if !response.status().is_success() {
            self.code = header(ERROR_CODE).map(ErrorCode::from);
            self.refused = response.extensions().get::<Refused>().cloned();
        }
        self.sent_bytes = response.body().len();
    }
}
