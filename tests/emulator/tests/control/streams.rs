//! Streams of events: news comes, a listener can go on where it was, and no listener holds up anybody.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::desk::Desk;

/// Opens a stream, and returns it behind its head.
fn listen(desk: &Desk, last: Option<u64>) -> BufReader<TcpStream> {
    let mut stream = desk.connect();
    let last = last.map(|id| format!("last-event-id: {id}\r\n")).unwrap_or_default();
    let request = format!("GET /_emulator/events HTTP/1.1\r\nhost: localhost\r\n{last}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line).unwrap();
    }
    reader
}

/// The next message with news: its id and its data.
fn news(reader: &mut BufReader<TcpStream>) -> (u64, Value) {
    let mut id = 0;
    let begun = Instant::now();
    loop {
        // A stream that has nothing to tell still says a word from time to time.
        assert!(begun.elapsed() < Duration::from_secs(100), "there is no news");
        let mut line = String::new();
        assert!(reader.read_line(&mut line).unwrap() > 0, "the stream has ended");
        if let Some(text) = line.trim().strip_prefix("id: ") {
            id = text.parse().unwrap();
        }
        if let Some(data) = line.strip_prefix("data: ") {
            return (id, serde_json::from_str(data).unwrap());
        }
    }
}

/// What happened, over as many messages as it takes.
fn happenings(reader: &mut BufReader<TcpStream>, count: usize) -> (u64, Vec<String>) {
    let mut found = Vec::new();
    let mut last = 0;
    while found.len() < count {
        let (id, data) = news(reader);
        last = id;
        let events = data["events"].as_array().unwrap();
        found.extend(events.iter().map(|event| event["what"].as_str().unwrap().to_owned()));
    }
    (last, found)
}

#[test]
fn news_comes_and_goes_on_where_it_was() {
    let desk = Desk::new();
    let mut stream = listen(&desk, None);
    let (greeting, data) = news(&mut stream);
    assert_eq!((greeting, data["events"].as_array().unwrap().len()), (0, 0));
    desk.wire.queue("jobs");
    desk.wire.message("jobs");
    desk.wire.get("/jobs/messages").send().expect(200);
    let (last, found) = happenings(&mut stream, 3);
    assert_eq!((last, found), (3, ["queue-created", "put", "received"].map(str::to_owned).into()));
    // Moving time is news too, though no message has changed.
    desk.post("/clock", &serde_json::json!({ "advance": 5 })).expect(200);
    assert_eq!(news(&mut stream).1["events"].as_array().unwrap().len(), 0);
    drop(stream);
    desk.wire.message("jobs");
    let mut stream = listen(&desk, Some(2));
    let mut numbers = Vec::new();
    while numbers.last() != Some(&4) {
        let (_, data) = news(&mut stream);
        let events = data["events"].as_array().unwrap();
        numbers.extend(events.iter().map(|event| event["number"].as_u64().unwrap()));
    }
    assert_eq!(numbers, [3, 4]);
}

#[test]
fn what_is_too_much_is_counted() {
    let desk = Desk::new();
    desk.wire.queue("jobs");
    for _ in 0..500 {
        desk.wire.message("jobs");
    }
    let mut stream = listen(&desk, Some(0));
    let (mut last, mut told) = (0, 0);
    while last != 501 {
        let (id, data) = news(&mut stream);
        let events = data["events"].as_array().unwrap();
        told += events.len() as u64 + data["missed"].as_u64().unwrap();
        last = id;
    }
    assert_eq!(told, 501);
}

#[test]
fn streams_end_with_the_server() {
    let desk = Desk::new();
    let mut streams: Vec<_> = (0..3).map(|_| listen(&desk, None)).collect();
    let Desk { runtime, server, .. } = desk;
    let begun = Instant::now();
    runtime.block_on(server.shutdown());
    // Without an end of their own they would be cut off after the time of grace, if ever.
    for stream in &mut streams {
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        assert!(rest.ends_with("0\r\n\r\n"), "{rest:?}");
    }
    assert!(begun.elapsed() < Duration::from_secs(50), "{:?}", begun.elapsed());
}

#[test]
fn a_thousand_that_listen_and_do_not_read_hold_up_nobody() {
    let desk = Desk::new();
    desk.wire.queue("jobs");
    let idle: Vec<_> = (0..1000).map(|_| listen(&desk, None)).collect();
    for _ in 0..2000 {
        desk.wire.message("jobs");
    }
    // One that reads is told, and other requests are answered, though a thousand read nothing.
    let mut stream = listen(&desk, Some(0));
    while news(&mut stream).0 != 2001 {}
    let told = desk.get("/queues").expect(200).json();
    assert_eq!(told["queues"][0]["counts"]["visible"], 2000);
    drop(idle);
}
