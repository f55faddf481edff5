//! User delegation keys: [`UserDelegationKey`] and its parts.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use zeroize::Zeroizing;

use crate::error::InvalidValue;
use crate::version::ServiceVersion;

/// A key that signs shared access signatures in the name of a user. Times are whole seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserDelegationKey {
    /// The user: `SignedOid`, `skoid` in a signature.
    pub object_id: DirectoryId,
    /// The user's tenant: `SignedTid`, `sktid` in a signature.
    pub tenant_id: DirectoryId,
    /// The time from which the key is good: `SignedStart`, `skt` in a signature.
    pub start: SystemTime,
    /// The time until which the key is good: `SignedExpiry`, `ske` in a signature.
    pub expiry: SystemTime,
    /// The service that the key is for: `SignedService`, `sks` in a signature; `q` for queues.
    pub service: String,
    /// The version that made the key: `SignedVersion`, `skv` in a signature.
    pub version: ServiceVersion,
    /// The tenant of the one user who may use the signatures: `SignedDelegatedUserTid`, `skdutid`
    /// in a signature.
    pub delegated_user_tenant_id: Option<DirectoryId>,
    /// The key itself, which is secret.
    pub value: DelegationKeyValue,
}

/// The content of a request for a key.
pub(crate) struct KeyInfo {
    pub(crate) start: Option<SystemTime>,
    pub(crate) expiry: SystemTime,
    pub(crate) delegated_user_tenant_id: Option<DirectoryId>,
}

/// The id of a user or a tenant in Microsoft Entra ID, a GUID: 1 to 128 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DirectoryId(Box<str>);

/// The value of a user delegation key, in base64. The value is a secret: [`Debug`](fmt::Debug) does
/// not show it, and its memory is overwritten when it is dropped.
#[derive(Clone)]
pub struct DelegationKeyValue(Zeroizing<String>);

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
    /// Checks the text of an id.
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

    /// The key in base64. Keep the key out of logs.
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
