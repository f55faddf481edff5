//! Verification: who sent this request, and what may they do?
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

mod error;
mod grant;
mod shared_key;
mod store;

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use http::header::AUTHORIZATION;

use crate::Head;

pub use error::{VerifyError, VerifyErrorKind};
pub use grant::{Access, Grant};
pub use store::{KeyStore, NoPolicies, PolicyStore, StoredPolicy};

/// How far the clock of a client may be off: 15 minutes, both ways.
pub const MAX_CLOCK_SKEW: Duration = Duration::from_secs(15 * 60);

/// What a server knows of a request besides the request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RequestContext {
    /// The server's time.
    pub now: SystemTime,
    /// The client's address; without it a signature that is bound to addresses is refused.
    pub client_ip: Option<IpAddr>,
    /// Whether the connection is encrypted. Without it a signature that demands HTTPS is refused,
    /// and so is a bearer token.
    pub https: bool,
    /// Whether the path starts with the account name, as emulators have it: `/account/queue`.
    /// Otherwise it starts with the queue.
    pub path_style: bool,
}

impl RequestContext {
    /// A request that came at `now` over plain HTTP from an unknown address, with the account in
    /// the host name.
    pub fn new(now: SystemTime) -> Self {
        Self { now, client_ip: None, https: false, path_style: false }
    }

    /// Sets the client's address.
    #[must_use]
    pub fn client_ip(mut self, address: IpAddr) -> Self {
        self.client_ip = Some(address);
        self
    }

    /// Says whether the connection is encrypted.
    #[must_use]
    pub fn https(mut self, https: bool) -> Self {
        self.https = https;
        self
    }

    /// Says whether the path starts with the account name.
    #[must_use]
    pub fn path_style(mut self, path_style: bool) -> Self {
        self.path_style = path_style;
        self
    }
}

/// Verifies requests with the keys of a [`KeyStore`].
#[derive(Debug)]
pub struct Verifier<K> {
    keys: K,
}

impl<K: KeyStore> Verifier<K> {
    /// A verifier that takes account keys from `keys`.
    pub fn new(keys: K) -> Self {
        Self { keys }
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
        let _ = policies;
        let Some(authorization) = authorization(head)? else {
            return Err(VerifyError::NoAuthentication);
        };
        let (scheme, credentials) = authorization
            .split_once(' ')
            .ok_or(VerifyError::MalformedAuthorization { rule: "it has no scheme and value" })?;
        if scheme.eq_ignore_ascii_case("SharedKey") {
            return self.shared_key(account, head, credentials.trim_ascii(), context);
        }
        Err(VerifyError::MalformedAuthorization { rule: "its scheme is not supported" })
    }
}

/// The only `Authorization` header.
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
