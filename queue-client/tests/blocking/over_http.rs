//! The clients that block, over real sockets: from plain threads, inside any async runtime, across pauses.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::mpsc,
    thread,
    time::Duration,
};

#[cfg(feature = "hyper")]
use queue_client::transport::HyperTransport;
#[cfg(feature = "reqwest")]
use queue_client::transport::ReqwestTransport;
use queue_client::{QueueServiceClient, blocking, retry::NoRetry, transport::HttpOptions};
use queue_emulator::{Emulator, Server};
use tokio::runtime::{Builder, Runtime};

/// Clients with each transport that is compiled in.
fn clients(connection_string: &str) -> Vec<(&'static str, blocking::QueueServiceClient)> {
    let builder = || {
        QueueServiceClient::builder_from_connection_string(connection_string)
            .unwrap()
            .retry(NoRetry)
    };
    let options = HttpOptions::new().no_proxy();
    vec![
        #[cfg(feature = "hyper")]
        (
            "hyper",
            builder()
                .transport(HyperTransport::with_options(&options).unwrap())
                .build_blocking()
                .unwrap(),
        ),
        #[cfg(feature = "reqwest")]
        (
            "reqwest",
            builder()
                .transport(ReqwestTransport::with_options(&options).unwrap())
                .build_blocking()
                .unwrap(),
        ),
    ]
}

/// An emulator on threads of its own.
fn server() -> (Runtime, Server) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(Server::bind(Emulator::new(), "127.0.0.1:0")).unwrap();
    (runtime, server)
}

fn play(service: &blocking::QueueServiceClient, name: &str) {
    let queue = service.queue(name).unwrap();
    queue.create_if_missing().unwrap();
    queue.send("17 bottles").run().unwrap();
    let message = queue.receive_one().unwrap().unwrap();
    assert_eq!(message.text(), "17 bottles");
    queue.delete(&message).unwrap();
}

#[test]
fn from_plain_threads() {
    let (_runtime, server) = server();
    for (name, service) in clients(&server.connection_string()) {
        thread::scope(|scope| {
            for number in 0..4 {
                let service = &service;
                scope.spawn(move || play(service, &format!("{name}-{number}")));
            }
        });
    }
}

#[test]
fn from_inside_async_code() {
    let (_runtime, server) = server();
    for (name, service) in clients(&server.connection_string()) {
        for runtime in [
            Builder::new_current_thread().build().unwrap(),
            Builder::new_current_thread().enable_all().build().unwrap(),
            Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap(),
        ] {
            let service = service.clone();
            runtime.block_on(async move {
                play(&service, name);
                let inside = service.clone();
                tokio::spawn(async move { play(&inside, name) }).await.unwrap();
                tokio::task::spawn_blocking(move || play(&service, name)).await.unwrap();
            });
        }
    }
}

/// A client that is made, used and dropped inside a runtime.
#[test]
fn a_life_inside_async_code() {
    let (_runtime, server) = server();
    let connection_string = server.connection_string();
    Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        for (name, service) in clients(&connection_string) {
            play(&service, name);
        }
    });
}

/// It cannot be answered, since the thread that would answer is the one that waits.
#[test]
fn waiting_for_a_server_on_the_same_thread_fails_in_time() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let server = Server::bind(Emulator::new(), "127.0.0.1:0").await.unwrap();
        let service =
            QueueServiceClient::builder_from_connection_string(&server.connection_string())
                .unwrap()
                .retry(NoRetry)
                .attempt_timeout(Duration::from_millis(100))
                .build_blocking()
                .unwrap();
        let error = service.queue("orders").unwrap().create().unwrap_err();
        assert!(error.failure().may_be_applied(), "{error}");
    });
}

/// Nothing of the program runs between two calls, but the thread of the client does: it sees that
/// the server closed the connection.
#[test]
fn a_connection_that_is_closed_between_two_calls_is_noticed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, closed) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut bytes = [0; 4096];
            // The whole of a request that has no body, or a short one.
            assert!(stream.read(&mut bytes).unwrap() > 0);
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
            drop(stream);
            sender.send(()).unwrap();
        }
    });
    let emulator = Emulator::new();
    let connection_string = emulator.account().connection_string(&format!("http://{address}"));
    for (name, service) in clients(&connection_string) {
        for _ in 0..5 {
            let result = service.queue("orders").unwrap().clear();
            assert!(result.is_ok(), "{name}: {result:?}");
            closed.recv_timeout(Duration::from_secs(10)).unwrap();
            thread::sleep(Duration::from_millis(30));
        }
    }
}
