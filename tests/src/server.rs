//! The servers that the list runs on.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use queue_client::{
    BoxFuture, ClientBuilder, QueueServiceClient,
    runtime::{ManualRuntime, Runtime, TokioRuntime},
    transport::from_fn,
};
use queue_emulator::{Emulator, Server as HttpServer};

/// A server under test, and how its time passes.
#[derive(Debug)]
pub struct Server {
    builder: ClientBuilder,
    runtime: Arc<dyn Runtime>,
    clock: Clock,
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
        let builder = builder("UseDevelopmentStorage=true")
            .transport(from_fn(move |request| Ok(emulator.handle(request))));
        let runtime = Arc::new(time.clone());
        Self { builder, runtime, clock: Clock::Manual(time), _http: None }
    }

    /// The emulator over HTTP on this machine.
    ///
    /// # Panics
    ///
    /// When no port is free.
    pub async fn http() -> Self {
        let time = ManualRuntime::starting_at(SystemTime::now());
        let server =
            HttpServer::bind(emulator(&time), "127.0.0.1:0").await.expect("a port is free");
        let builder = builder(&server.connection_string());
        let runtime = Arc::new(ManualTimeOfDay { day: time.clone(), timers: TokioRuntime::new() });
        Self { builder, runtime, clock: Clock::Manual(time), _http: Some(server) }
    }

    /// Another server, which lives in real time.
    ///
    /// # Panics
    ///
    /// When the connection string is not usable.
    #[must_use]
    pub fn external(connection_string: &str) -> Self {
        let builder = builder(connection_string);
        Self { builder, runtime: Arc::new(TokioRuntime::new()), clock: Clock::Real, _http: None }
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
        self.builder.clone().runtime(Arc::clone(&self.runtime))
    }

    /// The same, on a machine whose clock is behind by `by`.
    pub fn late_builder(&self, by: Duration) -> ClientBuilder {
        self.builder.clone().runtime(Late { inner: Arc::clone(&self.runtime), by })
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
