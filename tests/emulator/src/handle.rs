//! [`Emulator::handle`]: the way of every request to its answer, from the top to the bottom.
//!
//! `target.rs` finds the account, [`admit`] refuses or reads, `apply.rs` changes the queues,
//! `answer.rs` says what came of it, and `settle.rs` holds the answer back until it is stored.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, Request, Response};
use queue_proto::ops::GetServiceStatsResponse;
use queue_proto::{
    AnyOperation, Endpoint, ErrorCode, OperationResponse as _, QueueName, ResponseHead,
    ServiceError, ServiceVersion,
};

use crate::admit::{Admitted, admit, head};
use crate::connection::Connection;
use crate::effect::Effect;
use crate::emulator::Emulator;
use crate::refusal::{Check, Refusal, by};
use crate::settle::{self, Unsettled};
use crate::version::{self, before};
use crate::watch::plan::Plan;
use crate::witness::Witness;
use crate::{answer, cors, target};

impl Emulator {
    /// Answers a request, as the service would.
    ///
    /// The URI is absolute, or a path with a `Host` header beside it. The connection is taken to be
    /// one from this machine, over TLS if the scheme of the URI is `https`. Every failure is an
    /// answer too, and carries its reason as an extension of the type
    /// [`Refused`](crate::Refused). Faults do not apply here; see [`exchange`](Self::exchange).
    #[must_use]
    pub fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let connection = Connection::of(&request);
        self.handle_from(request, connection)
    }

    /// Answers a request that came over a given connection.
    #[must_use]
    pub fn handle_from(&self, request: Request<Bytes>, connection: Connection) -> Response<Bytes> {
        let mut witness = self.witness(&request, connection);
        let response = self.settle_blocking(self.reply(&request, connection, None, &mut witness));
        witness.finish(&response);
        response
    }

    /// Answers a request, with the refusal of a fault in place of what it asks for if there is one.
    /// The answer is not to be given before it is settled.
    pub(crate) fn reply(
        &self,
        request: &Request<Bytes>,
        connection: Connection,
        fault: Option<ServiceError>,
        witness: &mut Witness,
    ) -> Response<Bytes> {
        let now = self.now();
        let asked = ResponseHead::read(request.headers());
        let mut notes = Notes { version: asked.version, ..Notes::default() };
        let endpoint = head::check(request).map_err(by(Check::Head)).and_then(|()| {
            target::endpoint(request, connection.https, self).map_err(by(Check::Account))
        });
        if let Ok(endpoint) = &endpoint {
            witness.finds(endpoint.account());
        }
        let answered = match (fault, &endpoint) {
            (Some(fault), _) => Err(Refusal::new(Check::Fault, fault)),
            (None, Err(refusal)) => Err(refusal.clone()),
            (None, Ok(endpoint)) => {
                admit(self, endpoint, request, connection, now, &mut notes.version, witness)
                    .and_then(|admitted| self.perform(endpoint, admitted, &mut notes, now, witness))
            }
        };
        let Notes { version, unsettled } = notes;
        let id = self.next_request_id().to_string();
        witness.names(&id);
        let head = answer::head(request.headers(), asked, version, id, now);
        let method = request.method();
        let mut response = match answered {
            Ok(response) => answer::finish(response, &head, method),
            Err(refusal) => {
                witness.refuses(request, &refusal.error);
                self.refuse_with(&refusal, &head, method)
            }
        };
        if let Ok(endpoint) = &endpoint
            && *method != Method::OPTIONS
            && !before(version, version::CORS)
        {
            let rules = self.cors_rules(endpoint.account());
            cors::mark(&rules, method, request.headers(), &mut response);
        }
        unsettled.mark(&mut response);
        response
    }

    /// Performs an operation of whoever runs the emulator, and waits until it is stored. True when
    /// it made something new (201).
    #[cfg(feature = "program")]
    pub(crate) fn perform_here(
        &self,
        account: &queue_proto::AccountName,
        operation: AnyOperation,
    ) -> Result<bool, ServiceError> {
        let endpoint = Endpoint::parse(&format!("http://localhost/{account}"), account.clone())
            .map_err(|_| ErrorCode::InvalidUri)?;
        let admitted =
            Admitted { operation, location: queue_proto::Location::Primary, access: None };
        let mut notes = Notes::default();
        let performed =
            self.perform(&endpoint, admitted, &mut notes, self.now(), &mut Witness::default());
        let mut response = performed.map_err(|refusal| refusal.error)?;
        notes.unsettled.mark(&mut response);
        let response = self.settle_blocking(response);
        if response.status().is_success() {
            return Ok(response.status() == http::StatusCode::CREATED);
        }
        Err(ServiceError::from_http(&response))
    }

    fn perform(
        &self,
        endpoint: &Endpoint,
        admitted: Admitted,
        notes: &mut Notes,
        now: SystemTime,
        witness: &mut Witness,
    ) -> Result<Response<Bytes>, Refusal> {
        let account = endpoint.account();
        match admitted.operation {
            AnyOperation::Preflight(asked) => cors::preflight(&self.cors_rules(account), &asked)
                .map(|answer| answer.to_http())
                .map_err(by(Check::Preflight)),
            AnyOperation::GetServiceStats(_) => {
                let (status, synced) = self.replication().status(now);
                Ok(GetServiceStatsResponse::new(status, synced).to_http())
            }
            #[cfg(feature = "bearer")]
            AnyOperation::GetUserDelegationKey(asked) => {
                let (answer, unsettled) =
                    self.delegation_key(account, &asked, admitted.access, notes.version, now)?;
                notes.unsettled = unsettled;
                Ok(answer)
            }
            // Only a bearer token allows it, and none is accepted.
            #[cfg(not(feature = "bearer"))]
            AnyOperation::GetUserDelegationKey(_) => {
                Err(Refusal::new(Check::Permission, ErrorCode::AuthorizationFailure))
            }
            operation => {
                settle::admit(self, Effect::of(&operation))?;
                let unknown = || Refusal::new(Check::Account, ErrorCode::ResourceNotFound);
                let reads = self.capacity().and_then(|_| queue_that_is_read(&operation));
                let mut guarded = self.service(account).ok_or_else(unknown)?;
                let moment = self.moment();
                witness.carried_out(moment);
                let plan = witness.author().map(|author| (author, Plan::of(&operation)));
                let applied = guarded.apply(account, operation, admitted.location, moment);
                if let (Some(watch), Some((author, plan))) = (self.watch(), plan) {
                    watch.note(&author, account, &plan, &applied, moment);
                }
                // While nobody else can change the state: a failure to store what it holds now is
                // a failure of this answer too (tests/durable/crash.rs).
                notes.unsettled = Unsettled::now(self);
                drop(guarded);
                if let (Some(capacity), Some(queue), Ok(applied)) =
                    (self.capacity(), reads, &applied)
                {
                    capacity.add(account, &queue, applied.messages().saturating_sub(1));
                }
                // A request without a version is one of the oldest.
                let version = notes.version.unwrap_or(ServiceVersion::FIRST);
                applied.map(|applied| applied.answer(endpoint, version)).map_err(by(Check::State))
            }
        }
    }
}

/// The queue of an operation whose answer may have several messages.
fn queue_that_is_read(operation: &AnyOperation) -> Option<QueueName> {
    match operation {
        AnyOperation::GetMessages(get) => Some(get.queue.clone()),
        AnyOperation::PeekMessages(peek) => Some(peek.queue.clone()),
        _ => None,
    }
}

/// What is found out on the way to an answer, whether the request succeeds or not.
#[derive(Default)]
struct Notes {
    version: Option<ServiceVersion>,
    unsettled: Unsettled,
}
