//! [`Server`]: the servers that the conformance list runs on, and how time passes on each.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{Request, Response};
use queue_client::{
    BoxFuture, ClientBuilder, QueueServiceClient, SetupError,
    runtime::{ManualRuntime, Runtime, TokioRuntime},
    transport::{
        HttpOptions, HyperTransport, ReqwestTransport, Transport, TransportError, from_fn,
    },
};
use queue_emulator::{Certificate, Emulator, Server as HttpServer};

use crate::either::Service;

/// A server under test, and how its time passes.
#[derive(Debug)]
pub struct Server {
    builder: ClientBuilder,
    transport: Arc<dyn Transport>,
    runtime: Arc<dyn Runtime>,
    clock: Clock,
    /// Whether its clients block.
    blocks: bool,
    /// Kept running as long as it is tested.
    _http: Option<HttpServer>,
}

#[derive(Debug, Clone)]
enum Clock {
    Manual(ManualRuntime),
    Real,
}

/// Above what a server may round its times to.
const ROUNDING: Duration = Duration::from_millis(1_100);

impl Server {
    /// The emulator in this process, without a socket.
    ///
    /// # Panics
    ///
    /// When its well-known account is not usable.
    #[must_use]
    pub fn in_process() -> Self {
        let time = ManualRuntime::starting_at(SystemTime::now());
        let emulator = emulator(&time);
        Self {
            builder: builder("UseDevelopmentStorage=true"),
            transport: Arc::new(from_fn(move |request| Ok(emulator.handle(request)))),
            runtime: Arc::new(time.clone()),
            clock: Clock::Manual(time),
            blocks: false,
            _http: None,
        }
    }

    /// The emulator over HTTP on this machine, through reqwest.
    ///
    /// # Panics
    ///
    /// When no port is free.
    pub async fn http() -> Self {
        let time = ManualRuntime::starting_at(SystemTime::now());
        let server =
            HttpServer::bind(emulator(&time), "127.0.0.1:0").await.expect("a port is free");
        Self::on_this_machine(server, reqwest(), time)
    }

    /// The emulator over HTTPS on this machine, through hyper, with a certificate for the occasion.
    ///
    /// # Panics
    ///
    /// When no port is free.
    pub async fn https() -> Self {
        let time = ManualRuntime::starting_at(SystemTime::now());
        let certificate = Certificate::generate().expect("a certificate can be made");
        let server = HttpServer::bind_https(emulator(&time), "127.0.0.1:0", &certificate)
            .await
            .expect("a port is free");
        let options = HttpOptions::new().trust_only(certificate.trust());
        let transport = HyperTransport::with_options(&options).expect("hyper can be set up");
        Self::on_this_machine(server, Arc::new(transport), time)
    }

    fn on_this_machine(
        server: HttpServer,
        transport: Arc<dyn Transport>,
        time: ManualRuntime,
    ) -> Self {
        Self {
            builder: builder(&server.connection_string()),
            transport,
            runtime: Arc::new(ManualTimeOfDay { day: time.clone(), timers: TokioRuntime::new() }),
            clock: Clock::Manual(time),
            blocks: false,
            _http: Some(server),
        }
    }

    /// Another server, which lives in real time.
    ///
    /// # Panics
    ///
    /// When the connection string is not usable.
    #[must_use]
    pub fn external(connection_string: &str) -> Self {
        Self {
            builder: builder(connection_string),
            transport: reqwest(),
            runtime: Arc::new(TokioRuntime::new()),
            clock: Clock::Real,
            blocks: false,
            _http: None,
        }
    }

    /// Changes what all clients of the server have in common.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        self.builder = change(self.builder);
        self
    }

    /// Puts something between the server and its clients that all requests pass.
    #[must_use]
    pub fn behind<T: Transport + 'static>(
        mut self,
        watch: impl FnOnce(Arc<dyn Transport>) -> T,
    ) -> Self {
        self.transport = Arc::new(watch(self.transport));
        self
    }

    /// Has the list played by clients that block.
    #[must_use]
    pub fn blocking(mut self) -> Self {
        self.blocks = true;
        self
    }

    /// Whether the list is played by clients that block.
    #[must_use]
    pub const fn blocks(&self) -> bool {
        self.blocks
    }

    /// The client that the list is played by.
    ///
    /// # Errors
    ///
    /// When it cannot be set up.
    pub fn open(&self, builder: ClientBuilder) -> Result<Service, SetupError> {
        let service = builder.build()?;
        if self.blocks { Service::blocking(service) } else { Ok(Service::Async(service)) }
    }

    /// A client of the server.
    ///
    /// # Panics
    ///
    /// When the HTTP client cannot be set up.
    #[must_use]
    pub fn client(&self) -> QueueServiceClient {
        self.builder().build().expect("the client can be set up")
    }

    /// The beginnings of a client of the server, to change.
    pub fn builder(&self) -> ClientBuilder {
        self.connected().runtime(Arc::clone(&self.runtime))
    }

    /// The same, on a machine whose clock is behind by `by`.
    pub fn late_builder(&self, by: Duration) -> ClientBuilder {
        self.connected().runtime(Late { inner: Arc::clone(&self.runtime), by })
    }

    fn connected(&self) -> ClientBuilder {
        if self.blocks {
            // The connections of a blocking client end with its thread: they are its own.
            return self.builder.clone().transport(reqwest());
        }
        self.builder.clone().transport(Arc::clone(&self.transport))
    }

    /// The time on the server.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.runtime.now()
    }

    /// The same, cut to what the protocol can carry.
    #[must_use]
    pub fn now_in_seconds(&self) -> SystemTime {
        let since = self.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UNIX_EPOCH + Duration::from_secs(since.as_secs())
    }

    /// Sends a request as it is.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        self.transport.send(request).await
    }

    /// Lets at least `duration` pass on the server.
    pub async fn pass(&self, duration: Duration) {
        match &self.clock {
            Clock::Manual(time) => time.advance(duration),
            Clock::Real => tokio::time::sleep(duration + ROUNDING).await,
        }
    }
}

fn emulator(time: &ManualRuntime) -> Emulator {
    let time = time.clone();
    Emulator::builder().clock(move || time.now()).build()
}

fn builder(connection_string: &str) -> ClientBuilder {
    QueueServiceClient::builder_from_connection_string(connection_string)
        .expect("the connection string is usable")
}

/// The transport that clients have unless they are given another.
fn reqwest() -> Arc<dyn Transport> {
    let transport = ReqwestTransport::with_options(&HttpOptions::new());
    Arc::new(transport.expect("reqwest can be set up"))
}

/// The time of day of a manual clock, but timers that run: a socket needs real time.
#[derive(Debug)]
struct ManualTimeOfDay {
    day: ManualRuntime,
    timers: TokioRuntime,
}

impl Runtime for ManualTimeOfDay {
    fn now(&self) -> SystemTime {
        self.day.now()
    }

    fn elapsed(&self) -> Duration {
        self.timers.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.timers.sleep(duration)
    }

    fn random(&self) -> u64 {
        self.timers.random()
    }
}

/// The clock of a machine that is behind.
#[derive(Debug)]
struct Late {
    inner: Arc<dyn Runtime>,
    by: Duration,
}

impl Runtime for Late {
    fn now(&self) -> SystemTime {
        self.inner.now() - self.by
    }

    fn elapsed(&self) -> Duration {
        self.inner.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.inner.sleep(duration)
    }

    fn random(&self) -> u64 {
        self.inner.random()
    }
}
