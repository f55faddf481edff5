//! The verification of shared access signatures: signature first, then limits, terms and policy.

use std::borrow::Cow;
use std::time::SystemTime;

use percent_encoding::percent_decode_str;

use super::Verifier;
use super::context::RequestContext;
use super::error::VerifyError;
use super::grant::{Access, Grant};
use super::store::{DelegationKeyId, KeyStore, PolicyStore};
use crate::canonical::head::Head;
use crate::canonical::secondary_rest;
use crate::key::AccountKey;
use crate::key::decode_signature;
use crate::sas::error::InvalidSas;
use crate::sas::fields::Fields;
use crate::sas::kind::SasKind;
use crate::sas::permission::{AccountPermissions, QueuePermissions, ResourceTypes, Services};
use crate::sas::resource::SasResource;
use crate::sas::value::{IpRange, SasProtocol};

impl<K: KeyStore> Verifier<K> {
    /// Verifies the shared access signature in the query.
    pub(super) fn sas(
        &self,
        account: &str,
        head: Head<'_>,
        policies: &dyn PolicyStore,
        context: &RequestContext,
    ) -> Result<Grant, VerifyError> {
        let fields = Fields::read(head.uri.query().unwrap_or_default())?;
        let kind = fields.kind();
        let queue = queue_of(account, head.uri.path(), context.path_style);
        if kind != SasKind::Account && queue.is_none() {
            return Err(VerifyError::NoQueue);
        }
        let signing = if kind == SasKind::UserDelegation {
            let id = DelegationKeyId::read(&fields)?;
            let key = self.delegation_keys.as_ref().and_then(|store| store.key(account, &id));
            vec![key.ok_or(VerifyError::UnknownDelegationKey)?]
        } else {
            self.keys.keys(account).ok_or(VerifyError::WrongAccount)?
        };
        // Before anything else is said: what a field of a forged token says is nobody's business, and
        // an answer that depends on it would tell a stranger about policies and addresses.
        let resource = queue.clone().map(|queue| SasResource::Queue { queue });
        check_signature(&fields, account, resource.as_ref(), &signing)?;
        let limits = Limits::read(&fields)?;
        limits.check(context)?;

        let terms = Terms::read(&fields)?;
        let (access, expires) = match (kind, queue) {
            (SasKind::Account, _) => (account_access(&fields)?, terms.check(context.now)?),
            (SasKind::UserDelegation, Some(queue)) => {
                let expires = terms.check(context.now)?;
                let key_expires = check_key(&fields, context.now)?;
                let access = self.delegation_access(&fields, queue, account, head, context)?;
                (access, expires.min(key_expires))
            }
            (_, Some(queue)) => {
                let (permissions, terms, policy) = merged(&fields, terms, &queue, policies)?;
                let expires = terms.check(context.now)?;
                (Access::QueueSas { queue, permissions, policy }, expires)
            }
            (_, None) => return Err(VerifyError::NoQueue),
        };
        Ok(Grant::new(account, access, Some(expires)))
    }

    fn delegation_access(
        &self,
        fields: &Fields<'_>,
        queue: String,
        account: &str,
        head: Head<'_>,
        context: &RequestContext,
    ) -> Result<Access, VerifyError> {
        if fields.get("si").is_some() {
            return Err(InvalidSas::new("si", "is not for user delegation signatures").into());
        }
        let text = |name| fields.get(name).unwrap_or_default().to_owned();
        let tenant = fields.get("skdutid");
        let user = fields.get("sduoid");
        match user {
            None if tenant.is_some() => {
                return Err(InvalidSas::new("skdutid", "is given without sduoid").into());
            }
            None => {}
            Some(user) => {
                let tenant = tenant.or(fields.get("sktid")).unwrap_or_default();
                self.bound_user(account, head, context, user, tenant)?;
            }
        }
        Ok(Access::UserDelegationSas {
            queue,
            permissions: permissions(fields)?.ok_or(InvalidSas::new("sp", "is missing"))?,
            object_id: text("skoid"),
            tenant_id: text("sktid"),
            delegated_user: user.map(str::to_owned),
        })
    }
}

