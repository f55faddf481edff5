//! Get Queue Service Stats.

use std::time::SystemTime;

use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::error::{DecodeError, ServiceError};
use crate::kind::OperationKind;
use crate::operation::{Operation, OperationResponse};
use crate::request::{IncomingRequest, RequestWriter};
use crate::response::{ResponseWriter, expect_status};
use crate::xml::properties;

/// Get Queue Service Stats: `GET /?restype=service&comp=stats`, on the
/// [secondary](crate::Endpoint::secondary) alone.
///
/// # Errors of the service
///
/// 403 `InsufficientAccountPermissions` when the account has no read access to its secondary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetServiceStats {}

/// The answer to [`GetServiceStats`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetServiceStatsResponse {
    /// How the secondary does.
    pub status: GeoReplicationStatus,
    /// What was written to the primary before this time, in whole seconds, can be read on the
    /// secondary; `None` when that is not known.
    pub last_sync_time: Option<SystemTime>,
}

/// How a secondary does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GeoReplicationStatus {
    /// It is active and in operation.
    Live,
    /// It is being filled for the first time.
    Bootstrap,
    /// It cannot be read.
    Unavailable,
    /// A word that this version of the crate does not know.
    Other(Box<str>),
}

impl GetServiceStats {
    /// Asks how the secondary does.
    #[must_use]
    pub fn new() -> Self {
        Self {}
    }
}

impl GetServiceStatsResponse {
    /// The answer with these values.
    #[must_use]
    pub fn new(
        status: GeoReplicationStatus,
        last_sync_time: impl Into<Option<SystemTime>>,
    ) -> Self {
        Self { status, last_sync_time: last_sync_time.into() }
    }
}

impl GeoReplicationStatus {
    /// The word in the answer.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Live => "live",
            Self::Bootstrap => "bootstrap",
            Self::Unavailable => "unavailable",
            Self::Other(word) => word,
        }
    }
}

impl From<&str> for GeoReplicationStatus {
    fn from(word: &str) -> Self {
        match word {
            "live" => Self::Live,
            "bootstrap" => Self::Bootstrap,
            "unavailable" => Self::Unavailable,
            other => Self::Other(other.into()),
        }
    }
}

impl Operation for GetServiceStats {
    const KIND: OperationKind = OperationKind::GetServiceStats;
    type Response = GetServiceStatsResponse;

    fn write(&self, out: &mut RequestWriter<'_>) {
        out.query("restype", "service");
        out.query("comp", "stats");
    }

    fn read(_request: &IncomingRequest<'_>) -> Result<Self, ServiceError> {
        Ok(Self {})
    }
}

impl OperationResponse for GetServiceStatsResponse {
    fn read(status: StatusCode, _headers: &HeaderMap, body: &Bytes) -> Result<Self, DecodeError> {
        expect_status(status, &[StatusCode::OK])?;
        Ok(properties::read_stats(body)?)
    }

    fn write(&self, out: &mut ResponseWriter) {
        out.header(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        out.xml(properties::write_stats(self));
    }
}
