//! What is not HTTP, or is HTTP and nonsense.

use std::io::Write as _;
use std::sync::mpsc;
use std::time::Duration;

use queue_emulator::{ConnectionFailure, FailureReason, ServerOptions};

use crate::plain::{Fixture, read_answer};
use crate::{others_are_served, rest};

#[test]
fn what_is_no_http_is_refused_or_closed() {
    let f = Fixture::new();
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/3.0\r\n\r\n",
        b"GET / http/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nname : value\r\n\r\n",
        b"GET / HTTP/1.1\r\nname: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\n: empty\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\n folded\r\n\r\n",
        b"G\xffT / HTTP/1.1\r\n\r\n",
        b"GET /\x80\x81 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"\0\0\0\0\0\0\0\0\r\n\r\n",
    ] {
        let mut stream = f.connect();
        let _ = stream.write_all(bytes);
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let answer = rest(&mut stream);
        let what = bytes.escape_ascii();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{what}: {answer}");
    }
    others_are_served(&f);
}

/// A server that tells of failures.
fn telling(options: ServerOptions) -> (Fixture, mpsc::Receiver<ConnectionFailure>) {
    let (tell, told) = mpsc::channel();
    let options = options.on_failure(move |failure| {
        let _ = tell.send(failure.clone());
    });
    (Fixture::with(options), told)
}

#[test]
fn what_cannot_be_read_has_a_reason() {
    const LONG: Duration = Duration::from_secs(20);
    let options = ServerOptions::new().head_timeout(Duration::from_millis(300));
    let (f, told) = telling(options);
    let long = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(200 * 1024));
    for (bytes, closes, code, sentence) in [
        (&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], true, "https-on-http", "HTTPS"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", true, "http2", "HTTP/2"),
        (b"HELO there\r\n", true, "not-http", "not HTTP"),
        (long.as_bytes(), true, "head-too-large", "too large"),
        (b"GET / HTTP/1.1\r\nhost: x\r\n", true, "incomplete", "in the middle"),
        (b"GET / HTTP/1.1\r\nhost: x\r\n", false, "head-timeout", "in time"),
    ] {
        let mut stream = f.connect();
        let _ = stream.write_all(bytes);
        if closes {
            let _ = stream.shutdown(std::net::Shutdown::Write);
        }
        rest(&mut stream);
        let failure = told.recv_timeout(LONG).unwrap();
        assert_eq!(failure.reason.code(), code, "{failure:?}");
        assert_eq!((failure.peer, failure.https), (stream.local_addr().unwrap(), false));
        let told = failure.to_string();
        assert!(told.contains(sentence) && told.starts_with("127.0.0.1:"), "{told}");
    }
    // Who says nothing at all, or goes between two requests, has not failed; nor has who meets a
    // fault of the script.
    rest(&mut f.connect());
    others_are_served(&f);
    for fault in ["close times=1", "truncate=1 times=1"] {
        f.server.emulator().add_fault(fault.parse().unwrap());
        let mut stream = f.connect();
        stream.write_all(b"GET /devstoreaccount1 HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        rest(&mut stream);
    }
    drop(f);
    assert_eq!(told.try_iter().count(), 0);
}

