//! Credentials that are fetched, renewed, refused or late.

use std::{
    future::{pending, ready},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime},
};

use http::{HeaderMap, request::Parts};
use queue_client::{
    BoxFuture, Cause, OpFailure, QueueServiceClient,
    auth::{AuthError, Authorize, SharedKey},
    runtime::Runtime,
};

use crate::support::{Fate, Line, over, queue};

/// A key that has to be fetched first.
#[derive(Debug, Clone)]
struct Fetched {
    key: Arc<SharedKey>,
    fetches: Arc<AtomicU32>,
    arrives: bool,
    secret: bool,
}

impl Authorize for Fetched {
    fn authorize(&self, request: &mut Parts, now: SystemTime) -> Result<(), AuthError> {
        self.key.authorize(request, now)
    }

    fn refresh(&self, _: SystemTime) -> BoxFuture<'_, Result<(), AuthError>> {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        if self.arrives { Box::pin(ready(Ok(()))) } else { Box::pin(pending()) }
    }

    fn rejected(&self, _: &HeaderMap) -> bool {
        true
    }

    fn requires_tls(&self) -> bool {
        self.secret
    }
}

fn fetched() -> Fetched {
    let key = queue_client::AccountKey::from_base64(queue_proto::DEVSTORE_KEY).unwrap();
    Fetched {
        key: Arc::new(SharedKey::new(queue_proto::DEVSTORE_ACCOUNT, key)),
        fetches: Arc::default(),
        arrives: true,
        secret: false,
    }
}

async fn scene(credential: &Fetched) -> (QueueServiceClient, Line, impl Runtime + use<>) {
    let (_, line, time) = queue().await;
    let service = over(&line, &time).authorizer(credential.clone()).build().unwrap();
    (service, line, time)
}

#[tokio::test]
async fn a_rejected_credential_is_renewed_once() {
    let credential = fetched();
    let (service, line, _) = scene(&credential).await;
    let queue = service.queue("orders").unwrap();
    line.next([Fate::Status(401, 0)]);
    queue.send("a").await.unwrap();
    assert_eq!(credential.fetches.load(Ordering::Relaxed), 2);

    line.next([Fate::Status(401, 0); 10]);
    let error = queue.send("b").await.unwrap_err();
    assert_eq!((error.attempts(), line.sent().len()), (2, 2));
}

#[tokio::test]
async fn a_credential_that_does_not_arrive_ends_the_call() {
    let credential = Fetched { arrives: false, ..fetched() };
    let (service, line, time) = scene(&credential).await;
    let before = time.elapsed();
    let error = service.queue("orders").unwrap().send("a").await.unwrap_err();
    assert_eq!(error.failure(), &OpFailure::NotSent);
    assert_eq!(line.sent().len(), 0);
    assert!(time.elapsed() - before <= Duration::from_secs(120));
}

#[tokio::test]
async fn a_secret_does_not_travel_in_clear_text() {
    let credential = Fetched { secret: true, ..fetched() };
    let (service, line, _) = scene(&credential).await;
    let error = service.queue("orders").unwrap().send("a").await.unwrap_err();
    assert!(matches!(error.cause(), Cause::InsecureEndpoint));
    assert_eq!(
        error.to_string(),
        "PutMessage would send its credential in clear text: use https instead of \
         http://127.0.0.1:10001/devstoreaccount1/"
    );
    assert_eq!(line.sent().len(), 0);
}
