//! The verification of shared access signatures: signature first, then limits, terms and policy.

use std::time::SystemTime;

use super::Verifier;
use super::context::RequestContext;
use super::error::VerifyError;
use super::grant::{Access, Grant, KeyOwner, KeyRange, ServiceAccess};
use super::resource::resource_of;
use super::store::{DelegationKeyId, KeyStore, PolicyStore, StoredPolicy};
use crate::canonical::head::Head;
use crate::key::AccountKey;
use crate::key::decode_signature;
use crate::sas::demand::Demanded;
use crate::sas::error::InvalidSas;
use crate::sas::fields::Fields;
use crate::sas::kind::SasKind;
use crate::sas::permission::{AccountPermissions, QueuePermissions, ResourceTypes, Services};
use crate::sas::resource::SasResource;
use crate::sas::value::{IpRange, SasProtocol};
use crate::service::Service;

impl<K: KeyStore> Verifier<K> {
    /// Verifies the shared access signature in the query.
    pub(super) fn sas(
        &self,
        account: &str,
        head: Head<'_>,
        policies: &dyn PolicyStore,
        context: &RequestContext,
    ) -> Result<Grant, VerifyError> {
        let mut fields = Fields::read(head.uri.query().unwrap_or_default())?;
        fields.demand(Demanded::of_request(fields.get("srh"), fields.get("srq"), head)?);
        let kind = fields.kind();
        let resource = match kind {
            SasKind::Account => None,
            _ => Some(resource_of(&fields, account, head, context)?),
        };
        let signing = if kind == SasKind::UserDelegation {
            let id = DelegationKeyId::read(&fields)?;
            let key = self.delegation_keys.as_ref().and_then(|store| store.key(account, &id));
            vec![key.ok_or(VerifyError::UnknownDelegationKey)?]
        } else {
            self.keys.keys(account).ok_or(VerifyError::WrongAccount)?
        };
        // Before anything else is said: what a field of a forged token says is nobody's business, and
        // an answer that depends on it would tell a stranger about policies and addresses.
        check_signature(&fields, account, resource.as_ref(), &signing)?;
        let limits = Limits::read(&fields)?;
        limits.check(context)?;

        let terms = Terms::read(&fields)?;
        let (access, expires) = match (kind, resource) {
            (SasKind::Account, _) => {
                (account_access(&fields, context.service)?, terms.check(context.now)?)
            }
            (_, None) => return Err(VerifyError::NoQueue),
            (SasKind::UserDelegation, Some(resource)) => {
                let expires = terms.check(context.now)?;
                let key_expires = check_key(&fields, context.now)?;
                let access = self.delegation_access(&fields, resource, account, head, context)?;
                (access, expires.min(key_expires))
            }
            (_, Some(SasResource::Queue { queue })) => {
                let stored = stored(&fields, &queue, policies)?;
                let from_policy = stored.as_ref().map(|policy| policy.permissions);
                let permissions = given_once("sp", permissions(&fields)?, from_policy)?;
                let (terms, policy) = merged(&fields, terms, stored)?;
                let expires = terms.check(context.now)?;
                (Access::QueueSas { queue, permissions, policy }, expires)
            }
            (_, Some(resource)) => {
                let stored = stored(&fields, resource.name(), policies)?;
                let from_policy = stored.as_ref().map(|policy| policy.letters.clone());
                let permissions = given_once("sp", letters(&fields, &resource)?, from_policy)?;
                in_order(&permissions, &resource)?;
                let (terms, policy) = merged(&fields, terms, stored)?;
                let expires = terms.check(context.now)?;
                (service_access(&fields, resource, permissions, policy, None)?, expires)
            }
        };
        Ok(Grant::new(account, access, Some(expires)))
    }

    fn delegation_access(
        &self,
        fields: &Fields<'_>,
        resource: SasResource,
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
        let (object_id, tenant_id) = (text("skoid"), text("sktid"));
        let delegated_user = user.map(str::to_owned);
        const MISSING: InvalidSas = InvalidSas::new("sp", "is missing");
        match resource {
            SasResource::Queue { queue } => Ok(Access::UserDelegationSas {
                queue,
                permissions: permissions(fields)?.ok_or(MISSING)?,
                object_id,
                tenant_id,
                delegated_user,
            }),
            resource => {
                let permissions = letters(fields, &resource)?.ok_or(MISSING)?;
                in_order(&permissions, &resource)?;
                let (agent, correlation) = (fields.get("saoid"), fields.get("scid"));
                let owner = KeyOwner {
                    object_id,
                    tenant_id,
                    delegated_user,
                    preauthorized_agent: agent.map(str::to_owned),
                    correlation_id: correlation.map(str::to_owned),
                };
                service_access(fields, resource, permissions, None, Some(owner))
            }
        }
    }
}

