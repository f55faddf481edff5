//! [`Operation`] and [`OperationResponse`], the two traits that every operation and its response
//! have. The operations themselves are in [`ops`](crate::ops).

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::endpoint::Endpoint;
use crate::error::{DecodeError, ErrorCode, ResponseError, ServiceError};
use crate::kind::OperationKind;
use crate::metadata::MetadataNames;
use crate::request::route::route;
use crate::request::{CallOptions, IncomingRequest, RequestWriter};
use crate::response::ResponseWriter;
use crate::version::ServiceVersion;

/// An operation of the service: written by clients, read by servers.
///
/// Writing cannot fail, since the fields are values that keep the protocol's rules. What is written
/// reads back equal: `O::from_http(at, &op.to_http(at, &options)) == op`, with these exceptions:
/// an operation whose parts contradict each other (a message that stays invisible longer than it
/// lives) is refused when it is read.
///
/// The types in [`ops`](crate::ops) implement it; code that works with any operation, as a client
/// does, takes it as a bound, as the [`guide`](crate::guide) shows.
pub trait Operation: Sized + Clone + fmt::Debug + PartialEq + Send + Sync {
    /// Which operation this is, and what is known about it.
    const KIND: OperationKind;

    /// What the service answers when it succeeds.
    type Response: OperationResponse;

    /// Writes path, query, headers and body. The method is that of [`KIND`](Self::KIND) already.
    fn write(&self, out: &mut RequestWriter<'_>);

    /// Reads the operation from a request whose method, path and query name it; use
    /// [`AnyOperation::read`](crate::AnyOperation::read) or [`from_http`](Self::from_http) to have that checked.
    ///
    /// # Errors
    ///
    /// The answer to send to the client.
    fn read(request: &IncomingRequest<'_>) -> Result<Self, ServiceError>;

    /// The answer that `error` stands for when an earlier attempt of the same request may have been
    /// applied although its own answer was lost: a repeated Delete Message finds its message gone.
    /// `None` for an error that says nothing of the kind, which is the default.
    #[must_use]
    fn answer_if_applied_before(error: &ServiceError) -> Option<Self::Response> {
        let _ = error;
        None
    }

    /// Builds the request. It has everything but the date and the authorization, which the signer
    /// adds.
    #[must_use]
    fn to_http(&self, at: &Endpoint, options: &CallOptions) -> http::Request<Bytes> {
        let mut out = RequestWriter::new(at);
        out.method(Self::KIND.method());
        self.write(&mut out);
        out.finish(options)
    }

    /// Reads a request that must be this operation.
    ///
    /// # Errors
    ///
    /// The answer to send to the client; 400 `InvalidUri` when the request is another operation.
    fn from_http(at: &Endpoint, request: &http::Request<Bytes>) -> Result<Self, ServiceError> {
        let request = IncomingRequest::new(at, request)?;
        if route(&request)? != Self::KIND {
            return Err(ErrorCode::InvalidUri.into());
        }
        Self::read(&request)
    }
}

/// The answer to an operation that succeeded: read by clients, written by servers.
///
/// What is written reads back equal: `R::from_http(response.to_http()) == response`, as long as
/// times are whole seconds, which is what the format has.
pub trait OperationResponse:
    Sized + Clone + fmt::Debug + PartialEq + Send + Sync + 'static
{
    /// Reads an answer that reports success.
    ///
    /// # Errors
    ///
    /// When the answer is not what the operation promises.
    fn read(status: StatusCode, headers: &HeaderMap, body: &Bytes) -> Result<Self, DecodeError>;

    /// Spells names of metadata as `names` has them, which the transport kept beside the headers.
    /// Answers without metadata in their headers have nothing to do.
    fn respell(&mut self, names: &MetadataNames) {
        let _ = names;
    }

    /// Writes status, headers and body.
    fn write(&self, out: &mut ResponseWriter);

    /// Reads an answer, whatever its status. What the answer says about itself (request id, date)
    /// is read apart, with [`ResponseHead::read`](crate::ResponseHead::read).
    ///
    /// # Errors
    ///
    /// [`ResponseError::Service`] when the service refused, [`ResponseError::Decode`] when the
    /// answer is not what the operation promises.
    fn from_http(response: http::Response<Bytes>) -> Result<Self, ResponseError> {
        let status = response.status();
        if status.is_success() {
            let read = Self::read(status, response.headers(), response.body());
            let mut read = read.map_err(ResponseError::Decode)?;
            if let Some(names) = response.extensions().get() {
                read.respell(names);
            }
            Ok(read)
        } else {
            Err(ResponseError::Service(ServiceError::from_http(&response)))
        }
    }

    /// Builds the answer in the form of the newest version. A server adds what every answer says
    /// about itself with [`ResponseHead::write`](crate::ResponseHead::write).
    #[must_use]
    fn to_http(&self) -> http::Response<Bytes> {
        self.to_http_of(ServiceVersion::LATEST)
    }

    /// Builds the answer in the form that a service of `version` writes: before 2016-05-31 Put
    /// Message answers without a body, before 2013-08-15 List Queues names each queue's URL, and so
    /// on. The answer to a request has the form of the version that the request asked for.
    #[must_use]
    fn to_http_of(&self, version: ServiceVersion) -> http::Response<Bytes> {
        let mut out = ResponseWriter::of_version(version);
        self.write(&mut out);
        out.finish()
    }
}
