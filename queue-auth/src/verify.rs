//! Verification of requests: who sent one, and what they may do.
//!
//! A [`Verifier`] checks a request as the service does and gives a [`Grant`] or a [`VerifyError`].
//! It fails closed: what it does not know is refused. Signatures are compared in constant time, and
//! no refusal ever holds a correct signature. Whether the grant suffices for an operation is the
//! server's decision.
//!
//! ```
//! use std::collections::HashMap;
//! use std::time::SystemTime;
//! use queue_auth::verify::{Access, NoPolicies, RequestContext, Verifier};
//! use queue_auth::{AccountKey, Authorize, SharedKey};
//!
//! let key = AccountKey::from_base64("bm90LWEtcmVhbC1rZXk=")?;
//! let now = SystemTime::now();
//! let (mut parts, ()) = http::Request::get("https://contoso.queue.core.windows.net/jobs")
//!     .header("x-ms-version", "2026-02-06")
//!     .body(())?
//!     .into_parts();
//! SharedKey::new("contoso", key.clone()).authorize(&mut parts, now)?;
//!
//! let verifier = Verifier::new(HashMap::from([("contoso".to_owned(), vec![key])]));
//! let grant = verifier.verify("contoso", &parts, &NoPolicies, &RequestContext::new(now))?;
//! assert!(matches!(grant.access, Access::Owner));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "verify-bearer")]
mod bearer;
#[cfg(feature = "verify-bearer")]
mod claims;
mod context;
mod error;
mod grant;
mod lookups;
mod permit;
mod resource;
mod sas;
mod shared_key;
mod store;

use http::header::AUTHORIZATION;

use crate::canonical::Scheme;
use crate::canonical::head::Head;
use crate::sas::fields::Fields;

#[cfg(feature = "verify-bearer")]
pub use bearer::{BearerRules, TokenHeader, TokenSignatures};
#[cfg(feature = "verify-bearer")]
pub use claims::BearerClaims;
pub use context::{MAX_CLOCK_SKEW, RequestContext};
pub use error::{VerifyError, VerifyErrorKind};
pub use grant::{Access, Grant, KeyOwner, KeyRange, ServiceAccess};
pub use lookups::Lookups;
pub use permit::{Needs, NotPermitted, Permit};
pub use store::{
    DelegationKeyId, DelegationKeyStore, KeyStore, NoPolicies, PolicyStore, StoredPolicy,
};

/// Verifies requests with the keys of a [`KeyStore`].
#[derive(Debug)]
pub struct Verifier<K> {
    keys: K,
    delegation_keys: Option<Box<dyn DelegationKeyStore>>,
    #[cfg(feature = "verify-bearer")]
    bearer: Option<BearerRules>,
}

impl<K: KeyStore> Verifier<K> {
    /// Makes a verifier that takes account keys from `keys`.
    pub fn new(keys: K) -> Self {
        Self {
            keys,
            delegation_keys: None,
            #[cfg(feature = "verify-bearer")]
            bearer: None,
        }
    }

    /// Accepts user delegation signatures that are made with the keys of `store`. Default: all
    /// user delegation signatures are refused.
    #[must_use]
    pub fn delegation_keys(mut self, store: impl DelegationKeyStore + 'static) -> Self {
        self.delegation_keys = Some(Box::new(store));
        self
    }

    /// Accepts bearer tokens that keep `rules`. Default: all bearer tokens are refused.
    #[cfg(feature = "verify-bearer")]
    #[must_use]
    pub fn bearer(mut self, rules: BearerRules) -> Self {
        self.bearer = Some(rules);
        self
    }

