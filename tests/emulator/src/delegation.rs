//! [`DelegationKeys`]: user delegation keys, given out to users and known again in signatures.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use queue_auth::AccountKey;
use queue_auth::verify::{DelegationKeyId, DelegationKeyStore};
use queue_proto::ops::{DelegationKeyValue, DirectoryId, GetUserDelegationKey, UserDelegationKey};
use queue_proto::{ErrorCode, ServiceError, ServiceVersion};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::account::Account;
use crate::directory::Owners;

/// The longest time from now to the expiry of a key.
const MAX_LIFE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The service that a key is for: queues.
const SERVICE: &str = "q";

/// The delegation keys of all accounts.
///
/// A key is derived from its fields with the account's first key, so nothing has to be kept, the
/// keys survive a restart, and another account key voids them all. Keys of owners whose tokens
/// limited them are derived in another way: they are known again only as long as the limit is.
#[derive(Debug)]
pub(crate) struct DelegationKeys {
    accounts: Vec<Account>,
    owners: Arc<Owners>,
}

impl DelegationKeys {
    pub(crate) fn new(accounts: Vec<Account>, owners: Arc<Owners>) -> Self {
        Self { accounts, owners }
    }

    /// Gives out a key to a user.
    pub(crate) fn issue(
        &self,
        account: &str,
        asked: &GetUserDelegationKey,
        user: (&str, &str),
        limited: bool,
        version: ServiceVersion,
        now: SystemTime,
    ) -> Result<UserDelegationKey, ServiceError> {
        let wrong = |node: &str, reason: &str| {
            ServiceError::new(ErrorCode::InvalidXmlNodeValue)
                .with_detail("XmlNodeName", node)
                .with_detail("Reason", reason)
        };
        let (start, expiry) = (asked.start.unwrap_or_else(|| whole(now)), asked.expiry);
        for (node, time) in [("Start", start), ("Expiry", expiry)] {
            if time != whole(time) {
                return Err(wrong(node, "The time must be in whole seconds, from 1970 on."));
            }
        }
        if expiry <= start || expiry <= now {
            return Err(wrong("Expiry", "The key must expire after its start and after now."));
        }
        if expiry > now + MAX_LIFE {
            return Err(wrong("Expiry", "The key must expire within seven days."));
        }
        let (object_id, tenant_id) = user;
        let directory = |id: &str| {
            DirectoryId::new(id)
                .map_err(|_| ServiceError::new(ErrorCode::InvalidAuthenticationInfo))
        };
        let delegated = asked.delegated_user_tenant_id.clone();
        let fields = Fields {
            object_id,
            limited,
            tenant_id,
            start,
            expiry,
            version: &version.to_string(),
            delegated_tenant: delegated.as_ref().map_or("", DirectoryId::as_str),
        };
        let value = self
            .value(account, &fields)
            .and_then(|value| DelegationKeyValue::new(&*value).ok())
            .ok_or(ErrorCode::InternalError)?;
        let mut key = UserDelegationKey::new(
            directory(object_id)?,
            directory(tenant_id)?,
            start,
            expiry,
            value,
        );
        key.service = SERVICE.to_owned();
        key.version = version;
        key.delegated_user_tenant_id = delegated;
        Ok(key)
    }

    fn value(&self, account: &str, fields: &Fields<'_>) -> Option<Zeroizing<String>> {
        let account = self.accounts.iter().find(|known| known.name().as_str() == account)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(account.secret().as_bytes()).ok()?;
        let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).ok().map(|t| t.as_secs());
        let (start, expiry) = (seconds(fields.start)?, seconds(fields.expiry)?);
        for field in [
            // Version 1 made no difference between owners with and without a limit.
            if fields.limited { "user delegation key 2, limited" } else { "user delegation key 2" },
            fields.object_id,
            fields.tenant_id,
            &start.to_string(),
            &expiry.to_string(),
            fields.version,
            fields.delegated_tenant,
        ] {
            // The length keeps fields apart whatever they hold.
            mac.update(&(field.len() as u64).to_be_bytes());
            mac.update(field.as_bytes());
        }
        Some(Zeroizing::new(STANDARD.encode(mac.finalize().into_bytes())))
    }
}

impl DelegationKeyStore for DelegationKeys {
    fn key(&self, account: &str, id: &DelegationKeyId) -> Option<AccountKey> {
        if id.service != SERVICE {
            return None;
        }
        let fields = Fields {
            object_id: &id.object_id,
            limited: self.owners.roles(&id.object_id).is_some(),
            tenant_id: &id.tenant_id,
            start: id.start,
            expiry: id.expiry,
            version: &id.version,
            delegated_tenant: id.delegated_tenant.as_deref().unwrap_or_default(),
        };
        AccountKey::from_base64(&self.value(account, &fields)?).ok()
    }
}

/// The fields that a key is derived from: a key that differs in one is another key.
struct Fields<'a> {
    object_id: &'a str,
    limited: bool,
    tenant_id: &'a str,
    start: SystemTime,
    expiry: SystemTime,
    version: &'a str,
    delegated_tenant: &'a str,
}

fn whole(time: SystemTime) -> SystemTime {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + Duration::from_secs(since.as_secs())
}
