//! [`ServiceSas`], the builder of signatures for one resource of any service.

use std::time::SystemTime;

use super::delegation::UserDelegationKey;
use super::demand::{Demanded, check_header, check_parameter};
use super::error::InvalidSas;
use super::fields::Fields;
use super::queue::{MAX_POLICY_ID, Terms, terms};
use super::resource::SasResource;
use super::token::SasToken;
use super::version::SasVersion;
use crate::key::AccountKey;
use crate::service::Service;

/// A builder of signatures for one resource of any service: a container, blob, snapshot, version,
/// directory, share, file or table, and a queue as well.
///
/// Times are cut to whole seconds. See
/// [Create a service SAS](https://learn.microsoft.com/rest/api/storageservices/create-service-sas) in
/// the REST reference.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use queue_auth::AccountKey;
/// use queue_auth::sas::{SasResource, ServiceSas};
///
/// let key = AccountKey::from_base64("bm90LWEtcmVhbC1rZXk=")?;
/// let now = SystemTime::now();
/// let cat = SasResource::Blob { container: "photos".into(), blob: "cat.png".into() };
/// let token = ServiceSas::new(cat, "r", now + Duration::from_secs(3600))
///     .made_at(now)
///     .content_type("image/png")
///     .sign("contoso", &key)?;
/// # assert!(token.expose().contains("&sr=b&sp=r&"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ServiceSas {
    resource: SasResource,
    permissions: Option<String>,
    policy: Option<String>,
    /// Fields that are text of the caller, by name.
    texts: Vec<(&'static str, String)>,
    /// Names and values of the headers and of the query parameters that requests must have.
    headers: Vec<(String, String)>,
    parameters: Vec<(String, String)>,
    terms: Terms,
}

/// The fields that only signatures with a user delegation key have.
const OF_DELEGATIONS: [&str; 6] = ["saoid", "suoid", "scid", "sduoid", "srh", "srq"];

impl ServiceSas {
    /// Makes a builder for `resource` with the permissions `letters`, in any order, until `expiry`.
    pub fn new(resource: SasResource, letters: impl Into<String>, expiry: SystemTime) -> Self {
        Self::of(resource, Some(letters.into()), None, Some(expiry))
    }

    /// Makes a builder for `resource` by its stored access policy `id` (1 to 64 characters).
    pub fn by_policy(resource: SasResource, id: impl Into<String>) -> Self {
        Self::of(resource, None, Some(id.into()), None)
    }

    fn of(
        resource: SasResource,
        permissions: Option<String>,
        policy: Option<String>,
        expiry: Option<SystemTime>,
    ) -> Self {
        let (texts, headers, parameters) = (Vec::new(), Vec::new(), Vec::new());
        let terms = Terms::until(expiry);
        Self { resource, permissions, policy, texts, headers, parameters, terms }
    }

    /// Sets the permissions, if the policy does not have them.
    pub fn permissions(mut self, letters: impl Into<String>) -> Self {
        self.permissions = Some(letters.into());
        self
    }

    /// Sets the time at which the signature expires, if the policy does not have it.
    pub fn expiry(mut self, expiry: SystemTime) -> Self {
        self.terms.expiry = Some(expiry);
        self
    }

    fn text(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.texts.retain(|(known, _)| *known != name);
        self.texts.push((name, value.into()));
        self
    }

    /// Has blobs and files answered with this `Cache-Control`.
    pub fn cache_control(self, value: impl Into<String>) -> Self {
        self.text("rscc", value)
    }

    /// Has blobs and files answered with this `Content-Disposition`.
    pub fn content_disposition(self, value: impl Into<String>) -> Self {
        self.text("rscd", value)
    }

    /// Has blobs and files answered with this `Content-Encoding`.
    pub fn content_encoding(self, value: impl Into<String>) -> Self {
        self.text("rsce", value)
    }

    /// Has blobs and files answered with this `Content-Language`.
    pub fn content_language(self, value: impl Into<String>) -> Self {
        self.text("rscl", value)
    }

    /// Has blobs and files answered with this `Content-Type`.
    pub fn content_type(self, value: impl Into<String>) -> Self {
        self.text("rsct", value)
    }

    /// Has blobs encrypted with this scope.
    pub fn encryption_scope(self, scope: impl Into<String>) -> Self {
        self.text("ses", scope)
    }

    /// Adds an id by which the audit logs of blobs name the signature; only with a user delegation key.
    pub fn correlation_id(self, id: impl Into<String>) -> Self {
        self.text("scid", id)
    }

    /// Makes the signature work only for the user with this object id, who must send a bearer token
    /// besides; see [`Both`](crate::Both). Only with a user delegation key, from version 2025-07-05 on.
    pub fn bound_to(self, object_id: impl Into<String>) -> Self {
        self.text("sduoid", object_id)
    }

    /// Names the agent whom the owner of the user delegation key has authorized, for the logs; the service
    /// does not check the access control lists of a hierarchical namespace for the agent.
    pub fn preauthorized_agent(self, object_id: impl Into<String>) -> Self {
        self.text("saoid", object_id)
    }

    /// Names the agent for whom the owner of the user delegation key signs, and for whom the service
    /// checks the access control lists of a hierarchical namespace.
    pub fn agent(self, object_id: impl Into<String>) -> Self {
        self.text("suoid", object_id)
    }

    /// Makes the signature work only for requests with this header and value. Only for blobs, with a
    /// user delegation key, from [`SasVersion::V2026_04_06`] on.
    pub fn demand_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Makes the signature work only for requests with this query parameter and value, which are given
    /// without percent-escapes. Only for blobs, with a user delegation key, from
    /// [`SasVersion::V2026_04_06`] on.
    pub fn demand_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Makes the signature of a table work from this partition key on, and row key in it.
    pub fn from_key(self, partition: impl Into<String>, row: impl Into<String>) -> Self {
        self.text("spk", partition).text("srk", row)
    }

