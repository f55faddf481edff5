//! [`Preflight`] and its response, by the page "Preflight Queue Request" of the REST reference.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::error::refusal::invalid_header;
use crate::error::{DecodeError, DecodeProblem, InvalidValue, ServiceError};
use crate::header;
use crate::kind::OperationKind;
use crate::operation::{Operation, OperationResponse};
use crate::request::{IncomingRequest, RequestWriter, Resource};
use crate::response::{ResponseWriter, expect_status, required_header};

/// Preflight Queue Request, `OPTIONS` on any resource, asks whether a script in a browser may make a
/// request. Browsers send this operation by themselves, without authorization.
///
/// # Errors of the service
///
/// - 403 `CorsPreflightFailure`: no CORS rule allows the request.
/// - 400 `InvalidHeaderValue`: a header is missing or cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preflight {
    /// The resource that the request would go to.
    pub resource: Resource,
    /// The origin of the script.
    pub origin: Origin,
    /// The method of the request.
    pub request_method: Method,
    /// The headers of the request that need permission.
    pub request_headers: Vec<HeaderName>,
}

/// The answer to [`Preflight`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PreflightResponse {
    /// The origin that is allowed, or `*`.
    pub allow_origin: Origin,
    /// The methods that are allowed.
    pub allow_methods: Vec<Method>,
    /// The headers that are allowed.
    pub allow_headers: Vec<HeaderName>,
    /// The seconds for which a browser may remember the answer; `None` when the answer does not say.
    pub max_age_seconds: Option<u32>,
    /// True when the request may carry credentials.
    pub allow_credentials: bool,
}

/// The origin of a script, such as `https://app.contoso.example`: 1 to 2,048 visible ASCII
/// characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin(HeaderValue);

impl Preflight {
    /// Asks whether a script of `origin` may make a request with this method.
    #[must_use]
    pub fn new(resource: Resource, origin: Origin, request_method: Method) -> Self {
        Self { resource, origin, request_method, request_headers: Vec::new() }
    }

    /// Sets the headers of the request that need permission.
    #[must_use]
    pub fn request_headers(mut self, headers: impl Into<Vec<HeaderName>>) -> Self {
        self.request_headers = headers.into();
        self
    }
}

impl PreflightResponse {
    /// Allows requests of `origin` with these methods, credentials included.
    #[must_use]
    pub fn new(origin: Origin, methods: impl Into<Vec<Method>>) -> Self {
        Self {
            allow_origin: origin,
            allow_methods: methods.into(),
            allow_headers: Vec::new(),
            max_age_seconds: None,
            allow_credentials: true,
        }
    }

    /// Sets the headers that are allowed.
    #[must_use]
    pub fn allow_headers(mut self, headers: impl Into<Vec<HeaderName>>) -> Self {
        self.allow_headers = headers.into();
        self
    }

    /// Sets the seconds for which a browser may remember the answer.
    #[must_use]
    pub fn max_age_seconds(mut self, seconds: impl Into<Option<u32>>) -> Self {
        self.max_age_seconds = seconds.into();
        self
    }
}

impl Origin {
    /// Checks the text of an origin.
    ///
    /// # Errors
    ///
    /// When `origin` is empty, longer than 2,048 characters or not visible ASCII.
    pub fn new(origin: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let origin = origin.as_ref();
        let fits = (1..=2048).contains(&origin.len());
        match HeaderValue::from_str(origin) {
            Ok(value) if fits && origin.bytes().all(|b| b.is_ascii_graphic()) => Ok(Self(value)),
            _ => {
                Err(InvalidValue::new("origin", "must have 1 to 2048 characters of visible ASCII"))
            }
        }
    }

    /// The origin as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Origin {
    type Err = InvalidValue;

    fn from_str(origin: &str) -> Result<Self, InvalidValue> {
        Self::new(origin)
    }
}

impl Operation for Preflight {
    const KIND: OperationKind = OperationKind::Preflight;
    type Response = PreflightResponse;

    fn write(&self, out: &mut RequestWriter<'_>) {
        out.resource(&self.resource);
        out.header(ORIGIN, self.origin.0.clone());
        out.header(ACCESS_CONTROL_REQUEST_METHOD, header::value(&self.request_method));
        if !self.request_headers.is_empty() {
            out.header(ACCESS_CONTROL_REQUEST_HEADERS, joined(&self.request_headers));
        }
    }

    fn read(request: &IncomingRequest<'_>) -> Result<Self, ServiceError> {
        let headers = request.headers();
        let required = |name: &HeaderName| {
            header::text(headers, name).ok_or_else(|| invalid_header(name.as_str(), ""))
        };
        let origin = required(&ORIGIN)?;
        let method = required(&ACCESS_CONTROL_REQUEST_METHOD)?;
        let names = match headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
            Some(names) => names.to_str().ok().and_then(list),
            None => Some(Vec::new()),
        };
        Ok(Self {
            resource: request.resource().clone(),
            origin: Origin::new(origin).map_err(|_| invalid_header("origin", origin))?,
            request_method: method
                .trim()
                .parse()
                .map_err(|_| invalid_header("access-control-request-method", method))?,
            request_headers: names
                .ok_or_else(|| invalid_header("access-control-request-headers", ""))?,
        })
    }
}

/// The items of a list that is separated by commas.
fn list<T: FromStr>(text: &str) -> Option<Vec<T>> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(|item| item.parse().ok()).collect()
}

/// Items separated by commas.
fn joined(items: &[impl AsRef<str>]) -> HeaderValue {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    header::value(items.join(","))
}

impl OperationResponse for PreflightResponse {
    fn read(status: StatusCode, headers: &HeaderMap, _body: &Bytes) -> Result<Self, DecodeError> {
        expect_status(status, &[StatusCode::OK])?;
        let optional = |name: &HeaderName| header::text(headers, name);
        let unreadable = |name| DecodeError::new(DecodeProblem::Header(name));
        Ok(Self {
            allow_origin: required_header(headers, "access-control-allow-origin", |text| {
                Origin::new(text).ok()
            })?,
            allow_methods: list(optional(&ACCESS_CONTROL_ALLOW_METHODS).unwrap_or_default())
                .ok_or_else(|| unreadable("access-control-allow-methods"))?,
            allow_headers: list(optional(&ACCESS_CONTROL_ALLOW_HEADERS).unwrap_or_default())
                .ok_or_else(|| unreadable("access-control-allow-headers"))?,
            max_age_seconds: optional(&ACCESS_CONTROL_MAX_AGE)
                .map(|text| text.parse().map_err(|_| unreadable("access-control-max-age")))
                .transpose()?,
            allow_credentials: optional(&ACCESS_CONTROL_ALLOW_CREDENTIALS)
                .is_some_and(|text| text.eq_ignore_ascii_case("true")),
        })
    }

    fn write(&self, out: &mut ResponseWriter) {
        out.header(ACCESS_CONTROL_ALLOW_ORIGIN, self.allow_origin.0.clone());
        if !self.allow_methods.is_empty() {
            out.header(ACCESS_CONTROL_ALLOW_METHODS, joined(&self.allow_methods));
        }
        if !self.allow_headers.is_empty() {
            out.header(ACCESS_CONTROL_ALLOW_HEADERS, joined(&self.allow_headers));
        }
        if let Some(seconds) = self.max_age_seconds {
            out.header(ACCESS_CONTROL_MAX_AGE, seconds.into());
        }
        if self.allow_credentials {
            out.header(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }
}
