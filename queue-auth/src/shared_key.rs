//! Signing with an account key.

use std::fmt;
use std::sync::{PoisonError, RwLock};
use std::time::SystemTime;

use http::HeaderValue;
use http::header::AUTHORIZATION;

use crate::canonical::{Signable, X_MS_DATE};
use crate::key::{SIGNATURE_LEN, push_signature};
use crate::{AccountKey, AuthError, Authorize, Head, date};

const SCHEME: &str = "SharedKey ";

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
        let date = date::header_value(now)?;
        let mut mac = self.key().mac();
        let mut signable = Signable::new(&self.account, Head::from(&*request));
        signable.date = date.to_str().ok();
        signable.write(&mut mac)?;

        let mut value =
            String::with_capacity(SCHEME.len() + self.account.len() + 1 + SIGNATURE_LEN);
        value.push_str(SCHEME);
        value.push_str(&self.account);
        value.push(':');
        push_signature(mac, &mut value);
        insert(request, date, value)
    }
}

/// Sets both headers, or none.
fn insert(
    request: &mut http::request::Parts,
    date: HeaderValue,
    authorization: String,
) -> Result<(), AuthError> {
    let mut authorization =
        HeaderValue::try_from(authorization).map_err(|_| AuthError::InvalidAccount)?;
    authorization.set_sensitive(true);
    request.headers.try_reserve(2).map_err(|_| AuthError::TooManyHeaders)?;
    request.headers.insert(X_MS_DATE, date);
    request.headers.insert(AUTHORIZATION, authorization);
    Ok(())
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedKey").field("account", &self.account).finish_non_exhaustive()
    }
}