#[test]
fn a_handshake_that_comes_to_nothing_has_a_reason() {
    const LONG: Duration = Duration::from_secs(20);
    let certificate = queue_emulator::Certificate::generate().unwrap();
    let options = ServerOptions::new().head_timeout(Duration::from_millis(300));
    let (f, told) = telling(options.certificate(&certificate));
    // The alert that a client sends which does not know the issuer, as the first thing it says.
    let alert = b"\x15\x03\x03\x00\x02\x02\x30";
    // A hello with TLS 1.0 as the newest version.
    let old = b"\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x01\
                abcdefghijklmnopqrstuvwxyzabcdef\x00\x00\x02\x00\x2f\x01\x00";
    for (bytes, code) in [
        (&b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"[..], "http-on-https"),
        (alert, "certificate-refused"),
        (old, "no-common-tls"),
        (b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", "handshake"),
        (b"\x00\x01\x02\x03\x04\x05\x06\x07", "handshake"),
        (b"", "handshake-abandoned"),
    ] {
        let mut stream = f.connect();
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        rest(&mut stream);
        let failure = told.recv_timeout(LONG).unwrap();
        assert_eq!(failure.reason.code(), code, "{failure:?}");
        assert!(failure.https, "{failure:?}");
    }
    rest(&mut f.connect());
    assert_eq!(told.recv_timeout(LONG).unwrap().reason, FailureReason::HandshakeTimeout);
}

#[test]
fn strange_targets_are_refused_as_the_service_does() {
    let f = Fixture::new();
    let mut stream = f.connect();
    let deep = "/a".repeat(10_000);
    for target in [
        "/devstoreaccount1/%00",
        "/devstoreaccount1/%zz",
        "/devstoreaccount1/%",
        "/devstoreaccount1/..%2f..%2fetc%2fpasswd",
        "/devstoreaccount1/../../etc/passwd",
        "/devstoreaccount1?comp=%ff",
        "/devstoreaccount1?comp=list&comp=list",
        "/devstoreaccount1?=&&&=&?",
        "//",
        &deep,
        "*",
        "http://elsewhere.example/devstoreaccount1?comp=list",
    ] {
        write!(stream, "GET {target} HTTP/1.1\r\nhost: x\r\nx-ms-version: 2026-02-06\r\n\r\n")
            .unwrap();
        let (head, xml) = read_answer(&mut stream);
        assert!(head.starts_with("HTTP/1.1 4"), "{target}: {head}");
        assert!(head.contains("\r\nx-ms-error-code: "), "{target}: {head}");
        assert!(
            xml.contains("<Code>") && head.contains("\r\nx-ms-request-id: "),
            "{target}: {xml}"
        );
    }
    others_are_served(&f);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let f = Fixture::new();
    let mut stream = f.connect();
    let mut requests = String::new();
    for number in 0..200 {
        requests += &format!(
            "GET /devstoreaccount1?comp=list HTTP/1.1\r\nhost: x\r\nx-ms-version: 2026-02-06\r\n\
             x-ms-client-request-id: request-{number}\r\n\r\n"
        );
    }
    stream.write_all(requests.as_bytes()).unwrap();
    for number in 0..200 {
        let (head, _) = read_answer(&mut stream);
        assert!(head.starts_with("HTTP/1.1 401 "), "{head}");
        let id = format!("\r\nx-ms-client-request-id: request-{number}\r\n");
        assert!(head.contains(&id), "{id}: {head}");
    }
}

#[test]
fn requests_with_mistakes_in_them_do_no_harm() {
    let f = Fixture::new();
    let good = b"PUT /devstoreaccount1/jobs?comp=acl&timeout=30 HTTP/1.1\r\nhost: 127.0.0.1\r\n\
                 x-ms-version: 2026-02-06\r\nx-ms-date: Mon, 23 Nov 2026 09:00:00 GMT\r\n\
                 authorization: SharedKey devstoreaccount1:c2lnbmF0dXJl\r\n\
                 content-length: 41\r\n\r\n<SignedIdentifiers></SignedIdentifiers>\r\n";
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..300 {
        let mut request = good.to_vec();
        for _ in 0..random.usize(1..6) {
            let at = random.usize(..request.len());
            match random.u8(..4) {
                0 => request[at] = random.u8(..),
                1 => drop(request.remove(at)),
                2 => request.insert(at, random.u8(..)),
                // Never empty.
                _ => request.truncate(at.max(8)),
            }
        }
        let mut stream = f.connect();
        let _ = stream.write_all(&request);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let answer = rest(&mut stream);
        let what = request.escape_ascii();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{what}: {answer}");
    }
    others_are_served(&f);
}
