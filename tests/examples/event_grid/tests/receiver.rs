//! Events of both schemas, as base64 and as plain JSON, through a queue of the emulator.

use std::sync::{Arc, Mutex};

use queue_client::{
    codec::{Base64Text, Codec as _},
    processor::Processor,
    proto::MessageText,
    testing::in_process,
};
use queue_emulator::Emulator;
use queue_example_event_grid::{Event, EventCodec, NoEvent, Schema};

/// As the documentation of Event Grid shows it, "Azure Blob Storage as an Event Grid source".
const EVENT_GRID: &str = r#"{
  "topic": "/subscriptions/1/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/contoso",
  "subject": "/blobServices/default/containers/invoices/blobs/2026/11/blobs/17.pdf",
  "eventType": "Microsoft.Storage.BlobCreated",
  "eventTime": "2026-11-26T12:00:00.1234567Z",
  "id": "831e1650-001e-001b-66ab-eeb76e069631",
  "data": {
    "api": "PutBlockList",
    "contentType": "application/pdf",
    "contentLength": 524288,
    "blobType": "BlockBlob",
    "url": "https://contoso.blob.core.windows.net/invoices/2026/11/blobs/17.pdf",
    "sequencer": "00000000000004420000000000028963",
    "storageDiagnostics": { "batchId": "b68529f3-68cd-4744-baa4-3c0498ec19f0" }
  },
  "dataVersion": "",
  "metadataVersion": "1"
}"#;

const CLOUD_EVENT: &str = r#"{
  "specversion": "1.0",
  "source": "/subscriptions/1/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/contoso",
  "subject": "/blobServices/default/containers/invoices/blobs/18.pdf",
  "type": "Microsoft.Storage.BlobDeleted",
  "time": "2026-11-26T12:00:01Z",
  "id": "9aeb0fdf-c01e-0131-0922-9eb54906e209",
  "data": { "url": "https://contoso.blob.core.windows.net/invoices/18.pdf" }
}"#;

#[tokio::test(flavor = "current_thread")]
async fn both_schemas_arrive_as_base64_and_as_json() {
    let (service, _) = in_process(Emulator::handler).unwrap();
    let queue = service.queue("blob-events").unwrap();
    queue.create().await.unwrap();
    let base64 = queue.clone().with_codec(Base64Text);
    for text in [EVENT_GRID, CLOUD_EVENT] {
        base64.send(text.to_owned()).await.unwrap();
        queue.send(text).await.unwrap();
    }
    for text in ["no event", "[]", r#"{"number":17}"#] {
        queue.send(text).await.unwrap();
    }

    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&seen);
    let report = Processor::new(queue.clone().with_codec(EventCodec::new()))
        .drain_once(move |event| {
            keep.lock().unwrap().push(event.into_body());
            async { Ok(()) }
        })
        .await
        .unwrap();
    assert_eq!(report.to_string(), "4 completed, 0 retried, 3 dead-lettered");
    assert!(queue.peek(32).await.unwrap().is_empty());
    let poison = service.queue("blob-events-poison").unwrap().peek(32).await.unwrap();
    assert_eq!(poison.len(), 3, "what is no event is kept");

    let mut seen = seen.lock().unwrap().clone();
    seen.sort_by(|one, other| one.id.cmp(&other.id));
    let blobs: Vec<_> = seen.iter().map(|event| (event, event.blob().unwrap())).collect();
    assert_eq!(blobs.len(), 4);
    for (event, blob) in blobs.iter().take(2) {
        assert_eq!(
            (event.schema, &*event.kind),
            (Schema::EventGrid, "Microsoft.Storage.BlobCreated")
        );
        assert_eq!(event.time, "2026-11-26T12:00:00.1234567Z");
        assert_eq!((&*blob.container, &*blob.name), ("invoices", "2026/11/blobs/17.pdf"));
        assert_eq!(
            (blob.size, blob.content_type.as_deref()),
            (Some(524_288), Some("application/pdf"))
        );
        assert_eq!(blob.sequencer.as_deref(), Some("00000000000004420000000000028963"));
    }
    for (event, blob) in blobs.iter().skip(2) {
        assert_eq!(
            (event.schema, &*event.kind),
            (Schema::CloudEvents, "Microsoft.Storage.BlobDeleted")
        );
        assert_eq!((&*blob.container, &*blob.name), ("invoices", "18.pdf"));
        assert_eq!(
            blob.url.as_deref(),
            Some("https://contoso.blob.core.windows.net/invoices/18.pdf")
        );
        assert_eq!(blob.size, None);
    }
}

#[test]
fn what_is_written_reads_back_equal() {
    for text in [EVENT_GRID, CLOUD_EVENT] {
        let event = Event::from_json(text).unwrap();
        assert_eq!(Event::from_json(&event.to_json()), Ok(event.clone()));
        let text = EventCodec::new().encode(&event).unwrap();
        assert_eq!(EventCodec::new().decode(&text).unwrap(), event);
    }
}

#[test]
fn what_is_no_event_is_refused_by_what_it_lacks() {
    for (text, error) in [
        ("", NoEvent::NotAnObject),
        ("[{}]", NoEvent::NotAnObject),
        ("{}", NoEvent::UnknownSchema),
        (r#"{"specversion":"0.3"}"#, NoEvent::Version),
        (r#"{"specversion":"1.0","id":"1","type":"t"}"#, NoEvent::Field("source")),
        (r#"{"eventType":"t","id":1}"#, NoEvent::Field("id")),
    ] {
        assert_eq!(Event::from_json(text), Err(error), "{text}");
    }
    let text = MessageText::new("secret of somebody").unwrap();
    let error = EventCodec::new().decode(&text).unwrap_err().to_string();
    assert!(!error.contains("secret"), "{error}");
}

#[test]
fn events_about_other_things_have_no_blob() {
    let text = CLOUD_EVENT.replace("/blobServices/default", "/queueServices/default");
    assert_eq!(Event::from_json(&text).unwrap().blob(), None);
}
