//! An identity provider on this machine: a real HTTP server with answers by script.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use queue_auth::bearer::{TokenTransport, transport_fn};
use tokio::net::TcpListener;

/// Where [`redirected`] keeps the host that a request was meant for.
pub(crate) const MEANT_FOR: &str = "x-meant-for";

/// A second of the year 2026, as good as any.
pub(crate) fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_158_830)
}

pub(crate) fn after(seconds: u64) -> SystemTime {
    start() + Duration::from_secs(seconds)
}

/// A request that the provider got.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: http::HeaderMap,
    /// The fields of the form, or of the query.
    pub(crate) form: HashMap<String, String>,
}

impl Seen {
    pub(crate) fn field(&self, name: &str) -> &str {
        self.form.get(name).map_or("", String::as_str)
    }
}

/// What the provider does with a request.
pub(crate) struct Answer {
    response: Response<Bytes>,
    delay: Duration,
    hang_up: bool,
}

impl Answer {
    pub(crate) fn new(status: u16, body: impl Into<Bytes>) -> Self {
        let mut response = Response::new(body.into());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        Self { response, delay: Duration::ZERO, hang_up: false }
            .header("content-type", "application/json; charset=utf-8")
    }

    pub(crate) fn token(name: &str) -> Self {
        let body = format!(
            r#"{{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"{name}"}}"#
        );
        Self::new(200, body)
    }

    pub(crate) fn error(status: u16, error: &str, description: &str) -> Self {
        let body = serde_json::json!({ "error": error, "error_description": description });
        Self::new(status, body.to_string())
    }

    pub(crate) fn hang_up() -> Self {
        Self { hang_up: true, ..Self::new(200, "") }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.response.headers_mut().insert(name, value.parse().unwrap());
        self
    }

    pub(crate) fn slow(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

type Script = dyn Fn(usize, &Seen) -> Answer + Send + Sync;

/// The provider; it stops with the runtime of the test.
pub(crate) struct Provider {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Provider {
    /// Starts; `script` gets the number of the request, from 0, and the request.
    pub(crate) async fn start(
        script: impl Fn(usize, &Seen) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Script> = Arc::new(script);
        let log = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, log) = (Arc::clone(&script), Arc::clone(&log));
                tokio::spawn(async move {
                    let service = service_fn(|request| answer(request, &script, &log));
                    // A connection that ends early is part of some tests.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self { address, seen }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// A transport that sends every request here, whatever host it is meant for.
    pub(crate) fn redirected(&self) -> impl TokenTransport + use<> {
        let (inner, authority) = (Arc::new(direct()), self.address.to_string());
        transport_fn(move |mut request: Request<Bytes>| {
            let uri = request.uri().clone();
            let host = uri.authority().unwrap().as_str().parse().unwrap();
            let path = uri.path_and_query().unwrap().as_str();
            let here = format!("http://{authority}{path}").parse().unwrap();
            *request.uri_mut() = here;
            request.headers_mut().insert(MEANT_FOR, host);
            let inner = Arc::clone(&inner);
            async move { inner.send(request).await }
        })
    }
}

async fn answer(
    request: Request<Incoming>,
    script: &Arc<Script>,
    log: &Arc<Mutex<Vec<Seen>>>,
) -> Result<Response<Full<Bytes>>, std::io::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
    let fields = match parts.method {
        Method::GET => parts.uri.query().unwrap_or_default().to_owned(),
        _ => String::from_utf8(body.to_vec()).unwrap(),
    };
    let seen = Seen {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        headers: parts.headers,
        form: fields.split('&').filter_map(|pair| pair.split_once('=')).map(decode).collect(),
    };
    let answer = {
        let mut log = log.lock().unwrap();
        let answer = script(log.len(), &seen);
        log.push(seen);
        answer
    };
    tokio::time::sleep(answer.delay).await;
    if answer.hang_up {
        return Err(std::io::Error::other("as the script says"));
    }
    Ok(answer.response.map(Full::new))
}

fn decode((name, value): (&str, &str)) -> (String, String) {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text).decode_utf8().unwrap().into_owned()
    };
    (decode(name), decode(value))
}

/// A transport over reqwest.
pub(crate) fn direct() -> impl TokenTransport {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap();
    transport_fn(move |request: Request<Bytes>| {
        let client = client.clone();
        async move {
            let mut answer = client.execute(request.try_into()?).await?;
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await? {
                body.extend_from_slice(&chunk);
            }
            let mut response = Response::new(Bytes::from(body));
            *response.status_mut() = answer.status();
            *response.headers_mut() = answer.headers().clone();
            Ok(response)
        }
    })
}

/// The request that the tests authorize.
pub(crate) fn request() -> http::request::Parts {
    let request = Request::get("https://contoso.queue.core.windows.net/jobs/messages")
        .header("x-ms-version", "2026-02-06")
        .body(())
        .unwrap();
    request.into_parts().0
}

/// The token that a request carries.
pub(crate) fn carried(parts: &http::request::Parts) -> &str {
    let value = parts.headers.get(http::header::AUTHORIZATION).unwrap();
    assert!(value.is_sensitive());
    value.to_str().unwrap().strip_prefix("Bearer ").unwrap()
}

/// An error with all its causes, as programs print them.
pub(crate) fn printed(error: &dyn std::error::Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(" {error} {error:?}"));
        cause = error.source();
    }
    text
}

/// Runs `count` futures of `make` at once and returns what they give.
pub(crate) async fn at_once<T: Send + 'static>(
    count: usize,
    make: impl Fn() -> queue_auth::BoxFuture<'static, T>,
) -> Vec<T> {
    let tasks: Vec<_> = (0..count).map(|_| tokio::spawn(make())).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}
