//! Clients that take their time.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use queue_emulator::{FailureReason, ServerOptions};
use queue_proto::ops::{CreateQueue, PeekMessages, PutMessage};
use queue_proto::{MessageCount, MessageText};

use crate::common::name;
use crate::plain::{Fixture, read_answer, wire};
use crate::{others_are_served, rest};

/// What the servers here grant instead of a minute.
const SHORT: Duration = Duration::from_millis(300);
/// When a test has failed.
const LONG: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(20);

#[test]
fn a_head_that_trickles_is_cut_off() {
    let f = Fixture::with(ServerOptions::new().head_timeout(SHORT));
    let mut stream = f.connect();
    let start = Instant::now();
    stream.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    others_are_served(&f);
    stream.set_nonblocking(true).unwrap();
    // Every piece comes well in time.
    while stream.write_all(b"x: y\r\n").is_ok() && !matches!(stream.read(&mut [0; 512]), Ok(0)) {
        assert!(start.elapsed() < LONG, "it is still read");
        std::thread::sleep(PAUSE);
    }
    assert!(start.elapsed() >= SHORT, "after {:?}", start.elapsed());
    others_are_served(&f);
}

#[test]
fn a_body_that_trickles_is_answered_and_cut_off() {
    let f = Fixture::with(ServerOptions::new().body_timeout(SHORT));
    let mut stream = f.connect();
    let start = Instant::now();
    let head = "POST /devstoreaccount1/jobs/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    others_are_served(&f);
    let mut writer = stream.try_clone().unwrap();
    let writing = std::thread::spawn(move || {
        while writer.write_all(b"x").is_ok() && start.elapsed() < LONG {
            std::thread::sleep(PAUSE);
        }
    });
    let (answer, xml) = read_answer(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(xml.contains("<Code>OperationTimedOut</Code>"), "{xml}");
    assert!((SHORT..LONG).contains(&start.elapsed()), "after {:?}", start.elapsed());
    assert_eq!(rest(&mut stream), "");
    writing.join().unwrap();
    others_are_served(&f);
}

#[test]
fn answers_that_nobody_takes_do_not_hold_a_connection() {
    let f = Fixture::with(ServerOptions::new().write_timeout(SHORT).max_connections(1));
    let asked = 50;
    let mut stream = f.connect();
    stream.write_all(&wire(&f.request(&CreateQueue::new(name("jobs"))))).unwrap();
    read_answer(&mut stream);
    for _ in 0..32 {
        let text = MessageText::new("x".repeat(65_536)).unwrap();
        stream.write_all(&wire(&f.request(&PutMessage::new(name("jobs"), text)))).unwrap();
        read_answer(&mut stream);
    }
    let peek = PeekMessages::new(name("jobs")).count(MessageCount::MAX);
    let peek = wire(&f.request(&peek));
    for _ in 0..asked {
        stream.write_all(&peek).unwrap();
    }
    // There is no room for another connection until that one is given up.
    others_are_served(&f);
    let taken = rest(&mut stream).len();
    assert!(taken < asked * 32 * 65_536, "all {taken} bytes came");
}

#[test]
fn pages_that_nobody_takes_do_not_pile_up() {
    let (tell, told) = mpsc::channel();
    let options = ServerOptions::new().max_unsent_bytes(1).write_timeout(10 * LONG);
    let options = options.body_timeout(10 * LONG);
    let f = Fixture::with(options.on_failure(move |failure| {
        let _ = tell.send(failure.reason.clone());
    }));
    let mut stream = f.connect();
    stream.write_all(&wire(&f.request(&CreateQueue::new(name("jobs"))))).unwrap();
    read_answer(&mut stream);
    for _ in 0..32 {
        let text = MessageText::new("x".repeat(65_536)).unwrap();
        stream.write_all(&wire(&f.request(&PutMessage::new(name("jobs"), text)))).unwrap();
        read_answer(&mut stream);
    }
    let peek = wire(&f.request(&PeekMessages::new(name("jobs")).count(MessageCount::MAX)));
    // More than the operating system takes for a client that does not read.
    let mut stuck = f.connect();
    for _ in 0..10 {
        stuck.write_all(&peek).unwrap();
    }
    // Nobody waits for the client yet: it has all the time that the options grant. Who writes is
    // not held up.
    assert!(told.recv_timeout(2 * SHORT).is_err());
    others_are_served(&f);
    // Nor is anybody held up by a request for a page that never comes to its end.
    let mut endless = f.connect();
    let head =
        "GET /devstoreaccount1/jobs/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n";
    endless.write_all(head.as_bytes()).unwrap();
    // Others may get between two of its pages, and at last must wait for one that it does not take.
    let start = Instant::now();
    let reason = loop {
        stream.write_all(&peek).unwrap();
        let (head, _) = read_answer(&mut stream);
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        match told.try_recv() {
            Ok(reason) => break reason,
            Err(_) => assert!(start.elapsed() < LONG, "it still has its connection"),
        }
    };
    assert_eq!(reason, FailureReason::AnswerTakenSlowly);
}

#[test]
fn idle_connections_make_room() {
    let f = Fixture::in_turns(ServerOptions::new().max_connections(2));
    let mut used = f.connect();
    used.write_all(&wire(&f.request(&CreateQueue::new(name("jobs"))))).unwrap();
    read_answer(&mut used);
    let mut unused = f.connect();
    others_are_served(&f);
    assert_eq!(rest(&mut used), "");
    // Nobody else had to go.
    unused.write_all(&wire(&f.request(&CreateQueue::new(name("jobs"))))).unwrap();
    let (head, _) = read_answer(&mut unused);
    assert!(head.starts_with("HTTP/1.1 204 "), "{head}");
}

#[test]
fn whoever_has_been_idle_for_longest_makes_room_one_for_each_that_comes() {
    let f = Fixture::in_turns(ServerOptions::new().max_connections(3));
    let asks = |stream: &mut TcpStream| {
        stream.write_all(&wire(&f.request(&CreateQueue::new(name("jobs"))))).unwrap();
        let (head, _) = read_answer(stream);
        assert!(head.starts_with("HTTP/1.1 20"), "{head}");
    };
    let [mut a, mut b, mut c] = [f.connect(), f.connect(), f.connect()];
    for stream in [&mut a, &mut b, &mut c] {
        asks(stream);
    }
    asks(&mut a);
    let mut d = f.connect();
    asks(&mut d);
    assert_eq!(rest(&mut b), "");
    let mut e = f.connect();
    asks(&mut e);
    assert_eq!(rest(&mut c), "");
    for stream in [&mut a, &mut d, &mut e] {
        asks(stream);
    }
}

#[test]
fn idle_connections_are_closed_after_a_while() {
    let f = Fixture::with(ServerOptions::new().head_timeout(SHORT));
    let mut used = f.connect();
    used.write_all(&wire(&f.request(&CreateQueue::new(name("jobs"))))).unwrap();
    read_answer(&mut used);
    let mut unused = f.connect();
    let start = Instant::now();
    assert_eq!(rest(&mut used), "");
    assert_eq!(rest(&mut unused), "");
    assert!(start.elapsed() < LONG, "after {:?}", start.elapsed());
}

#[test]
fn a_handshake_that_does_not_come_is_not_waited_for() {
    let certificate = queue_emulator::Certificate::generate().unwrap();
    let f = Fixture::with(ServerOptions::new().head_timeout(SHORT).certificate(&certificate));
    let mut silent = f.connect();
    let mut clear = f.connect();
    clear.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let start = Instant::now();
    assert_eq!(rest(&mut silent), "");
    assert!(!rest(&mut clear).starts_with("HTTP"));
    assert!(start.elapsed() < LONG, "after {:?}", start.elapsed());
}
