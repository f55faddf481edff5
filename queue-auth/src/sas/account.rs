//! [`AccountSas`], the builder of signatures for all resources of an account.

use std::time::SystemTime;

use super::error::InvalidSas;
use super::fields::Fields;
use super::permission::{AccountPermissions, ResourceTypes, Services};
use super::queue::{Terms, terms};
use super::token::SasToken;
use super::version::SasVersion;
use crate::key::AccountKey;

/// A builder of account signatures. Default: for the queue service alone.
///
/// Which permission and level an operation needs is said with [`AccountPermissions`] and
/// [`ResourceTypes`]. Times are cut to whole seconds. See
/// [Create an account SAS](https://learn.microsoft.com/rest/api/storageservices/create-account-sas) in
/// the REST reference.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use queue_auth::AccountKey;
/// use queue_auth::sas::{AccountPermissions, AccountSas, ResourceTypes};
///
/// let key = AccountKey::from_base64("bm90LWEtcmVhbC1rZXk=")?;
/// let in_an_hour = SystemTime::now() + Duration::from_secs(3600);
/// let monitor = AccountSas::new(
///     AccountPermissions::LIST | AccountPermissions::READ,
///     ResourceTypes::SERVICE | ResourceTypes::CONTAINER,
///     in_an_hour,
/// )
/// .sign("contoso", &key)?;
/// # assert!(monitor.expose().contains("&srt=sc&sp=rl&"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct AccountSas {
    permissions: AccountPermissions,
    services: Services,
    resource_types: ResourceTypes,
    encryption_scope: Option<String>,
    terms: Terms,
}

impl AccountSas {
    /// Makes a builder with these permissions, on these levels, until `expiry`.
    pub fn new(
        permissions: AccountPermissions,
        resource_types: ResourceTypes,
        expiry: SystemTime,
    ) -> Self {
        let terms = Terms::until(Some(expiry));
        let services = Services::QUEUE;
        Self { permissions, services, resource_types, encryption_scope: None, terms }
    }

    /// Opens these services instead of queues only.
    pub fn services(mut self, services: Services) -> Self {
        self.services = services;
        self
    }

    /// Has blobs encrypted with this scope, from version 2020-12-06 on.
    pub fn encryption_scope(mut self, scope: impl Into<String>) -> Self {
        self.encryption_scope = Some(scope.into());
        self
    }

    terms!();

    /// Signs for `account` (the primary's name, without `-secondary`).
    ///
    /// # Errors
    ///
    /// When permissions, services or levels are empty, the expiry is not after the start (in whole
    /// seconds) or not after the time of [`made_at`](Self::made_at), the version is before
    /// 2015-04-05, the version does not know a permission or the encryption scope, or the account name
    /// breaks its rule.
    pub fn sign(&self, account: &str, key: &AccountKey) -> Result<SasToken, InvalidSas> {
        if self.terms.version < SasVersion::V2015_04_05 {
            return Err(InvalidSas::new("sv", "is before 2015-04-05, the first for accounts"));
        }
        for (letters, first) in [
            (AccountPermissions::DELETE_VERSION, SasVersion::V2019_10_10),
            (AccountPermissions::PERMANENT_DELETE, SasVersion::V2019_10_10),
            (AccountPermissions::TAGS, SasVersion::V2019_12_12),
            (AccountPermissions::FILTER, SasVersion::V2019_12_12),
            (AccountPermissions::IMMUTABILITY, SasVersion::V2020_06_12),
        ] {
            if self.permissions.contains(letters) && self.terms.version < first {
                return Err(InvalidSas::new("sp", "holds a letter that is newer than the version"));
            }
        }
        let mut fields = Fields::new();
        self.terms.write(&mut fields)?;
        if let Some(scope) = &self.encryption_scope {
            if self.terms.version < SasVersion::V2020_12_06 {
                return Err(InvalidSas::new("ses", "is not known before version 2020-12-06"));
            }
            if !self.services.contains(Services::BLOB) {
                return Err(InvalidSas::new(
                    "ses",
                    "is for blobs, which the signature does not open",
                ));
            }
            fields.set_text("ses", scope)?;
        }
        for (name, empty, text) in [
            ("sp", self.permissions.is_empty(), self.permissions.to_string()),
            ("ss", self.services.is_empty(), self.services.to_string()),
            ("srt", self.resource_types.is_empty(), self.resource_types.to_string()),
        ] {
            if empty {
                return Err(InvalidSas::new(name, "permits nothing"));
            }
            fields.set(name, text);
        }
        SasToken::parse(&fields.sign(account, None, key.mac())?)
    }
}
