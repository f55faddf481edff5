//! A token that changes while clients use it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::SasToken;
use crate::gate::Gate;
use crate::{AuthError, Authorize, BoxError, BoxFuture};

/// How long before its expiry a token is replaced, unless told otherwise.
const AHEAD: Duration = Duration::from_secs(5 * 60);

/// After a failed attempt to get a token, none is made for this long.
const PAUSE: Duration = Duration::from_secs(5);

/// Gives fresh tokens to a [`SasCredential`]: asks a broker, reads a file, signs anew.
pub trait SasSource: fmt::Debug + Send + Sync {
    /// A token that is valid at `now` and for a while after.
    ///
    /// # Errors
    ///
    /// Whatever went wrong. It becomes the source of an [`AuthError`], so it must hold no secret.
    fn token(&self, now: SystemTime) -> BoxFuture<'_, Result<SasToken, BoxError>>;
}

/// A shared access signature that can be replaced while clients use it.
///
/// Share it as `Arc<SasCredential>`: whoever holds another handle calls [`replace`](Self::replace).
/// With a [`SasSource`] it renews itself ahead of the expiry, in one task at a time; as long as the
/// old token is valid, the other tasks go on with it, and so they do when the renewal fails.
///
/// ```
/// use std::sync::Arc;
/// use queue_auth::sas::{SasCredential, SasToken};
///
/// let credential = Arc::new(SasCredential::new(SasToken::parse("sv=2025-07-05&si=a&sig=b2xk")?));
/// let for_client = Arc::clone(&credential);
/// credential.replace(SasToken::parse("sv=2025-07-05&si=a&sig=bmV3")?);
/// # let _ = for_client;
/// # Ok::<(), queue_auth::sas::InvalidSas>(())
/// ```
pub struct SasCredential {
    state: Mutex<State>,
    source: Option<Arc<dyn SasSource>>,
    ahead: Duration,
    gate: Gate,
}

#[derive(Debug)]
struct State {
    token: Option<SasToken>,
    /// When the last attempt failed, if no later one succeeded.
    failed: Option<SystemTime>,
}

impl SasCredential {
    /// Uses `token` until it is [replaced](Self::replace).
    pub fn new(token: SasToken) -> Self {
        Self::with(Some(token), None)
    }

    /// Asks `source` for the first token and for every later one, five minutes before the old one
    /// expires.
    pub fn from_source(source: impl SasSource + 'static) -> Self {
        Self::with(None, Some(Arc::new(source)))
    }

    /// Like [`from_source`](Self::from_source), with a function for the source.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use queue_auth::AccountKey;
    /// use queue_auth::sas::{QueuePermissions, QueueSas, SasCredential};
    ///
    /// let key = AccountKey::from_base64("bm90LWEtcmVhbC1rZXk=")?;
    /// let hourly = SasCredential::from_fn(move |now| {
    ///     let token = QueueSas::new("jobs", QueuePermissions::ALL, now + Duration::from_secs(3600))
    ///         .sign("contoso", &key);
    ///     Box::pin(async { Ok(token?) })
    /// });
    /// # let _ = hourly;
    /// # Ok::<(), queue_auth::InvalidKey>(())
    /// ```
    pub fn from_fn<F>(source: F) -> Self
    where
        F: Fn(SystemTime) -> BoxFuture<'static, Result<SasToken, BoxError>> + Send + Sync + 'static,
    {
        Self::from_source(FnSource(source))
    }

    fn with(token: Option<SasToken>, source: Option<Arc<dyn SasSource>>) -> Self {
        let state = Mutex::new(State { token, failed: None });
        Self { state, source, ahead: AHEAD, gate: Gate::default() }
    }

    /// Starts with this token instead of asking the source for the first one.
    #[must_use]
    pub fn initial(self, token: SasToken) -> Self {
        self.replace(token);
        self
    }

