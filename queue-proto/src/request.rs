//! Requests: written by clients, read by servers.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::endpoint::Endpoint;
use crate::error::{ErrorCode, ServiceError};
use crate::header::{self, ClientRequestId};
use crate::limits::{MAX_REQUEST_BODY, Timeout};
use crate::message::MessageId;
use crate::name::{NameRule, QueueName};
use crate::operation::CallOptions;
use crate::query::{self, BadParameter, Encoder, Query};
use crate::version::ServiceVersion;
use crate::xml;

/// What an [`Operation`](crate::Operation) writes itself into.
///
/// Everything that goes into the URI is percent-encoded here, and nowhere else.
#[derive(Debug)]
pub struct RequestWriter<'a> {
    at: &'a Endpoint,
    method: Method,
    target: String,
    has_segment: bool,
    has_query: bool,
    headers: HeaderMap,
    body: Option<Bytes>,
}

/// A request as a server sees it: split into resource, query, headers and body, nothing
/// interpreted beyond that.
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
}

/// The copy of the data that a request goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the service has these two")]
pub enum Location {
    /// The primary, which takes every operation but Get Queue Service Stats.
    Primary,
    /// The secondary, which is read only.
    Secondary,
}

/// The resource that the path of a request names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the service has these four")]
pub enum Resource {
    /// `/`: the service of the account.
    Service,
    /// `/{queue}`.
    Queue(QueueName),
    /// `/{queue}/messages`.
    Messages(QueueName),
    /// `/{queue}/messages/{id}`.
    Message(QueueName, MessageId),
}

impl<'a> RequestWriter<'a> {
    /// Starts a `GET` request to the service.
    #[must_use]
    pub fn new(at: &'a Endpoint) -> Self {
        // Long enough for the longest usual target: a message with its receipt.
        let mut target = String::with_capacity(at.path_prefix().len() + 192);
        target.push_str(at.path_prefix());
        Self {
            at,
            method: Method::GET,
            target,
            has_segment: false,
            has_query: false,
            headers: HeaderMap::with_capacity(8),
            body: None,
        }
    }

    /// Sets the method.
    pub fn method(&mut self, method: Method) {
        self.method = method;
    }

    /// Appends a segment to the path. All segments come before the first query parameter.
    pub fn segment(&mut self, segment: &str) {
        debug_assert!(!self.has_query, "the path comes before the query");
        self.has_segment = true;
        self.target.push('/');
        self.encode(segment);
    }

    /// Appends the segments of `resource` to the path.
    pub fn resource(&mut self, resource: &Resource) {
        match resource {
            Resource::Service => {}
            Resource::Queue(queue) => self.segment(queue.as_str()),
            Resource::Messages(queue) => self.messages(queue),
            Resource::Message(queue, id) => self.message(queue, id),
        }
    }

    /// Appends `/{queue}/messages` to the path.
    pub(crate) fn messages(&mut self, queue: &QueueName) {
        self.segment(queue.as_str());
        self.segment(MESSAGES);
    }

    /// Appends `/{queue}/messages/{id}` to the path.
    pub(crate) fn message(&mut self, queue: &QueueName, id: &MessageId) {
        self.messages(queue);
        self.segment(id.as_str());
    }

    /// Appends a query parameter.
    pub fn query(&mut self, name: &str, value: impl fmt::Display) {
        if !self.has_segment && !self.has_query {
            self.target.push('/');
        }
        self.target.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
        self.encode(name);
        self.target.push('=');
        self.encode(value);
    }

    /// Appends a query parameter if there is a value.
    pub fn query_if(&mut self, name: &str, value: Option<impl fmt::Display>) {
        if let Some(value) = value {
            self.query(name, value);
        }
    }

    fn encode(&mut self, value: impl fmt::Display) {
        // Writing into a string fails only if `value` itself does.
        let _ = write!(Encoder(&mut self.target), "{value}");
    }

