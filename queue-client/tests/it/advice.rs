//! The sentence that a newcomer reads after each of the usual mistakes.

use std::time::{Duration, SystemTime};

use crate::support::{queue, service};
use queue_client::{
    AccountKey, BoxFuture, QueueServiceClient, SharedKey,
    runtime::{ManualRuntime, Runtime},
    transport::from_fn,
};
use queue_emulator::Emulator;

#[tokio::test]
async fn a_wrong_key() {
    const KEY: &str = "bm90IHRoZSBrZXkgb2YgYW55IGFjY291bnQ=";
    let (_, line, time) = service();
    let stranger = QueueServiceClient::builder(queue_client::Endpoint::emulator())
        .authorizer(SharedKey::new("devstoreaccount1", AccountKey::from_base64(KEY).unwrap()))
        .transport(line)
        .runtime(time)
        .build()
        .unwrap();
    let error = stranger.queue("orders").unwrap().send("a").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "account \"devstoreaccount1\" refused the signature of PutMessage: check that the key or \
         the shared access signature belongs to this account and is current; a signature for one \
         queue is good for no other, and ends when its stored access policy is changed or removed"
    );
    assert!(!format!("{error:?}").contains(KEY));
}

#[tokio::test]
async fn a_clock_that_is_behind() {
    let time = ManualRuntime::starting_at(SystemTime::now());
    let ahead = time.clone();
    let emulator =
        Emulator::builder().clock(move || ahead.now() + Duration::from_secs(17 * 60 + 4)).build();
    let late = QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")
        .unwrap()
        .transport(from_fn(move |request| Ok(emulator.handle(request))))
        .runtime(time)
        .build()
        .unwrap();
    let error = late.queue("orders").unwrap().create().await.unwrap_err();
    let sentence = error.to_string();
    // The service's clock is read in whole seconds.
    assert!(
        sentence.starts_with("the signature was refused because this machine's clock is 17 min ")
            && sentence.ends_with(" s behind the service's: set the clock"),
        "{sentence}"
    );
}

#[tokio::test]
async fn a_missing_queue() {
    let (service, ..) = service();
    let error = service.queue("orders").unwrap().receive(1).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "queue \"orders\" does not exist in account \"devstoreaccount1\": create it with create()"
    );
}

#[test]
fn a_name_with_capitals() {
    let (service, ..) = service();
    assert_eq!(
        service.queue("Orders").unwrap_err().to_string(),
        "queue name has an uppercase letter at position 1: use lowercase letters, digits and \
         hyphens"
    );
}

#[tokio::test]
async fn a_text_that_is_too_long() {
    let (queue, line, _) = queue().await;
    let error = queue.send("x".repeat(70_000)).await.unwrap_err();
    assert!(error.is_message_too_large());
    assert_eq!(error.to_string(), "message has 70000 bytes as text: the limit is 65536");
    assert_eq!((error.attempts(), line.sent().len()), (0, 0));
}

#[tokio::test]
async fn a_text_that_is_no_xml() {
    let (queue, ..) = queue().await;
    let error = queue.send("bell \u{7}").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "message text has the character '\\u{7}' at byte 5, which XML cannot carry: encode the \
         message, for example with base64"
    );
}

#[tokio::test]
async fn counts_and_times_outside_the_limits() {
    let (queue, line, _) = queue().await;
    let week = Duration::from_secs(7 * 24 * 60 * 60);
    for error in [
        queue.receive(33).await.unwrap_err(),
        queue.receive(0).await.unwrap_err(),
        queue.peek(33).await.unwrap_err(),
        queue.receive(1).visibility_timeout(Duration::ZERO).await.unwrap_err(),
        queue.receive(1).visibility_timeout(2 * week).await.unwrap_err(),
        queue.receive(1).visibility_timeout(Duration::from_millis(1500)).await.unwrap_err(),
        queue.send("a").time_to_live(Duration::ZERO).await.unwrap_err(),
        queue.send("a").visibility_timeout(2 * week).await.unwrap_err(),
    ] {
        assert_eq!(error.attempts(), 0, "{error}");
        assert!(!error.failure().may_be_applied());
    }
    assert_eq!(line.sent().len(), 0);
}

#[cfg(feature = "reqwest")]
#[tokio::test]
async fn a_server_that_is_not_running() {
    use std::net::{Ipv4Addr, TcpListener};

    use queue_client::retry::NoRetry;

    // A port that was free a moment ago: whoever takes it in between speaks no Azure.
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let text = format!(
        "AccountName=devstoreaccount1;AccountKey=a2V5;\
         QueueEndpoint=http://127.0.0.1:{port}/devstoreaccount1"
    );
    let service = QueueServiceClient::builder_from_connection_string(&text)
        .unwrap()
        .retry(NoRetry)
        .build()
        .unwrap();
    let error = service.queue("orders").unwrap().create().await.unwrap_err();
    // In between stand the words of the operating system.
    let text = error.to_string();
    let start = format!("no connection to http://127.0.0.1:{port}/devstoreaccount1/: ");
    let cause = text.strip_prefix(&start).unwrap();
    let end = "; check the address and that the service is running there";
    assert!(cause.strip_suffix(end).unwrap().contains("refused"), "{text}");
    assert!(!error.failure().may_be_applied());
}

/// What a program keeps can be shared between threads.
#[test]
fn clients_and_errors_are_send_and_sync() {
    fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<QueueServiceClient>();
    is_shared::<queue_client::QueueClient>();
    is_shared::<queue_client::Account>();
    is_shared::<queue_client::ClientBuilder>();
    is_shared::<queue_client::ReceivedMessage>();
    is_shared::<queue_client::Error>();
    is_shared::<queue_client::SetupError>();
    is_shared::<queue_client::transport::TransportError>();
}

/// A future of the client can be sent to another thread.
#[test]
fn futures_are_send() {
    fn is_send<T: Send>(_: &T) {}
    let (service, ..) = service();
    let queue = service.queue("orders").unwrap();
    is_send(&queue.create());
    let call: BoxFuture<'_, _> = queue.send("a").into_future();
    is_send(&call);
}
