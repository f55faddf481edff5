//! [`SasCredential`], a token that changes while clients use it: replaced by hand, or by a
//! [`SasSource`] that is asked ahead of the expiry.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::token::SasToken;
use crate::authorize::{Authorize, BoxFuture};
use crate::error::{AuthError, BoxError};
use crate::renew::gate::{Gate, Pass};
use crate::renew::stock::{Expires, Stock};
use crate::renew::{self, Renewable};

/// A source of fresh tokens for a [`SasCredential`]: one that asks a broker, reads a file, or signs.
pub trait SasSource: fmt::Debug + Send + Sync {
    /// Gets a token that is valid at `now` and for a while after.
    ///
    /// # Errors
    ///
    /// When the source has no token to give. The error becomes the cause of an [`AuthError`], so it must
    /// hold no secret.
    fn token(&self, now: SystemTime) -> BoxFuture<'_, Result<SasToken, BoxError>>;
}

/// A shared access signature that can be replaced while clients use it.
///
/// Share it as `Arc<SasCredential>`: whoever holds another handle calls [`replace`](Self::replace).
/// With a [`SasSource`] the credential renews itself ahead of the expiry, in one task at a time; as
/// long as the old token is valid, the other tasks go on with it, and so they do when the renewal
/// fails. After a failed attempt the next one is made no sooner than 1 second later, then 2, 4 and so
/// on up to 60. All tasks that wait for one attempt share its outcome, an error too.
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
    shared: Arc<Shared>,
}

/// The part of the credential that a renewal shares.
struct Shared {
    stock: Mutex<Stock<SasToken, SasFailure>>,
    source: Option<Arc<dyn SasSource>>,
    gate: Gate,
}

impl SasCredential {
    /// Makes a credential that uses `token` until it is [replaced](Self::replace).
    pub fn new(token: SasToken) -> Self {
        Self::with(Some(token), None)
    }

    /// Makes a credential that asks `source` for the first token, and for every later one
    /// [ahead](Self::refresh_ahead) of the expiry of the old one.
    pub fn from_source(source: impl SasSource + 'static) -> Self {
        Self::with(None, Some(Arc::new(source)))
    }

    /// Makes a credential whose source is a function; see [`from_source`](Self::from_source).
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
        let mut stock = Stock::new();
        if let Some(token) = token {
            stock.give(token);
        }
        let (stock, gate) = (Mutex::new(stock), Gate::default());
        Self { shared: Arc::new(Shared { stock, source, gate }) }
    }

    /// Starts with this token instead of asking the source for the first one.
    #[must_use]
    pub fn initial(self, token: SasToken) -> Self {
        self.replace(token);
        self
    }

    /// Asks the source for the next token so long before the expiry of the one at hand. For tokens of
    /// the source that live for less than twice that time, half of their life counts. Default: 5
    /// minutes.
    #[must_use]
    pub fn refresh_ahead(self, ahead: Duration) -> Self {
        self.shared.stock().set_ahead(ahead);
        self
    }

    /// Uses `token` from the next request on.
    pub fn replace(&self, token: SasToken) {
        self.shared.stock().give(token);
    }
}

impl Shared {
    fn stock(&self) -> MutexGuard<'_, Stock<SasToken, SasFailure>> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Renewable for Shared {
    type Item = SasToken;
    type Error = SasFailure;

    fn gate(&self) -> &Gate {
        &self.gate
    }

    fn with_stock<R>(&self, use_it: impl FnOnce(&mut Stock<SasToken, SasFailure>) -> R) -> R {
        use_it(&mut self.stock())
    }

    async fn fetch(&self, _pass: &Pass<'_>, now: SystemTime) -> Result<(), SasFailure> {
        let Some(source) = &self.source else { return Ok(()) };
        let failure = match source.token(now).await {
            Ok(token) if token.is_valid_at(now) => {
                self.stock().fetched(token, now);
                return Ok(());
            }
            Ok(_) => SasFailure::Expired,
            Err(error) => SasFailure::Source(error.into()),
        };
        self.stock().failed(failure.clone(), None, now);
        Err(failure)
    }
}

impl Expires for SasToken {
    // Whoever signs a token for a year wants it to be used for a year.
    const LONGEST_USE: Duration = Duration::MAX;

    fn end(&self) -> Option<SystemTime> {
        self.expiry()
    }
}

/// The reason why a source gave no token that can be used.
#[derive(Clone, Debug)]
enum SasFailure {
    Expired,
    Source(Arc<dyn Error + Send + Sync>),
}

impl From<SasFailure> for AuthError {
    fn from(failure: SasFailure) -> Self {
        match failure {
            SasFailure::Expired => Self::unavailable(
                "the source gave a shared access signature that has expired",
                None,
            ),
            SasFailure::Source(error) => Self::unavailable(
                "the source gave no shared access signature",
                Box::new(SharedError(error)) as BoxError,
            ),
        }
    }
}

/// The error of a source, for all who waited for it.
#[derive(Debug)]
struct SharedError(Arc<dyn Error + Send + Sync>);

impl fmt::Display for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for SharedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl Authorize for SasCredential {
    fn authorize(
        &self,
        request: &mut http::request::Parts,
        now: SystemTime,
    ) -> Result<(), AuthError> {
        let token = self.shared.stock().item().cloned();
        let token = token.ok_or_else(|| AuthError::not_ready("no token was fetched yet"))?;
        if !token.is_valid_at(now) {
            return Err(AuthError::not_ready("the shared access signature has expired"));
        }
        token.authorize(request, now)
    }

    fn refresh(&self, now: SystemTime) -> BoxFuture<'_, Result<(), AuthError>> {
        match &self.shared.source {
            Some(_) => renew::refresh(&self.shared, None, now),
            None => Box::pin(std::future::ready(Ok(()))),
        }
    }

    fn requires_tls(&self) -> bool {
        self.shared.stock().item().is_some_and(Authorize::requires_tls)
    }
}

impl fmt::Debug for SasCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SasCredential")
            .field("token", &self.shared.stock().item())
            .field("source", &self.shared.source)
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
