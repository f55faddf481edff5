//! [`ListQueues`] and its response, by the page "List Queues" of the REST reference.

use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::error::refusal::invalid_query;
use crate::error::{DecodeError, ErrorCode, ServiceError};
use crate::kind::OperationKind;
use crate::listing::{ListQueuesResponse, Marker, QueuePrefix};
use crate::numbers::MaxResults;
use crate::operation::{Operation, OperationResponse};
use crate::request::{IncomingRequest, RequestWriter};
use crate::response::{ResponseWriter, expect_status};
use crate::xml::queues;

/// List Queues, `GET /?comp=list`, returns the queues of an account in alphabetical order, in pages.
///
/// A page may be short, even empty, and still have a marker: go on until there is no marker.
///
/// # Errors of the service
///
/// - 400 `OutOfRangeInput`: the marker is none that the service gave.
/// - 400 `OutOfRangeQueryParameterValue`: a number is out of its range, which these types prevent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListQueues {
    /// The start of the names of the queues to return. Default: none, for all queues.
    pub prefix: Option<QueuePrefix>,
    /// The place to go on at: the [`next_marker`](ListQueuesResponse::next_marker) of the page before.
    /// Default: the first page.
    pub marker: Option<Marker>,
    /// The most queues of a page. Default: 5,000.
    pub max_results: Option<MaxResults>,
    /// True to return the metadata of each queue. Default: false.
    pub include_metadata: bool,
}

impl ListQueues {
    /// Asks for the first page of all queues.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the start of the names of the queues to return.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<Option<QueuePrefix>>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets the place to go on at.
    #[must_use]
    pub fn marker(mut self, marker: impl Into<Option<Marker>>) -> Self {
        self.marker = marker.into();
        self
    }

    /// Sets the most queues of a page.
    #[must_use]
    pub fn max_results(mut self, max: impl Into<Option<MaxResults>>) -> Self {
        self.max_results = max.into();
        self
    }

    /// Sets whether to return the metadata of each queue.
    #[must_use]
    pub fn include_metadata(mut self, include: bool) -> Self {
        self.include_metadata = include;
        self
    }
}

impl ListQueuesResponse {
    /// An empty page that repeats what `request` asked for, as the service does.
    #[must_use]
    pub fn to(request: &ListQueues, service_endpoint: impl Into<String>) -> Self {
        Self {
            service_endpoint: service_endpoint.into(),
            prefix: request.prefix.clone(),
            marker: request.marker.clone(),
            max_results: request.max_results.map(MaxResults::get),
            queues: Vec::new(),
            next_marker: None,
        }
    }
}

impl Operation for ListQueues {
    const KIND: OperationKind = OperationKind::ListQueues;
    type Response = ListQueuesResponse;

    fn write(&self, out: &mut RequestWriter<'_>) {
        out.fixed_query(Self::KIND);
        out.query_if("prefix", self.prefix.as_ref());
        out.query_if("marker", self.marker.as_ref());
        out.query_if("maxresults", self.max_results);
        if self.include_metadata {
            out.query("include", "metadata");
        }
    }

    fn read(request: &IncomingRequest<'_>) -> Result<Self, ServiceError> {
        let prefix = match request.query("prefix")? {
            Some(prefix) if !prefix.is_empty() => {
                Some(QueuePrefix::new(prefix).map_err(|error| {
                    invalid_query("prefix", "").with_detail("Reason", error.to_string())
                })?)
            }
            _ => None,
        };
        let marker = match request.query("marker")? {
            Some(marker) if !marker.is_empty() => {
                Some(Marker::new(marker).map_err(|_| ErrorCode::OutOfRangeInput)?)
            }
            _ => None,
        };
        let max_results = request
            .query_number("maxresults", MaxResults::RANGE)?
            .and_then(|max| MaxResults::new(max).ok());
        let include_metadata = match request.query("include")? {
            None => false,
            Some(include) => {
                let mut items = include.split(',').map(str::trim).filter(|item| !item.is_empty());
                if !items.all(|item| item.eq_ignore_ascii_case("metadata")) {
                    return Err(invalid_query("include", &include));
                }
                !include.trim().is_empty()
            }
        };
        Ok(Self { prefix, marker, max_results, include_metadata })
    }
}

impl OperationResponse for ListQueuesResponse {
    fn read(status: StatusCode, _headers: &HeaderMap, body: &Bytes) -> Result<Self, DecodeError> {
        expect_status(status, &[StatusCode::OK])?;
        queues::read(body)
    }

    fn write(&self, out: &mut ResponseWriter) {
        out.header(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        out.xml(queues::write(self, out.version()));
    }
}
