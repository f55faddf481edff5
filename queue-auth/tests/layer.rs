//! The layer of tower: what passes is signed at its time, or does not pass.

#![cfg(feature = "tower")]
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use common::{account_key, frozen};
use http::{HeaderMap, Request};
use queue_auth::sas::{SasCredential, SasToken};
use queue_auth::{AuthError, Authorize, SharedKey, SignLayer};
use tower_layer::Layer;
use tower_service::Service;

/// Keeps the requests that reach it. A clone is not ready until it was asked.
#[derive(Default)]
struct Server {
    seen: Arc<Mutex<Vec<(String, HeaderMap)>>>,
    ready: bool,
}

impl Clone for Server {
    fn clone(&self) -> Self {
        Self { seen: Arc::clone(&self.seen), ready: false }
    }
}

impl Service<Request<&'static str>> for Server {
    type Response = &'static str;
    type Error = Infallible;
    type Future = Ready<Result<&'static str, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<&'static str>) -> Self::Future {
        assert!(self.ready, "called before it was ready");
        let seen = (request.uri().to_string(), request.headers().clone());
        self.seen.lock().unwrap().push(seen);
        ready(Ok(request.into_body()))
    }
}

async fn send(
    authorizer: impl Authorize + 'static,
    uri: &str,
) -> (Result<&'static str, queue_auth::BoxError>, Vec<(String, HeaderMap)>) {
    let server = Server::default();
    let seen = Arc::clone(&server.seen);
    let mut service = SignLayer::new(authorizer).clock(frozen).layer(server);
    let request = Request::get(uri).header("x-ms-version", "2026-02-06").body("body").unwrap();
    assert!(service.poll_ready(&mut Context::from_waker(Waker::noop())).is_ready());
    let answer = service.call(request).await;
    let seen = seen.lock().unwrap().clone();
    (answer, seen)
}

#[tokio::test]
async fn what_passes_is_signed() {
    let uri = "https://contoso.queue.core.windows.net/jobs";
    let key = || SharedKey::new("contoso", account_key("contoso"));
    let (answer, seen) = send(key(), uri).await;
    assert_eq!(answer.unwrap(), "body");
    let (mut parts, ()) =
        Request::get(uri).header("x-ms-version", "2026-02-06").body(()).unwrap().into_parts();
    key().authorize(&mut parts, frozen()).unwrap();
    assert_eq!(seen, [(uri.to_owned(), parts.headers)]);

    // A credential that has to be fetched is fetched first.
    let fetched = SasCredential::from_fn(|_| {
        Box::pin(async { Ok(SasToken::parse("sv=2026-02-06&se=2036-01-01&sig=a")?) })
    });
    let (answer, seen) = send(fetched, uri).await;
    assert_eq!(answer.unwrap(), "body");
    assert_eq!(seen[0].0, format!("{uri}?sv=2026-02-06&se=2036-01-01&sig=a"));
}

#[tokio::test]
async fn what_cannot_be_signed_does_not_pass() {
    let https = SasToken::parse("sv=2026-02-06&spr=https&se=2036-01-01&sig=a").unwrap();
    let (answer, seen) = send(https, "http://contoso.queue.core.windows.net/jobs").await;
    let error = answer.unwrap_err().downcast::<AuthError>().unwrap();
    assert!(matches!(*error, AuthError::ClearText), "{error}");
    assert!(seen.is_empty());

    let expired = SasCredential::from_fn(|now| {
        let _ = now + Duration::from_secs(1);
        Box::pin(async { Err("the broker is down".into()) })
    });
    let (answer, seen) = send(expired, "https://contoso.queue.core.windows.net/jobs").await;
    assert!(answer.unwrap_err().is::<AuthError>() && seen.is_empty());
}
