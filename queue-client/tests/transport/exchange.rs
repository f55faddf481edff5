//! What goes out is what was given, what comes in is what was sent.

use std::{io::Write as _, sync::Mutex, sync::mpsc};

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode};
use queue_client::transport::{HttpOptions, MAX_RESPONSE_BYTES, TransportErrorKind};

use crate::{
    server::{EMPTY, Server, answer, answer_all, header, read_request, wait_for_end},
    under_test::{get, kind, plain, post, transports},
};

#[tokio::test]
async fn method_url_headers_and_body_go_out_unchanged() {
    let (sender, requests) = mpsc::channel();
    let sender = Mutex::new(sender);
    let server = Server::start(move |mut stream, _| {
        while let Some(request) = read_request(&mut stream) {
            sender.lock().unwrap().send(request).unwrap();
            stream.write_all(EMPTY).unwrap();
        }
    });
    for (name, transport) in plain() {
        // What a message id, a pop receipt and a signature can look like in a URL.
        let target = "/acct/q-1/messages/a%2Fb%20c?popreceipt=AgAAAA%3D%3D&sig=a%2Bb%27%28&comp=";
        let mut request = post(&server.url(target), "<QueueMessage/>");
        *request.method_mut() = http::Method::PUT;
        request.headers_mut().insert("x-ms-date", HeaderValue::from_static("Mon, 01 Jan 2024"));
        let response = transport.send(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::NO_CONTENT, "{name}");

        let received = requests.recv().unwrap();
        assert!(received.starts_with(&format!("PUT {target} HTTP/1.1\r\n")), "{name}: {received}");
        assert!(received.ends_with("\r\n\r\n<QueueMessage/>"), "{name}: {received}");
        assert_eq!(header(&received, "x-ms-date"), Some("Mon, 01 Jan 2024"), "{name}");
        assert_eq!(header(&received, "host"), Some(&*server.address.to_string()), "{name}");
        assert_eq!(header(&received, "content-length"), Some("15"), "{name}");
        assert_eq!(header(&received, "transfer-encoding"), None, "{name}");
        assert_eq!(header(&received, "accept-encoding"), None, "{name}");
    }
}

#[tokio::test]
async fn every_answer_is_an_answer() {
    let server = Server::start(|mut stream, _| {
        while let Some(request) = read_request(&mut stream) {
            let status = request.split(['/', ' ']).nth(2).unwrap();
            let head = format!(
                "HTTP/1.1 {status} Whatever\r\nLocation: /200\r\nx-ms-request-id: 7\r\n\
                 Content-Length: 4\r\n\r\nbody"
            );
            stream.write_all(head.as_bytes()).unwrap();
        }
    });
    for (name, transport) in plain() {
        for status in [200, 201, 301, 302, 307, 308, 400, 401, 403, 404, 409, 412, 500, 503, 599] {
            let response = transport.send(get(&server.url(&format!("/{status}")))).await.unwrap();
            assert_eq!(response.status(), status, "{name}");
            assert_eq!(response.headers()["x-ms-request-id"], "7", "{name}");
            assert_eq!(response.body(), "body", "{name}");
        }
    }
}

#[tokio::test]
async fn bodies_arrive_whole_however_they_are_cut() {
    let long = "0123456789".repeat(30_000);
    let expected = long.clone();
    let server = Server::start(move |mut stream, _| {
        while let Some(request) = read_request(&mut stream) {
            if request.starts_with("GET /chunked ") {
                stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
                for piece in long.as_bytes().chunks(7_001) {
                    write!(stream, "{:x}\r\n", piece.len()).unwrap();
                    stream.write_all(piece).unwrap();
                    stream.write_all(b"\r\n").unwrap();
                }
                stream.write_all(b"0\r\n\r\n").unwrap();
            } else {
                stream.write_all(&answer(&long)).unwrap();
            }
        }
    });
    for (name, transport) in plain() {
        for path in ["/chunked", "/counted"] {
            let response = transport.send(get(&server.url(path))).await.unwrap();
            assert!(*response.body() == expected, "{name} {path}");
        }
    }
    assert_eq!(server.connections(), plain().len());
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_too_large() {
    // Sends without end, with or without an announcement.
    let server = Server::start(|mut stream, _| {
        let Some(request) = read_request(&mut stream) else { return };
        let endless = request.starts_with("GET /endless");
        let head: &[u8] = if endless {
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        } else {
            b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"
        };
        stream.write_all(head).unwrap();
        while endless && stream.write_all(b"5\r\nabcde\r\n").is_ok() {}
        wait_for_end(&mut stream);
    });
    for (name, transport) in transports(HttpOptions::new().max_response_bytes(1_000)) {
        for path in ["/endless", "/announced"] {
            let result = transport.send(get(&server.url(path))).await;
            assert_eq!(kind(name, result), TransportErrorKind::TooLarge, "{path}");
        }
    }
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_read() {
    let body = "x".repeat(1_000);
    let with = answer(&body);
    let server = Server::start(move |mut stream, _| answer_all(&mut stream, &with));
    for (name, transport) in transports(HttpOptions::new().max_response_bytes(1_000)) {
        let response = transport.send(get(&server.url("/"))).await.unwrap();
        assert_eq!(response.body().len(), 1_000, "{name}");
    }
    assert_eq!(MAX_RESPONSE_BYTES, 8 * 1024 * 1024);
}

#[tokio::test]
async fn what_has_no_address_is_not_sent() {
    for (name, transport) in plain() {
        for url in ["/acct/queue", "ftp://127.0.0.1/"] {
            let request = Request::get(url).body(Bytes::new()).unwrap();
            let kind = kind(name, transport.send(request).await);
            assert_eq!(kind, TransportErrorKind::NotSent, "{url}");
        }
    }
}

/// Whoever has no TLS must not get a connection in the clear either.
#[cfg(not(any(feature = "rustls", feature = "rustls-ring", feature = "native-tls")))]
#[tokio::test]
async fn https_without_tls_is_not_sent() {
    let server = Server::start(|mut stream, _| answer_all(&mut stream, EMPTY));
    for (name, transport) in plain() {
        let url = server.url("/").replace("http:", "https:");
        let kind = kind(name, transport.send(get(&url)).await);
        assert_eq!(kind, TransportErrorKind::NotSent);
    }
    assert_eq!(server.connections(), 0);
}
