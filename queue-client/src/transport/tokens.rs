//! [`token_transport`]: lets the token sources of Microsoft Entra ID (AAD) reach the identity
//! provider over a transport of this crate.

use bytes::Bytes;
use http::{Request, Response};
use queue_auth::{BoxError, BoxFuture, bearer::TokenTransport};

use super::Transport;

/// Fetches tokens over a transport of this crate, so that proxies, certificates and test doubles
/// are set in one place.
///
/// ```
/// # #[cfg(all(feature = "oauth2", feature = "reqwest"))]
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use queue_client::{
///     Endpoint, QueueServiceClient,
///     auth::{Bearer, bearer::{Application, Authority, ClientSecretFlow}},
///     token_transport,
///     transport::{HttpOptions, ReqwestTransport},
/// };
///
/// let transport = ReqwestTransport::with_options(&HttpOptions::new())?;
/// let application = Application::new(
///     Authority::new("7b795fb9-09d3-42f4-a494-38864f99ba3c")?,
///     "e1b9b9d6-9f1c-4c62-8e2e-0f3a4a1f6a11",
///     token_transport(transport.clone()),
/// );
/// let credential = Bearer::new(ClientSecretFlow::new(application, std::env::var("AZURE_CLIENT_SECRET")?));
/// let endpoint = Endpoint::parse("https://acme.queue.core.windows.net", "acme".parse()?)?;
/// let service = QueueServiceClient::builder(endpoint)
///     .authorizer(credential)
///     .transport(transport)
///     .build()?;
/// # Ok(())
/// # }
/// ```
pub fn token_transport<T: Transport>(transport: T) -> TokensOver<T> {
    TokensOver { transport }
}

/// A transport for token sources, made by [`token_transport`].
#[derive(Debug, Clone)]
pub struct TokensOver<T> {
    transport: T,
}

impl<T: Transport> TokenTransport for TokensOver<T> {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, BoxError>> {
        let answer = self.transport.send(request);
        Box::pin(async { Ok(answer.await?) })
    }
}
