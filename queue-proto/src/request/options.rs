//! [`CallOptions`], what a request says beside its operation.

use crate::head::ClientRequestId;
use crate::numbers::Timeout;
use crate::version::ServiceVersion;

/// What a request says beside its operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallOptions {
    /// The version of the service to ask for. Default: the newest.
    pub version: ServiceVersion,
    /// An id for the logs of the service, which the service echoes. Default: none.
    pub client_request_id: Option<ClientRequestId>,
    /// The time that the service may take for the request. Default: none, so that the service takes 30
    /// seconds at most.
    pub timeout: Option<Timeout>,
}

impl CallOptions {
    /// Options that ask for the newest version and nothing else.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the version to ask for.
    #[must_use]
    pub fn version(mut self, version: ServiceVersion) -> Self {
        self.version = version;
        self
    }

    /// Sets the id for the logs of the service.
    #[must_use]
    pub fn client_request_id(mut self, id: impl Into<Option<ClientRequestId>>) -> Self {
        self.client_request_id = id.into();
        self
    }

    /// Sets the time that the service may take for the request.
    #[must_use]
    pub fn timeout(mut self, timeout: impl Into<Option<Timeout>>) -> Self {
        self.timeout = timeout.into();
        self
    }
}
