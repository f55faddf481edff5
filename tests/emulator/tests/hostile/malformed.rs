//! What is not HTTP, or is HTTP and nonsense.

use std::io::Write as _;

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
