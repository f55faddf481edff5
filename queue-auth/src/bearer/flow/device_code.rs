//! [`DeviceCodeFlow`]: a person signs in on another device, with a code.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use oauth2::basic::BasicErrorResponseType;
use oauth2::{
    DeviceAuthorizationResponse, DeviceAuthorizationUrl, ExtraDeviceAuthorizationFields,
    RefreshToken, Scope, TokenResponse as _,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::adapter::Adapter;
use super::answer::{OAuth, TokenResponse, error_of, token_of};
use super::application::Application;
use crate::authorize::BoxFuture;
use crate::bearer::error::{TokenError, TokenErrorKind};
use crate::bearer::source::{TokenRequest, TokenSource};
use crate::bearer::token::AccessToken;

/// Asks for a refresh token along with the access token, so that the person signs in once.
const OFFLINE_ACCESS: &str = "offline_access";

/// The shortest pause between two questions whether the person is done.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

/// The longest such pause that an answer may demand.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The longest time that a person gets, whatever the provider grants.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

type Show = Box<dyn Fn(&DevicePrompt) + Send + Sync>;
type Sleep = Arc<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>;

/// Tokens of a person, who opens a page on any device and types a code there: RFC 8628.
///
/// Later tokens come by a refresh token, without the person, until the provider asks for them again.
/// A future that is dropped while the person is at it forgets the code, and the next one shows
/// another; so await [`refresh`](crate::Authorize::refresh) once at the start of the program.
///
/// "The OAuth 2.0 device authorization grant flow" in the Microsoft identity platform documentation.
///
/// ```
/// # use queue_auth::bearer::{Application, DeviceCodeFlow};
/// # fn example(application: Application) {
/// let source = DeviceCodeFlow::new(
///     application,
///     |prompt| eprintln!("{}", prompt.message()),
///     |duration| Box::pin(tokio::time::sleep(duration)),
/// );
/// # }
/// ```
pub struct DeviceCodeFlow {
    application: Application,
    show: Show,
    sleep: Sleep,
    renewal: Mutex<Option<Renewal>>,
}

/// The refresh token, which gets the next token without the person.
struct Renewal {
    tenant: String,
    token: Zeroizing<String>,
}

impl DeviceCodeFlow {
    /// Shows the code with `show`, and waits between two questions to the identity provider with
    /// `sleep`, the timer of your runtime.
    pub fn new(
        application: Application,
        show: impl Fn(&DevicePrompt) + Send + Sync + 'static,
        sleep: impl Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) -> Self {
        Self {
            application,
            show: Box::new(show),
            sleep: Arc::new(sleep),
            renewal: Mutex::default(),
        }
    }

    /// Takes the refresh token of `tenant`, if there is one.
    fn renewal(&self, tenant: &str) -> Option<Zeroizing<String>> {
        let renewal = self.renewal.lock().unwrap_or_else(PoisonError::into_inner);
        renewal.as_ref().filter(|renewal| renewal.tenant == tenant).map(|r| r.token.clone())
    }

    fn keep(&self, tenant: &str, response: &TokenResponse) {
        if let Some(token) = response.refresh_token() {
            let token = Zeroizing::new(token.secret().clone());
            *self.renewal.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(Renewal { tenant: tenant.to_owned(), token });
        }
    }

    fn forget(&self) {
        *self.renewal.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    async fn fetch(
        &self,
        request: &TokenRequest,
        now: SystemTime,
    ) -> Result<AccessToken, TokenError> {
        // The conversion to the date type of the `oauth2` crate does not take all times.
        let now = crate::date::in_range(now)
            .map_err(|_| TokenError::setting("the time", "it is outside the years 1970 to 9999"))?;
        let tenant = self.application.authority.tenant_for(request)?;
        let client = self.application.client(tenant)?;
        if let Some(secret) = self.renewal(tenant) {
            match self.renew(&client, tenant, &secret, request, now).await {
                Err(error) if needs_person(&error) => self.forget(),
                result => return result,
            }
        }
        self.ask_person(client, tenant, request, now).await
    }

    async fn renew(
        &self,
        client: &OAuth,
        tenant: &str,
        secret: &str,
        request: &TokenRequest,
        now: SystemTime,
    ) -> Result<AccessToken, TokenError> {
        let adapter = Adapter::new(Arc::clone(&self.application.transport), now);
        let token = RefreshToken::new(secret.to_owned());
        let response = client
            .exchange_refresh_token(&token)
            .add_scope(Scope::new(request.scope().to_owned()))
            .add_scope(Scope::new(OFFLINE_ACCESS.to_owned()))
            .request_async(&adapter)
            .await
            .map_err(|error| error_of(error, adapter.seen(), &[secret]))?;
        self.keep(tenant, &response);
        token_of(&response, now)
    }

    async fn ask_person(
        &self,
        client: OAuth,
        tenant: &str,
        request: &TokenRequest,
        now: SystemTime,
    ) -> Result<AccessToken, TokenError> {
        let url = self.application.authority.endpoint(tenant, "devicecode");
        let url = DeviceAuthorizationUrl::new(url)
            .map_err(|_| TokenError::setting("the authority", "it gives no valid URL"))?;
        let client = client.set_device_authorization_url(url);

        let adapter = Adapter::new(Arc::clone(&self.application.transport), now);
        let details: DeviceAuthorizationResponse<Extra> = client
            .exchange_device_code()
            .add_scope(Scope::new(request.scope().to_owned()))
            .add_scope(Scope::new(OFFLINE_ACCESS.to_owned()))
            .request_async(&adapter)
            .await
            .map_err(|error| error_of(error, adapter.seen(), &[]))?;
        if details.interval() > LONGEST_PAUSE {
            return Err(TokenError::invalid_answer("its field interval is above a minute"));
        }
        (self.show)(&DevicePrompt::new(&details));

        let adapter = Adapter::new(Arc::clone(&self.application.transport), now).polling();
        let slept = Arc::new(AtomicU64::new(0));
        let (clock, sleeper) = (Arc::clone(&slept), Arc::clone(&slept));
        let sleep = Arc::clone(&self.sleep);
        let response = client
            .exchange_device_access_token(&details)
            .set_time_fn(move || DateTime::<Utc>::from(time_after(now, &clock)))
            .set_max_backoff_interval(LONGEST_PAUSE)
            .request_async(
                &adapter,
                move |pause| {
                    let pause = pause.clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
                    sleeper.fetch_add(pause.as_secs(), Ordering::Relaxed);
                    sleep(pause)
                },
                Some(details.expires_in().min(LONGEST_WAIT)),
            )
            .await
            .map_err(|error| error_of(error, adapter.seen(), &[details.device_code().secret()]))?;
        self.keep(tenant, &response);
        token_of(&response, time_after(now, &slept))
    }
}

/// The time after all pauses so far: earlier than it is by what the answers took, so that a token
/// seems to end too early, not too late.
fn time_after(now: SystemTime, slept: &AtomicU64) -> SystemTime {
    let slept = Duration::from_secs(slept.load(Ordering::Relaxed));
    now.checked_add(slept).unwrap_or(now)
}

/// Whether the refresh token is of no more use.
fn needs_person(error: &TokenError) -> bool {
    match error.kind() {
        TokenErrorKind::Refused { error, .. } => {
            *error == BasicErrorResponseType::InvalidGrant.as_ref()
                || matches!(error.as_str(), "interaction_required" | "login_required")
        }
        _ => false,
    }
}

impl TokenSource for DeviceCodeFlow {
    fn token<'a>(
        &'a self,
        request: &'a TokenRequest,
        now: SystemTime,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>> {
        Box::pin(self.fetch(request, now))
    }
}

impl fmt::Debug for DeviceCodeFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceCodeFlow")
            .field("application", &self.application)
            .finish_non_exhaustive()
    }
}

