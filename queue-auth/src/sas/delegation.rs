//! [`UserDelegationSas`], the builder of signatures that are signed with a [`UserDelegationKey`].

use std::fmt;
use std::time::SystemTime;

use super::error::InvalidSas;
use super::fields::Fields;
use super::permission::QueuePermissions;
use super::queue::{Terms, iso, terms};
use super::resource::{SasResource, check_queue};
use super::token::SasToken;
use super::version::SasVersion;
use crate::key::{AccountKey, HmacSha256, InvalidKey};
use crate::service::Service;

/// A user delegation key, as the operation Get User Delegation Key gives it.
///
/// It signs in the name of the user who asked for it, for at most seven days. `Debug` shows nothing
/// of the key itself.
#[derive(Clone)]
pub struct UserDelegationKey {
    object_id: String,
    tenant_id: String,
    start: SystemTime,
    expiry: SystemTime,
    service: String,
    version: String,
    delegated_tenant: Option<String>,
    value: AccountKey,
}

impl UserDelegationKey {
    /// Takes the key `value` (base64), signed by the service for the user `object_id` of `tenant_id`,
    /// from `start` to `expiry`, under `version`: the fields `SignedOid`, `SignedTid`,
    /// `SignedStart`, `SignedExpiry`, `SignedVersion` and `Value` of the answer.
    ///
    /// # Errors
    ///
    /// When `value` is not base64.
    pub fn new(
        object_id: impl Into<String>,
        tenant_id: impl Into<String>,
        start: SystemTime,
        expiry: SystemTime,
        version: impl Into<String>,
        value: &str,
    ) -> Result<Self, InvalidKey> {
        Ok(Self {
            object_id: object_id.into(),
            tenant_id: tenant_id.into(),
            start,
            expiry,
            service: "q".to_owned(),
            version: version.into(),
            delegated_tenant: None,
            value: AccountKey::from_base64(value)?,
        })
    }

    /// Sets `SignedService`, if it is not `q`: for blobs it is `b`, for files `f`, for tables `t`.
    #[must_use]
    pub fn service(mut self, service: impl Into<String>) -> Self {
        self.service = service.into();
        self
    }

    /// Sets `SignedDelegatedUserTid`: the tenant of the users to whom its signatures are bound.
    #[must_use]
    pub fn delegated_tenant(mut self, tenant: impl Into<String>) -> Self {
        self.delegated_tenant = Some(tenant.into());
        self
    }

    /// The time at which the key expires, and with it every signature that it made.
    pub fn expiry(&self) -> SystemTime {
        self.expiry
    }

    pub(super) fn write<'a>(&'a self, fields: &mut Fields<'a>) -> Result<(), InvalidSas> {
        fields.set_text("skoid", &self.object_id)?;
        fields.set_text("sktid", &self.tenant_id)?;
        fields.set("skt", iso("skt", self.start)?);
        fields.set("ske", iso("ske", self.expiry)?);
        fields.set_text("sks", &self.service)?;
        fields.set_text("skv", &self.version)?;
        if let Some(tenant) = &self.delegated_tenant {
            fields.set_text("skdutid", tenant)?;
        }
        Ok(())
    }

    pub(super) fn mac(&self) -> HmacSha256 {
        self.value.mac()
    }

    /// Fails for a key that is for another service.
    pub(super) fn check_service(&self, service: Service) -> Result<(), InvalidSas> {
        if service.as_str().starts_with(&self.service) && !self.service.is_empty() {
            return Ok(());
        }
        Err(InvalidSas::new("sks", "is for another service; set UserDelegationKey::service"))
    }

    /// Fails when the key is only for signatures that are bound to a user, and this one is not.
    pub(super) fn check_user(&self, bound: bool) -> Result<(), InvalidSas> {
        if self.delegated_tenant.is_some() && !bound {
            return Err(InvalidSas::new("sduoid", "is missing: the key is only for bound users"));
        }
        Ok(())
    }

    /// Fails unless the key holds for all the time of a signature.
    pub(super) fn check(&self, terms: &Terms) -> Result<(), InvalidSas> {
        if terms.expiry.is_some_and(|expiry| expiry > self.expiry) {
            return Err(InvalidSas::new("se", "is after the expiry of the user delegation key"));
        }
        if terms.expiry.is_some_and(|expiry| expiry <= self.start) {
            return Err(InvalidSas::new("se", "is not after the start of the user delegation key"));
        }
        if terms.start.is_some_and(|start| start >= self.expiry) {
            return Err(InvalidSas::new(
                "st",
                "is not before the expiry of the user delegation key",
            ));
        }
        Ok(())
    }
}

impl fmt::Debug for UserDelegationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserDelegationKey")
            .field("object_id", &self.object_id)
            .field("tenant_id", &self.tenant_id)
            .field("start", &self.start)
            .field("expiry", &self.expiry)
            .field("service", &self.service)
            .field("version", &self.version)
            .field("delegated_tenant", &self.delegated_tenant)
            .finish_non_exhaustive()
    }
}

/// A builder of signatures for one queue, signed with a [`UserDelegationKey`] in place of an account key.
///
/// Its rights are what it says and what the key's owner has by role. Times are cut to whole
/// seconds. See
/// [Create a user delegation SAS](https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas)
/// in the REST reference.
#[derive(Clone, Debug)]
#[must_use]
pub struct UserDelegationSas {
    queue: String,
    permissions: QueuePermissions,
    delegated_user: Option<String>,
    terms: Terms,
}

impl UserDelegationSas {
    /// Makes a builder for `queue`, with these permissions, until `expiry`.
    pub fn new(
        queue: impl Into<String>,
        permissions: QueuePermissions,
        expiry: SystemTime,
    ) -> Self {
        let terms = Terms::until(Some(expiry));
        Self { queue: queue.into(), permissions, delegated_user: None, terms }
    }

    /// Makes the signature work only for the user with this object id, who must send a bearer token besides; see
    /// [`Both`](crate::Both).
    pub fn bound_to(mut self, object_id: impl Into<String>) -> Self {
        self.delegated_user = Some(object_id.into());
        self
    }

    terms!();

    /// Signs for `account` (the primary's name, without `-secondary`).
    ///
    /// # Errors
    ///
    /// When the queue or account name breaks its rule, no permission is given, the expiry is not
    /// after the start (in whole seconds), not after the time of [`made_at`](Self::made_at) or not
    /// within the time of the key, the version is before 2025-07-05, or the key is for bound users
    /// and none is named.
    pub fn sign(&self, account: &str, key: &UserDelegationKey) -> Result<SasToken, InvalidSas> {
        check_queue(&self.queue)?;
        if self.terms.version < SasVersion::V2025_07_05 {
            return Err(InvalidSas::new("sv", "is before 2025-07-05, the first for this kind"));
        }
        if self.permissions.is_empty() {
            return Err(InvalidSas::new("sp", "permits nothing"));
        }
        key.check(&self.terms)?;
        key.check_user(self.delegated_user.is_some())?;
        let mut fields = Fields::new();
        self.terms.write(&mut fields)?;
        fields.set("sp", self.permissions.to_string());
        key.write(&mut fields)?;
        if let Some(user) = &self.delegated_user {
            fields.set_text("sduoid", user)?;
        }
        let resource = SasResource::Queue { queue: self.queue.clone() };
        SasToken::parse(&fields.sign(account, Some(&resource), key.mac())?)
    }
}