impl DelegationKeyId {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, VerifyError> {
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

/// The letters of a signature for another service than that for queues.
fn letters(fields: &Fields<'_>, resource: &SasResource) -> Result<Option<String>, InvalidSas> {
    let letters = fields.get("sp").map(str::to_owned);
    letters.map(|letters| in_order(&letters, resource).map(|()| letters)).transpose()
}

/// Fails for letters that the resource does not have, and for an order that the service refuses.
fn in_order(letters: &str, resource: &SasResource) -> Result<(), InvalidSas> {
    if resource.takes(letters) {
        return Ok(());
    }
    Err(InvalidSas::new("sp", "holds letters out of order, or that are not for the resource"))
}

fn service_access(
    fields: &Fields<'_>,
    resource: SasResource,
    permissions: String,
    policy: Option<String>,
    owner: Option<KeyOwner>,
) -> Result<Access, VerifyError> {
    // It bounds what the signature permits by the access control lists of single files, of which
    // nothing is known here.
    if fields.get("suoid").is_some() {
        return Err(InvalidSas::new("suoid", "is not supported").into());
    }
    let text = |name| fields.get(name).map(str::to_owned);
    let range = KeyRange {
        from_partition: text("spk"),
        from_row: text("srk"),
        to_partition: text("epk"),
        to_row: text("erk"),
    };
    let encryption_scope = text("ses");
    let access = ServiceAccess { resource, permissions, policy, range, encryption_scope, owner };
    Ok(Access::ServiceSas(Box::new(access)))
}

fn account_access(fields: &Fields<'_>, service: Service) -> Result<Access, VerifyError> {
    let letters = |name| fields.get(name).ok_or(InvalidSas::new(name, "is missing"));
    let wrong = |name| move |_| InvalidSas::new(name, "holds letters that are not valid there");
    if fields.get("si").is_some() {
        return Err(InvalidSas::new("si", "is not for account signatures").into());
    }
    let services: Services = letters("ss")?.parse().map_err(wrong("ss"))?;
    let resource_types: ResourceTypes = letters("srt")?.parse().map_err(wrong("srt"))?;
    let permissions: AccountPermissions = letters("sp")?.parse().map_err(wrong("sp"))?;
    if !services.contains(service.into()) {
        return Err(VerifyError::Service);
    }
    let encryption_scope = fields.get("ses").map(str::to_owned);
    Ok(Access::AccountSas { permissions, services, resource_types, encryption_scope })
}

/// The stored access policy to which the signature refers, if it does.
fn stored(
    fields: &Fields<'_>,
    name: &str,
    policies: &dyn PolicyStore,
) -> Result<Option<StoredPolicy>, VerifyError> {
    let Some(id) = fields.get("si") else { return Ok(None) };
    policies.policy(name, id).map(Some).ok_or(VerifyError::UnknownPolicy)
}

/// Puts the times of token and stored policy together: each field must be given exactly once.
fn merged(
    fields: &Fields<'_>,
    terms: Terms,
    stored: Option<StoredPolicy>,
) -> Result<(Terms, Option<String>), VerifyError> {
    let Some(stored) = stored else { return Ok((terms, None)) };
    let start = once("st", terms.start, stored.start)?;
    let expiry = given_once("se", terms.expiry, Some(stored.expiry))?;
    Ok((Terms { start, expiry: Some(expiry) }, fields.get("si").map(str::to_owned)))
}

/// The value that token or policy must give, but not both. `policy` is `None` without a policy.
fn given_once<T>(
    field: &'static str,
    token: Option<T>,
    policy: Option<Option<T>>,
) -> Result<T, VerifyError> {
    match policy {
        None => Ok(token.ok_or(InvalidSas::new(field, "is missing"))?),
        Some(policy) => {
            once(field, token, policy)?.ok_or(VerifyError::PolicyConflict { field, twice: false })
        }
    }
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