    /// Makes the signature of a table work up to this partition key, and row key in it.
    pub fn to_key(self, partition: impl Into<String>, row: impl Into<String>) -> Self {
        self.text("epk", partition).text("erk", row)
    }

    terms!();

    /// Signs for `account` (the primary's name, without `-secondary`).
    ///
    /// # Errors
    ///
    /// When a name is none of the resource, a permission is not one of the resource, a field is not for
    /// the resource or not known to the version, the expiry is not after the start (in whole seconds)
    /// or not after the time of [`made_at`](Self::made_at).
    pub fn sign(&self, account: &str, key: &AccountKey) -> Result<SasToken, InvalidSas> {
        if let Some(name) = OF_DELEGATIONS.into_iter().find(|name| self.has(name)) {
            return Err(InvalidSas::new(name, "needs a user delegation key"));
        }
        let mut fields = self.fields()?;
        if let Some(policy) = &self.policy {
            if policy.chars().count() > MAX_POLICY_ID {
                return Err(InvalidSas::new("si", "is longer than 64 characters"));
            }
            fields.set_text("si", policy)?;
        }
        SasToken::parse(&fields.sign(account, Some(&self.resource), key.mac())?)
    }

    /// Signs with a user delegation key in place of an account key.
    ///
    /// # Errors
    ///
    /// As [`sign`](Self::sign), and when a policy is named or the key does not hold at the times.
    pub fn sign_delegated(
        &self,
        account: &str,
        key: &UserDelegationKey,
    ) -> Result<SasToken, InvalidSas> {
        if self.policy.is_some() {
            return Err(InvalidSas::new("si", "is not for user delegation signatures"));
        }
        if self.has("saoid") && self.has("suoid") {
            return Err(InvalidSas::new("suoid", "is for another agent than saoid; name one"));
        }
        key.check(&self.terms)?;
        key.check_service(self.resource.service())?;
        key.check_user(self.has("sduoid"))?;
        let mut fields = self.fields()?;
        key.write(&mut fields)?;
        let names = |pairs: &[(String, String)]| {
            let names: Vec<&str> = pairs.iter().map(|(name, _)| &**name).collect();
            names.join(",")
        };
        if self.has("srh") {
            self.headers.iter().try_for_each(|(name, value)| check_header(name, value))?;
            fields.set("srh", names(&self.headers));
        }
        if self.has("srq") {
            self.parameters.iter().try_for_each(|(name, value)| check_parameter(name, value))?;
            if self.parameters.iter().any(|(name, _)| Fields::knows(name)) {
                return Err(InvalidSas::new("srq", "cannot demand what belongs to the signature"));
            }
            fields.set("srq", names(&self.parameters));
        }
        fields.demand(Demanded::new(&self.headers, &self.parameters));
        SasToken::parse(&fields.sign(account, Some(&self.resource), key.mac())?)
    }

    /// Whether a field of the caller is set.
    fn has(&self, field: &str) -> bool {
        match field {
            "srh" => !self.headers.is_empty(),
            "srq" => !self.parameters.is_empty(),
            _ => self.texts.iter().any(|(name, _)| *name == field),
        }
    }

    fn fields(&self) -> Result<Fields<'_>, InvalidSas> {
        self.resource.check()?;
        let service = self.resource.service();
        let version = self.terms.version;
        let mut fields = Fields::new();
        self.terms.write(&mut fields)?;
        if let Some(letter) = self.resource.letter() {
            fields.set("sr", letter);
        }
        if let Some(depth) = self.resource.depth() {
            fields.set("sdd", depth.to_string());
        }
        if let SasResource::Table { table } = &self.resource {
            fields.set_text("tn", table)?;
        }
        if let Some(letters) = &self.permissions {
            let letters = ordered(letters, &self.resource)?;
            self.resource.check_letters(&letters, version)?;
            fields.set("sp", letters);
        }
        for (name, value) in &self.texts {
            let known = match *name {
                "spk" | "srk" | "epk" | "erk" => service == Service::Table,
                "ses" | "scid" | "saoid" | "suoid" => service == Service::Blob,
                "sduoid" => true,
                _ => matches!(service, Service::Blob | Service::File),
            };
            if !known {
                return Err(InvalidSas::new(name, "is not for this kind of resource"));
            }
            let (first, rule) = match *name {
                "ses" => (SasVersion::V2020_12_06, "is not known before version 2020-12-06"),
                "scid" | "saoid" | "suoid" => {
                    (SasVersion::V2020_02_10, "is not known before version 2020-02-10")
                }
                "sduoid" => (SasVersion::V2025_07_05, "is not known before version 2025-07-05"),
                _ => (SasVersion::V2012_02_12, ""),
            };
            if version < first {
                return Err(InvalidSas::new(name, rule));
            }
            // The empty key is the first of a table, and is signed as no key at all.
            if !(service == Service::Table && value.is_empty()) {
                fields.set_text(name, value)?;
            }
        }
        Ok(fields)
    }
}

/// The letters in the order of the resource, each once.
fn ordered(letters: &str, resource: &SasResource) -> Result<String, InvalidSas> {
    let known = resource.permissions();
    if letters.is_empty() {
        return Err(InvalidSas::new("sp", "permits nothing"));
    }
    if letters.chars().any(|letter| !known.contains(letter)) {
        return Err(InvalidSas::new("sp", resource.rule()));
    }
    let sorted: String = known.chars().filter(|letter| letters.contains(*letter)).collect();
    if sorted.len() == letters.len() {
        return Ok(sorted);
    }
    Err(InvalidSas::new("sp", "holds a letter twice"))
}
