//! The operations in process, from request to answer.

use std::time::Duration;

use http::{Method, Request};
use queue_emulator::{Account, Emulator};
use queue_proto::ops::*;
use queue_proto::{
    CallOptions, Endpoint, ErrorCode, LeaseTimeout, MaxResults, MessageCount, MessageText,
    Metadata, Operation, OperationResponse, ServiceVersion, TimeToLive, VisibilityTimeout,
};

use crate::common::{call, name, send};

fn text(text: &str) -> MessageText {
    MessageText::new(text).unwrap()
}

fn hidden(seconds: u64) -> VisibilityTimeout {
    VisibilityTimeout::from_secs(seconds).unwrap()
}

#[test]
fn a_message_is_put_received_updated_and_deleted() {
    let (emulator, clock) = Emulator::with_manual_clock();
    let jobs = name("jobs");
    assert_eq!(call(&emulator, &CreateQueue::new(jobs.clone())), Ok(CreateQueueResponse::Created));
    let body = "<tag> & \"quotes\"\r\n\ttabs, ünïcödé 🦀 and blanks  ";
    let sent = call(&emulator, &PutMessage::new(jobs.clone(), text(body))).unwrap().message;
    assert_eq!(
        sent.expires_at().unwrap().duration_since(sent.inserted_at()).unwrap(),
        Duration::from_secs(7 * 24 * 3600)
    );

    let peeked = call(&emulator, &PeekMessages::new(jobs.clone())).unwrap().messages.remove(0);
    assert_eq!((peeked.id(), peeked.dequeue_count()), (sent.id(), 0));

    let got = call(&emulator, &GetMessages::new(jobs.clone())).unwrap().messages.remove(0);
    assert_eq!((got.id().clone(), got.text(), got.dequeue_count()), (sent.id().clone(), body, 1));
    assert_eq!(got.next_visible_at(), got.inserted_at() + Duration::from_secs(30));
    assert!(call(&emulator, &PeekMessages::new(jobs.clone())).unwrap().messages.is_empty());

    let update =
        UpdateMessage::new(jobs.clone(), got.id().clone(), got.pop_receipt().clone(), hidden(5));
    let updated = call(&emulator, &update.text(text("half done"))).unwrap();
    clock.advance(Duration::from_secs(5));
    let again = call(&emulator, &GetMessages::new(jobs.clone())).unwrap().messages.remove(0);
    assert_eq!((again.text(), again.dequeue_count()), ("half done", 2));

    for receipt in [sent.pop_receipt(), got.pop_receipt(), &updated.pop_receipt] {
        let stale = DeleteMessage::new(jobs.clone(), again.id().clone(), receipt.clone());
        assert_eq!(*call(&emulator, &stale).unwrap_err().code(), ErrorCode::MessageNotFound);
    }
    let delete = DeleteMessage::new(jobs.clone(), again.id().clone(), again.pop_receipt().clone());
    assert!(call(&emulator, &delete).is_ok());
    assert_eq!(*call(&emulator, &delete).unwrap_err().code(), ErrorCode::MessageNotFound);

    assert!(call(&emulator, &DeleteQueue::new(jobs.clone())).is_ok());
    let error = call(&emulator, &GetMessages::new(jobs.clone())).unwrap_err();
    assert_eq!(*error.code(), ErrorCode::QueueNotFound);
    let error = call(&emulator, &CreateQueue::new(jobs.clone())).unwrap_err();
    assert_eq!(*error.code(), ErrorCode::QueueBeingDeleted);
    clock.advance(Duration::from_secs(30));
    assert_eq!(call(&emulator, &CreateQueue::new(jobs)), Ok(CreateQueueResponse::Created));
}

