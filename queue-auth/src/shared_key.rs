//! [`SharedKey`] and [`SharedKeyLite`], which sign requests with an account key.

use std::fmt;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::SystemTime;

use hmac::Mac as _;
use http::HeaderValue;
use http::header::AUTHORIZATION;

use crate::authorize::Authorize;
use crate::canonical::head::Head;
use crate::canonical::{Scheme, Signable, X_MS_DATE};
use crate::date::HeaderDate;
use crate::error::AuthError;
use crate::key::AccountKey;
use crate::key::{SIGNATURE_LEN, push_signature};
use crate::service::Service;

/// Authorization with a key of the account: `Authorization: SharedKey account:signature`.
///
/// [`authorize`](Authorize::authorize) sets `x-ms-date` to the given time, replacing an old one, and
/// then `Authorization`, marked sensitive. Everything else that is signed must be in place before:
/// `x-ms-version` (without which signing fails, except for tables and
/// [`without_version`](Self::without_version)), `Content-Length` of a body, and all `x-ms-meta-` headers. A
/// value with blanks at its ends, which HTTP would drop, is refused.
///
/// See [Authorize with Shared Key](https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key)
/// in the REST reference.
pub struct SharedKey {
    account: String,
    service: Service,
    needs_version: bool,
    state: RwLock<State>,
}

struct State {
    key: AccountKey,
    /// The last `x-ms-date`: a busy client signs many requests in one second.
    date: Option<HeaderDate>,
}

impl SharedKey {
    /// Makes a signer for `account` (the primary's name, without `-secondary`) with `key`.
    pub fn new(account: impl Into<String>, key: AccountKey) -> Self {
        let state = RwLock::new(State { key, date: None });
        Self { account: account.into(), service: Service::Queue, needs_version: true, state }
    }

    /// Signs for another service than that for queues. Blobs, queues and files have the same rules,
    /// tables have others. Default: [`Service::Queue`].
    #[must_use]
    pub fn for_service(mut self, service: Service) -> Self {
        self.service = service;
        self
    }

    /// Signs requests without `x-ms-version`, too: the parts of a batch for blobs, which have none and are
    /// each signed for themselves, and what tests of servers send. The service refuses every other one.
    #[must_use]
    pub fn without_version(mut self) -> Self {
        self.needs_version = false;
        self
    }

    /// The name of the account.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Replaces the key. Requests that are signed from now on use the new one, in all clients that
    /// share this signer.
    pub fn rotate(&self, key: AccountKey) {
        self.write().key = key;
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key, and `now` as it stands in a header.
    fn key_and_date(&self, now: SystemTime) -> Result<(AccountKey, HeaderDate), AuthError> {
        {
            let state = self.read();
            if let Some(date) = &state.date
                && date.covers(now)
            {
                return Ok((state.key.clone(), date.clone()));
            }
        }
        let date = HeaderDate::new(now)?;
        let mut state = self.write();
        state.date = Some(date.clone());
        Ok((state.key.clone(), date))
    }

    /// Sets both headers, `x-ms-date` and `Authorization`, or none.
    fn sign(
        &self,
        scheme: Scheme,
        request: &mut http::request::Parts,
        now: SystemTime,
    ) -> Result<(), AuthError> {
        let (key, date) = self.key_and_date(now)?;
        let account = &self.account;
        let mut signable = Signable::new(scheme, self.service, account, Head::from(&*request));
        signable.check_service()?;
        // Tables have a default version; the other services refuse a request without.
        signable.needs_version = self.needs_version && self.service != Service::Table;
        signable.date = Some(date.as_bytes());
        signable.strict = true;
        let mac = signable.with(|text| key.mac().chain_update(text))?;

        let name = scheme.name();
        let mut value = String::with_capacity(name.len() + 1 + account.len() + 1 + SIGNATURE_LEN);
        value.push_str(name);
        value.push(' ');
        value.push_str(account);
        value.push(':');
        push_signature(mac, &mut value);
        let mut authorization =
            HeaderValue::try_from(value).map_err(|_| AuthError::InvalidAccount)?;
        authorization.set_sensitive(true);

        request.headers.try_reserve(2).map_err(|_| AuthError::TooManyHeaders)?;
        request.headers.insert(X_MS_DATE, date.into_value());
        request.headers.insert(AUTHORIZATION, authorization);
        Ok(())
    }
}

impl Authorize for SharedKey {
    fn authorize(
        &self,
        request: &mut http::request::Parts,
        now: SystemTime,
    ) -> Result<(), AuthError> {
        self.sign(Scheme::SharedKey, request, now)
    }
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedKey")
            .field("account", &self.account)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

/// Authorization with Shared Key Lite: as [`SharedKey`], but the signature covers fewer headers and
/// of the query only `comp`.
///
/// Prefer [`SharedKey`]; this is for servers and tools that know nothing else.
pub struct SharedKeyLite(SharedKey);

impl SharedKeyLite {
    /// Makes a signer for `account` (the primary's name, without `-secondary`) with `key`.
    pub fn new(account: impl Into<String>, key: AccountKey) -> Self {
        Self(SharedKey::new(account, key))
    }

    /// Signs for another service, as [`SharedKey::for_service`] does.
    #[must_use]
    pub fn for_service(self, service: Service) -> Self {
        Self(self.0.for_service(service))
    }

    /// Signs requests without `x-ms-version`, too, as [`SharedKey::without_version`] does.
    #[must_use]
    pub fn without_version(self) -> Self {
        Self(self.0.without_version())
    }

    /// The name of the account.
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
        self.0.sign(Scheme::SharedKeyLite, request, now)
    }
}

impl fmt::Debug for SharedKeyLite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedKeyLite").field("account", &self.0.account).finish_non_exhaustive()
    }
}
