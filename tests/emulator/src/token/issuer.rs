//! [`TokenIssuer`]: bearer tokens signed with a secret that issuer and emulator share. The option
//! `token` of the program prints them.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use queue_auth::verify::{TokenHeader, TokenSignatures};
use serde_json::json;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::TENANT;
use crate::role::Role;

/// The algorithm of the signatures: HMAC with SHA-256, "HS256" in RFC 7518.
const ALGORITHM: &str = "HS256";
/// The user of a token that names none.
const USER: &str = "7e57ab1e-0000-4000-8000-000000000002";
/// The time for which a token is valid unless it says otherwise.
const LIFE: Duration = Duration::from_secs(60 * 60);

/// Issues bearer tokens like those of Microsoft Entra ID, signed with a secret of its own.
///
/// An [`Emulator`](crate::Emulator) takes such a token, as it takes any token whose claims are
/// right. One that was given an issuer takes only the tokens of that issuer.
///
/// ```
/// use std::time::SystemTime;
///
/// use queue_emulator::{Role, TokenIssuer, UserToken};
///
/// let issuer = TokenIssuer::new(b"a secret of the test");
/// let token = issuer.issue(&UserToken::new().role(Role::Sender), SystemTime::now());
/// assert_eq!(token.split('.').count(), 3);
/// ```
#[derive(Clone)]
pub struct TokenIssuer {
    secret: Zeroizing<Vec<u8>>,
}

impl TokenIssuer {
    /// An issuer with this secret.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self { secret: Zeroizing::new(secret.to_vec()) }
    }

    /// A token for a user, valid from `now` on. It is a secret as long as it is valid.
    #[must_use]
    pub fn issue(&self, user: &UserToken, now: SystemTime) -> String {
        let seconds =
            |time: SystemTime| time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let UserToken { object_id, tenant_id, audience, issuer, roles, not_before, life } = user;
        let start = not_before.unwrap_or(now);
        let expiry = start.checked_add(*life).unwrap_or(start);
        let default_issuer = format!("https://sts.windows.net/{tenant_id}/");
        let mut claims = json!({
            "aud": audience,
            "iss": issuer.as_deref().unwrap_or(&default_issuer),
            "iat": seconds(now),
            "nbf": seconds(start),
            "exp": seconds(expiry),
            "oid": object_id,
            "sub": object_id,
            "tid": tenant_id,
            "ver": "1.0",
        });
        if !roles.is_empty()
            && let Some(claims) = claims.as_object_mut()
        {
            let titles: Vec<&str> = roles.iter().map(|role| role.title()).collect();
            claims.insert("roles".to_owned(), json!(titles));
        }
        let encode = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = encode(&json!({ "typ": "JWT", "alg": ALGORITHM }));
        let signed = format!("{header}.{}", encode(&claims));
        let signature = self.mac(&signed).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn mac(&self, signed: &str) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes keys of any length");
        mac.update(signed.as_bytes());
        mac
    }
}

impl fmt::Debug for TokenIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenIssuer").finish_non_exhaustive()
    }
}

/// The check of signatures that accepts what one issuer signed.
#[derive(Debug)]
pub(crate) struct LocalSignatures(pub(crate) TokenIssuer);

impl TokenSignatures for LocalSignatures {
    fn check(&self, header: &TokenHeader, signed: &str, signature: &[u8]) -> bool {
        header.algorithm == ALGORITHM && self.0.mac(signed).verify_slice(signature).is_ok()
    }
}

/// The user of a token, and what the token says. Default: one certain user of one certain tenant, for
/// Azure Storage, valid for an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct UserToken {
    object_id: String,
    tenant_id: String,
    audience: String,
    issuer: Option<String>,
    roles: Vec<Role>,
    not_before: Option<SystemTime>,
    life: Duration,
}

impl UserToken {
    /// A token for the default user.
    pub fn new() -> Self {
        Self {
            object_id: USER.to_owned(),
            tenant_id: TENANT.to_owned(),
            audience: "https://storage.azure.com".to_owned(),
            issuer: None,
            roles: Vec::new(),
            not_before: None,
            life: LIFE,
        }
    }

    /// Sets the user: the claim `oid`.
    pub fn object_id(mut self, id: impl Into<String>) -> Self {
        self.object_id = id.into();
        self
    }

    /// Sets the tenant: the claim `tid`, and part of `iss`.
    pub fn tenant_id(mut self, id: impl Into<String>) -> Self {
        self.tenant_id = id.into();
        self
    }

    /// Sets the service that the token is for: the claim `aud`.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// Sets who issued the token: the claim `iss`. Default: the issuer of Microsoft Entra ID for the
    /// tenant.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Limits the user to this role, and those added with further calls: the claim `roles`. In
    /// Azure roles are assigned and not in the token; the emulator heeds them there so that a test
    /// can have a user with little rights in one line.
    pub fn role(mut self, role: Role) -> Self {
        self.roles.push(role);
        self
    }

    /// Sets the time from which on the token is valid: the claim `nbf`. Default: the time of issue.
    pub fn not_before(mut self, time: SystemTime) -> Self {
        self.not_before = Some(time);
        self
    }

    /// Sets the time for which the token is valid, in whole seconds: the claim `exp`. Default: one
    /// hour.
    pub fn life(mut self, life: Duration) -> Self {
        self.life = life;
        self
    }
}

impl Default for UserToken {
    fn default() -> Self {
        Self::new()
    }
}
