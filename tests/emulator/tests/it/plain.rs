//! A server, and a client of it in plain bytes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Request;
use queue_emulator::{Emulator, Server, ServerOptions};
use queue_proto::{CallOptions, Endpoint, Operation};
use tokio::runtime::Runtime;

use crate::common::sign;

/// A server, and the runtime that it needs while the test blocks.
pub(crate) struct Fixture {
    pub(crate) runtime: Runtime,
    pub(crate) server: Server,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with(ServerOptions::new())
    }

    pub(crate) fn with(options: ServerOptions) -> Self {
        Self::on(Runtime::new().unwrap(), options)
    }

    /// A server whose connections take turns on one thread: what it does after one of them has
    /// spoken comes after everything that it did for that.
    pub(crate) fn in_turns(options: ServerOptions) -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        Self::on(builder.worker_threads(1).enable_all().build().unwrap(), options)
    }

    fn on(runtime: Runtime, options: ServerOptions) -> Self {
        let server = runtime.block_on(options.bind(Emulator::new(), "127.0.0.1:0")).unwrap();
        Self { runtime, server }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.local_addr()
    }

    fn endpoint(&self) -> Endpoint {
        let account = self.server.emulator().account().name().clone();
        let url = format!("{}/{account}", self.server.base_url());
        Endpoint::parse(&url, account).unwrap()
    }

    pub(crate) fn request(&self, operation: &impl Operation) -> Request<Bytes> {
        sign(operation.to_http(&self.endpoint(), &CallOptions::default()), SystemTime::now())
    }

    /// A connection that gives up after a while, and so does not hang a failing test.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }
}

/// A request as it is on the wire.
pub(crate) fn wire(request: &Request<Bytes>) -> Vec<u8> {
    let target = request.uri().path_and_query().unwrap();
    let mut out = format!("{} {target} HTTP/1.1\r\n", request.method()).into_bytes();
    let host = request.uri().authority().unwrap();
    write!(out, "host: {host}\r\n").unwrap();
    for (name, value) in request.headers() {
        write!(out, "{name}: {}\r\n", value.to_str().unwrap()).unwrap();
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(request.body());
    out
}

/// Reads one answer: its head, and the body that the head announces.
pub(crate) fn read_answer(stream: &mut TcpStream) -> (String, String) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&head));
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, length)| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}
