//! A control server with its emulator, and a client of it in plain bytes.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use queue_emulator::{ControlOptions, ControlServer, Emulator, EmulatorBuilder, RecordLimits};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::wire::Wire;

/// A server, and a wire to the same emulator for what clients of the service do.
pub(crate) struct Desk {
    pub(crate) runtime: Runtime,
    pub(crate) server: ControlServer,
    pub(crate) wire: Wire,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Told {
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn with(set_up: impl FnOnce(EmulatorBuilder) -> EmulatorBuilder) -> Self {
        Self::of(Wire::with(|builder| set_up(builder.record(RecordLimits::new()))))
    }

    pub(crate) fn of(wire: Wire) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(serve(wire.emulator.clone()));
        Self { runtime, server, wire }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.server.local_addr()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    pub(crate) fn get(&self, path: &str) -> Told {
        self.call("GET", path, &[], "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Told {
        self.call("POST", path, &[("content-type", "application/json")], &body.to_string())
    }

    pub(crate) fn delete(&self, path: &str) -> Told {
        self.call("DELETE", path, &[], "")
    }

    /// Asks for a path below the root of the control interface.
    pub(crate) fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Told {
        self.ask(method, &format!("/_emulator{path}"), "127.0.0.1", headers, body)
    }

    pub(crate) fn ask(
        &self,
        method: &str,
        target: &str,
        host: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Told {
        let mut stream = self.connect();
        let length = body.len();
        let mut request = format!(
            "{method} {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
             content-length: {length}\r\n"
        );
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(format!("{request}\r\n{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Told { status, headers, body: body.to_owned() }
    }
}

async fn serve(emulator: Emulator) -> ControlServer {
    let options = ControlOptions::new().allow_origin("http://allowed.example");
    let url = "http://127.0.0.1:10001".to_owned();
    ControlServer::bind(emulator, url, options, "127.0.0.1:0").await.unwrap()
}
