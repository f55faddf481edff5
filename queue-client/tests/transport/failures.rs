//! Which failure is which kind: the table in the documentation of the module, on real sockets.

use std::{
    io::Write as _,
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use queue_client::transport::{HttpOptions, TransportErrorKind};
use socket2::{Domain, Socket, Type};

use crate::{
    server::{Server, read_request, reset, wait_for_bytes},
    under_test::{failure, plain, transports},
};

#[tokio::test]
async fn a_refused_connection_is_connect() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (name, transport) in plain() {
        let kind = failure(name, &*transport, &format!("http://{address}/")).await;
        assert_eq!(kind, TransportErrorKind::Connect, "{name}");
    }
}

#[tokio::test]
async fn a_name_that_is_not_found_is_connect() {
    for (name, transport) in plain() {
        let kind = failure(name, &*transport, "http://account.queue.invalid/").await;
        assert_eq!(kind, TransportErrorKind::Connect, "{name}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_host_that_does_not_react_is_connect_after_the_timeout() {
    // Linux drops further attempts to connect while the queue of a listener is full.
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let _fills_the_queue = TcpStream::connect(address).unwrap();
    for (name, transport) in
        transports(HttpOptions::new().connect_timeout(Duration::from_millis(200)))
    {
        let start = Instant::now();
        let kind = failure(name, &*transport, &format!("http://{address}/")).await;
        assert_eq!(kind, TransportErrorKind::Connect, "{name}");
        let waited = start.elapsed();
        assert!((150..5_000).contains(&waited.as_millis()), "{name}: {waited:?}");
    }
}

#[tokio::test]
async fn a_reset_before_the_request_is_read_is_closed_before_answer() {
    // Closing a socket with unread bytes in it resets the connection.
    let server = Server::start(|stream, _| wait_for_bytes(&stream));
    for (name, transport) in plain() {
        let kind = failure(name, &*transport, &server.url("/")).await;
        assert_eq!(kind, TransportErrorKind::ClosedBeforeAnswer, "{name}");
    }
}

#[tokio::test]
async fn a_reset_after_the_request_is_read_is_closed_before_answer() {
    let server = Server::start(|mut stream, _| {
        read_request(&mut stream);
        reset(stream);
    });
    for (name, transport) in plain() {
        let kind = failure(name, &*transport, &server.url("/")).await;
        assert_eq!(kind, TransportErrorKind::ClosedBeforeAnswer, "{name}");
    }
}

#[tokio::test]
async fn an_end_after_the_request_is_read_is_closed_before_answer() {
    let server = Server::start(|mut stream, _| drop(read_request(&mut stream)));
    for (name, transport) in plain() {
        let kind = failure(name, &*transport, &server.url("/")).await;
        assert_eq!(kind, TransportErrorKind::ClosedBeforeAnswer, "{name}");
    }
}

/// Whether the request was written before word of the end came is a race, which hyper can tell.
#[tokio::test]
async fn a_connection_that_is_closed_at_once_is_either() {
    let server = Server::start(|stream, _| drop(stream));
    for (name, transport) in plain() {
        for _ in 0..10 {
            let kind = failure(name, &*transport, &server.url("/")).await;
            let unsent = kind == TransportErrorKind::Connect && name == "hyper";
            assert!(unsent || kind == TransportErrorKind::ClosedBeforeAnswer, "{name}: {kind:?}");
        }
    }
}

#[tokio::test]
async fn half_a_head_is_closed_before_answer() {
    let server = Server::start(|mut stream, number| {
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 201 Created\r\nx-ms-req").unwrap();
        // Every other one with a reset, which must not overtake what was written.
        if number % 2 == 1 {
            thread::sleep(Duration::from_millis(50));
            reset(stream);
        }
    });
    for (name, transport) in plain() {
        for ending in ["end", "reset"] {
            let kind = failure(name, &*transport, &server.url("/")).await;
            assert_eq!(kind, TransportErrorKind::ClosedBeforeAnswer, "{name}, {ending}");
        }
    }
}

#[tokio::test]
async fn half_a_body_is_interrupted() {
    let heads: [&[u8]; 2] = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<QueueMess",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n<QueueMess",
    ];
    let server = Server::start(move |mut stream, number| {
        read_request(&mut stream);
        stream.write_all(heads[number % 2]).unwrap();
        if number % 4 > 1 {
            thread::sleep(Duration::from_millis(50));
            reset(stream);
        }
    });
    for (name, transport) in plain() {
        for number in 0..4 {
            let kind = failure(name, &*transport, &server.url("/")).await;
            assert_eq!(kind, TransportErrorKind::Interrupted, "{name}, {number}");
        }
    }
}

#[tokio::test]
async fn what_is_not_http_is_interrupted() {
    let server = Server::start(|mut stream, _| {
        read_request(&mut stream);
        // What a TLS server says to a request in plain HTTP: a fatal alert.
        stream.write_all(b"\x15\x03\x01\x00\x02\x02\x0a").unwrap();
        read_request(&mut stream);
    });
    for (name, transport) in plain() {
        let kind = failure(name, &*transport, &server.url("/")).await;
        assert_eq!(kind, TransportErrorKind::Interrupted, "{name}");
    }
}

#[cfg(feature = "reqwest")]
#[tokio::test]
async fn a_timeout_of_the_client_that_was_given_is_timeout() {
    use queue_client::transport::reqwest_0_13;

    let server = Server::start(|mut stream, number| {
        read_request(&mut stream);
        if number == 1 {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<QueueMess").unwrap();
        }
        read_request(&mut stream);
    });
    let client =
        reqwest::Client::builder().no_proxy().timeout(Duration::from_millis(100)).build().unwrap();
    let transport = reqwest_0_13::transport(client);
    for part in ["head", "body"] {
        let kind = failure("reqwest", &transport, &server.url("/")).await;
        assert_eq!(kind, TransportErrorKind::Timeout, "{part}");
    }
}
