//! What is written reads back equal, for the ten first operations.
#![allow(clippy::unwrap_used, reason = "tests")]
use queue_proto::ops::*;
use queue_proto::*;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn law<O: Operation>(op: O, uri: &str) {
    for (at, base) in [
        (Endpoint::emulator(), "http://127.0.0.1:10001/devstoreaccount1"),
        (
            Endpoint::parse("https://contoso.queue.core.windows.net", "contoso".parse().unwrap())
                .unwrap(),
            "https://contoso.queue.core.windows.net",
        ),
    ] {
        let request = op.to_http(&at, &CallOptions::new());
        assert_eq!(request.uri(), format!("{base}{uri}").as_str());
        assert_eq!(O::from_http(&at, &request).unwrap(), op);
    }
}
fn answer<R: OperationResponse>(r: R) {
    let http = r.to_http();
    assert_eq!(R::from_http(http).unwrap(), r);
}
fn t(s: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(s)
}

#[test]
fn requests() {
    let q: QueueName = "orders".parse().unwrap();
    let id = MessageId::new("5f2c9a51-9d0b-4c7e-8a36-0f5b1c2d3e4f").unwrap();
    let r = PopReceipt::new("Ag+A/wM==").unwrap();
    law(
        CreateQueue::new(q.clone()).metadata(Metadata::try_from([("a", "1"), ("b", "")]).unwrap()),
        "/orders",
    );
    law(DeleteQueue::new(q.clone()), "/orders");
    law(GetQueueMetadata::new(q.clone()), "/orders?comp=metadata");
    law(
        PutMessage::new(q.clone(), MessageText::new("a\r\n<b>&\"é").unwrap())
            .time_to_live(TimeToLive::Never)
            .visibility_timeout(VisibilityTimeout::ZERO),
        "/orders/messages?visibilitytimeout=0&messagettl=-1",
    );
    law(
        GetMessages::new(q.clone())
            .count(MessageCount::MAX)
            .visibility_timeout(LeaseTimeout::DEFAULT),
        "/orders/messages?numofmessages=32&visibilitytimeout=30",
    );
    law(PeekMessages::new(q.clone()), "/orders/messages?peekonly=true");
    law(
        UpdateMessage::new(q.clone(), id.clone(), r.clone(), VisibilityTimeout::MAX)
            .text(MessageText::new("").unwrap()),
        "/orders/messages/5f2c9a51-9d0b-4c7e-8a36-0f5b1c2d3e4f?popreceipt=Ag%2BA%2FwM%3D%3D&visibilitytimeout=604800",
    );
    law(
        DeleteMessage::new(q.clone(), id, r),
        "/orders/messages/5f2c9a51-9d0b-4c7e-8a36-0f5b1c2d3e4f?popreceipt=Ag%2BA%2FwM%3D%3D",
    );
    law(ClearMessages::new(q), "/orders/messages");
    law(ListQueues::new(), "/?comp=list");
    law(
        ListQueues::new()
            .prefix(QueuePrefix::new("a b").unwrap())
            .marker(Marker::new("/x/é").unwrap())
            .include_metadata(true),
        "/?comp=list&prefix=a%20b&marker=%2Fx%2F%C3%A9&include=metadata",
    );
}

#[test]
fn responses() {
    let id = MessageId::new("5f2c9a51-9d0b-4c7e-8a36-0f5b1c2d3e4f").unwrap();
    let r = PopReceipt::new("Ag+A/wM==").unwrap();
    answer(CreateQueueResponse::Created);
    answer(CreateQueueResponse::AlreadyExists);
    answer(DeleteQueueResponse::new());
    answer(GetQueueMetadataResponse::new(7, Metadata::try_from([("a", "1")]).unwrap()));
    answer(PutMessageResponse::new(
        SentMessage::new(id.clone(), r.clone(), t(5), t(9)).expires_at(t(99)),
    ));
    let m = ReceivedMessage::new(
        id.clone(),
        r.clone(),
        t(5),
        t(9),
        MessageText::new(" a\r\n&amp;<>\"\t ").unwrap(),
    )
    .dequeue_count(3);
    answer(GetMessagesResponse::new(vec![]));
    answer(GetMessagesResponse::new(vec![m.clone(), m]));
    answer(PeekMessagesResponse::new(vec![PeekedMessage::new(
        id,
        t(0),
        MessageText::new("x").unwrap(),
    )]));
    answer(UpdateMessageResponse::new(r, t(1_790_158_830)));
    let mut page = ListQueuesResponse::new("https://a\"&/");
    answer(page.clone());
    page.queues.push(
        QueueItem::new("abc".parse().unwrap()).metadata(Metadata::try_from([("K", "v<")]).unwrap()),
    );
    page.queues.push(QueueItem::new("abd".parse().unwrap()).metadata(Metadata::new()));
    page.next_marker = Some(Marker::new("m").unwrap());
    answer(page);
}
