//! Get User Delegation Key.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use zeroize::Zeroizing;

use crate::error::{DecodeError, InvalidValue, ServiceError};
use crate::kind::OperationKind;
use crate::operation::{Operation, OperationResponse};
use crate::request::{IncomingRequest, RequestWriter};
use crate::response::{ResponseWriter, expect_status};
use crate::version::ServiceVersion;
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

/// A key that signs shared access signatures in the name of a user. Times are whole seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserDelegationKey {
    /// The user: `SignedOid`, `skoid` in a signature.
    pub object_id: DirectoryId,
    /// The user's tenant: `SignedTid`, `sktid` in a signature.
    pub tenant_id: DirectoryId,
    /// When the key begins to be good: `SignedStart`, `skt` in a signature.
    pub start: SystemTime,
    /// When the key ends to be good: `SignedExpiry`, `ske` in a signature.
    pub expiry: SystemTime,
    /// The service that the key is for: `SignedService`, `sks` in a signature; `q` for queues.
    pub service: String,
    /// The version that made the key: `SignedVersion`, `skv` in a signature.
    pub version: ServiceVersion,
    /// The tenant of the one user who may use the signatures: `SignedDelegatedUserTid`, `skdutid`
    /// in a signature.
    pub delegated_user_tenant_id: Option<DirectoryId>,
    /// The key itself.
    pub value: DelegationKeyValue,
}

/// The id of a user or a tenant in Microsoft Entra ID, a GUID: 1 to 128 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DirectoryId(Box<str>);

/// The value of a user delegation key, in base64. It is a secret: [`Debug`](fmt::Debug) does not
/// show it, and its memory is overwritten when it is dropped.
#[derive(Clone)]
pub struct DelegationKeyValue(Zeroizing<String>);

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

impl UserDelegationKey {
    /// A key for the queue service, made by the newest version.
    #[must_use]
    pub fn new(
        object_id: DirectoryId,
        tenant_id: DirectoryId,
        start: SystemTime,
        expiry: SystemTime,
        value: DelegationKeyValue,
    ) -> Self {
        Self {
            object_id,
            tenant_id,
            start,
            expiry,
            service: "q".into(),
            version: ServiceVersion::LATEST,
            delegated_user_tenant_id: None,
            value,
        }
    }
}

impl DirectoryId {
    /// Checks `id`.
    ///
    /// # Errors
    ///
    /// When `id` is empty, longer than 128 characters or not visible ASCII.
    pub fn new(id: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let id = id.as_ref();
        if !(1..=128).contains(&id.len()) || !id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(InvalidValue::new(
                "directory id",
                "must have 1 to 128 characters of visible ASCII",
            ));
        }
        Ok(Self(id.into()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl DelegationKeyValue {
    /// Takes a key in base64.
    ///
    /// # Errors
    ///
    /// When `value` is empty, longer than 1,024 characters, or has a character that base64 does not
    /// have.
    pub fn new(value: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let value = value.as_ref();
        let base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
        if !(1..=1024).contains(&value.len()) || !value.bytes().all(base64) {
            return Err(InvalidValue::new("delegation key", "must be base64"));
        }
        Ok(Self(Zeroizing::new(value.to_owned())))
    }

    /// The key in base64. Keep it out of logs.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DirectoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for DirectoryId {
    type Err = InvalidValue;

    fn from_str(id: &str) -> Result<Self, InvalidValue> {
        Self::new(id)
    }
}

impl fmt::Debug for DelegationKeyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DelegationKeyValue(redacted)")
    }
}

impl PartialEq for DelegationKeyValue {
    /// Looks at every byte whatever the first ones are, so that the time that it takes does not
    /// say how much of a guess is right.
    fn eq(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.expose().as_bytes(), other.expose().as_bytes());
        let differences = ours.iter().zip(theirs).fold(0, |all, (a, b)| all | (a ^ b));
        ours.len() == theirs.len() && differences == 0
    }
}

impl Eq for DelegationKeyValue {}

impl Operation for GetUserDelegationKey {
    const KIND: OperationKind = OperationKind::GetUserDelegationKey;
    type Response = GetUserDelegationKeyResponse;

    fn write(&self, out: &mut RequestWriter<'_>) {
        out.method(Method::POST);
        out.query("restype", "service");
        out.query("comp", "userdelegationkey");
        out.xml(delegation::write_info(self));
    }

    fn read(request: &IncomingRequest<'_>) -> Result<Self, ServiceError> {
        let body = request.body();
        delegation::read_info(body).map_err(|error| error.refuse(body))
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
