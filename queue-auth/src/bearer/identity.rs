//! A token source over the credentials of the `azure_identity` crate.

mod transport;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use azure_core::credentials::TokenCredential;
use azure_core::error::ErrorKind;
use azure_core::http::headers::RETRY_AFTER;
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientAssertionCredentialOptions,
    DeveloperToolsCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions,
    UserAssignedId, WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};

use transport::{Unanswered, is_busy};

pub use transport::client_options;

use crate::authorize::BoxFuture;
use crate::bearer::error::{TokenError, TokenErrorKind};
use crate::bearer::redact::redact;
use crate::bearer::source::{TokenRequest, TokenSource};
use crate::bearer::token::AccessToken;
use crate::bearer::transport::TokenTransport;

/// The number of tenants whose credentials are kept.
const TENANTS: usize = 16;

type Factory =
    Box<dyn Fn(Option<&str>) -> azure_core::Result<Arc<dyn TokenCredential>> + Send + Sync>;

/// Tokens from any credential of the `azure_identity` crate, or any other
/// [`TokenCredential`].
///
/// The constructors below run the credentials that need the network over a
/// [`TokenTransport`], so that neither a second HTTP client nor a second TLS library comes along.
/// For other credentials, give [`client_options`] to their constructor:
///
/// ```
/// # use queue_auth::bearer::{Identity, TokenTransport, client_options};
/// # fn example(transport: impl TokenTransport + 'static) -> Result<(), Box<dyn std::error::Error>> {
/// use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};
///
/// let credential = ClientSecretCredential::new(
///     "7b795fb9-09d3-42f4-a494-38864f99ba3c",
///     "e1b9b9d6-9f1c-4c62-8e2e-0f3a4a1f6a11".to_owned(),
///     std::env::var("AZURE_CLIENT_SECRET")?.into(),
///     Some(ClientSecretCredentialOptions { client_options: client_options(transport) }),
/// )?;
/// let bearer = queue_auth::Bearer::new(Identity::new(credential));
/// # Ok(())
/// # }
/// ```
///
/// A chain that works in the cloud and on a developer's machine:
///
/// ```
/// # use queue_auth::bearer::{Chain, Identity, TokenTransport};
/// # fn example(transport: impl TokenTransport + 'static) -> Result<(), Box<dyn std::error::Error>> {
/// let source = Chain::new(Identity::managed(transport, None)?).or(Identity::developer_tools()?);
/// let bearer = queue_auth::Bearer::new(source);
/// # Ok(())
/// # }
/// ```
///
/// The credentials of `azure_identity` read the clock and, as each describes, the environment. They
/// keep tokens in memory that is not wiped.
pub struct Identity {
    credential: Credential,
}

enum Credential {
    Fixed(Arc<dyn TokenCredential>),
    PerTenant(Factory, Mutex<HashMap<Option<String>, Arc<dyn TokenCredential>>>),
}

impl Identity {
    /// Tokens of `credential`. A tenant that the service names in its challenge is not passed on,
    /// since a credential has no way to take it; [`per_tenant`](Self::per_tenant) does.
    pub fn new(credential: Arc<dyn TokenCredential>) -> Self {
        Self { credential: Credential::Fixed(credential) }
    }

    /// Tokens of the credential that `make` creates for a tenant: first for `None`, then for the one
    /// that the service names in its challenge.
    ///
    /// ```
    /// use azure_identity::{AzureCliCredential, AzureCliCredentialOptions};
    /// use queue_auth::bearer::Identity;
    ///
    /// let source = Identity::per_tenant(|tenant| {
    ///     let options = AzureCliCredentialOptions {
    ///         tenant_id: tenant.map(str::to_owned),
    ///         ..Default::default()
    ///     };
    ///     Ok(AzureCliCredential::new(Some(options))?)
    /// });
    /// ```
    pub fn per_tenant<F>(make: F) -> Self
    where
        F: Fn(Option<&str>) -> azure_core::Result<Arc<dyn TokenCredential>> + Send + Sync + 'static,
    {
        Self { credential: Credential::PerTenant(Box::new(make), Mutex::default()) }
    }

    /// The identity that is assigned to the virtual machine, App Service or Functions application
    /// that this runs in. `user_assigned` chooses one of several.
    ///
    /// # Errors
    ///
    /// When the environment names a kind of managed identity that `azure_identity` does not know.
    pub fn managed(
        transport: impl TokenTransport + 'static,
        user_assigned: Option<UserAssignedId>,
    ) -> Result<Self, TokenError> {
        let options = ManagedIdentityCredentialOptions {
            user_assigned_id: user_assigned,
            client_options: client_options(transport),
        };
        Ok(Self::new(ManagedIdentityCredential::new(Some(options)).map_err(|e| in_words(&e))?))
    }

