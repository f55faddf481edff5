//! Clients that mean no good or know no better: the server stays up and within bounds, and answers
//! others.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[expect(dead_code, reason = "shared with the other tests, which use the rest")]
#[path = "../it/common.rs"]
mod common;
mod large;
mod malformed;
#[cfg(target_os = "linux")]
mod many;
#[cfg(target_os = "linux")]
mod page;
#[expect(dead_code, reason = "shared with the other tests, which use the rest")]
#[path = "../it/plain.rs"]
mod plain;
#[cfg(target_os = "linux")]
#[expect(dead_code, reason = "shared with the other tests, which use the rest")]
#[path = "../it/running.rs"]
mod running;
mod slow;
mod xml;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use queue_proto::ops::CreateQueue;

use crate::common::name;
use crate::plain::{Fixture, read_answer, wire};

/// A well-behaved client gets its answer, whatever else goes on.
fn others_are_served(f: &Fixture) {
    let mut stream = f.connect();
    stream.write_all(&wire(&f.request(&CreateQueue::new(name("others"))))).unwrap();
    let (head, _) = read_answer(&mut stream);
    assert!(head.starts_with("HTTP/1.1 20"), "{head}");
}

/// Everything up to the end of the connection, which must come.
fn rest(stream: &mut TcpStream) -> String {
    let mut rest = Vec::new();
    // It may be cut off while something was still being sent.
    if let Err(error) = stream.read_to_end(&mut rest) {
        let waiting = [std::io::ErrorKind::WouldBlock, std::io::ErrorKind::TimedOut];
        assert!(!waiting.contains(&error.kind()), "the connection was not closed");
    }
    String::from_utf8_lossy(&rest).into_owned()
}
