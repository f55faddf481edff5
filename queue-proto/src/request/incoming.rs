//! [`IncomingRequest`], a request as servers read it, whatever its operation is.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method};

use crate::endpoint::Endpoint;
use crate::error::refusal::{
    body_too_large, invalid_header, invalid_query, missing_query, out_of_range_query,
};
use crate::error::{ErrorCode, ServiceError};
use crate::head::ClientRequestId;
use crate::header;
use crate::limits::MAX_REQUEST_BODY;
use crate::message::MessageId;
use crate::metadata::{Metadata, MetadataNames};
use crate::name::QueueName;
use crate::numbers::Timeout;
use crate::query::{BadParameter, Query};
use crate::request::options::CallOptions;
use crate::request::resource::{Location, Resource, locate};
use crate::version::ServiceVersion;

/// A request as a server sees it, split into resource, query, headers and body. What these mean is left
/// to the operation.
///
/// Reading never panics and allocates in proportion to the query and the body, which is at most
/// [`MAX_REQUEST_BODY`](crate::limits::MAX_REQUEST_BODY).
#[derive(Debug, Clone)]
pub struct IncomingRequest<'a> {
    method: &'a Method,
    location: Location,
    resource: Resource,
    query: Query<'a>,
    headers: &'a HeaderMap,
    body: &'a Bytes,
    version: Option<ServiceVersion>,
    timeout: Option<Timeout>,
    names: Option<&'a MetadataNames>,
}

impl<'a> IncomingRequest<'a> {
    /// Takes a request apart. `at` is the endpoint that the server serves: its style and its
    /// account say how to read the path.
    ///
    /// # Errors
    ///
    /// The answer to send, when path, version, `timeout` or the size of the body are not what the
    /// protocol allows.
    pub fn new(at: &Endpoint, request: &'a http::Request<Bytes>) -> Result<Self, ServiceError> {
        let query = Query::parse(request.uri().query());
        let headers = request.headers();
        let body = request.body();
        if body.len() > MAX_REQUEST_BODY {
            return Err(body_too_large(MAX_REQUEST_BODY));
        }
        let (location, path) = locate(at, request)?;
        let resource = Resource::parse(path)?;
        let version = read_version(headers, &query)?;
        let mut incoming = Self {
            method: request.method(),
            location,
            resource,
            query,
            headers,
            body,
            version,
            timeout: None,
            names: request.extensions().get(),
        };
        incoming.timeout = incoming
            .query_number("timeout", Timeout::RANGE)?
            .and_then(|seconds| Timeout::from_secs(seconds.into()).ok());
        Ok(incoming)
    }

