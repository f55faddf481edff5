//! [`RequestWriter`], which clients write requests with, whatever the operation is.

use std::fmt::{self, Write as _};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::endpoint::Endpoint;
use crate::header;
use crate::kind::OperationKind;
use crate::message::MessageId;
use crate::metadata::{Metadata, MetadataNames};
use crate::name::QueueName;
use crate::query::Encoder;
use crate::request::options::CallOptions;
use crate::request::resource::{MESSAGES, Resource};

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
    names: Option<MetadataNames>,
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
            names: None,
        }
    }

    /// Sets the HTTP method.
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

    /// Appends the parameters by which a request names this operation.
    pub(crate) fn fixed_query(&mut self, kind: OperationKind) {
        let route = kind.route();
        self.query_if("restype", route.restype.then_some("service"));
        self.query_if("comp", route.comp.filter(|comp| !comp.is_empty()));
        self.query_if("peekonly", route.peek_only.then_some("true"));
    }

    fn encode(&mut self, value: impl fmt::Display) {
        // Writing into a string fails only if `value` itself does.
        let _ = write!(Encoder(&mut self.target), "{value}");
    }

    /// Adds a header. Beyond some 24,000 of them it is dropped, which is more than servers read.
    pub fn header(&mut self, name: HeaderName, value: HeaderValue) {
        let _ = self.headers.try_append(name, value);
    }

    /// Adds the items of `metadata` as headers, and beside them how their names are spelled.
    pub(crate) fn metadata(&mut self, metadata: &Metadata) {
        metadata.write(|name, value| self.header(name, value));
        self.names = MetadataNames::of(metadata);
    }

    /// Sets the body, which is XML.
    pub fn xml(&mut self, body: impl Into<Bytes>) {
        self.body = Some(body.into());
        self.headers.insert(CONTENT_TYPE, header::XML);
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
            Some(body) => Some(length_value(body.len())),
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
        if let Some(names) = self.names {
            request.extensions_mut().insert(names);
        }
        request
    }
}

/// A length in decimal. `HeaderValue::from` would allocate twice.
fn length_value(length: usize) -> HeaderValue {
    HeaderValue::from_maybe_shared(Bytes::from(length.to_string()))
        .expect("digits are a header value")
}
