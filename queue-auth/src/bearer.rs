//! Bearer tokens of Microsoft Entra ID (AAD).
//!
//! [`Bearer`] authorizes requests with an access token that it keeps, renews ahead of time and
//! replaces when the service rejects it. The tokens come from a [`TokenSource`]:
//!
//! | where the program runs | source | feature |
//! | --- | --- | --- |
//! | on an Azure virtual machine, in App Service or Functions | `Identity::managed` | `azure-identity` |
//! | in Kubernetes with workload identity | `Identity::workload`, or `ClientAssertionFlow` without the Azure SDK | `azure-identity` or `oauth2` |
//! | in a pipeline with federated credentials | `ClientAssertionFlow` with a function that gets the assertion | `oauth2` |
//! | anywhere, as an application with a secret | `ClientSecretFlow` | `oauth2` |
//! | on a developer's machine that is logged in | `Identity::developer_tools` | `azure-identity` |
//! | where a person can type a code into a browser | `DeviceCodeFlow` | `oauth2` |
//! | wherever `azure_identity` has a credential | `Identity::new` | `azure-identity` |
//! | first this, then that | [`Chain`] | `aad` |
//! | a token from elsewhere | an [`AccessToken`], [`source_fn`], or your own [`TokenSource`] | `aad` |
//!
//! Prefer those at the top: they need no secret that can leak. The identity needs a role on the
//! account or queue, for example "Storage Queue Data Contributor"; without one the service answers
//! 403 `AuthorizationPermissionMismatch`, also for some minutes after the role was given.
//!
//! "Authorize with Microsoft Entra ID" in the Azure Storage REST reference.
//!
//! ```
//! # struct Waker;
//! # impl std::task::Wake for Waker { fn wake(self: std::sync::Arc<Self>) {} }
//! # fn block_on<T>(future: impl Future<Output = T>) -> T {
//! #     let waker = std::sync::Arc::new(Waker).into();
//! #     let mut future = std::pin::pin!(future);
//! #     loop {
//! #         if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut std::task::Context::from_waker(&waker)) {
//! #             return value;
//! #         }
//! #     }
//! # }
//! use std::time::{Duration, SystemTime};
//! use queue_auth::{Authorize, Bearer};
//! use queue_auth::bearer::{AccessToken, source_fn};
//!
//! let bearer = Bearer::new(source_fn(|request, now| async move {
//!     assert_eq!(request.scope(), "https://storage.azure.com/.default");
//!     Ok(AccessToken::issued("eyJ0", now, Duration::from_secs(3600))?)
//! }));
//!
//! let request = http::Request::get("https://contoso.queue.core.windows.net/?comp=list")
//!     .header("x-ms-version", "2026-02-06")
//!     .body(())?;
//! let now = SystemTime::now();
//! let (mut parts, body) = request.into_parts();
//! # block_on(async {
//! bearer.refresh(now).await?;
//! # Ok::<(), queue_auth::AuthError>(()) })?;
//! bearer.authorize(&mut parts, now)?;
//! assert_eq!(parts.headers["authorization"], "Bearer eyJ0");
//! # let _ = body;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod audience;
mod authorizer;
mod cache;
mod chain;
mod challenge;
mod error;
#[cfg(feature = "oauth2")]
mod flow;
#[cfg(feature = "azure-identity")]
mod identity;
mod redact;
mod refusal;
mod source;
mod token;
#[cfg(any(feature = "oauth2", feature = "azure-identity"))]
mod transport;

pub use audience::{Audience, InvalidAudience};
pub use authorizer::Bearer;
pub use chain::Chain;
pub use challenge::Challenge;
pub use error::{TokenError, TokenErrorKind};
#[cfg(feature = "oauth2")]
pub use flow::{
    Application, Authority, ClientAssertionFlow, ClientSecretFlow, DeviceCodeFlow, DevicePrompt,
    InvalidAuthority,
};
#[cfg(feature = "azure-identity")]
pub use identity::{Identity, client_options};
pub use refusal::TokenRefusal;
pub use source::{SourceFn, TokenRequest, TokenSource, source_fn};
pub use token::{AccessToken, InvalidAccessToken};
#[cfg(any(feature = "oauth2", feature = "azure-identity"))]
pub use transport::{TokenTransport, TransportFn, transport_fn};