    /// Adds a header. Beyond some 24,000 of them it is dropped, which is more than servers read.
    pub fn header(&mut self, name: HeaderName, value: HeaderValue) {
        let _ = self.headers.try_append(name, value);
    }

    /// Sets an XML body.
    pub fn xml(&mut self, body: impl Into<Bytes>) {
        self.body = Some(body.into());
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static(xml::CONTENT_TYPE));
    }

    /// The request, with what `options` add to every operation and `Content-Length` where HTTP
    /// wants one.
    ///
    /// # Panics
    ///
    /// When path and query together have more than 65,534 bytes. The operations of this crate stay
    /// below half of that, whatever their fields are.
    #[must_use]
    pub fn finish(mut self, options: &CallOptions) -> http::Request<Bytes> {
        self.query_if("timeout", options.timeout);
        if !self.has_segment && !self.has_query {
            self.target.push('/');
        }
        let length = match &self.body {
            Some(body) => Some(HeaderValue::from(body.len())),
            // The service wants the length of a PUT or a POST also when it is 0 (411 otherwise).
            None if self.method == Method::PUT || self.method == Method::POST => {
                Some(HeaderValue::from_static("0"))
            }
            None => None,
        };
        if let Some(length) = length {
            self.headers.insert(CONTENT_LENGTH, length);
        }
        self.headers.insert(header::VERSION, options.version.to_header_value());
        if let Some(id) = &options.client_request_id {
            self.headers.insert(header::CLIENT_REQUEST_ID, id.to_header_value());
        }
        let target = PathAndQuery::from_maybe_shared(Bytes::from(self.target))
            .expect("checked values leave the target short, and the encoder leaves it ASCII");
        let mut request = http::Request::new(self.body.unwrap_or_default());
        *request.method_mut() = self.method;
        *request.uri_mut() = self.at.uri(target);
        *request.headers_mut() = self.headers;
        request
    }
}

const MESSAGES: &str = "messages";

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
        };
        incoming.timeout = incoming
            .query_number("timeout", Timeout::RANGE)?
            .and_then(|seconds| Timeout::from_secs(seconds.into()).ok());
        Ok(incoming)
    }

    /// The method.
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

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &'a HeaderMap {
        self.headers
    }

    /// The body.
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

    /// The parameter `timeout`.
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

    /// Refuses a `PUT` or `POST` without `Content-Length`, as the service does. Not part of
    /// [`new`](Self::new) since HTTP libraries add the header on the way.
    ///
    /// # Errors
    ///
    /// 411 `MissingContentLengthHeader`.
    pub fn require_content_length(&self) -> Result<(), ServiceError> {
        let needed = *self.method == Method::PUT || *self.method == Method::POST;
        if needed && !self.headers.contains_key(CONTENT_LENGTH) {
            return Err(ErrorCode::MissingContentLengthHeader.into());
        }
        Ok(())
    }

    /// The decoded value of the query parameter `name`, in whatever case. `+` stands for itself.
    ///
    /// # Errors
    ///
    /// 400 `InvalidQueryParameterValue` when the parameter is there twice or badly encoded.
    pub fn query(&self, name: &str) -> Result<Option<Cow<'a, str>>, ServiceError> {
        self.query.get(name).map_err(|problem| {
            let reason = match problem {
                BadParameter::Repeated => "The parameter is given more than once.",
                BadParameter::BadEscape => "The value is not well encoded.",
            };
            invalid_query(name, "").with_detail("Reason", reason)
        })
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

impl Resource {
    /// Reads a path without the prefix of path style.
    fn parse(path: &str) -> Result<Self, ServiceError> {
        let path = path.strip_prefix('/').unwrap_or(path);
        if path.is_empty() {
            return Ok(Self::Service);
        }
        let invalid = || ServiceError::new(ErrorCode::InvalidUri);
        let mut segments =
            path.splitn(4, '/').map(|segment| query::decode(segment).ok_or_else(invalid));
        let queue = match segments.next() {
            Some(segment) => read_queue(&segment?)?,
            None => return Ok(Self::Service),
        };
        match segments.next().transpose()?.as_deref() {
            None => return Ok(Self::Queue(queue)),
            Some(MESSAGES) => {}
            Some(_) => return Err(invalid()),
        }
        match segments.next().transpose()? {
            None => Ok(Self::Messages(queue)),
            Some(id) if segments.next().is_none() => {
                MessageId::new(id).map(|id| Self::Message(queue, id)).map_err(|_| invalid())
            }
            Some(_) => Err(invalid()),
        }
    }
}