    /// How long before the expiry of a token the source is asked for the next one.
    #[must_use]
    pub fn refresh_ahead(mut self, ahead: Duration) -> Self {
        self.ahead = ahead;
        self
    }

    /// Uses `token` from the next request on.
    pub fn replace(&self, token: SasToken) {
        let mut state = self.lock();
        state.token = Some(token);
        state.failed = None;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gets a token if it is time to.
    async fn renew(&self, source: &dyn SasSource, now: SystemTime) -> Result<(), AuthError> {
        if self.lock().fresh(now, self.ahead) {
            return Ok(());
        }
        let usable = self.lock().usable(now);
        let _pass = match self.gate.try_pass() {
            Some(pass) => pass,
            // Someone else is at it already.
            None if usable => return Ok(()),
            None => self.gate.pass().await,
        };
        {
            let state = self.lock();
            if state.fresh(now, self.ahead) {
                return Ok(());
            }
            let paused = state
                .failed
                .is_some_and(|failed| now.duration_since(failed).is_ok_and(|since| since < PAUSE));
            if paused && state.usable(now) {
                return Ok(());
            }
            if paused {
                return Err(AuthError::not_ready("the last attempt to get one has just failed"));
            }
        }
        match source.token(now).await {
            Ok(token) if token.expiry().is_some_and(|expiry| expiry <= now) => {
                self.fail(now, "the source gave a shared access signature that has expired", None)
            }
            Ok(token) => {
                self.replace(token);
                Ok(())
            }
            Err(error) => self.fail(now, "the source gave no shared access signature", Some(error)),
        }
    }

    /// Notes a failure; it is one for the caller only when no valid token is left.
    fn fail(
        &self,
        now: SystemTime,
        reason: &'static str,
        error: Option<BoxError>,
    ) -> Result<(), AuthError> {
        let mut state = self.lock();
        state.failed = Some(now);
        if state.usable(now) { Ok(()) } else { Err(AuthError::unavailable(reason, error)) }
    }
}

impl State {
    /// Whether the token is valid for at least `ahead`.
    fn fresh(&self, now: SystemTime, ahead: Duration) -> bool {
        self.valid_at(now.checked_add(ahead).unwrap_or(now))
    }

    fn usable(&self, now: SystemTime) -> bool {
        self.valid_at(now)
    }

    fn valid_at(&self, time: SystemTime) -> bool {
        let token = self.token.as_ref();
        token.is_some_and(|token| token.expiry().is_none_or(|expiry| time < expiry))
    }
}

impl Authorize for SasCredential {
    fn authorize(
        &self,
        request: &mut http::request::Parts,
        now: SystemTime,
    ) -> Result<(), AuthError> {
        let token = self.lock().token.clone();
        let token = token.ok_or_else(|| AuthError::not_ready("no token was fetched yet"))?;
        if token.expiry().is_some_and(|expiry| expiry <= now) {
            return Err(AuthError::not_ready("the shared access signature has expired"));
        }
        token.authorize(request, now)
    }

    fn refresh(&self, now: SystemTime) -> BoxFuture<'_, Result<(), AuthError>> {
        match &self.source {
            Some(source) => Box::pin(self.renew(&**source, now)),
            None => Box::pin(std::future::ready(Ok(()))),
        }
    }

    fn requires_tls(&self) -> bool {
        self.lock().token.as_ref().is_some_and(Authorize::requires_tls)
    }
}

impl fmt::Debug for SasCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SasCredential")
            .field("token", &self.lock().token)
            .field("source", &self.source)
            .field("ahead", &self.ahead)
            .finish_non_exhaustive()
    }
}

struct FnSource<F>(F);

impl<F> SasSource for FnSource<F>
where
    F: Fn(SystemTime) -> BoxFuture<'static, Result<SasToken, BoxError>> + Send + Sync,
{
    fn token(&self, now: SystemTime) -> BoxFuture<'_, Result<SasToken, BoxError>> {
        (self.0)(now)
    }
}

impl<F> fmt::Debug for FnSource<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a function")
    }
}
