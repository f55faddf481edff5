//! From a request to its answer: the order of the checks, and what every answer has.

use std::net::{IpAddr, Ipv4Addr};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, SERVER, WWW_AUTHENTICATE};
use http::uri::Scheme;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use md5::{Digest as _, Md5};
use queue_auth::verify::Grant;
use queue_proto::ops::{GetServiceStatsResponse, Preflight};
use queue_proto::{
    AnyOperation, Endpoint, ErrorCode, IncomingRequest, Location, Operation as _, OperationKind,
    OperationResponse as _, ResponseHead, ServiceError, ServiceVersion,
};

use crate::settle::Unsettled;
use crate::version::{self, before};
use crate::{Emulator, authenticate, checks, cors, target};

/// The largest body that the service takes for a message; it names this limit in its refusals. The
/// text in it may have 64 KiB.
pub(crate) const MAX_BODY_BYTES: usize = 131_584;

const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

/// From this version on bearer tokens are known. An answer to an older one has no version.
const BEARER: version::Date = (2017, 11, 9);

/// How a request reached the emulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connection {
    /// The address of the client, which a shared access signature may be limited to.
    pub peer: IpAddr,
    /// Whether it came over TLS, which bearer tokens need and a shared access signature may ask
    /// for.
    pub https: bool,
}

impl Connection {
    /// A connection in clear text.
    #[must_use]
    pub fn http(peer: IpAddr) -> Self {
        Self { peer, https: false }
    }

    /// A connection over TLS.
    #[must_use]
    pub fn https(peer: IpAddr) -> Self {
        Self { peer, https: true }
    }

    /// What a request without a connection is taken to have: one from this machine, over TLS if
    /// the scheme of its URI is `https`.
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self { peer, https: request.uri().scheme() == Some(&Scheme::HTTPS) }
    }
}

