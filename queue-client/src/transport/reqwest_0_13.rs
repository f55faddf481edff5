//! A transport over a client of reqwest 0.13 that the program has made. The module has the version in
//! its name, so that a later reqwest is one more module and breaks no program.

use reqwest::Client;

use super::ReqwestTransport;

/// A transport over the client that is given, with its timeouts, proxies and certificates.
///
/// Build the client with `redirect(Policy::none())` and `retry(never())`: every attempt must be signed
/// by itself, and a signature holds for one address only. The proxies of the client are its own
/// affair: errors do not name them, and those of the environment get requests to this machine, unless
/// the client is built with `no_proxy()`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use queue_client::{QueueServiceClient, transport::reqwest_0_13};
///
/// # let server = queue_emulator::Server::bind(queue_emulator::Emulator::new(), "127.0.0.1:0").await?;
/// # let connection_string = server.connection_string();
/// let client = reqwest::Client::builder()
///     .redirect(reqwest::redirect::Policy::none())
///     .retry(reqwest::retry::never())
///     .no_proxy()
///     .build()?;
/// let service = QueueServiceClient::builder_from_connection_string(&connection_string)?
///     .transport(reqwest_0_13::transport(client))
///     .build()?;
/// service.queue("orders")?.create().await?;
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn transport(client: Client) -> ReqwestTransport {
    ReqwestTransport::new(client)
}
