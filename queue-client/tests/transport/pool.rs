//! Connections are kept, and one that the server closed does no harm.

use std::{
    io::Write as _,
    net::TcpStream,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use queue_client::{
    OpFailure, QueueClient, QueueServiceClient,
    retry::NoRetry,
    transport::{HttpOptions, Transport},
};
use queue_emulator::Emulator;
use tokio::runtime::{Builder, Runtime};

use crate::{
    server::{
        EMPTY, Server, answer, answer_all, emulate, read_request, reset, wait_for_bytes,
        wait_for_end,
    },
    under_test::{get, plain, post, transports},
};

/// Long enough for the end of a connection to cross the loopback.
const A_WHILE: Duration = Duration::from_millis(100);

#[tokio::test]
async fn connections_are_used_again() {
    let server = Server::start(|mut stream, _| answer_all(&mut stream, EMPTY));
    for (number, (name, transport)) in plain().into_iter().enumerate() {
        for _ in 0..20 {
            transport.send(post(&server.url("/"), "body")).await.unwrap();
        }
        assert_eq!(server.connections(), number + 1, "{name}");
    }
}

#[tokio::test]
async fn connections_are_given_up_after_the_idle_timeout() {
    let server = Server::start(|mut stream, _| answer_all(&mut stream, EMPTY));
    let options = HttpOptions::new().pool_idle_timeout(Duration::from_millis(200));
    for (number, (name, transport)) in transports(options).into_iter().enumerate() {
        transport.send(get(&server.url("/"))).await.unwrap();
        tokio::time::sleep(Duration::from_millis(400)).await;
        transport.send(get(&server.url("/"))).await.unwrap();
        assert_eq!(server.connections(), 2 * (number + 1), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_idle_connections_are_kept_than_allowed() {
    let (sender, ends) = mpsc::channel();
    let sender = Mutex::new(sender);
    let server = Server::start(move |mut stream, _| {
        answer_all(&mut stream, EMPTY);
        sender.lock().unwrap().send(()).unwrap();
    });
    for (name, transport) in transports(HttpOptions::new().pool_max_idle_per_host(0)) {
        let before = server.connections();
        for _ in 0..3 {
            transport.send(get(&server.url("/"))).await.unwrap();
        }
        assert_eq!(server.connections() - before, 3, "{name}");
        for _ in 0..3 {
            ends.recv_timeout(Duration::from_secs(5)).unwrap();
        }
    }
}

/// How a program may be made: a runtime of one thread that is blocked between requests, one of
/// several threads, one that stands still between two calls of `block_on`.
#[derive(Debug, Clone, Copy)]
enum Program {
    BlockedThread,
    SeveralThreads,
    SeveralCalls,
}

const PROGRAMS: [Program; 3] =
    [Program::BlockedThread, Program::SeveralThreads, Program::SeveralCalls];

impl Program {
    fn runtime(self) -> Runtime {
        match self {
            Self::BlockedThread | Self::SeveralCalls => Builder::new_current_thread(),
            Self::SeveralThreads => Builder::new_multi_thread(),
        }
        .enable_all()
        .build()
        .unwrap()
    }

    /// Runs `work` twice, with a pause in between in which nothing of the program runs.
    fn twice<F: Future + Send + 'static>(self, work: impl Fn() -> F)
    where
        F::Output: Send,
    {
        let runtime = self.runtime();
        match self {
            Self::BlockedThread => runtime.block_on(async {
                tokio::spawn(work()).await.unwrap();
                thread::sleep(A_WHILE);
                tokio::spawn(work()).await.unwrap();
            }),
            Self::SeveralThreads => runtime.block_on(async {
                work().await;
                thread::sleep(A_WHILE);
                work().await;
            }),
            Self::SeveralCalls => {
                runtime.block_on(work());
                thread::sleep(A_WHILE);
                runtime.block_on(work());
            }
        }
    }
}

/// Closes each connection after one answer, without saying so in the answer.
fn forgetful(number: usize, mut stream: TcpStream) {
    if read_request(&mut stream).is_some() {
        stream.write_all(EMPTY).unwrap();
    }
    // In one or the other way.
    if number % 2 == 1 {
        reset(stream);
    }
}

#[test]
fn an_idle_connection_that_was_closed_is_noticed_before_it_is_used() {
    for program in PROGRAMS {
        for (name, transport) in plain() {
            // As often as it takes to catch a race.
            for round in 0..4 {
                let server = Server::start(move |stream, number| forgetful(number + round, stream));
                let url = server.url("/");
                program.twice(|| {
                    let (transport, url) = (transport.clone(), url.clone());
                    async move {
                        let result = transport.send(post(&url, "body")).await;
                        assert!(result.is_ok(), "{program:?}, {name}: {:?}", result.err());
                    }
                });
                assert_eq!(server.connections(), 2, "{program:?}, {name}");
            }
        }
    }
}

fn client(transport: &Arc<dyn Transport>, connection_string: &str) -> QueueClient {
    QueueServiceClient::builder_from_connection_string(connection_string)
        .unwrap()
        .transport(Arc::clone(transport))
        .retry(NoRetry)
        .build()
        .unwrap()
        .queue("orders")
        .unwrap()
}

/// Puts a message that may not be put twice, over connections that the server closes when idle.
#[test]
fn no_send_fails_because_an_idle_connection_was_closed() {
    for program in PROGRAMS {
        for (name, transport) in plain() {
            let emulator = Emulator::new();
            let service = emulator.clone();
            let server = Server::start(move |mut stream, _| {
                if let Some(request) = read_request(&mut stream) {
                    stream.write_all(&emulate(&service, &request)).unwrap();
                }
            });
            let orders = client(&transport, &emulator.account().connection_string(&server.url("")));
            program.twice(|| {
                let orders = orders.clone();
                async move {
                    orders.create_if_missing().await.unwrap();
                    thread::sleep(A_WHILE);
                    orders.send("17 bottles").await.unwrap();
                }
            });
            let count = program
                .runtime()
                .block_on(orders.properties())
                .unwrap()
                .approximate_messages_count();
            assert_eq!(count, 2, "{program:?}, {name}");
        }
    }
}

/// The server closes a connection while the next request is under way on it: no client can notice
/// that before. What may be done twice is done again at once, without any retry policy; a message is
/// not put again, and the error says that it may be in the queue.
#[tokio::test]
async fn a_request_that_crosses_with_the_end_of_its_connection_is_repeated_where_that_is_safe() {
    for (name, transport) in plain() {
        let emulator = Emulator::new();
        let service = emulator.clone();
        let server = Server::start(move |mut stream, _| {
            if let Some(request) = read_request(&mut stream) {
                stream.write_all(&emulate(&service, &request)).unwrap();
                // The second request comes, and is not looked at.
                wait_for_bytes(&stream);
            }
        });
        let orders = client(&transport, &emulator.account().connection_string(&server.url("")));
        orders.create().await.unwrap();
        assert_eq!(orders.properties().await.unwrap().approximate_messages_count(), 0, "{name}");
        assert!(orders.peek(1).await.unwrap().is_empty(), "{name}");
        // One connection for the first request, and one for each that was repeated.
        assert_eq!(server.connections(), 3, "{name}");

        let error = orders.send("17 bottles").await.unwrap_err();
        assert_eq!(*error.failure(), OpFailure::Ambiguous, "{name}: {error}");
        assert_eq!(error.attempts(), 1, "{name}: {error}");
    }
}

/// A future that is dropped takes its connection with it, and the next request gets another one.
#[tokio::test]
async fn a_dropped_request_does_not_disturb_the_next() {
    for (name, transport) in plain() {
        let server = Server::start(|mut stream, number| {
            if number == 0 {
                read_request(&mut stream);
                // An answer that comes too late for the one who asked.
                thread::sleep(A_WHILE);
                let _ = stream.write_all(&answer("late"));
                wait_for_end(&mut stream);
            } else {
                answer_all(&mut stream, &answer("in time"));
            }
        });
        let given_up = tokio::time::timeout(A_WHILE / 4, transport.send(get(&server.url("/"))));
        assert!(given_up.await.is_err(), "{name}");
        for _ in 0..3 {
            let response = transport.send(get(&server.url("/"))).await.unwrap();
            assert_eq!(response.body(), "in time", "{name}");
        }
        tokio::time::sleep(2 * A_WHILE).await;
        let response = transport.send(get(&server.url("/"))).await.unwrap();
        assert_eq!(response.body(), "in time", "{name}");
    }
}