    /// Verifies a request to `account` (the primary's name, without `-secondary`).
    ///
    /// `policies` holds the stored access policies of that account's queues.
    ///
    /// # Errors
    ///
    /// A [`VerifyError`]; [`VerifyError::status`], [`code`](VerifyError::code) and
    /// [`detail`](VerifyError::detail) are what the service would answer.
    pub fn verify<'a>(
        &self,
        account: &str,
        head: impl Into<Head<'a>>,
        policies: &dyn PolicyStore,
        context: &RequestContext,
    ) -> Result<Grant, VerifyError> {
        let head = head.into();
        let signed = Fields::signed(head.uri.query().unwrap_or_default());
        match Credentials::read(head)? {
            // A bearer token beside a signature that is not bound to its user proves nothing more,
            // and `sas` looks at it only when it is.
            None | Some(Credentials::Bearer(_)) if signed => {
                self.sas(account, head, policies, context)
            }
            None => Err(VerifyError::NoAuthentication),
            Some(Credentials::Key(..)) if signed => Err(VerifyError::TwoCredentials),
            Some(Credentials::Key(scheme, value)) => {
                self.shared_key(scheme, account, head, value, context)
            }
            Some(Credentials::Bearer(token)) => self.bearer_token(account, head, token, context),
        }
    }

    #[cfg(feature = "verify-bearer")]
    fn bearer_token(
        &self,
        account: &str,
        head: Head<'_>,
        token: &str,
        context: &RequestContext,
    ) -> Result<Grant, VerifyError> {
        let rules = self.bearer.as_ref().ok_or(VerifyError::BearerNotAccepted)?;
        self.keys.keys(account).ok_or(VerifyError::WrongAccount)?;
        rules.verify(account, head, token, context)
    }

    #[cfg(not(feature = "verify-bearer"))]
    fn bearer_token(
        &self,
        _account: &str,
        _head: Head<'_>,
        _token: &str,
        _context: &RequestContext,
    ) -> Result<Grant, VerifyError> {
        Err(VerifyError::BearerNotAccepted)
    }

    /// Checks that the bearer token of `user` of `tenant` came with a signature.
    #[cfg(feature = "verify-bearer")]
    fn bound_user(
        &self,
        account: &str,
        head: Head<'_>,
        context: &RequestContext,
        user: &str,
        tenant: &str,
    ) -> Result<(), VerifyError> {
        let rules = self.bearer.as_ref().ok_or(VerifyError::BearerNotAccepted)?;
        let Some(Credentials::Bearer(token)) = Credentials::read(head)? else {
            return Err(VerifyError::NotTheBoundUser);
        };
        let claims = rules.claims(account, head, token, context)?;
        if claims.object_id == user && claims.tenant_id == tenant {
            Ok(())
        } else {
            Err(VerifyError::NotTheBoundUser)
        }
    }

    #[cfg(not(feature = "verify-bearer"))]
    fn bound_user(
        &self,
        _account: &str,
        _head: Head<'_>,
        _context: &RequestContext,
        _user: &str,
        _tenant: &str,
    ) -> Result<(), VerifyError> {
        Err(VerifyError::BearerNotAccepted)
    }
}

/// The credentials in an `Authorization` header.
enum Credentials<'a> {
    Key(Scheme, &'a str),
    Bearer(&'a str),
}

impl<'a> Credentials<'a> {
    fn read(head: Head<'a>) -> Result<Option<Self>, VerifyError> {
        let Some(authorization) = authorization(head)? else { return Ok(None) };
        let (name, value) = authorization
            .split_once(' ')
            .ok_or(VerifyError::MalformedAuthorization { rule: "it has no scheme and value" })?;
        let value = value.trim_ascii();
        for scheme in [Scheme::SharedKey, Scheme::SharedKeyLite] {
            if name.eq_ignore_ascii_case(scheme.name()) {
                return Ok(Some(Self::Key(scheme, value)));
            }
        }
        if name.eq_ignore_ascii_case("Bearer") {
            return Ok(Some(Self::Bearer(value)));
        }
        Err(VerifyError::MalformedAuthorization { rule: "its scheme is not supported" })
    }
}

/// The value of the only `Authorization` header, if there is one.
fn authorization(head: Head<'_>) -> Result<Option<&str>, VerifyError> {
    let mut values = head.headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(VerifyError::MalformedAuthorization { rule: "it occurs more than once" });
    }
    value
        .to_str()
        .map(|value| Some(value.trim_ascii()))
        .map_err(|_| VerifyError::MalformedAuthorization { rule: "it is not visible ASCII" })
}