/// The field of a device authorization response that Microsoft Entra ID adds.
#[derive(Debug, Deserialize, Serialize)]
struct Extra {
    #[serde(default)]
    message: Option<String>,
}

impl ExtraDeviceAuthorizationFields for Extra {}

/// The things that a person needs to sign in. `Debug` does not show the code.
#[derive(Clone)]
pub struct DevicePrompt {
    message: String,
    user_code: String,
    verification_uri: String,
    expires_in: Duration,
}

impl DevicePrompt {
    fn new(details: &DeviceAuthorizationResponse<Extra>) -> Self {
        let user_code = details.user_code().secret().clone();
        let verification_uri = details.verification_uri().to_string();
        let message = details.extra_fields().message.clone().unwrap_or_else(|| {
            format!("To sign in, open {verification_uri} in a browser and enter {user_code}.")
        });
        Self { message, user_code, verification_uri, expires_in: details.expires_in() }
    }

    /// The instruction in words, by the identity provider in the language of the tenant.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The code that the person types.
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// The page into which the person types the code.
    pub fn verification_uri(&self) -> &str {
        &self.verification_uri
    }

    /// The time for which the code holds.
    pub fn expires_in(&self) -> Duration {
        self.expires_in
    }
}

impl fmt::Debug for DevicePrompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevicePrompt")
            .field("verification_uri", &self.verification_uri)
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}