fn read_queue(name: &str) -> Result<QueueName, ServiceError> {
    QueueName::new(name).map_err(|error| match error.rule() {
        NameRule::TooShort(_) | NameRule::TooLong(_) => ErrorCode::OutOfRangeInput.into(),
        _ => ErrorCode::InvalidResourceName.into(),
    })
}

/// Finds out which location a request goes to, and the path behind the account.
fn locate<'a>(
    at: &Endpoint,
    request: &'a http::Request<Bytes>,
) -> Result<(Location, &'a str), ServiceError> {
    let path = request.uri().path();
    let behind = |prefix: &str| {
        path.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if !at.path_prefix().is_empty() {
        if let Some(rest) = at.secondary_path_prefix().and_then(behind) {
            return Ok((Location::Secondary, rest));
        }
        return behind(at.path_prefix())
            .map(|rest| (Location::Primary, rest))
            .ok_or_else(|| ErrorCode::ResourceNotFound.into());
    }
    let host = match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => header::text(request.headers(), &HOST),
    };
    let location = match (host, at.secondary_authority()) {
        (Some(host), Some(secondary)) if secondary == host => Location::Secondary,
        _ => Location::Primary,
    };
    Ok((location, path))
}

fn read_version(
    headers: &HeaderMap,
    query: &Query<'_>,
) -> Result<Option<ServiceVersion>, ServiceError> {
    if let Some(value) = headers.get(&header::VERSION) {
        let text = value.to_str().unwrap_or_default();
        return match text.parse() {
            Ok(version) => Ok(Some(version)),
            Err(_) => Err(invalid_header("x-ms-version", text)),
        };
    }
    for name in ["api-version", "sv"] {
        if let Ok(Some(value)) = query.get(name) {
            return match value.parse() {
                Ok(version) => Ok(Some(version)),
                Err(_) => Err(invalid_query(name, &value)),
            };
        }
    }
    Ok(None)
}

/// 400 `InvalidQueryParameterValue`.
pub(crate) fn invalid_query(name: &str, value: &str) -> ServiceError {
    ServiceError::new(ErrorCode::InvalidQueryParameterValue)
        .with_detail("QueryParameterName", name)
        .with_detail("QueryParameterValue", value)
}

/// 400 `MissingRequiredQueryParameter`.
pub(crate) fn missing_query(name: &str) -> ServiceError {
    ServiceError::new(ErrorCode::MissingRequiredQueryParameter)
        .with_detail("QueryParameterName", name)
}

/// 400 `OutOfRangeQueryParameterValue`.
pub(crate) fn out_of_range_query(name: &str, value: &str, min: i64, max: u32) -> ServiceError {
    ServiceError::new(ErrorCode::OutOfRangeQueryParameterValue)
        .with_detail("QueryParameterName", name)
        .with_detail("QueryParameterValue", value)
        .with_detail("MinimumAllowed", min.to_string())
        .with_detail("MaximumAllowed", max.to_string())
}

/// 400 `InvalidHeaderValue`.
pub(crate) fn invalid_header(name: &str, value: &str) -> ServiceError {
    ServiceError::new(ErrorCode::InvalidHeaderValue)
        .with_detail("HeaderName", name)
        .with_detail("HeaderValue", value)
}

/// 413 `RequestBodyTooLarge`.
pub(crate) fn body_too_large(limit: usize) -> ServiceError {
    ServiceError::new(ErrorCode::RequestBodyTooLarge).with_detail("MaxLimit", limit.to_string())
}
