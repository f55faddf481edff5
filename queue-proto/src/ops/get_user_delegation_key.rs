//! Get User Delegation Key.

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

/// Get User Delegation Key: `POST /?restype=service&comp=userdelegationkey`. The key signs shared
/// access signatures in the name of a user of Microsoft Entra ID.
///
/// Needs a bearer token and https. Times are sent in whole seconds; the service refuses fractions.
///
/// # Errors of the service
///
/// 403 `AuthorizationPermissionMismatch` when the caller's roles do not allow it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetUserDelegationKey {
    /// When the key begins to be good; at once when there is none.
    pub start: Option<SystemTime>,
    /// When it ends to be good: after the start, and at most seven days ahead.
    pub expiry: SystemTime,
    /// The tenant of the one user who may use the signatures, when it is another tenant.
    pub delegated_user_tenant_id: Option<DirectoryId>,
}

/// The answer to [`GetUserDelegationKey`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetUserDelegationKeyResponse {
    /// The key.
    pub key: UserDelegationKey,
}

impl GetUserDelegationKey {
    /// Asks for a key that is good until `expiry`.
    #[must_use]
    pub fn new(expiry: SystemTime) -> Self {
        Self { start: None, expiry, delegated_user_tenant_id: None }
    }

    /// Sets when the key begins to be good.
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
