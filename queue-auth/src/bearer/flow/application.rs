//! [`Application`], the client that asks for tokens.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use oauth2::{AuthType, ClientId, EndpointNotSet, Scope, TokenUrl};

use super::adapter::Adapter;
use super::answer::{OAuth, error_of, token_of};
use super::authority::Authority;
use crate::bearer::error::TokenError;
use crate::bearer::source::TokenRequest;
use crate::bearer::token::AccessToken;
use crate::bearer::transport::TokenTransport;

/// An application that is registered in a tenant, and how it reaches the identity provider.
///
/// ```
/// # use queue_auth::bearer::{Application, Authority, ClientSecretFlow, TokenTransport};
/// # fn example(transport: impl TokenTransport + 'static) -> Result<(), Box<dyn std::error::Error>> {
/// let tenant = "7b795fb9-09d3-42f4-a494-38864f99ba3c";
/// let client_id = "e1b9b9d6-9f1c-4c62-8e2e-0f3a4a1f6a11";
/// let application = Application::new(Authority::new(tenant)?, client_id, transport);
/// let secret = std::env::var("AZURE_CLIENT_SECRET")?;
/// let bearer = queue_auth::Bearer::new(ClientSecretFlow::new(application, secret));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Application {
    pub(super) authority: Authority,
    client_id: String,
    pub(super) transport: Arc<dyn TokenTransport>,
}

impl Application {
    /// Makes the application with the identifier `client_id` in the tenant of `authority`.
    pub fn new(
        authority: Authority,
        client_id: impl Into<String>,
        transport: impl TokenTransport + 'static,
    ) -> Self {
        Self { authority, client_id: client_id.into(), transport: Arc::new(transport) }
    }

    /// The identity provider and the tenant.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The client of the `oauth2` crate, with the token endpoint of `tenant`.
    pub(super) fn client(&self, tenant: &str) -> Result<OAuth, TokenError> {
        let url = TokenUrl::new(self.authority.endpoint(tenant, "token"))
            .map_err(|_| TokenError::setting("the authority", "it gives no valid URL"))?;
        let client: OAuth<EndpointNotSet, EndpointNotSet> =
            OAuth::new(ClientId::new(self.client_id.clone()));
        Ok(client.set_auth_type(AuthType::RequestBody).set_token_uri(url))
    }

    /// The client credentials grant (RFC 6749, section 4.4), with what stands for the client
    /// besides its identifier.
    pub(super) async fn client_credentials(
        &self,
        request: &TokenRequest,
        now: SystemTime,
        credentials: &[(&'static str, &str)],
    ) -> Result<AccessToken, TokenError> {
        let client = self.client(self.authority.tenant_for(request)?)?;
        let adapter = Adapter::new(Arc::clone(&self.transport), now);
        let mut grant =
            client.exchange_client_credentials().add_scope(Scope::new(request.scope().to_owned()));
        for (name, value) in credentials {
            grant = grant.add_extra_param(*name, *value);
        }
        let response = grant.request_async(&adapter).await.map_err(|error| {
            let secrets: Vec<&str> = credentials.iter().map(|(_, value)| *value).collect();
            error_of(error, adapter.seen(), &secrets)
        })?;
        token_of(&response, now)
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("authority", &self.authority)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}