impl DelegationKeyId {
    fn read(fields: &Fields<'_>) -> Result<Self, VerifyError> {
        let text = |name| {
            let value = fields.get(name).ok_or(InvalidSas::new(name, "is missing"))?;
            Ok::<_, InvalidSas>(value.to_owned())
        };
        let time = |name| fields.time(name)?.ok_or(InvalidSas::new(name, "is missing"));
        Ok(Self {
            object_id: text("skoid")?,
            tenant_id: text("sktid")?,
            start: time("skt")?,
            expiry: time("ske")?,
            service: text("sks")?,
            version: text("skv")?,
            delegated_tenant: fields.get("skdutid").map(str::to_owned),
        })
    }
}

/// The queue that the path names, decoded.
fn queue_of(account: &str, path: &str, path_style: bool) -> Option<String> {
    let path = path.strip_prefix('/')?;
    let path = if path_style {
        match secondary_rest(account, &format!("/{path}")) {
            Some(rest) => Cow::Owned(rest.strip_prefix('/')?.to_owned()),
            None => Cow::Borrowed(path.strip_prefix(account)?.strip_prefix('/')?),
        }
    } else {
        Cow::Borrowed(path)
    };
    let first = path.split('/').next().filter(|first| !first.is_empty())?;
    percent_decode_str(first).decode_utf8().ok().map(Cow::into_owned)
}

fn check_signature(
    fields: &Fields<'_>,
    account: &str,
    resource: Option<&SasResource>,
    keys: &[AccountKey],
) -> Result<(), VerifyError> {
    let signature = fields
        .get("sig")
        .and_then(decode_signature)
        .ok_or(InvalidSas::new("sig", "is not 32 bytes in base64"))?;
    let string_to_sign = fields.string_to_sign(account, resource)?;
    if keys.iter().any(|key| key.verifies(string_to_sign.as_bytes(), &signature)) {
        Ok(())
    } else {
        Err(VerifyError::SasMismatch { string_to_sign })
    }
}

/// The clients and connections that may use the signature.
struct Limits {
    ip: Option<IpRange>,
    protocol: Option<SasProtocol>,
}

impl Limits {
    fn read(fields: &Fields<'_>) -> Result<Self, InvalidSas> {
        Ok(Self {
            ip: fields.get("sip").map(str::parse).transpose()?,
            protocol: fields.get("spr").map(str::parse).transpose()?,
        })
    }

    fn check(&self, context: &RequestContext) -> Result<(), VerifyError> {
        if self.protocol == Some(SasProtocol::HttpsOnly) && !context.https {
            return Err(VerifyError::Protocol);
        }
        match self.ip {
            Some(allowed) if !context.client_ip.is_some_and(|ip| allowed.contains(ip)) => {
                Err(VerifyError::SourceIp { allowed, client: context.client_ip })
            }
            _ => Ok(()),
        }
    }
}

/// The time for which a signature is valid.
struct Terms {
    start: Option<SystemTime>,
    expiry: Option<SystemTime>,
}

impl Terms {
    fn read(fields: &Fields<'_>) -> Result<Self, InvalidSas> {
        Ok(Self { start: fields.time("st")?, expiry: fields.time("se")? })
    }

    /// The expiry, if the signature is valid now.
    fn check(&self, now: SystemTime) -> Result<SystemTime, VerifyError> {
        let expiry = self.expiry.ok_or(InvalidSas::new("se", "is missing"))?;
        if is_within(self.start, expiry, now) {
            return Ok(expiry);
        }
        Err(VerifyError::OutsideTime { start: self.start, expiry, now })
    }
}

fn is_within(start: Option<SystemTime>, expiry: SystemTime, now: SystemTime) -> bool {
    start.is_none_or(|start| start <= now) && now < expiry
}

