//! Signing with an account key.

use std::fmt;
use std::sync::{PoisonError, RwLock};
use std::time::SystemTime;

use http::HeaderValue;
use http::header::AUTHORIZATION;

use crate::canonical::{Scheme, Signable, X_MS_DATE};
use crate::key::{SIGNATURE_LEN, push_signature};
use crate::{AccountKey, AuthError, Authorize, Head, date};

/// Authorization with a key of the account: `Authorization: SharedKey account:signature`.
///
/// [`authorize`](Authorize::authorize) sets `x-ms-date` to the given time, replacing an old one, and
/// then `Authorization`, marked sensitive. Everything else that is signed must be in place before:
/// `x-ms-version` (which the service demands with Shared Key), `Content-Length` of a body, and all
/// `x-ms-meta-` headers, whose values should have no blanks at the ends.
///
/// "Authorize with Shared Key" in the Azure Storage REST reference.
pub struct SharedKey {
    account: String,
    key: RwLock<AccountKey>,
}

impl SharedKey {
    /// Signs for `account` (the primary's name, without `-secondary`) with `key`.
    pub fn new(account: impl Into<String>, key: AccountKey) -> Self {
        Self { account: account.into(), key: RwLock::new(key) }
    }

    /// The account name.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Replaces the key. Requests that are signed from now on use the new one, in all clients that
    /// share this signer.
    pub fn rotate(&self, key: AccountKey) {
        *self.key.write().unwrap_or_else(PoisonError::into_inner) = key;
    }

    fn key(&self) -> AccountKey {
        self.key.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Authorize for SharedKey {
    fn authorize(
        &self,
        request: &mut http::request::Parts,
        now: SystemTime,
    ) -> Result<(), AuthError> {
        sign(Scheme::SharedKey, &self.account, &self.key(), request, now)
    }
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedKey").field("account", &self.account).finish_non_exhaustive()
    }
}

/// Authorization with Shared Key Lite: as [`SharedKey`], but the signature covers fewer headers and
/// of the query only `comp`.
///
/// Prefer [`SharedKey`]; this is for servers and tools that know nothing else.
pub struct SharedKeyLite(SharedKey);

impl SharedKeyLite {
    /// Signs for `account` (the primary's name, without `-secondary`) with `key`.
    pub fn new(account: impl Into<String>, key: AccountKey) -> Self {
        Self(SharedKey::new(account, key))
    }

    /// The account name.
    pub fn account(&self) -> &str {
        self.0.account()
    }

    /// Replaces the key, as [`SharedKey::rotate`] does.
    pub fn rotate(&self, key: AccountKey) {
        self.0.rotate(key);
    }
}

impl Authorize for SharedKeyLite {
    fn authorize(
        &self,
        request: &mut http::request::Parts,
        now: SystemTime,
    ) -> Result<(), AuthError> {
        sign(Scheme::SharedKeyLite, &self.0.account, &self.0.key(), request, now)
    }
}

impl fmt::Debug for SharedKeyLite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedKeyLite").field("account", &self.0.account).finish_non_exhaustive()
    }
}

/// Sets `x-ms-date` and `Authorization`, or nothing.
fn sign(
    scheme: Scheme,
    account: &str,
    key: &AccountKey,
    request: &mut http::request::Parts,
    now: SystemTime,
) -> Result<(), AuthError> {
    let date = date::header_value(now)?;
    let mut mac = key.mac();
    let mut signable = Signable::new(account, Head::from(&*request));
    signable.date = date.to_str().ok();
    signable.write_as(scheme, &mut mac)?;

    let name = scheme.name();
    let mut value = String::with_capacity(name.len() + 1 + account.len() + 1 + SIGNATURE_LEN);
    value.push_str(name);
    value.push(' ');
    value.push_str(account);
    value.push(':');
    push_signature(mac, &mut value);
    let mut authorization = HeaderValue::try_from(value).map_err(|_| AuthError::InvalidAccount)?;
    authorization.set_sensitive(true);

    request.headers.try_reserve(2).map_err(|_| AuthError::TooManyHeaders)?;
    request.headers.insert(X_MS_DATE, date);
    request.headers.insert(AUTHORIZATION, authorization);
    Ok(())
}
