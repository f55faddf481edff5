//! [`ResponseHead`], the headers that every answer has, and [`ClientRequestId`].

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use http::{HeaderMap, HeaderValue};

use crate::date::http as http_date;
use crate::error::InvalidValue;
use crate::header::{CLIENT_REQUEST_ID, REQUEST_ID, VERSION, text, value};
use crate::version::ServiceVersion;

/// The id that a client gives a request: 1 to 1,024 visible ASCII characters. Services from version
/// 2019-02-02 on echo the id. Cloning is cheap.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientRequestId(HeaderValue);

/// What every answer says about itself. Clients read it beside the answer, servers write it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseHead {
    /// `x-ms-request-id`, the id that the service gave the request. Support asks for it.
    pub request_id: Option<String>,
    /// `Date`, the time on the clock of the service, in whole seconds.
    pub date: Option<SystemTime>,
    /// `x-ms-version`, the version of the service that answered.
    pub version: Option<ServiceVersion>,
    /// `x-ms-client-request-id`, the id that the client gave the request, as the service echoed it.
    pub client_request_id: Option<ClientRequestId>,
}

impl ClientRequestId {
    /// Checks the text of an id.
    ///
    /// # Errors
    ///
    /// When `id` is empty, longer than 1,024 characters or not visible ASCII.
    pub fn new(id: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let id = id.as_ref();
        let fits = (1..=1024).contains(&id.len());
        match HeaderValue::from_str(id) {
            Ok(value) if fits && id.bytes().all(|b| b.is_ascii_graphic()) => Ok(Self(value)),
            _ => Err(InvalidValue::new(
                "client request id",
                "must have 1 to 1024 characters of visible ASCII",
            )),
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    pub(crate) fn to_header_value(&self) -> HeaderValue {
        self.0.clone()
    }

    /// The id in `headers`; `None` when there is none, or one that the service would not echo.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        Self::new(text(headers, &CLIENT_REQUEST_ID)?).ok()
    }
}

impl ResponseHead {
    /// A head without any of the headers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the id that the service gave the request.
    #[must_use]
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// Sets the time on the clock of the service.
    #[must_use]
    pub fn date(mut self, now: SystemTime) -> Self {
        self.date = Some(now);
        self
    }

    /// Sets the version of the service that answers.
    #[must_use]
    pub fn version(mut self, version: ServiceVersion) -> Self {
        self.version = Some(version);
        self
    }

    /// Sets the id to echo.
    #[must_use]
    pub fn client_request_id(mut self, id: impl Into<Option<ClientRequestId>>) -> Self {
        self.client_request_id = id.into();
        self
    }

    /// Reads what `headers` have. A value that is not well formed counts as absent: these headers
    /// inform, and a wrong one is no reason to lose the answer.
    #[must_use]
    pub fn read(headers: &HeaderMap) -> Self {
        Self {
            request_id: text(headers, &REQUEST_ID).map(Into::into),
            date: text(headers, &http::header::DATE).and_then(http_date::parse),
            version: text(headers, &VERSION).and_then(|version| version.parse().ok()),
            client_request_id: ClientRequestId::read(headers),
        }
    }

    /// Writes into `headers`, in place of what they had. A request id that cannot stand in a header
    /// is left out.
    pub fn write(&self, headers: &mut HeaderMap) {
        if let Some(Ok(id)) = self.request_id.as_deref().map(HeaderValue::from_str) {
            headers.insert(REQUEST_ID, id);
        }
        if let Some(version) = self.version {
            headers.insert(VERSION, version.to_header_value());
        }
        if let Some(id) = &self.client_request_id {
            headers.insert(CLIENT_REQUEST_ID, id.to_header_value());
        }
        if let Some(date) = self.date {
            headers.insert(http::header::DATE, value(http_date::display(date)));
        }
    }
}

impl fmt::Display for ClientRequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ClientRequestId {
    type Err = InvalidValue;

    fn from_str(id: &str) -> Result<Self, InvalidValue> {
        Self::new(id)
    }
}
