//! [`GetUserDelegationKey`] and its response, by the page "Get User Delegation Key" of the REST reference.

use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::delegation::{DirectoryId, KeyInfo, UserDelegationKey};
use crate::error::{DecodeError, ServiceError};
use crate::kind::OperationKind;
use crate::operation::{Operation, OperationResponse};
use crate::request::{IncomingRequest, RequestWriter};
use crate::response::{ResponseWriter, expect_status};
use crate::xml::delegation;

/// Get User Delegation Key, `POST /?restype=service&comp=userdelegationkey`, returns a key that signs
/// shared access signatures in the name of a user of Microsoft Entra ID.
///
/// The request needs a bearer token and https. Times are sent in whole seconds, since the service
/// refuses fractions.
///
/// # Errors of the service
///
/// 403 `AuthorizationPermissionMismatch`: the roles of the caller do not allow the operation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetUserDelegationKey {
    /// The time from which the key is good. Default: the time of the request.
    pub start: Option<SystemTime>,
    /// The time until which the key is good: after the start, and at most seven days ahead.
    pub expiry: SystemTime,
    /// The tenant of the one user who may use the signatures, when that user is of another tenant.
    /// Default: none, so that everybody may use them.
    pub delegated_user_tenant_id: Option<DirectoryId>,
}

/// The answer to [`GetUserDelegationKey`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetUserDelegationKeyResponse {
    /// The key that was made.
    pub key: UserDelegationKey,
}

impl GetUserDelegationKey {
    /// Asks for a key that is good until `expiry`.
    #[must_use]
    pub fn new(expiry: SystemTime) -> Self {
        Self { start: None, expiry, delegated_user_tenant_id: None }
    }

    /// Sets the time from which the key is good.
    #[must_use]
    pub fn start(mut self, start: impl Into<Option<SystemTime>>) -> Self {
        self.start = start.into();
        self
    }

    /// Sets the tenant of the one user who may use the signatures.
    #[must_use]
    pub fn delegated_user_tenant_id(mut self, tenant: impl Into<Option<DirectoryId>>) -> Self {
        self.delegated_user_tenant_id = tenant.into();
        self
    }
}

impl GetUserDelegationKeyResponse {
    /// The answer with this key.
    #[must_use]
    pub fn new(key: UserDelegationKey) -> Self {
        Self { key }
    }
}

impl Operation for GetUserDelegationKey {
    const KIND: OperationKind = OperationKind::GetUserDelegationKey;
    type Response = GetUserDelegationKeyResponse;

    fn write(&self, out: &mut RequestWriter<'_>) {
        out.fixed_query(Self::KIND);
        out.xml(delegation::write_info(&KeyInfo {
            start: self.start,
            expiry: self.expiry,
            delegated_user_tenant_id: self.delegated_user_tenant_id.clone(),
        }));
    }

    fn read(request: &IncomingRequest<'_>) -> Result<Self, ServiceError> {
        let body = request.body();
        let KeyInfo { start, expiry, delegated_user_tenant_id } =
            delegation::read_info(body).map_err(|error| error.refuse(body))?;
        Ok(Self { start, expiry, delegated_user_tenant_id })
    }
}

impl OperationResponse for GetUserDelegationKeyResponse {
    fn read(status: StatusCode, _headers: &HeaderMap, body: &Bytes) -> Result<Self, DecodeError> {
        expect_status(status, &[StatusCode::OK])?;
        Ok(Self { key: delegation::read_key(body)? })
    }

    fn write(&self, out: &mut ResponseWriter) {
        out.xml(delegation::write_key(&self.key));
    }
}
