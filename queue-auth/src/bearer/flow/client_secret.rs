//! [`ClientSecretFlow`], an application that proves itself with a secret.

use std::fmt;
use std::sync::{PoisonError, RwLock};
use std::time::SystemTime;

use zeroize::Zeroizing;

use super::application::Application;
use crate::authorize::BoxFuture;
use crate::bearer::error::TokenError;
use crate::bearer::source::{TokenRequest, TokenSource};
use crate::bearer::token::AccessToken;

/// Tokens for an application that has a client secret: the client credentials grant of RFC 6749.
///
/// "The OAuth 2.0 client credentials grant flow" in the Microsoft identity platform documentation.
/// [`Application`] has an example.
///
/// The secret is wiped when this is dropped. The copy that goes into a request passes through the
/// `oauth2` crate, which does not wipe its own.
pub struct ClientSecretFlow {
    application: Application,
    secret: RwLock<Zeroizing<String>>,
}

impl ClientSecretFlow {
    /// Makes a source that asks as `application` with `secret`.
    pub fn new(application: Application, secret: impl Into<String>) -> Self {
        Self { application, secret: RwLock::new(Zeroizing::new(secret.into())) }
    }

    /// Replaces the secret. The next token is asked for with the new one.
    pub fn rotate(&self, secret: impl Into<String>) {
        *self.secret.write().unwrap_or_else(PoisonError::into_inner) =
            Zeroizing::new(secret.into());
    }
}

impl TokenSource for ClientSecretFlow {
    fn token<'a>(
        &'a self,
        request: &'a TokenRequest,
        now: SystemTime,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>> {
        let secret = self.secret.read().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async move {
            let credentials = [("client_secret", secret.as_str())];
            self.application.client_credentials(request, now, &credentials).await
        })
    }
}

impl fmt::Debug for ClientSecretFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSecretFlow")
            .field("application", &self.application)
            .finish_non_exhaustive()
    }
}