impl Emulator {
    /// Answers a request, as the service would.
    ///
    /// The URI is absolute, or a path with a `Host` header beside it. The connection is taken to be
    /// one from this machine, over TLS if the scheme of the URI is `https`. Every failure is an
    /// answer too. Faults do not apply here; see [`exchange`](Self::exchange).
    #[must_use]
    pub fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let connection = Connection::of(&request);
        self.handle_from(request, connection)
    }

    /// Answers a request that came over a given connection.
    #[must_use]
    pub fn handle_from(&self, request: Request<Bytes>, connection: Connection) -> Response<Bytes> {
        self.settle_blocking(self.reply(&request, connection, None))
    }

    /// Answers a request, with `refusal` in place of what it asks for if there is one. The answer is
    /// not to be given before it is settled.
    pub(crate) fn reply(
        &self,
        request: &Request<Bytes>,
        connection: Connection,
        refusal: Option<ServiceError>,
    ) -> Response<Bytes> {
        let now = self.now();
        let asked = ResponseHead::read(request.headers());
        let version = asked.version;
        let mut notes = Notes { version, ..Notes::default() };
        let endpoint = target::endpoint(request, connection.https, self);
        let answer = match (refusal, &endpoint) {
            (Some(refusal), _) => Err(refusal),
            (None, Err(refusal)) => Err(refusal.clone()),
            (None, Ok(endpoint)) => self.answer(endpoint, request, connection, &mut notes, now),
        };
        let Notes { version, unsettled } = notes;
        let head = self.head(request.headers(), asked, version, now);
        let method = request.method();
        let mut response = match answer {
            Ok(response) => finish(response, &head, method),
            Err(error) => self.refuse_with(&error, &head, method),
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

    /// Answers a request whose body could not be read.
    #[cfg(feature = "serve")]
    pub(crate) fn refuse(
        &self,
        request: &http::request::Parts,
        error: &ServiceError,
    ) -> Response<Bytes> {
        let asked = ResponseHead::read(&request.headers);
        let version = asked.version;
        let head = self.head(&request.headers, asked, version, self.now());
        self.refuse_with(error, &head, &request.method)
    }

    pub(crate) fn refuse_with(
        &self,
        error: &ServiceError,
        head: &ResponseHead,
        method: &Method,
    ) -> Response<Bytes> {
        let mut response = error.to_http(head, method);
        if response.status() == StatusCode::UNAUTHORIZED
            && let Some(challenge) = authenticate::challenge(self)
        {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        sign_off(&mut response);
        response
    }

    /// What the answer says about itself. What `asked` tells has the same names in requests.
    fn head(
        &self,
        request: &HeaderMap,
        asked: ResponseHead,
        version: Option<ServiceVersion>,
        now: SystemTime,
    ) -> ResponseHead {
        let mut head = ResponseHead::new().request_id(self.next_request_id().to_string()).date(now);
        let bearer = request
            .get(AUTHORIZATION)
            .is_some_and(|value| value.as_bytes().starts_with(b"Bearer "));
        if !before(version, if bearer { BEARER } else { version::FIRST_NAMED }) {
            head.version = version;
        }
        if !before(version, version::ECHO) {
            head.client_request_id = asked.client_request_id;
        }
        head
    }

    fn answer(
        &self,
        endpoint: &Endpoint,
        request: &Request<Bytes>,
        connection: Connection,
        notes: &mut Notes,
        now: SystemTime,
    ) -> Result<Response<Bytes>, ServiceError> {
        if request.body().len() > MAX_BODY_BYTES {
            return Err(body_too_large());
        }
        let incoming = IncomingRequest::new(endpoint, request).map_err(name_the_name)?;
        let version = incoming.version();
        notes.version = version;
        if *request.method() == Method::OPTIONS {
            let asked = Preflight::read(&incoming).map_err(name_the_header)?;
            let rules = self.cors_rules(endpoint.account());
            return Ok(cors::preflight(&rules, &asked)?.to_http());
        }
        let grant = authenticate::verify(self, endpoint, request, &incoming, connection, now)?;
        let kind = AnyOperation::route(&incoming)?;
        version::check(kind, &incoming)?;
        authenticate::authorize(self, &grant, kind, &incoming)?;
        incoming.require_content_length()?;
        check_md5(request)?;

        let operation = AnyOperation::read(&incoming)?;
        version::check_values(&operation, version)?;
        checks::check(&operation)?;
        let location = incoming.location();
        let mut response = self.perform(endpoint, operation, location, &grant, notes, now)?;
        version::age(kind, version, endpoint, &mut response);
        Ok(response)
    }

    fn perform(
        &self,
        endpoint: &Endpoint,
        operation: AnyOperation,
        location: Location,
        grant: &Grant,
        notes: &mut Notes,
        now: SystemTime,
    ) -> Result<Response<Bytes>, ServiceError> {
        match operation {
            AnyOperation::GetServiceStats(_) => {
                let (status, synced) = self.replication().status(now);
                Ok(GetServiceStatsResponse::new(status, synced).to_http())
            }
            #[cfg(feature = "bearer")]
            AnyOperation::GetUserDelegationKey(asked) => {
                self.delegation_key(endpoint.account(), &asked, grant, notes.version, now)
            }
            #[cfg(not(feature = "bearer"))]
            AnyOperation::GetUserDelegationKey(_) => {
                // Only a bearer token allows it, and none is accepted.
                let _ = grant;
                Err(ErrorCode::AuthorizationFailure.into())
            }
            operation => {
                let mut account =
                    self.service(endpoint.account()).ok_or(ErrorCode::ResourceNotFound)?;
                let applied = account.apply(endpoint.account(), operation, location, self.moment());
                // While nobody else can change the state: a failure to store what it holds now is
                // a failure of this answer too.
                notes.unsettled = Unsettled::now(self);
                drop(account);
                Ok(applied?.answer(endpoint))
            }
        }
    }

    #[cfg(feature = "bearer")]
    fn delegation_key(
        &self,
        account: &queue_proto::AccountName,
        asked: &queue_proto::ops::GetUserDelegationKey,
        grant: &Grant,
        version: Option<ServiceVersion>,
        now: SystemTime,
    ) -> Result<Response<Bytes>, ServiceError> {
        let queue_auth::verify::Access::Bearer(claims) = &grant.access else {
            return Err(ErrorCode::AuthorizationFailure.into());
        };
        let user = (claims.object_id.as_str(), claims.tenant_id.as_str());
        let version = version.unwrap_or_default();
        let key = self.delegation_keys().issue(account.as_str(), asked, user, version, now)?;
        if !self.directory().remember(&claims.object_id, &claims.roles) {
            return Err(ErrorCode::ServerBusy.into());
        }
        Ok(queue_proto::ops::GetUserDelegationKeyResponse::new(key).to_http())
    }

    /// The operation and the queue that a request is about, as far as they can be told.
    pub(crate) fn subject(
        &self,
        request: &Request<Bytes>,
        connection: Connection,
    ) -> (Option<OperationKind>, Option<String>) {
        let Ok(endpoint) = target::endpoint(request, connection.https, self) else {
            return (None, None);
        };
        let Ok(incoming) = IncomingRequest::new(&endpoint, request) else { return (None, None) };
        let queue = match incoming.resource() {
            queue_proto::Resource::Queue(queue)
            | queue_proto::Resource::Messages(queue)
            | queue_proto::Resource::Message(queue, _) => Some(queue.to_string()),
            _ => None,
        };
        (AnyOperation::route(&incoming).ok(), queue)
    }
}

/// What is found out on the way to an answer, whether the request succeeds or not.
#[derive(Default)]
struct Notes {
    version: Option<ServiceVersion>,
    unsettled: Unsettled,
}

/// The only input that is out of range before a request is understood is the name of a queue, and
/// the service says so.
fn name_the_name(error: ServiceError) -> ServiceError {
    match error.code() {
        ErrorCode::OutOfRangeInput => error.with_message(
            "The specified resource name length is not within the permissible limits.",
        ),
        _ => error,
    }
}

/// What is wrong with a preflight is, but for rare cases, that a header is not there.
fn name_the_header(error: ServiceError) -> ServiceError {
    match (error.code(), error.detail("HeaderValue")) {
        (ErrorCode::InvalidHeaderValue, Some("")) => {
            error.with_message("A required CORS header is not present.")
        }
        _ => error,
    }
}

/// A body must be what its client says it is.
fn check_md5(request: &Request<Bytes>) -> Result<(), ServiceError> {
    let Some(given) = request.headers().get(CONTENT_MD5) else { return Ok(()) };
    let given = STANDARD.decode(given.as_bytes()).ok().filter(|digest| digest.len() == 16);
    let given = given.ok_or(ErrorCode::InvalidMd5)?;
    if Md5::digest(request.body()).as_slice() == given {
        Ok(())
    } else {
        Err(ErrorCode::Md5Mismatch.into())
    }
}

/// Adds what every answer to a request that was understood has.
fn finish(mut response: Response<Bytes>, head: &ResponseHead, method: &Method) -> Response<Bytes> {
    head.write(response.headers_mut());
    if *method == Method::HEAD {
        *response.body_mut() = Bytes::new();
    }
    sign_off(&mut response);
    response
}

fn sign_off(response: &mut Response<Bytes>) {
    let server = HeaderValue::from_static("Windows-Azure-Queue/1.0 Microsoft-HTTPAPI/2.0");
    response.headers_mut().insert(SERVER, server);
}

/// 413: a body beyond [`MAX_BODY_BYTES`].
pub(crate) fn body_too_large() -> ServiceError {
    ServiceError::new(ErrorCode::RequestBodyTooLarge)
        .with_detail("MaxLimit", MAX_BODY_BYTES.to_string())
}
