//! HTTP clients alone: headers by hand, nothing signed, nothing parsed.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::Contestant;
use crate::Outcome;
use crate::wire::{self, AUTHORIZATION, DATE, VERSION};

/// The headers of every request, made once: the least that a program can do for each.
fn headers() -> HeaderMap {
    let names = ["content-type", "x-ms-version", "x-ms-date", "authorization"];
    let values = ["application/xml", VERSION, DATE, AUTHORIZATION];
    names
        .map(HeaderName::from_static)
        .into_iter()
        .zip(values.map(HeaderValue::from_static))
        .collect()
}

/// 32 messages of 1 KiB and what is around them take more than this.
const WHOLE_ANSWER: usize = 32 * 1024;

fn check_whole(body: &Bytes) -> Outcome<usize> {
    if body.len() > WHOLE_ANSWER { Ok(32) } else { Err("the answer is short".into()) }
}

#[derive(Clone)]
pub(super) struct Reqwest {
    client: reqwest::Client,
    messages: String,
    receive: String,
    delete: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Reqwest {
    pub(super) fn new(port: u16) -> Self {
        let url = |path: String| format!("http://127.0.0.1:{port}{path}");
        Self {
            client: reqwest::Client::new(),
            messages: url(wire::messages_path()),
            receive: url(wire::messages_path() + "?numofmessages=32"),
            delete: url(wire::delete_path()),
            headers: headers(),
            body: wire::put_body().into(),
        }
    }

    async fn exchange(&self, request: reqwest::RequestBuilder) -> Outcome<Bytes> {
        let answer = request.headers(self.headers.clone()).send().await?;
        if !answer.status().is_success() {
            return Err(answer.status().to_string().into());
        }
        Ok(answer.bytes().await?)
    }
}

impl Contestant for Reqwest {
    async fn send(&self) -> Outcome {
        let request = self.client.post(&self.messages).body(self.body.clone());
        self.exchange(request).await.map(drop)
    }

    async fn receive(&self) -> Outcome<usize> {
        let request = self.client.get(&self.receive);
        check_whole(&self.exchange(request).await?)
    }

    async fn delete(&self) -> Outcome {
        self.exchange(self.client.delete(&self.delete)).await.map(drop)
    }
}

#[derive(Clone)]
pub(super) struct Hyper {
    client: Client<HttpConnector, Full<Bytes>>,
    messages: Uri,
    receive: Uri,
    delete: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl Hyper {
    pub(super) fn new(port: u16) -> Outcome<Self> {
        let uri = |path: String| format!("http://127.0.0.1:{port}{path}").parse::<Uri>();
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            messages: uri(wire::messages_path())?,
            receive: uri(wire::messages_path() + "?numofmessages=32")?,
            delete: uri(wire::delete_path())?,
            headers: headers(),
            body: wire::put_body().into(),
        })
    }

    async fn exchange(&self, method: Method, uri: &Uri, body: Bytes) -> Outcome<Bytes> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri.clone();
        // With room for what hyper adds.
        let mut headers = HeaderMap::with_capacity(8);
        headers.extend(self.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        *request.headers_mut() = headers;
        let answer = self.client.request(request).await?;
        if !answer.status().is_success() {
            return Err(answer.status().to_string().into());
        }
        Ok(answer.into_body().collect().await?.to_bytes())
    }
}

impl Contestant for Hyper {
    async fn send(&self) -> Outcome {
        self.exchange(Method::POST, &self.messages, self.body.clone()).await.map(drop)
    }

    async fn receive(&self) -> Outcome<usize> {
        check_whole(&self.exchange(Method::GET, &self.receive, Bytes::new()).await?)
    }

    async fn delete(&self) -> Outcome {
        self.exchange(Method::DELETE, &self.delete, Bytes::new()).await.map(drop)
    }
}