#[test]
fn parameters_of_put_and_get() {
    let (emulator, clock) = Emulator::with_manual_clock();
    let jobs = name("jobs");
    call(&emulator, &CreateQueue::new(jobs.clone())).unwrap();
    let put = PutMessage::new(jobs.clone(), text("forever")).time_to_live(TimeToLive::Never);
    assert_eq!(call(&emulator, &put).unwrap().message.expires_at(), None);
    let life = TimeToLive::from_secs(20).unwrap();
    let put = PutMessage::new(jobs.clone(), text("brief")).time_to_live(life);
    call(&emulator, &put.visibility_timeout(hidden(10))).unwrap();

    let get = GetMessages::new(jobs.clone())
        .count(MessageCount::MAX)
        .visibility_timeout(LeaseTimeout::from_secs(1).unwrap());
    let receive = || {
        let messages = call(&emulator, &get).unwrap().messages;
        messages.into_iter().map(|message| message.text().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(receive(), ["forever"]);
    clock.advance(Duration::from_secs(10));
    assert_eq!(receive(), ["forever", "brief"]);
    clock.advance(Duration::from_secs(10));
    assert_eq!(receive(), ["forever"]);
}

#[test]
fn metadata_counts_and_clearing() {
    let emulator = Emulator::new();
    let jobs = name("jobs");
    let metadata = Metadata::try_from([("Owner", "ops"), ("tier", "1")]).unwrap();
    let create = CreateQueue::new(jobs.clone()).metadata(metadata.clone());
    assert_eq!(call(&emulator, &create), Ok(CreateQueueResponse::Created));
    assert_eq!(call(&emulator, &create), Ok(CreateQueueResponse::AlreadyExists));
    let error = call(&emulator, &CreateQueue::new(jobs.clone())).unwrap_err();
    assert_eq!(*error.code(), ErrorCode::QueueAlreadyExists);

    for _ in 0..3 {
        call(&emulator, &PutMessage::new(jobs.clone(), text("x"))).unwrap();
    }
    call(&emulator, &GetMessages::new(jobs.clone())).unwrap();
    let properties = call(&emulator, &GetQueueMetadata::new(jobs.clone())).unwrap();
    assert_eq!(properties.approximate_messages_count(), 3, "hidden ones count");
    assert_eq!(properties.metadata().clone(), metadata);

    call(&emulator, &ClearMessages::new(jobs.clone())).unwrap();
    let properties = call(&emulator, &GetQueueMetadata::new(jobs)).unwrap();
    assert_eq!(properties.approximate_messages_count(), 0);
    assert_eq!(properties.metadata().clone(), metadata);
}

#[test]
fn head_answers_without_a_body() {
    let emulator = Emulator::new();
    call(&emulator, &CreateQueue::new(name("jobs"))).unwrap();
    for (queue, status) in [("jobs", 200), ("none", 404)] {
        let get = GetQueueMetadata::new(name(queue));
        let mut request = get.to_http(&Endpoint::emulator(), &CallOptions::default());
        *request.method_mut() = Method::HEAD;
        let response = send(&emulator, request);
        assert_eq!((response.status().as_u16(), response.body().len()), (status, 0));
        let read = GetQueueMetadataResponse::from_http(response);
        assert_eq!(read.is_ok(), status == 200);
    }
}

#[test]
fn pages_of_queues_go_on_where_the_last_one_stopped() {
    let emulator = Emulator::builder().deletion_time(Duration::ZERO).build();
    // Neither created in order nor without gaps: markers must not depend on either.
    for queue in ["c-3", "a-1", "b-2", "other", "a-2", "c-1"] {
        call(&emulator, &CreateQueue::new(name(queue))).unwrap();
    }
    let mut names = Vec::new();
    let mut list = ListQueues::new().max_results(MaxResults::new(2).unwrap());
    loop {
        let page = call(&emulator, &list).unwrap();
        assert_eq!(page.service_endpoint, "http://127.0.0.1:10001/devstoreaccount1/");
        assert!(page.queues.len() <= 2);
        names.extend(page.queues.into_iter().map(|queue| queue.name().to_string()));
        if names.len() == 4 {
            // The queue that the marker names goes away.
            call(&emulator, &DeleteQueue::new(name("c-3"))).unwrap();
        }
        match page.next_marker {
            Some(marker) => list = list.marker(marker),
            None => break,
        }
    }
    assert_eq!(names, ["a-1", "a-2", "b-2", "c-1", "other"]);

    let prefix = QueuePrefix::new("a-").unwrap();
    let page = call(&emulator, &ListQueues::new().prefix(prefix).include_metadata(true)).unwrap();
    assert_eq!(page.queues.len(), 2);
    assert_eq!(page.queues[0].metadata(), Some(&Metadata::new()));
    assert_eq!(page.next_marker, None);

    let list = ListQueues::new().marker(Marker::new("/other/queue").unwrap());
    assert_eq!(*call(&emulator, &list).unwrap_err().code(), ErrorCode::OutOfRangeInput);
}

#[test]
fn the_account_that_everybody_knows_is_there_if_it_is_the_only_one_or_named() {
    let contoso: Account = "contoso:b25l".parse().unwrap();
    let names = |emulator: Emulator| {
        let names = emulator.accounts().iter().map(|account| account.name().to_string());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(Emulator::new()), ["devstoreaccount1"]);
    assert_eq!(names(Emulator::builder().account(contoso.clone()).build()), ["contoso"]);
    let named = "devstoreaccount1".parse().unwrap();
    let emulator = Emulator::builder().account(contoso.clone()).account(named).build();
    assert_eq!(names(emulator.clone()), ["contoso", "devstoreaccount1"]);
    call(&emulator, &CreateQueue::new(name("jobs"))).unwrap();
    // With another key, the published one is as good as none.
    let other = "devstoreaccount1:b25l".parse().unwrap();
    let emulator = Emulator::builder().account(other).build();
    let error = call(&emulator, &CreateQueue::new(name("jobs"))).unwrap_err();
    assert_eq!(*error.code(), ErrorCode::AuthenticationFailed);
    assert!("contoso".parse::<Account>().is_err());
}

#[test]
fn accounts_are_separate() {
    let contoso = Account::new("contoso", &["b25l", crate::common::KEY]).unwrap();
    let builder = Emulator::builder().account(contoso.clone());
    let emulator = builder.account(Account::devstore()).build();
    assert_eq!(emulator.account().name(), contoso.name());
    call(&emulator, &CreateQueue::new(name("jobs"))).unwrap();

    // Signed with the second key, in host style.
    let endpoint =
        Endpoint::parse("http://contoso.queue.localhost:10001", contoso.name().clone()).unwrap();
    let request = ListQueues::new().to_http(&endpoint, &CallOptions::default());
    let (mut parts, body) = request.into_parts();
    let key = queue_auth::AccountKey::from_base64(crate::common::KEY).unwrap();
    let signer = queue_auth::SharedKey::new("contoso", key);
    queue_auth::Authorize::authorize(&signer, &mut parts, emulator.now()).unwrap();
    let response = emulator.handle(Request::from_parts(parts, body));
    let page = ListQueuesResponse::from_http(response).unwrap();
    assert!(page.queues.is_empty());
    assert_eq!(page.service_endpoint, "http://contoso.queue.localhost:10001/");
}

#[test]
fn the_secondary_can_be_read_and_not_written() {
    let emulator = Emulator::new();
    let jobs = name("jobs");
    call(&emulator, &CreateQueue::new(jobs.clone())).unwrap();
    let secondary = Endpoint::emulator().secondary().unwrap();
    let status = |request| send(&emulator, request).status().as_u16();
    let options = CallOptions::default();
    assert_eq!(status(PeekMessages::new(jobs.clone()).to_http(&secondary, &options)), 200);
    assert_eq!(status(ListQueues::new().to_http(&secondary, &options)), 200);
    // An HTTP GET, but one that changes something.
    assert_eq!(status(GetMessages::new(jobs.clone()).to_http(&secondary, &options)), 403);
    let response = send(&emulator, DeleteQueue::new(jobs).to_http(&secondary, &options));
    assert_eq!(response.headers()["x-ms-error-code"], "InsufficientAccountPermissions");
}

#[test]
fn the_same_seed_gives_the_same_ids_and_receipts() {
    let run = |seed| {
        let emulator = Emulator::builder().seed(seed).build();
        call(&emulator, &CreateQueue::new(name("jobs"))).unwrap();
        let sent = call(&emulator, &PutMessage::new(name("jobs"), text("x"))).unwrap().message;
        sent.into_parts()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn answers_name_version_time_and_ids() {
    let emulator = Emulator::new();
    let version = ServiceVersion::new(2021, 12, 2).unwrap();
    let id = queue_proto::ClientRequestId::new("my-id/1").unwrap();
    let options = CallOptions::new().version(version).client_request_id(id);
    let list = ListQueues::new().to_http(&Endpoint::emulator(), &options);
    let response = send(&emulator, list);
    let headers = response.headers();
    assert_eq!(headers["x-ms-version"], "2021-12-02");
    assert_eq!(headers["x-ms-client-request-id"], "my-id/1");
    assert_eq!(headers["x-ms-request-id"].len(), 36);
    assert_eq!(headers["cache-control"], "no-cache");
    assert_eq!(headers["content-type"], "application/xml");
    assert_eq!(headers["server"], "Windows-Azure-Queue/1.0 Microsoft-HTTPAPI/2.0");
    assert!(headers["date"].to_str().unwrap().ends_with(" GMT"));
    assert!(response.body().starts_with(b"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>"));
}
