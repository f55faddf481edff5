//! An emulator behind a line that fails at will, in the virtual time of tokio: time passes when
//! nothing else can happen.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use queue_client::{
    BoxFuture, ClientBuilder, QueueClient, QueueServiceClient,
    runtime::Runtime,
    transport::{Transport, TransportError, TransportErrorKind, from_fn},
};
use queue_emulator::{Emulator, EmulatorBuilder};
use tokio::time::Instant;

/// Tokio's clock, which a test can pause, as the clock of client and emulator.
#[derive(Debug, Clone)]
pub(crate) struct VirtualTime {
    origin: Instant,
    start: SystemTime,
    /// Milliseconds that have passed besides: by both clocks, and by the time of day only.
    passed: Arc<AtomicU64>,
    slept: Arc<AtomicU64>,
    random: Arc<AtomicU64>,
}

impl VirtualTime {
    pub(crate) fn new() -> Self {
        Self {
            origin: Instant::now(),
            start: UNIX_EPOCH + Duration::from_secs(1_800_000_000),
            passed: Arc::default(),
            slept: Arc::default(),
            random: Arc::new(AtomicU64::new(1)),
        }
    }

    /// The same, with a clock that shows this time of day too early.
    pub(crate) fn behind(&self, time: Duration) -> Self {
        Self { start: self.start - time, ..self.clone() }
    }

    /// The same, with a clock that shows this time of day too late.
    pub(crate) fn ahead(&self, time: Duration) -> Self {
        Self { start: self.start + time, ..self.clone() }
    }

    /// Time passes, and nothing else happens meanwhile.
    pub(crate) fn pass(&self, time: Duration) {
        self.passed.fetch_add(time.as_millis() as u64, Ordering::Relaxed);
    }

    /// The machine is suspended: its monotonic clock stands still.
    pub(crate) fn suspend(&self, time: Duration) {
        self.slept.fetch_add(time.as_millis() as u64, Ordering::Relaxed);
    }
}

impl Runtime for VirtualTime {
    fn now(&self) -> SystemTime {
        self.start + self.elapsed() + Duration::from_millis(self.slept.load(Ordering::Relaxed))
    }

    fn elapsed(&self) -> Duration {
        self.origin.elapsed() + Duration::from_millis(self.passed.load(Ordering::Relaxed))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn random(&self) -> u64 {
        // A generator of Weyl and Marsaglia: any sequence will do.
        let x = self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        (x ^ (x >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    }
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Answered,
    /// It is answered after that time.
    Slow(Duration),
    /// The service does not see it, and nobody answers.
    Lost,
    /// The service applies it, and nobody answers.
    AnswerLost,
    /// The connection is refused.
    NotSent,
    /// The service refuses.
    Status(u16),
}

/// Which operation a request is, as far as tests want to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Get,
    Put,
    Update,
    Delete,
    Other,
}

type Script = dyn FnMut(Kind) -> Fate + Send;

#[derive(Clone)]
pub(crate) struct Line {
    emulator: Emulator,
    script: Arc<Mutex<Box<Script>>>,
    counts: Arc<Mutex<[u32; 5]>>,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Line")
    }
}

impl Line {
    /// From now on this decides.
    pub(crate) fn script(&self, script: impl FnMut(Kind) -> Fate + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    pub(crate) fn count(&self, kind: Kind) -> u32 {
        self.counts.lock().unwrap()[kind as usize]
    }
}

fn kind(request: &Request<Bytes>) -> Kind {
    let path = request.uri().path();
    let segments = path.split('/').filter(|segment| !segment.is_empty()).count();
    match (request.method(), segments) {
        (&Method::GET, 3) => Kind::Get,
        (&Method::POST, 3) => Kind::Put,
        (&Method::PUT, 4) => Kind::Update,
        (&Method::DELETE, 4) => Kind::Delete,
        _ => Kind::Other,
    }
}

impl Transport for Line {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let kind = kind(&request);
        self.counts.lock().unwrap()[kind as usize] += 1;
        let fate = (self.script.lock().unwrap())(kind);
        Box::pin(async move {
            // A request takes a moment, so that other things can happen meanwhile.
            tokio::time::sleep(Duration::from_millis(2)).await;
            match fate {
                Fate::Answered => {}
                Fate::Slow(time) => tokio::time::sleep(time).await,
                Fate::Lost => std::future::pending().await,
                Fate::NotSent => return Err(TransportError::new(TransportErrorKind::Connect)),
                Fate::AnswerLost | Fate::Status(_) => {}
            }
            if let Fate::Status(status) = fate {
                let mut answer = Response::new(Bytes::new());
                *answer.status_mut() = StatusCode::from_u16(status).unwrap();
                return Ok(answer);
            }
            let answer = self.emulator.handle(request);
            if fate == Fate::AnswerLost {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
            Ok(answer)
        })
    }
}

/// An emulator that was built like this, on a line that works, and its clock.
pub(crate) fn line(build: impl FnOnce(EmulatorBuilder) -> EmulatorBuilder) -> (VirtualTime, Line) {
    let time = VirtualTime::new();
    let clock = time.clone();
    let builder = Emulator::builder().clock(move || clock.now()).seed(1);
    let line = Line {
        emulator: build(builder).build(),
        script: Arc::new(Mutex::new(Box::new(|_| Fate::Answered))),
        counts: Arc::default(),
    };
    (time, line)
}

/// A queue that exists, on a line that works.
pub(crate) async fn queue() -> (QueueClient, Line) {
    let (service, line) = service();
    let queue = service.queue("orders").unwrap();
    queue.create().await.unwrap();
    (queue, line)
}

pub(crate) fn service() -> (QueueServiceClient, Line) {
    let (time, line) = line(|emulator| emulator);
    (client(time, &line), line)
}

/// A client on the line, with a clock of its own.
pub(crate) fn client(time: VirtualTime, line: &Line) -> QueueServiceClient {
    builder(time, line).build().unwrap()
}

/// A client on the line, to be built.
pub(crate) fn builder(time: VirtualTime, line: &Line) -> ClientBuilder {
    QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")
        .unwrap()
        .transport(line.clone())
        .runtime(time)
}

/// A queue that exists, on an emulator of its own and in real time.
pub(crate) async fn real_queue(name: &str) -> QueueClient {
    let emulator = Emulator::new();
    let queue = QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")
        .unwrap()
        .transport(from_fn(move |request| Ok(emulator.handle(request))))
        .build()
        .unwrap()
        .queue(name)
        .unwrap();
    queue.create().await.unwrap();
    queue
}

/// What can be received from the queue.
pub(crate) async fn texts(queue: &QueueClient) -> Vec<String> {
    let peeked = queue.peek(32).await.unwrap();
    peeked.iter().map(|message| message.text().to_owned()).collect()
}

/// Gives this thread's events and spans to the subscriber.
///
/// While there is a single subscriber, tracing asks the thread that first comes by an event whether
/// anybody listens. In a test beside this one nobody does, and the answer is kept for all threads; a
/// second subscriber keeps it from asking so.
pub(crate) fn listen(
    subscriber: impl tracing::Subscriber + Send + Sync,
) -> (tracing::subscriber::DefaultGuard, tracing::Dispatch) {
    let second = tracing::Dispatch::new(tracing_subscriber::registry());
    (tracing::subscriber::set_default(subscriber), second)
}
