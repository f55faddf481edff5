//! [`QueueSas`], the builder of signatures for one queue, and the terms that all builders share.

use std::time::{Duration, SystemTime};

use super::error::InvalidSas;
use super::fields::Fields;
use super::permission::QueuePermissions;
use super::resource::{SasResource, check_queue};
use super::token::SasToken;
use super::value::{IpRange, SasProtocol};
use super::version::SasVersion;
use crate::date;
use crate::key::AccountKey;

/// How far the start of a new signature is moved back, so that a client or server whose clock is
/// off can use it at once.
pub(crate) const BACKDATE: Duration = Duration::from_secs(15 * 60);

/// The longest id of a stored access policy.
pub(super) const MAX_POLICY_ID: usize = 64;

/// The terms that all kinds of signatures can have: time, addresses, protocol and version.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    pub(super) start: Option<SystemTime>,
    pub(super) expiry: Option<SystemTime>,
    pub(super) ip: Option<IpRange>,
    pub(super) protocol: Option<SasProtocol>,
    pub(super) version: SasVersion,
    /// The time at which the signature is made, as far as the caller said it.
    pub(super) now: Option<SystemTime>,
}

impl Terms {
    pub(super) fn until(expiry: Option<SystemTime>) -> Self {
        let version = SasVersion::default();
        Self { start: None, expiry, ip: None, protocol: None, version, now: None }
    }

    /// Writes the fields after checking them against each other.
    pub(super) fn write(&self, fields: &mut Fields<'_>) -> Result<(), InvalidSas> {
        let start = self.start.map(|start| iso("st", start)).transpose()?;
        let expiry = self.expiry.map(|expiry| iso("se", expiry)).transpose()?;
        // Compared as they will be written: within one second the signature would never be valid.
        if start.is_some() && expiry.is_some() && expiry <= start {
            return Err(InvalidSas::new("se", "is not after the start"));
        }
        if self.now.zip(self.expiry).is_some_and(|(now, expiry)| expiry <= now) {
            return Err(InvalidSas::new("se", "has passed"));
        }
        let old = self.version < SasVersion::V2015_04_05;
        if old && self.ip.is_some() {
            return Err(InvalidSas::new("sip", "is not known before version 2015-04-05"));
        }
        if old && self.protocol.is_some() {
            return Err(InvalidSas::new("spr", "is not known before version 2015-04-05"));
        }
        fields.set("sv", self.version.to_string());
        if let Some(start) = start {
            fields.set("st", start);
        }
        if let Some(expiry) = expiry {
            fields.set("se", expiry);
        }
        if let Some(ip) = self.ip {
            fields.set("sip", ip.to_string());
        }
        if let Some(protocol) = self.protocol {
            fields.set("spr", protocol.as_str());
        }
        Ok(())
    }
}

pub(super) fn iso(field: &'static str, time: SystemTime) -> Result<String, InvalidSas> {
    date::iso(time).map_err(|_| InvalidSas::new(field, "is outside the years 1970 to 9999"))
}

/// Writes the setters that all builders share.
macro_rules! terms {
    () => {
        /// Makes the signature valid from `start` on. Default: it is valid at once, which is safest
        /// against clocks that are off.
        pub fn start(mut self, start: SystemTime) -> Self {
            self.terms.start = Some(start);
            self
        }

        /// Starts at `now`, set back by 15 minutes against clocks that are off, and is
        /// [made at](Self::made_at) `now`.
        pub fn start_backdated(self, now: SystemTime) -> Self {
            let start = now.checked_sub(crate::sas::queue::BACKDATE).unwrap_or(now);
            self.start(start).made_at(now)
        }

        /// Says that the time is `now`, so that [`sign`](Self::sign) refuses an expiry that has
        /// passed. The builder reads no clock: without this it signs such a token, which the service
        /// refuses and [`SasToken::explain`](crate::sas::SasToken::explain) names.
        pub fn made_at(mut self, now: SystemTime) -> Self {
            self.terms.now = Some(now);
            self
        }

        /// Makes the signature work only for clients with these addresses. Default: for all.
        pub fn ip(mut self, range: impl Into<crate::sas::IpRange>) -> Self {
            self.terms.ip = Some(range.into());
            self
        }

        /// Makes the signature work only over these protocols. Default: HTTPS and plain HTTP.
        pub fn protocol(mut self, protocol: crate::sas::SasProtocol) -> Self {
            self.terms.protocol = Some(protocol);
            self
        }

        /// Sets the version of the rules. Default: the oldest that has all that the builder can say.
        pub fn version(mut self, version: crate::sas::SasVersion) -> Self {
            self.terms.version = version;
            self
        }
    };
}
pub(super) use terms;

