#![doc = include_str!("../docs/testing.md")]

use std::{
    fmt,
    future::pending,
    io,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{Request, Response};
use queue_auth::BoxFuture;

use crate::{
    client::QueueServiceClient,
    error::SetupError,
    runtime::{ManualRuntime, Runtime as _},
    transport::{Transport, TransportError, TransportErrorKind},
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
/// Faults of the emulator do not apply: [`in_process_with_faults`] is for these.
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
    in_process_with_faults(|clock| {
        let answer = service(clock);
        move |request| (Duration::ZERO, Ok(answer(request)))
    })
}

/// A client of a service in this process that may be late or lose answers, and the
/// [clock](ManualRuntime) of both.
///
/// It differs from [`in_process`] in what the function of the service returns: the delay of the
/// answer, which passes by the clock of the test, and the answer or an error. The client takes the
/// error as it takes one of a socket: `TimedOut` is a silence until the client gives up,
/// `UnexpectedEof` a connection that broke within the answer, and every other kind a connection
/// that was closed before one.
///
/// ```
/// use queue_client::{OpFailure, testing::in_process_with_faults};
/// use queue_emulator::{Emulator, Fault};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // The service stores a message, but its answer is lost:
/// let fault: Fault = "close-after operation=PutMessage times=1".parse()?;
/// let (service, time) = in_process_with_faults(|clock| {
///     Emulator::builder().clock(clock).fault(fault).build().into_handler_with_faults()
/// })?;
/// let orders = service.queue("orders")?;
/// orders.create().await?;
///
/// let error = orders.send("17 bottles").await.unwrap_err();
/// assert_eq!(error.failure(), &OpFailure::Ambiguous);
/// assert_eq!(orders.peek(32).await?.len(), 1);
/// # drop(time);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`SetupError`] as from [`ClientBuilder::build`](crate::ClientBuilder::build).
pub fn in_process_with_faults<S>(
    service: impl FnOnce(Clock) -> S,
) -> Result<(QueueServiceClient, ManualRuntime), SetupError>
where
    S: Fn(Request<Bytes>) -> (Duration, io::Result<Response<Bytes>>) + Send + Sync + 'static,
{
    let time = ManualRuntime::starting_at(UNIX_EPOCH + START);
    let service = service(Box::new(time.clock()));
    let client = QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
        .transport(transport_with_faults(service, &time))
        .runtime(time.clone())
        .build()?;
    Ok((client, time))
}

/// The transport of [`in_process_with_faults`], for a client with settings of its own.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use queue_client::{QueueServiceClient, retry::NoRetry, testing::transport_with_faults};
/// use queue_client::runtime::{ManualRuntime, Runtime};
/// use queue_emulator::Emulator;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let time = ManualRuntime::starting_at(SystemTime::now());
/// let emulator = Emulator::builder().clock(time.clock()).build();
/// // A clone is the same emulator: the test can steer it later.
/// let handler = emulator.clone().into_handler_with_faults();
/// let service = QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
///     .transport(transport_with_faults(handler, &time))
///     .runtime(time.clone())
///     .attempt_timeout(Duration::from_secs(5))
///     .retry(NoRetry)
///     .build()?;
/// let orders = service.queue("orders")?;
/// orders.create().await?;
///
/// emulator.add_fault("delay=10s".parse()?);
/// let before = time.elapsed();
/// assert!(orders.send("17 bottles").await.is_err());
/// assert_eq!(time.elapsed() - before, Duration::from_secs(5));
/// # Ok(())
/// # }
/// ```
pub fn transport_with_faults<S>(service: S, time: &ManualRuntime) -> impl Transport + 'static
where
    S: Fn(Request<Bytes>) -> (Duration, io::Result<Response<Bytes>>) + Send + Sync + 'static,
{
    Faulty { service, time: time.clone() }
}

/// The transport to a service in this process that may be late or lose answers.
struct Faulty<S> {
    service: S,
    time: ManualRuntime,
}

impl<S> fmt::Debug for Faulty<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faulty").finish_non_exhaustive()
    }
}

impl<S> Transport for Faulty<S>
where
    S: Fn(Request<Bytes>) -> (Duration, io::Result<Response<Bytes>>) + Send + Sync,
{
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let (delay, result) = (self.service)(request);
        Box::pin(async move {
            if !delay.is_zero() {
                self.time.sleep(delay).await;
            }
            let error = match result {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            let kind = match error.kind() {
                io::ErrorKind::TimedOut => return pending().await,
                io::ErrorKind::UnexpectedEof => TransportErrorKind::Interrupted,
                _ => TransportErrorKind::ClosedBeforeAnswer,
            };
            Err(TransportError::new(kind).with_source(error))
        })
    }
}
