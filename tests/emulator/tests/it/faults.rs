//! Faults in process and over HTTP.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use queue_emulator::{Connection, Dropped, Effect, Emulator, Fault, Server};
use queue_proto::{ErrorCode, OperationKind, QueueName};
use tokio::runtime::Runtime;

use crate::wire::{MESSAGE, Reply, Wire};

/// What an exchange of one Put Message came to: a status, or how the answer got lost.
fn put(wire: &Wire) -> Result<u16, &'static str> {
    let request = wire.post("/jobs/messages").body(MESSAGE).request();
    match wire.emulator.exchange(request).result {
        Ok(response) => Ok(response.status().as_u16()),
        Err(Dropped::Silent) => Err("silent"),
        Err(Dropped::Closed) => Err("closed"),
        Err(Dropped::Truncated(_)) => Err("truncated"),
        Err(other) => panic!("{other}"),
    }
}

fn stored(wire: &Wire) -> usize {
    wire.emulator.inspect().queue("jobs").unwrap().messages.len()
}

#[test]
fn effects_and_what_is_applied() {
    for (effect, outcome, applied) in [
        (Effect::Drop, Err("silent"), 0),
        (Effect::DropAfter, Err("silent"), 1),
        (Effect::Close, Err("closed"), 0),
        (Effect::CloseAfter, Err("closed"), 1),
        (Effect::Refuse(ErrorCode::ServerBusy), Ok(503), 0),
        (Effect::RefuseAfter(ErrorCode::OperationTimedOut), Ok(500), 1),
        (Effect::Status(http::StatusCode::BAD_GATEWAY), Ok(502), 0),
        (Effect::Truncate(10), Err("truncated"), 1),
        (Effect::Delay(Duration::from_secs(5)), Ok(201), 1),
    ] {
        let wire = Wire::new();
        wire.queue("jobs");
        wire.emulator.add_fault(Fault::new(effect.clone()).times(1));
        assert_eq!((put(&wire), stored(&wire)), (outcome, applied), "{effect:?}");
        assert_eq!(wire.emulator.fault_counts(), [1]);
        assert_eq!(put(&wire), Ok(201), "{effect:?} only once");
        // `handle` is never disturbed.
        wire.emulator.add_fault(Fault::new(Effect::Drop));
        wire.message("jobs");
        wire.emulator.clear_faults();
        assert_eq!(put(&wire), Ok(201));
    }
}

#[test]
fn delays_are_told_and_add_up() {
    let wire = Wire::new();
    wire.queue("jobs");
    let second = Duration::from_secs(1);
    wire.emulator.add_fault(Fault::new(Effect::Delay(second)));
    wire.emulator.add_fault(Fault::new(Effect::Delay(2 * second)));
    wire.emulator.add_fault(Fault::new(Effect::Refuse(ErrorCode::ServerBusy)));
    let exchange = wire.emulator.exchange(wire.get("/jobs/messages").request());
    assert_eq!(exchange.delay, 3 * second);
    let reply = Reply::new(exchange.result.unwrap());
    reply.refused(503, "ServerBusy");
}

#[test]
fn conditions_choose_requests() {
    let wire = Wire::new();
    wire.queue("jobs");
    wire.queue("other");
    let jobs = QueueName::new("jobs").unwrap();
    wire.emulator.add_fault(
        Fault::new(Effect::Close)
            .operation(OperationKind::GetMessages)
            .operation(OperationKind::PeekMessages)
            .queue(jobs)
            .skip(1)
            .times(2),
    );
    let lost = |target: &str| wire.emulator.exchange(wire.get(target).request()).result.is_err();
    for (target, expected) in [
        ("/jobs/messages", false),
        ("/other/messages", false),
        ("/jobs?comp=metadata", false),
        ("/jobs/messages", true),
        ("/jobs/messages?peekonly=true", true),
        ("/jobs/messages", false),
    ] {
        assert_eq!(lost(target), expected, "{target}");
    }
}

#[test]
fn chance_follows_the_seed() {
    let run = |seed| {
        let wire = Wire::with(|builder| {
            builder.seed(seed).fault(Fault::new(Effect::Close).probability(0.3))
        });
        wire.queue("jobs");
        (0..200).map(|_| put(&wire).is_err()).collect::<Vec<_>>()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    let lost = run(3).into_iter().filter(|lost| *lost).count();
    assert!((30..90).contains(&lost), "{lost} of 200");
}

#[test]
fn throttling_is_by_the_clock() {
    let wire = Wire::new();
    wire.queue("jobs");
    wire.emulator.add_fault("throttle=2/s burst=3".parse().unwrap());
    let passed = || (0..10).filter(|_| put(&wire) == Ok(201)).count();
    assert_eq!(passed(), 3);
    assert_eq!(passed(), 0);
    wire.pass(1);
    assert_eq!(passed(), 2);
    wire.pass(60);
    assert_eq!(passed(), 3);
    assert_eq!(put(&wire), Ok(503));
}

/// Sends one Put Message over HTTP; what came back, and how long the connection was open.
fn over_http(effect: &str) -> (String, Duration, usize) {
    let wire = Wire::new();
    wire.queue("jobs");
    wire.emulator.add_fault(effect.parse().unwrap());
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Server::bind(wire.emulator.clone(), "127.0.0.1:0")).unwrap();
    let start = Instant::now();
    let answer = talk(server.local_addr(), &wire);
    let took = start.elapsed();
    let stored = stored(&wire);
    runtime.block_on(server.shutdown());
    (answer, took, stored)
}

fn talk(address: SocketAddr, wire: &Wire) -> String {
    let request = wire.post("/jobs/messages").body(MESSAGE).request();
    let mut text = format!("POST {} HTTP/1.1\r\nhost: 127.0.0.1:10001\r\n", request.uri().path());
    for (name, value) in request.headers() {
        text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    text.push_str(&format!("\r\n{MESSAGE}"));
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(400))).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        // Kept open until the client has enough.
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            answer.extend_from_slice(b"(open)");
        }
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("{error}"),
    }
    String::from_utf8(answer).unwrap()
}

#[test]
fn answers_get_lost_over_http() {
    let (answer, _, stored) = over_http("close-after times=1");
    assert_eq!((answer.as_str(), stored), ("", 1));
    let (answer, _, stored) = over_http("drop");
    assert_eq!((answer.as_str(), stored), ("(open)", 0));
    let (answer, took, _) = over_http("delay=150ms");
    assert!(answer.starts_with("HTTP/1.1 201 ") && took >= Duration::from_millis(150));
    let (answer, _, stored) = over_http("truncate=20");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 201 "), "{answer}");
    assert_eq!((body.len(), stored), (20, 1), "{answer}");
    let (_, length) = head.split_once("content-length: ").unwrap();
    assert!(length.lines().next().unwrap().parse::<usize>().unwrap() > 20, "{head}");
    let (answer, ..) = over_http("status=502");
    assert!(answer.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{answer}");
}

#[test]
fn requests_that_cannot_be_read_meet_faults_for_all() {
    let emulator = Emulator::builder().fault(Fault::new(Effect::Close)).build();
    let request = http::Request::get("/").body(bytes::Bytes::new()).unwrap();
    let connection = Connection::http([127, 0, 0, 1].into());
    assert!(emulator.exchange_from(request, connection).result.is_err());
}