/// A builder of signatures for one queue, signed with an account key.
///
/// Times are cut to whole seconds. See
/// [Create a service SAS](https://learn.microsoft.com/rest/api/storageservices/create-service-sas) in
/// the REST reference.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use queue_auth::AccountKey;
/// use queue_auth::sas::{QueuePermissions, QueueSas};
///
/// let key = AccountKey::from_base64("bm90LWEtcmVhbC1rZXk=")?;
/// let now = SystemTime::now();
/// // By its own terms:
/// QueueSas::new("jobs", QueuePermissions::PROCESS, now + Duration::from_secs(3600))
///     .start_backdated(now)
///     .sign("contoso", &key)?;
/// // By a policy that is stored with the queue and can be revoked there:
/// QueueSas::by_policy("jobs", "workers").sign("contoso", &key)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct QueueSas {
    queue: String,
    permissions: Option<QueuePermissions>,
    policy: Option<String>,
    terms: Terms,
}

impl QueueSas {
    /// Makes a builder for `queue`, with these permissions, until `expiry`.
    pub fn new(
        queue: impl Into<String>,
        permissions: QueuePermissions,
        expiry: SystemTime,
    ) -> Self {
        let terms = Terms::until(Some(expiry));
        Self { queue: queue.into(), permissions: Some(permissions), policy: None, terms }
    }

    /// Makes a builder for `queue` by its stored access policy `id` (1 to 64 characters).
    ///
    /// What the policy leaves open (permissions, expiry) must be set here, and what it has must
    /// not: each exactly once.
    pub fn by_policy(queue: impl Into<String>, id: impl Into<String>) -> Self {
        let terms = Terms::until(None);
        Self { queue: queue.into(), permissions: None, policy: Some(id.into()), terms }
    }

    /// Sets the operations that the signature permits.
    pub fn permissions(mut self, permissions: QueuePermissions) -> Self {
        self.permissions = Some(permissions);
        self
    }

    /// Sets the time at which the signature expires.
    pub fn expiry(mut self, expiry: SystemTime) -> Self {
        self.terms.expiry = Some(expiry);
        self
    }

    terms!();

    /// Signs for `account` (the primary's name, without `-secondary`).
    ///
    /// # Errors
    ///
    /// When the queue name, the policy id or the account name breaks its rule, no permission is
    /// given, the expiry is not after the start (in whole seconds) or not after the time of
    /// [`made_at`](Self::made_at), or the version does not know a field.
    pub fn sign(&self, account: &str, key: &AccountKey) -> Result<SasToken, InvalidSas> {
        check_queue(&self.queue)?;
        let mut fields = Fields::new();
        self.terms.write(&mut fields)?;
        if let Some(permissions) = self.permissions {
            if permissions.is_empty() {
                return Err(InvalidSas::new("sp", "permits nothing"));
            }
            fields.set("sp", permissions.to_string());
        }
        if let Some(policy) = &self.policy {
            if policy.chars().count() > MAX_POLICY_ID {
                return Err(InvalidSas::new("si", "is longer than 64 characters"));
            }
            fields.set_text("si", policy)?;
        }
        let resource = SasResource::Queue { queue: self.queue.clone() };
        SasToken::parse(&fields.sign(account, Some(&resource), key.mac())?)
    }
}