/// The expiry of the user delegation key, if the key is valid now.
fn check_key(fields: &Fields<'_>, now: SystemTime) -> Result<SystemTime, VerifyError> {
    let start = fields.time("skt")?;
    let expiry = fields.time("ske")?.ok_or(InvalidSas::new("ske", "is missing"))?;
    if is_within(start, expiry, now) {
        return Ok(expiry);
    }
    Err(VerifyError::KeyOutsideTime { start, expiry, now })
}

fn permissions(fields: &Fields<'_>) -> Result<Option<QueuePermissions>, InvalidSas> {
    let read = |letters: &str| {
        letters.parse().map_err(|_| InvalidSas::new("sp", "is not in the order \"raup\""))
    };
    fields.get("sp").map(read).transpose()
}

fn account_access(fields: &Fields<'_>) -> Result<Access, VerifyError> {
    let letters = |name| fields.get(name).ok_or(InvalidSas::new(name, "is missing"));
    let wrong = |name| move |_| InvalidSas::new(name, "holds letters that are not valid there");
    if fields.get("si").is_some() {
        return Err(InvalidSas::new("si", "is not for account signatures").into());
    }
    let services: Services = letters("ss")?.parse().map_err(wrong("ss"))?;
    let resource_types: ResourceTypes = letters("srt")?.parse().map_err(wrong("srt"))?;
    let permissions: AccountPermissions = letters("sp")?.parse().map_err(wrong("sp"))?;
    if !services.contains(Services::QUEUE) {
        return Err(VerifyError::Service);
    }
    Ok(Access::AccountSas { permissions, services, resource_types })
}

/// Puts token and stored policy together: each field must be given exactly once.
fn merged(
    fields: &Fields<'_>,
    terms: Terms,
    queue: &str,
    policies: &dyn PolicyStore,
) -> Result<(QueuePermissions, Terms, Option<String>), VerifyError> {
    let permissions = permissions(fields)?;
    let Some(id) = fields.get("si") else {
        let permissions = permissions.ok_or(InvalidSas::new("sp", "is missing"))?;
        return Ok((permissions, terms, None));
    };
    let stored = policies.policy(queue, id).ok_or(VerifyError::UnknownPolicy)?;
    let terms = Terms {
        start: once("st", terms.start, stored.start)?,
        expiry: Some(
            once("se", terms.expiry, stored.expiry)?
                .ok_or(VerifyError::PolicyConflict { field: "se", twice: false })?,
        ),
    };
    let permissions = once("sp", permissions, stored.permissions)?
        .ok_or(VerifyError::PolicyConflict { field: "sp", twice: false })?;
    Ok((permissions, terms, Some(id.to_owned())))
}

fn once<T>(
    field: &'static str,
    token: Option<T>,
    policy: Option<T>,
) -> Result<Option<T>, VerifyError> {
    match (token, policy) {
        (Some(_), Some(_)) => Err(VerifyError::PolicyConflict { field, twice: true }),
        (token, policy) => Ok(token.or(policy)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queue_in_the_path() {
        let host = |path| queue_of("contoso", path, false);
        assert_eq!(host("/jobs/messages").as_deref(), Some("jobs"));
        assert_eq!(host("/my%2Dqueue").as_deref(), Some("my-queue"));
        assert_eq!(host("/"), None);
        // A queue may be named like the account.
        assert_eq!(host("/contoso/messages").as_deref(), Some("contoso"));

        let path = |path| queue_of("contoso", path, true);
        assert_eq!(path("/contoso/jobs/messages").as_deref(), Some("jobs"));
        assert_eq!(path("/contoso-secondary/jobs").as_deref(), Some("jobs"));
        for none in ["/contoso", "/contoso/", "/contosojobs", "/jobs", "/contoso-secondary"] {
            assert_eq!(path(none), None, "{none}");
        }
    }
}
