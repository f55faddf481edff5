//! What the fuzzers run, as functions of bytes: no panic, and no answer that is not the service's.
//!
//! The fuzz targets of the workspace (`tests/fuzz`) call these functions with what they invent, the
//! test `corpus` with what they kept.

pub(crate) mod store;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use queue_auth::{AccountKey, Authorize, SharedKey};
use queue_emulator::{Emulator, Fault};
use queue_proto::{
    CallOptions, DEVSTORE_KEY, Endpoint, Metadata, Operation, OperationResponse, QueueName,
    ServiceError,
    ops::{CreateQueue, ListQueues, PutMessage},
};

type Target = fn(&[u8]);

/// The targets by name.
pub(crate) const TARGETS: [(&str, Target); 4] =
    [("handle", handle), ("faults", faults), ("settings", store::settings), ("log", store::log)];

/// Fri, 15 Jan 2027 08:00:00 GMT.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

/// An emulator with the queue `orders`, and the ids of a message in it.
struct Bench {
    emulator: Emulator,
    signer: SharedKey,
    id: String,
    receipt: String,
}

impl Bench {
    fn new() -> Self {
        let key = AccountKey::from_base64(DEVSTORE_KEY).unwrap();
        let mut bench = Self {
            emulator: Emulator::builder().clock(now).seed(1).build(),
            signer: SharedKey::new("devstoreaccount1", key),
            id: String::new(),
            receipt: String::new(),
        };
        let orders = QueueName::new("orders").unwrap();
        let mut metadata = Metadata::new();
        metadata.insert("color", "green").unwrap();
        bench.call(CreateQueue::new(orders.clone()).metadata(metadata));
        let put = PutMessage::new(orders, queue_proto::MessageText::new("17 bottles").unwrap());
        let message = bench.call(put).message;
        bench.id = message.id().as_str().to_owned();
        // `=`, `+` and `/` are no part of a query's value.
        bench.receipt = message.pop_receipt().as_str().replace('=', "%3D").replace('+', "%2B");
        bench
    }

    fn call<O: Operation>(&self, operation: O) -> O::Response {
        let request = operation.to_http(&Endpoint::emulator(), &CallOptions::new());
        O::Response::from_http(self.emulator.handle(self.sign(request))).unwrap()
    }

    /// The request with a signature, or as it is where it cannot be signed.
    fn sign(&self, request: Request<Bytes>) -> Request<Bytes> {
        let (mut parts, body) = request.into_parts();
        // What is refused is left unchanged.
        let _ = self.signer.authorize(&mut parts, now());
        Request::from_parts(parts, body)
    }

    /// What the request of a text stands for: the message that is there.
    fn fill(&self, text: &str) -> String {
        text.replace("{id}", &self.id).replace("{receipt}", &self.receipt)
    }
}

/// Requests, with a zero byte between two: `METHOD TARGET`, headers, an empty line, body. Each is
/// sent with a signature and without.
pub(crate) fn handle(data: &[u8]) {
    let bench = Bench::new();
    for data in data.split(|byte| *byte == 0).take(8) {
        let Some(request) = request(&bench, data) else { continue };
        let answer = bench.emulator.handle(request.clone());
        check(request.method(), &answer);
        let answer = bench.emulator.handle(bench.sign(request.clone()));
        check(request.method(), &answer);
    }
    // Whatever came, it goes on to answer.
    bench.call(ListQueues::new());
}

fn request(bench: &Bench, data: &[u8]) -> Option<Request<Bytes>> {
    let mut rest = data;
    let mut line = || {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        line
    };
    let first = bench.fill(&String::from_utf8_lossy(line()));
    let (method, target) = first.split_once(' ')?;
    let mut builder = Request::builder().method(method).uri(target);
    loop {
        let line = line();
        if line.is_empty() {
            break;
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        let value = HeaderValue::from_bytes(value.get(1..).unwrap_or_default().trim_ascii());
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), value) {
            builder = builder.header(name, value);
        }
    }
    builder.body(Bytes::copy_from_slice(rest)).ok()
}

/// An answer of the service, whatever was asked: no failure of its own, a request id, and for an
/// error a code that the body repeats.
fn check(method: &http::Method, answer: &Response<Bytes>) {
    let status = answer.status();
    assert!(!status.is_server_error(), "{answer:?}");
    assert!(answer.headers().contains_key("x-ms-request-id"), "{answer:?}");
    if status.is_client_error() {
        let code = answer.headers().get("x-ms-error-code").expect("a code").to_str().unwrap();
        let error = ServiceError::from_http(answer);
        assert_eq!(error.code().as_str(), code);
        assert!(method == http::Method::HEAD || !answer.body().is_empty(), "{answer:?}");
        let _ = (error.to_string(), error.message().to_owned());
    }
}

/// A fault script. What is understood is applied to requests.
pub(crate) fn faults(data: &[u8]) {
    let Ok(script) = std::str::from_utf8(data) else { return };
    let faults = match Fault::parse_script(script) {
        Ok(faults) => faults,
        Err(error) => {
            let line = error.line().expect("a script has lines");
            assert!((1..=script.lines().count()).contains(&line), "{error}");
            return;
        }
    };
    assert!(faults.len() <= script.lines().count());
    let bench = Bench::new();
    for fault in faults {
        bench.emulator.add_fault(fault);
    }
    let put = || {
        let orders = QueueName::new("orders").unwrap();
        let put = PutMessage::new(orders, queue_proto::MessageText::new("18 bottles").unwrap());
        bench.sign(put.to_http(&Endpoint::emulator(), &CallOptions::new()))
    };
    for _ in 0..4 {
        let exchange = bench.emulator.exchange(put());
        drop((exchange.delay, exchange.result));
    }
    let fired: u64 = bench.emulator.fault_counts().iter().sum();
    bench.emulator.clear_faults();
    let answer = bench.emulator.exchange(put()).result.expect("there is no fault any more");
    assert_eq!(answer.status(), http::StatusCode::CREATED, "after {fired} faults");
}
