//! The listener, spoken to in plain bytes.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use queue_emulator::{Emulator, Server};
use queue_proto::MessageText;
use queue_proto::ops::{CreateQueue, PutMessage};

use crate::common::name;
use crate::plain::{Fixture, read_answer, wire};

#[test]
fn serves_many_requests_on_one_connection() {
    let f = Fixture::new();
    let mut stream = f.connect();
    stream.write_all(&wire(&f.request(&CreateQueue::new(name("jobs"))))).unwrap();
    let (head, _) = read_answer(&mut stream);
    assert!(head.starts_with("HTTP/1.1 201 Created\r\n"), "{head}");

    for round in 0..50 {
        let text = MessageText::new(format!("message {round}")).unwrap();
        stream.write_all(&wire(&f.request(&PutMessage::new(name("jobs"), text)))).unwrap();
        let (head, body) = read_answer(&mut stream);
        assert!(head.starts_with("HTTP/1.1 201 Created\r\n"), "{head}");
        assert!(body.contains("<PopReceipt>"), "{body}");
    }
}

#[test]
fn the_text_of_an_error_is_in_the_status_line() {
    let f = Fixture::new();
    let mut stream = f.connect();
    let text = MessageText::new("x").unwrap();
    stream.write_all(&wire(&f.request(&PutMessage::new(name("nowhere"), text)))).unwrap();
    let (head, body) = read_answer(&mut stream);
    assert!(head.starts_with("HTTP/1.1 404 The specified queue does not exist.\r\n"), "{head}");
    assert!(head.contains("x-ms-error-code: QueueNotFound\r\n"), "{head}");
    assert!(body.contains("<Code>QueueNotFound</Code>"), "{body}");
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let f = Fixture::new();
    let mut stream = f.connect();
    let mut requests = wire(&f.request(&CreateQueue::new(name("first"))));
    requests.extend(wire(&f.request(&CreateQueue::new(name("first")))));
    stream.write_all(&requests).unwrap();
    assert!(read_answer(&mut stream).0.starts_with("HTTP/1.1 201 "));
    assert!(read_answer(&mut stream).0.starts_with("HTTP/1.1 204 "));
}

#[test]
fn bodies_beyond_the_limit_are_refused_and_the_connection_goes_on() {
    let f = Fixture::new();
    let mut stream = f.connect();
    let target = "/devstoreaccount1/jobs/messages";
    let head = |length: usize| {
        format!("POST {target} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n")
    };
    let body = vec![b'x'; 1024 * 1024];
    stream.write_all(head(body.len()).as_bytes()).unwrap();
    stream.write_all(&body).unwrap();
    let (answer, xml) = read_answer(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(xml.contains("<Code>RequestBodyTooLarge</Code>"), "{xml}");
    assert!(xml.contains("<MaxLimit>131584</MaxLimit>"), "{xml}");

    stream.write_all(&wire(&f.request(&CreateQueue::new(name("jobs"))))).unwrap();
    assert!(read_answer(&mut stream).0.starts_with("HTTP/1.1 201 "));

    // A body that is announced as huge is refused before it is sent.
    stream.write_all(head(1 << 40).as_bytes()).unwrap();
    assert!(read_answer(&mut stream).0.starts_with("HTTP/1.1 413 "));
}

#[test]
fn what_is_no_http_is_refused_and_others_are_served() {
    let f = Fixture::new();
    let long = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(200 * 1024));
    for bytes in
        [&b"\x16\x03\x01\x02\x00"[..], b"GET\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\n", long.as_bytes()]
    {
        let mut stream = f.connect();
        // It may be closed before everything is written.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    let mut stream = f.connect();
    stream.write_all(&wire(&f.request(&CreateQueue::new(name("jobs"))))).unwrap();
    assert!(read_answer(&mut stream).0.starts_with("HTTP/1.1 201 "));
}

#[test]
fn shutting_down_finishes_what_has_begun_and_frees_the_port() {
    let f = Fixture::new();
    let address = f.address();
    let request = wire(&f.request(&CreateQueue::new(name("jobs"))));
    let mut busy = f.connect();
    // All but the end of the head: the request has begun.
    let (begin, end) = request.split_at(request.len() - 2);
    busy.write_all(begin).unwrap();
    let idle = f.connect();
    std::thread::sleep(Duration::from_millis(100));

    let start = Instant::now();
    let stopping = f.runtime.spawn(f.server.shutdown());
    std::thread::sleep(Duration::from_millis(100));
    busy.write_all(end).unwrap();
    assert!(read_answer(&mut busy).0.starts_with("HTTP/1.1 201 "));
    f.runtime.block_on(stopping).unwrap();
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    drop(idle);
    assert!(TcpStream::connect(address).is_err());
    f.runtime.block_on(Server::bind(Emulator::new(), address)).unwrap();
}

#[test]
fn dropping_a_server_stops_it() {
    let Fixture { runtime, server } = Fixture::new();
    let address = server.local_addr();
    drop(server);
    let start = Instant::now();
    while TcpStream::connect(address).is_ok() {
        assert!(start.elapsed() < Duration::from_secs(5), "it still listens");
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(runtime);
}

#[test]
fn a_port_in_use_is_named() {
    let f = Fixture::new();
    let error = f.runtime.block_on(Server::bind(Emulator::new(), f.address())).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&f.address().to_string()), "{error}");
}