    /// The workload identity of a Kubernetes pod, from the variables `AZURE_TENANT_ID`,
    /// `AZURE_CLIENT_ID`, `AZURE_FEDERATED_TOKEN_FILE` and `AZURE_AUTHORITY_HOST`.
    ///
    /// # Errors
    ///
    /// When a variable is missing or the file cannot be read.
    pub fn workload(transport: impl TokenTransport + 'static) -> Result<Self, TokenError> {
        let options = WorkloadIdentityCredentialOptions {
            credential_options: ClientAssertionCredentialOptions {
                client_options: client_options(transport),
            },
            ..Default::default()
        };
        Ok(Self::new(WorkloadIdentityCredential::new(Some(options)).map_err(|e| in_words(&e))?))
    }

    /// The person that is logged in to the Azure CLI (`az login`), in the tenant that the service
    /// names.
    pub fn azure_cli() -> Self {
        Self::per_tenant(|tenant| {
            let options = AzureCliCredentialOptions {
                tenant_id: tenant.map(str::to_owned),
                ..Default::default()
            };
            Ok(AzureCliCredential::new(Some(options))?)
        })
    }

    /// The person that is logged in to the Azure CLI or the Azure Developer CLI.
    ///
    /// # Errors
    ///
    /// When `azure_identity` cannot set the credential up.
    pub fn developer_tools() -> Result<Self, TokenError> {
        Ok(Self::new(DeveloperToolsCredential::new(None).map_err(|e| in_words(&e))?))
    }

    fn credential(&self, tenant: Option<&str>) -> Result<Arc<dyn TokenCredential>, TokenError> {
        let (make, made) = match &self.credential {
            Credential::Fixed(credential) => return Ok(Arc::clone(credential)),
            Credential::PerTenant(make, made) => (make, made),
        };
        let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
        let tenant = tenant.map(str::to_owned);
        if let Some(credential) = made.get(&tenant) {
            return Ok(Arc::clone(credential));
        }
        let credential = make(tenant.as_deref()).map_err(|error| in_words(&error))?;
        if made.len() < TENANTS {
            made.insert(tenant, Arc::clone(&credential));
        }
        Ok(credential)
    }
}

impl TokenSource for Identity {
    fn token<'a>(
        &'a self,
        request: &'a TokenRequest,
        _now: SystemTime,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>> {
        Box::pin(async move {
            let credential = self.credential(request.tenant())?;
            let token = credential
                .get_token(&[request.scope()], None)
                .await
                .map_err(|error| error_of(&error))?;
            Ok(AccessToken::new(token.token.secret(), token.expires_on.into())?)
        })
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Identity");
        if let Credential::Fixed(credential) = &self.credential {
            shown.field("credential", credential);
        }
        shown.finish_non_exhaustive()
    }
}

/// Makes our error of one that has only words: above all those of constructors, which ask nobody.
fn in_words(error: &azure_core::Error) -> TokenError {
    TokenError::new(TokenErrorKind::Credential { message: redact(&error.to_string(), &[]) })
}

/// Makes our error of one of `azure_core`. That one is not kept: it holds the whole answer, and its
/// messages may quote it.
fn error_of(error: &azure_core::Error) -> TokenError {
    // Credentials wrap the error of their HTTP pipeline; the innermost one says what happened.
    let innermost = std::iter::successors(Some(error), |error| inner(error)).last();
    let innermost = innermost.unwrap_or(error);
    if std::error::Error::source(innermost).is_some_and(|source| source.is::<Unanswered>()) {
        return TokenError::new(TokenErrorKind::Unreachable);
    }
    match innermost.kind() {
        ErrorKind::HttpResponse { status, raw_response, .. } if is_busy(**status) => {
            let error = TokenError::new(TokenErrorKind::Busy { status: **status });
            let seconds = raw_response
                .as_ref()
                .and_then(|answer| answer.headers().get_optional_str(&RETRY_AFTER)?.parse().ok());
            match seconds {
                Some(seconds) => error.with_retry_after(Duration::from_secs(seconds)),
                None => error,
            }
        }
        ErrorKind::HttpResponse { status, error_code, .. } => {
            let code = error_code.clone().unwrap_or_else(|| format!("status {status}"));
            TokenError::refused(&code, Some(&error.to_string()), &[])
        }
        ErrorKind::Connection | ErrorKind::Io => TokenError::new(TokenErrorKind::Unreachable),
        // Its message quotes the answer, in which a token may stand.
        ErrorKind::DataConversion => {
            TokenError::invalid_answer("it is not the JSON that the credential expects")
        }
        _ => in_words(error),
    }
}

fn inner(error: &azure_core::Error) -> Option<&azure_core::Error> {
    std::error::Error::source(error)?.downcast_ref()
}
