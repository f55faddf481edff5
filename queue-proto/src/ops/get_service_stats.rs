//! [`GetServiceStats`] and its response, by the page "Get Queue Service Stats" of the REST reference.

use std::time::SystemTime;

use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::error::{DecodeError, ServiceError};
use crate::kind::OperationKind;
use crate::operation::{Operation, OperationResponse};
use crate::replication::GeoReplicationStatus;
use crate::request::{IncomingRequest, RequestWriter};
use crate::response::{ResponseWriter, expect_status};
use crate::xml::stats;

/// Get Queue Service Stats, `GET /?restype=service&comp=stats`, says how far the copy in another
/// region is. Only the [secondary](crate::Endpoint::secondary) answers it.
///
/// # Errors of the service
///
/// 403 `InsufficientAccountPermissions`: the account has no read access to its secondary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetServiceStats {}

/// The answer to [`GetServiceStats`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetServiceStatsResponse {
    pub(crate) status: GeoReplicationStatus,
    pub(crate) last_sync_time: Option<SystemTime>,
}

impl GetServiceStats {
    /// Asks for the state of the secondary.
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

    /// The state of the secondary.
    #[must_use]
    pub const fn status(&self) -> &GeoReplicationStatus {
        &self.status
    }

    /// The time, in whole seconds, before which everything that was written to the primary can be read
    /// on the secondary; `None` when the service does not know such a time.
    #[must_use]
    pub const fn last_sync_time(&self) -> Option<SystemTime> {
        self.last_sync_time
    }
}

impl Operation for GetServiceStats {
    const KIND: OperationKind = OperationKind::GetServiceStats;
    type Response = GetServiceStatsResponse;

    fn write(&self, out: &mut RequestWriter<'_>) {
        out.fixed_query(Self::KIND);
    }

    fn read(_request: &IncomingRequest<'_>) -> Result<Self, ServiceError> {
        Ok(Self {})
    }
}

impl OperationResponse for GetServiceStatsResponse {
    fn read(status: StatusCode, _headers: &HeaderMap, body: &Bytes) -> Result<Self, DecodeError> {
        expect_status(status, &[StatusCode::OK])?;
        let (status, last_sync_time) = stats::read(body)?;
        Ok(Self { status, last_sync_time })
    }

    fn write(&self, out: &mut ResponseWriter) {
        out.header(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        out.xml(stats::write(&self.status, self.last_sync_time));
    }
}
