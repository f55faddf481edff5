//! [`Bearer`], the authorizer: when it fetches tokens and how it puts them on requests.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use http::header::AUTHORIZATION;
use http::uri::Scheme;
use httpdate::fmt_http_date;

use super::audience::Audience;
use super::cache::Cache;
use super::error::TokenError;
use super::source::TokenSource;
use super::token::AccessToken;
use crate::authorize::{Authorize, BoxFuture};
use crate::canonical::X_MS_DATE;
use crate::date;
use crate::error::AuthError;
use crate::renew::gate::{Gate, Pass};
use crate::renew::stock::Stock;
use crate::renew::{self, Renewable, Spawn};

/// The number of times that a fetch is done when a challenge comes in while it runs.
const OVERTAKEN: u32 = 3;

/// Authorization with access tokens: `Authorization: Bearer token`.
///
/// * [`refresh`](Authorize::refresh) fetches a token when there is none. However many tasks call it
///   at once, one fetch runs and all share its outcome, an error too.
/// * A token is renewed 5 minutes before its end, or half-way when it lives for less than 10, or
///   when the provider advises to. One task does so; all others go on with the old token, and so
///   does that one if the renewal fails. With [`in_background`](Self::in_background) nobody waits.
/// * After a failed fetch the next one is not tried before 1 second, then 2, 4 and so on up to 60, or
///   as long as the provider asks with `Retry-After` (at most 10 minutes). Meanwhile the old token is
///   used while it holds, and then the error is returned again.
/// * A token that the service answers with 401 is replaced, at most once in 30 seconds. If the answer
///   has a [`Challenge`](super::Challenge) that names another tenant or the target account as
///   audience, it is followed, once in the life of this value. So share one among the accounts of
///   one tenant, and no more.
///
/// The time is always the argument `now`. `authorize` sets `x-ms-date` and `Authorization`, which is
/// marked sensitive. The request needs `x-ms-version` 2017-11-09 or later.
///
/// ```
/// use queue_auth::Bearer;
/// use queue_auth::bearer::{Audience, AccessToken};
/// use std::time::{Duration, SystemTime};
///
/// let token = AccessToken::issued("eyJ0", SystemTime::now(), Duration::from_secs(3600))?;
/// let bearer = Bearer::new(token)
///     .with_audience(Audience::account("https://contoso.queue.core.windows.net")?);
/// assert!(!format!("{bearer:?}").contains("eyJ0"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Bearer<S> {
    shared: Arc<Shared<S>>,
    spawn: Option<Spawn>,
    allow_http: bool,
}

/// The part of the authorizer that a task in the background shares.
struct Shared<S> {
    source: S,
    cache: Mutex<Cache>,
    gate: Gate,
}

impl<S: TokenSource> Bearer<S> {
    /// Authorizes with tokens of `source`, for [all of Azure Storage](Audience::storage).
    pub fn new(source: S) -> Self {
        let cache = Mutex::new(Cache::new(Audience::storage()));
        let shared = Arc::new(Shared { source, cache, gate: Gate::default() });
        Self { shared, spawn: None, allow_http: false }
    }

    /// Asks for tokens for another audience.
    #[must_use]
    pub fn with_audience(self, audience: Audience) -> Self {
        self.shared.cache().set_audience(audience);
        self
    }

    /// Renews tokens so long before their end. For tokens that live for less than twice that time,
    /// half of their life counts. Default: 5 minutes.
    #[must_use]
    pub fn refresh_ahead(self, ahead: Duration) -> Self {
        self.shared.cache().stock().set_ahead(ahead);
        self
    }