    /// The HTTP method.
    #[must_use]
    pub fn method(&self) -> &'a Method {
        self.method
    }

    /// The copy of the data that the request goes to: the secondary when the path (or in host
    /// style the host) is that of the secondary.
    #[must_use]
    pub fn location(&self) -> Location {
        self.location
    }

    /// The resource that the path names.
    #[must_use]
    pub fn resource(&self) -> &Resource {
        &self.resource
    }

    /// The headers of the request.
    #[must_use]
    pub fn headers(&self) -> &'a HeaderMap {
        self.headers
    }

    /// The body of the request.
    #[must_use]
    pub fn body(&self) -> &'a Bytes {
        self.body
    }

    /// The version that the request asks for: the header `x-ms-version`, else the parameter
    /// `api-version`, else the parameter `sv` of a shared access signature (page "Versioning for
    /// Azure Storage").
    #[must_use]
    pub fn version(&self) -> Option<ServiceVersion> {
        self.version
    }

    /// The parameter `timeout`: the time that the service may take.
    #[must_use]
    pub fn timeout(&self) -> Option<Timeout> {
        self.timeout
    }

    /// The header `x-ms-client-request-id`, if it is one that the service echoes.
    #[must_use]
    pub fn client_request_id(&self) -> Option<ClientRequestId> {
        ClientRequestId::read(self.headers)
    }

    /// What the request says beside its operation.
    #[must_use]
    pub fn options(&self) -> CallOptions {
        CallOptions {
            version: self.version.unwrap_or_default(),
            client_request_id: self.client_request_id(),
            timeout: self.timeout,
        }
    }

    /// Refuses a `PUT` or `POST` without `Content-Length`, as the service does. [`new`](Self::new) does
    /// not ask, since HTTP libraries add the header on the way.
    ///
    /// # Errors
    ///
    /// 411 `MissingContentLengthHeader` when the header is missing.
    pub fn require_content_length(&self) -> Result<(), ServiceError> {
        let needed = *self.method == Method::PUT || *self.method == Method::POST;
        if needed && !self.headers.contains_key(CONTENT_LENGTH) {
            return Err(ErrorCode::MissingContentLengthHeader.into());
        }
        Ok(())
    }

    /// The decoded value of the query parameter `name`, in whatever case. `+` stands for a blank.
    ///
    /// # Errors
    ///
    /// 400 `InvalidQueryParameterValue` when the parameter is there twice or badly encoded.
    pub fn query(&self, name: &str) -> Result<Option<Cow<'a, str>>, ServiceError> {
        read_query(&self.query, name)
    }

    /// The query parameter `name` as a number within `range`.
    pub(crate) fn query_number(
        &self,
        name: &'static str,
        range: (u32, u32),
    ) -> Result<Option<u32>, ServiceError> {
        let Some(value) = self.query(name)? else {
            return Ok(None);
        };
        let digits = value.strip_prefix('-').unwrap_or(&value);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(invalid_query(name, &value));
        }
        let (min, max) = range;
        match value.parse::<u32>() {
            Ok(number) if (min..=max).contains(&number) => Ok(Some(number)),
            _ => Err(out_of_range_query(name, &value, min.into(), max)),
        }
    }

    /// The query parameter `name`, which must be there.
    pub(crate) fn query_required(&self, name: &'static str) -> Result<Cow<'a, str>, ServiceError> {
        self.query(name)?.ok_or_else(|| missing_query(name))
    }

    /// The metadata in the headers.
    pub(crate) fn metadata(&self) -> Result<Metadata, ServiceError> {
        Metadata::read_request(self.headers, self.names)
    }

    /// The queue of the resource, when the resource is in a queue.
    pub(crate) fn queue(&self) -> Result<QueueName, ServiceError> {
        match &self.resource {
            Resource::Queue(queue) | Resource::Messages(queue) | Resource::Message(queue, _) => {
                Ok(queue.clone())
            }
            Resource::Service => Err(ErrorCode::InvalidUri.into()),
        }
    }

    /// The message that the resource is.
    pub(crate) fn message(&self) -> Result<(QueueName, MessageId), ServiceError> {
        match &self.resource {
            Resource::Message(queue, id) => Ok((queue.clone(), id.clone())),
            _ => Err(ErrorCode::InvalidUri.into()),
        }
    }
}

fn read_version(
    headers: &HeaderMap,
    query: &Query<'_>,
) -> Result<Option<ServiceVersion>, ServiceError> {
    let mut given = headers.get_all(&header::VERSION).iter();
    if let Some(value) = given.next() {
        let text = value.to_str().unwrap_or_default();
        if given.next().is_some() {
            return Err(invalid_header("x-ms-version", text).with_detail("Reason", REPEATED_HEADER));
        }
        return match text.parse() {
            Ok(version) => Ok(Some(version)),
            Err(_) => Err(invalid_header("x-ms-version", text)),
        };
    }
    for name in ["api-version", "sv"] {
        if let Some(value) = read_query(query, name)? {
            return match value.parse() {
                Ok(version) => Ok(Some(version)),
                Err(_) => Err(invalid_query(name, &value)),
            };
        }
    }
    Ok(None)
}

fn read_query<'a>(query: &Query<'a>, name: &str) -> Result<Option<Cow<'a, str>>, ServiceError> {
    query.get(name).map_err(|problem| {
        let reason = match problem {
            BadParameter::Repeated => "The parameter is given more than once.",
            BadParameter::BadEscape => "The value is not well encoded.",
        };
        invalid_query(name, "").with_detail("Reason", reason)
    })
}

const REPEATED_HEADER: &str = "The header is given more than once.";
