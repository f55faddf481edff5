//! [`from_fn`]: a transport from any function.

use std::{fmt, future::ready};

use bytes::Bytes;
use http::{Request, Response};
use queue_auth::BoxFuture;

use super::{Transport, TransportError};

/// A transport from a function: an emulator in the same process, a canned answer, a blocking HTTP
/// client.
///
/// ```
/// use queue_client::{QueueServiceClient, transport::from_fn};
/// use queue_emulator::Emulator;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::new();
/// let service = QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
///     .transport(from_fn(move |request| Ok(emulator.handle(request))))
///     .build()?;
/// service.queue("orders")?.create().await?;
/// # Ok(())
/// # }
/// ```
///
/// The function runs on the task that polls the call. The timeouts of the client cannot interrupt it
/// while it blocks, so a blocking HTTP client behind it needs timeouts of its own; in async code it
/// belongs on a thread of its own. The [table of the module](super#which-failure-is-which-kind) says
/// which kind of [`TransportError`] each failure of such a client is: a refused connection is
/// `Connect`, a timeout `Timeout`, and a connection that broke `Interrupted`.
pub fn from_fn<F>(function: F) -> FromFn<F>
where
    F: Fn(Request<Bytes>) -> Result<Response<Bytes>, TransportError> + Send + Sync,
{
    FromFn { function }
}

/// The transport that [`from_fn`] makes.
#[derive(Clone)]
pub struct FromFn<F> {
    function: F,
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromFn").finish_non_exhaustive()
    }
}

impl<F> Transport for FromFn<F>
where
    F: Fn(Request<Bytes>) -> Result<Response<Bytes>, TransportError> + Send + Sync,
{
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(ready((self.function)(request)))
    }
}