    /// Hands renewals of a token that still holds to `spawn`, so that no caller waits for them.
    /// Without it, one caller in the life of a token does.
    ///
    /// ```
    /// # use queue_auth::{Bearer, bearer::TokenSource};
    /// # fn with_tokio(source: impl TokenSource + 'static) {
    /// let bearer = Bearer::new(source).in_background(|renewal| {
    ///     tokio::spawn(renewal);
    /// });
    /// # }
    /// ```
    #[must_use]
    pub fn in_background(
        mut self,
        spawn: impl Fn(BoxFuture<'static, ()>) + Send + Sync + 'static,
    ) -> Self {
        self.spawn = Some(Box::new(spawn));
        self
    }

    /// Lets tokens travel over plain http, where everybody on the way can read them and use them
    /// until they expire. For emulators on this machine.
    #[must_use]
    pub fn danger_allow_http(mut self) -> Self {
        self.allow_http = true;
        self
    }

    /// The source of the tokens.
    pub fn source(&self) -> &S {
        &self.shared.source
    }

    /// The tenant that a challenge of the service named, if one was followed.
    pub fn discovered_tenant(&self) -> Option<String> {
        self.shared.cache().tenant().map(str::to_owned)
    }

    /// The time at which the token that is held expires, if one is.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.shared.cache().token().map(AccessToken::expires_at)
    }

    /// The error of the last fetch, unless that succeeded. A renewal that fails while the old token
    /// holds shows here only.
    pub fn last_failure(&self) -> Option<TokenError> {
        self.shared.cache().failure().cloned()
    }
}

impl<S> Shared<S> {
    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: TokenSource + 'static> Renewable for Shared<S> {
    type Item = AccessToken;
    type Error = TokenError;

    fn gate(&self) -> &Gate {
        &self.gate
    }

    fn with_stock<R>(&self, use_it: impl FnOnce(&mut Stock<AccessToken, TokenError>) -> R) -> R {
        use_it(self.cache().stock())
    }

    async fn fetch(&self, _pass: &Pass<'_>, now: SystemTime) -> Result<(), TokenError> {
        for _ in 0..OVERTAKEN {
            let ticket = self.cache().ticket();
            let result = self.source.token(&ticket.request, now).await;
            let mut cache = self.cache();
            if cache.finish(&ticket, result, now) {
                return cache.failure().cloned().map_or(Ok(()), Err);
            }
        }
        Err(TokenError::invalid_answer("the audience or tenant changed during each fetch"))
    }
}

impl<S: TokenSource + 'static> Authorize for Bearer<S> {
    fn authorize(
        &self,
        request: &mut http::request::Parts,
        now: SystemTime,
    ) -> Result<(), AuthError> {
        if !self.allow_http && request.uri.scheme() == Some(&Scheme::HTTP) {
            return Err(AuthError::ClearText);
        }
        let date = HeaderValue::try_from(fmt_http_date(date::in_range(now)?))
            .map_err(|_| AuthError::TimeOutOfRange)?;
        let header = self
            .shared
            .cache()
            .use_token(request.uri.authority(), now)
            .ok_or_else(|| AuthError::not_ready("no access token holds at this time"))?;
        request.headers.try_reserve(2).map_err(|_| AuthError::TooManyHeaders)?;
        request.headers.insert(X_MS_DATE, date);
        request.headers.insert(AUTHORIZATION, header);
        Ok(())
    }

    fn refresh(&self, now: SystemTime) -> BoxFuture<'_, Result<(), AuthError>> {
        self.shared.cache().see(now);
        renew::refresh(&self.shared, self.spawn.as_ref(), now)
    }

    fn rejected(&self, challenge: &http::HeaderMap) -> bool {
        self.shared.cache().rejected(challenge)
    }

    fn requires_tls(&self) -> bool {
        !self.allow_http
    }
}

impl<S: fmt::Debug> fmt::Debug for Bearer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cache = self.shared.cache();
        f.debug_struct("Bearer")
            .field("source", &self.shared.source)
            .field("scope", &cache.audience().scope())
            .field("tenant", &cache.tenant())
            .field("token", &cache.token())
            .finish_non_exhaustive()
    }
}
