//! Many callers at once on a bad line: nothing is lost, and what was sent twice was said to be
//! possible.
//!
//! Sixty-four callers send, receive and delete over HTTP for `QUEUE_TESTS_SOAK_SECONDS` (5 unless
//! set; CI says 60), while one request in twenty fails: it is not sent, its answer is lost, or the
//! service is busy. Then the queue is drained and the books are compared.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use queue_client::{
    BoxFuture, OpFailure, QueueClient, QueueServiceClient,
    transport::{HttpOptions, ReqwestTransport, Transport, TransportError, TransportErrorKind},
};
use queue_emulator::{Emulator, Server};

const CALLERS: usize = 64;
/// What the process may grow by between the first quarter and the end.
const GROWTH: u64 = 32 * 1024 * 1024;

/// One request in twenty fails, in one of four ways.
#[derive(Debug, Clone)]
struct BadLine(ReqwestTransport);

impl Transport for BadLine {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let failed = |kind| Err(TransportError::new(kind));
        Box::pin(async move {
            match fastrand::u8(..80) {
                0 => failed(TransportErrorKind::Connect),
                1 => failed(TransportErrorKind::Interrupted),
                2 => {
                    self.0.send(request).await?;
                    failed(TransportErrorKind::Interrupted)
                }
                3 => Ok(Response::builder()
                    .status(StatusCode::SERVICE_UNAVAILABLE)
                    .body(Bytes::new())
                    .unwrap()),
                _ => self.0.send(request).await,
            }
        })
    }
}

/// What the callers know.
#[derive(Debug, Default)]
struct Books {
    sent: BTreeSet<u64>,
    perhaps_sent: BTreeSet<u64>,
    refused: BTreeSet<u64>,
    /// By message id, the number that the message carries.
    received: BTreeMap<String, u64>,
    next: u64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_on_a_bad_line() {
    let seconds = env::var("QUEUE_TESTS_SOAK_SECONDS").map_or(5, |text| text.parse().unwrap());
    let time = Duration::from_secs(seconds);
    let server = Server::bind(Emulator::new(), "127.0.0.1:0").await.unwrap();
    let transport = BadLine(ReqwestTransport::with_options(&HttpOptions::new()).unwrap());
    let service = QueueServiceClient::builder_from_connection_string(&server.connection_string())
        .unwrap()
        .transport(transport)
        .build()
        .unwrap();
    let queue = service.queue("soak").unwrap();
    queue.create().await.unwrap();

    let books = Arc::new(Mutex::new(Books::default()));
    let started = Instant::now();
    let mut callers = Vec::new();
    for _ in 0..CALLERS {
        callers.push(tokio::spawn(call(queue.clone(), Arc::clone(&books), started, time)));
    }
    tokio::time::sleep(time / 4).await;
    let memory_early = resident_bytes();
    for caller in callers {
        caller.await.unwrap();
    }
    let memory_late = resident_bytes();
    while drain(&queue, &books).await {}
    server.shutdown().await;

    let books = Arc::try_unwrap(books).unwrap().into_inner().unwrap();
    let received: BTreeSet<_> = books.received.values().copied().collect();
    let lost: Vec<_> = books.sent.difference(&received).collect();
    assert!(lost.is_empty(), "{} messages were lost: {lost:?}", lost.len());
    let denied: Vec<_> = books.refused.intersection(&received).collect();
    assert!(denied.is_empty(), "sent although the error denied it: {denied:?}");
    assert_eq!(received.len(), books.received.len(), "a message was added twice");
    assert!(
        memory_late.saturating_sub(memory_early) < GROWTH,
        "memory grew from {memory_early} to {memory_late} bytes"
    );
    println!(
        "{} sent, {} perhaps, {} not, {} received; {memory_early} to {memory_late} bytes resident",
        books.sent.len(),
        books.perhaps_sent.len(),
        books.refused.len(),
        received.len(),
    );
    assert!(books.perhaps_sent.len() > 10, "the line was not bad enough to show anything");
}

async fn call(queue: QueueClient, books: Arc<Mutex<Books>>, started: Instant, time: Duration) {
    while started.elapsed() < time {
        let number = {
            let mut books = books.lock().unwrap();
            books.next += 1;
            books.next
        };
        let result = queue.send(number.to_string()).await;
        {
            let mut books = books.lock().unwrap();
            match result {
                Ok(_) => books.sent.insert(number),
                Err(error) if error.failure().may_be_applied() => books.perhaps_sent.insert(number),
                Err(_) => books.refused.insert(number),
            };
        }
        drain(&queue, &books).await;
    }
}

/// Receives and deletes once. False if there was nothing.
async fn drain(queue: &QueueClient, books: &Mutex<Books>) -> bool {
    // A receive whose answer was lost hides messages: a short time, so that they come back soon.
    let call = queue.receive(4).visibility_timeout(Duration::from_secs(2));
    let Ok(messages) = call.await else { return true };
    if messages.is_empty() {
        let left = queue.properties().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        return left.map_or(true, |left| left.approximate_messages_count() > 0);
    }
    for message in messages {
        let number = message.text().parse().unwrap();
        books.lock().unwrap().received.insert(message.id().to_string(), number);
        if let Err(error) = queue.delete(&message).await {
            // It is received again, and deleted then.
            assert_ne!(error.attempts(), 0, "{error:?}");
            let known = matches!(
                error.failure(),
                OpFailure::NotOwner
                    | OpFailure::NotSent
                    | OpFailure::Ambiguous
                    | OpFailure::Refused { .. }
            );
            assert!(known, "{error:?}");
        }
    }
    true
}

/// What the process holds in memory, where the system tells: on Linux.
fn resident_bytes() -> u64 {
    let Ok(text) = fs::read_to_string("/proc/self/statm") else { return 0 };
    let pages: u64 = text.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}
