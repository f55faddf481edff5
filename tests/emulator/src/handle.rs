//! From a request to its answer: the order of the checks, and what every answer has.

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use http::header::SERVER;
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use queue_proto::{
    AnyOperation, ErrorCode, IncomingRequest, ResponseHead, ServiceError, ServiceVersion,
};

use crate::emulator::Guarded;
use crate::{Emulator, authenticate, dispatch, target};

/// The largest body that the service takes for a message; it names this limit in its refusals. The
/// text in it may have 64 KiB.
pub(crate) const MAX_BODY_BYTES: usize = 131_584;

/// From this version on the service echoes `x-ms-client-request-id` ("Versioning for Azure
/// Storage" in the REST reference).
const ECHO_VERSION: (u16, u8, u8) = (2019, 2, 2);

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
}

impl Emulator {
    /// Answers a request, as the service would.
    ///
    /// The URI is absolute, or a path with a `Host` header beside it. The connection is taken to be
    /// one from this machine, over TLS if the scheme of the URI is `https`. Every failure is an
    /// answer too.
    #[must_use]
    pub fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let https = request.uri().scheme() == Some(&Scheme::HTTPS);
        self.handle_from(request, Connection { peer, https })
    }

    /// Answers a request that came over a given connection.
    #[must_use]
    pub fn handle_from(&self, request: Request<Bytes>, connection: Connection) -> Response<Bytes> {
        let head = self.head(request.headers());
        match self.answer(&request, connection, &head) {
            Ok(response) => finish(response, &head, request.method()),
            Err(error) => refuse(&error, &head, request.method()),
        }
    }

    /// Answers a request whose body could not be read.
    #[cfg(feature = "serve")]
    pub(crate) fn refuse(
        &self,
        request: &http::request::Parts,
        error: &ServiceError,
    ) -> Response<Bytes> {
        refuse(error, &self.head(&request.headers), &request.method)
    }

    /// What the answer to a request with these headers says about itself.
    fn head(&self, headers: &HeaderMap) -> ResponseHead {
        // Version and client request id have the same names in requests.
        let mut head = ResponseHead::read(headers);
        let echo = head.version.is_some_and(|version| {
            let (year, month, day) = ECHO_VERSION;
            ServiceVersion::new(year, month, day).is_ok_and(|since| version >= since)
        });
        if !echo {
            head.client_request_id = None;
        }
        head.request_id(self.next_request_id().to_string()).date(self.now())
    }

    fn answer(
        &self,
        request: &Request<Bytes>,
        connection: Connection,
        head: &ResponseHead,
    ) -> Result<Response<Bytes>, ServiceError> {
        let now = head.date.unwrap_or_else(|| self.now());
        if request.body().len() > MAX_BODY_BYTES {
            return Err(body_too_large());
        }
        let endpoint = target::endpoint(request, connection.https, self)?;
        let incoming = IncomingRequest::new(&endpoint, request)?;
        let grant = authenticate::verify(self, &endpoint, request, &incoming, connection, now)?;
        let kind = AnyOperation::route(&incoming)?;
        authenticate::authorize(&grant, kind, incoming.location())?;
        incoming.require_content_length()?;
        let operation = AnyOperation::read(&incoming)?;
        let applied = {
            let mut account =
                self.service(endpoint.account()).ok_or(ErrorCode::ResourceNotFound)?;
            let Guarded { service, rng } = &mut *account;
            dispatch::apply(service, rng, endpoint.account(), operation, now.into())?
        };
        Ok(applied.answer(&endpoint))
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

fn refuse(error: &ServiceError, head: &ResponseHead, method: &Method) -> Response<Bytes> {
    let mut response = error.to_http(head, method);
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
