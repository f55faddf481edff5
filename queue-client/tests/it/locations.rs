//! Which operations go to the secondary, and when.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{Response, StatusCode};
use queue_client::{
    Cause, LocationMode, QueueServiceClient, runtime::ManualRuntime, transport::from_fn,
};

const PRIMARY: &str = "acme.queue.core.windows.net";
const SECONDARY: &str = "acme-secondary.queue.core.windows.net";

/// A client of a service that answers by host, and the hosts that were asked.
fn service(
    mode: LocationMode,
    answer: impl Fn(&str) -> StatusCode + Send + Sync + 'static,
) -> (QueueServiceClient, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let hosts = Arc::clone(&asked);
    let transport = from_fn(move |request: http::Request<Bytes>| {
        let host = request.uri().host().unwrap().to_owned();
        let status = answer(&host);
        hosts.lock().unwrap().push(host);
        let body = match (status, request.uri().query()) {
            (StatusCode::OK, Some(query)) if query.contains("comp=list") => {
                "<EnumerationResults><Queues /><NextMarker /></EnumerationResults>"
            }
            (StatusCode::OK, Some(query)) if query.contains("comp=stats") => {
                "<StorageServiceStats><GeoReplication><Status>bootstrap</Status><LastSyncTime />\
                 </GeoReplication></StorageServiceStats>"
            }
            (StatusCode::OK, _) => "<QueueMessagesList />",
            _ => "",
        };
        Ok(Response::builder().status(status).body(Bytes::from_static(body.as_bytes())).unwrap())
    });
    let service =
        QueueServiceClient::builder_from_connection_string("AccountName=acme;AccountKey=a2V5")
            .unwrap()
            .location_mode(mode)
            .transport(transport)
            .runtime(ManualRuntime::starting_at(UNIX_EPOCH + Duration::from_secs(1_800_000_000)))
            .build()
            .unwrap();
    (service, asked)
}

fn hosts(asked: &Mutex<Vec<String>>) -> Vec<String> {
    std::mem::take(&mut *asked.lock().unwrap())
}

#[tokio::test]
async fn reads_alternate_between_the_locations() {
    for (mode, expected) in [
        (LocationMode::PrimaryOnly, [PRIMARY; 4]),
        (LocationMode::PrimaryThenSecondary, [PRIMARY, SECONDARY, PRIMARY, SECONDARY]),
        (LocationMode::SecondaryOnly, [SECONDARY; 4]),
        (LocationMode::SecondaryThenPrimary, [SECONDARY, PRIMARY, SECONDARY, PRIMARY]),
    ] {
        let (service, asked) = service(mode, |_| StatusCode::SERVICE_UNAVAILABLE);
        service.list_queues().all().await.unwrap_err();
        assert_eq!(hosts(&asked), expected, "{mode:?}");
        service.queue("orders").unwrap().peek(1).await.unwrap_err();
        assert_eq!(hosts(&asked), expected, "{mode:?}");
    }
}

#[tokio::test]
async fn what_changes_something_stays_on_the_primary() {
    let (service, asked) =
        service(LocationMode::SecondaryThenPrimary, |_| StatusCode::SERVICE_UNAVAILABLE);
    let queue = service.queue("orders").unwrap();
    queue.receive(1).await.unwrap_err();
    queue.send("a").await.unwrap_err();
    queue.clear().await.unwrap_err();
    queue.create().await.unwrap_err();
    assert_eq!(hosts(&asked), [PRIMARY; 16]);
}

#[tokio::test]
async fn what_the_secondary_does_not_have_the_primary_may_have() {
    let (service, asked) = service(LocationMode::SecondaryThenPrimary, |host| {
        if host == SECONDARY { StatusCode::NOT_FOUND } else { StatusCode::OK }
    });
    assert_eq!(service.queue("orders").unwrap().peek(1).await.unwrap().len(), 0);
    assert_eq!(hosts(&asked), [SECONDARY, PRIMARY]);
}

#[tokio::test]
async fn what_the_primary_does_not_have_is_not_there() {
    let (service, asked) = service(LocationMode::PrimaryThenSecondary, |_| StatusCode::NOT_FOUND);
    service.queue("orders").unwrap().peek(1).await.unwrap_err();
    assert_eq!(hosts(&asked), [PRIMARY]);
}

#[tokio::test]
async fn stats_come_from_the_secondary() {
    let (service, asked) = service(LocationMode::PrimaryOnly, |_| StatusCode::OK);
    service.stats().await.unwrap();
    assert_eq!(hosts(&asked), [SECONDARY]);
}

#[tokio::test]
async fn a_secondary_that_is_not_known_is_named() {
    let text = "AccountName=acme;AccountKey=a2V5;QueueEndpoint=https://queues.example.com";
    let service = QueueServiceClient::builder_from_connection_string(text)
        .unwrap()
        .transport(from_fn(|_| panic!("nothing is sent")))
        .runtime(ManualRuntime::starting_at(UNIX_EPOCH))
        .build()
        .unwrap();
    let error = service.stats().await.unwrap_err();
    assert!(matches!(error.cause(), Cause::NoSecondary));
    assert_eq!(
        error.to_string(),
        "GetQueueServiceStats reads from the secondary, and it is not known where that is for \
         https://queues.example.com/: state it with Endpoint::with_secondary"
    );
}
