#![doc = include_str!("../docs/testing.md")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, Response};

use crate::{
    client::QueueServiceClient, error::SetupError, runtime::ManualRuntime, transport::from_fn,
};

/// When the time of a test starts: 2027-01-15 08:00:00 UTC. It is the same in every run, and so are
/// the random numbers.
const START: Duration = Duration::from_secs(1_800_000_000);

/// The clock of a service for tests: the time of day.
pub type Clock = Box<dyn Fn() -> SystemTime + Send + Sync>;

/// A client of a service in this process, and the [clock](ManualRuntime) of both.
///
/// `service` gets the clock, and returns the function that answers requests. The client has the
/// well-known account of emulators, and the settings of a client that says nothing about them.
///
/// ```
/// use queue_client::testing::in_process;
/// use queue_emulator::Emulator;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (service, time) = in_process(Emulator::handler)?;
/// service.queue("orders")?.create().await?;
///
/// // An emulator with settings of its own:
/// let (service, time) = in_process(|clock| {
///     Emulator::builder().clock(clock).without_secondary().build().into_handler()
/// })?;
/// # drop((service, time));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`SetupError`] as from [`ClientBuilder::build`](crate::ClientBuilder::build).
pub fn in_process<S>(
    service: impl FnOnce(Clock) -> S,
) -> Result<(QueueServiceClient, ManualRuntime), SetupError>
where
    S: Fn(Request<Bytes>) -> Response<Bytes> + Send + Sync + 'static,
{
    let time = ManualRuntime::starting_at(UNIX_EPOCH + START);
    let service = service(Box::new(time.clock()));
    let client = QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
        .transport(from_fn(move |request| Ok(service(request))))
        .runtime(time.clone())
        .build()?;
    Ok((client, time))
}
