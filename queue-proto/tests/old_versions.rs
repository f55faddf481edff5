//! Answers in the forms of old versions of the service, byte for byte.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::time::{Duration, UNIX_EPOCH};

use queue_proto::ops::*;
use queue_proto::*;

/// The body of an answer in the form of this version, without what every body starts with.
fn body<R: OperationResponse>(response: &R, version: &str) -> String {
    let answer = response.to_http_of(version.parse().unwrap());
    let body = std::str::from_utf8(answer.body()).unwrap();
    assert_eq!(answer.headers().contains_key("content-type"), !body.is_empty());
    body.strip_prefix("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>")
        .unwrap_or_default()
        .to_owned()
}

fn received() -> ReceivedMessage {
    let at = UNIX_EPOCH + Duration::from_secs(1_557_364_777);
    ReceivedMessage::new(
        "id".parse().unwrap(),
        "receipt".parse().unwrap(),
        at,
        at + Duration::from_secs(30),
        MessageText::new("a<b").unwrap(),
    )
}

#[test]
fn messages_had_no_dequeue_count() {
    let got = GetMessagesResponse::new(vec![received(), received()]);
    let start = "<QueueMessage><MessageId>id</MessageId>\
        <InsertionTime>Thu, 09 May 2019 01:19:37 GMT</InsertionTime>\
        <ExpirationTime>Fri, 31 Dec 9999 23:59:59 GMT</ExpirationTime>\
        <PopReceipt>receipt</PopReceipt>\
        <TimeNextVisible>Thu, 09 May 2019 01:20:07 GMT</TimeNextVisible>";
    let end = "<MessageText>a&lt;b</MessageText></QueueMessage>";
    let list =
        |message: &str| format!("<QueueMessagesList>{}</QueueMessagesList>", message.repeat(2));
    let old = list(&format!("{start}{end}"));
    let new = list(&format!("{start}<DequeueCount>1</DequeueCount>{end}"));
    for version in ["2009-04-14", "2009-07-17"] {
        assert_eq!(body(&got, version), old);
    }
    for version in ["2009-09-19", "2026-10-06"] {
        assert_eq!(body(&got, version), new);
    }

    let peeked = PeekMessagesResponse::new(vec![PeekedMessage::new(
        "id".parse().unwrap(),
        UNIX_EPOCH,
        MessageText::new("x").unwrap(),
    )]);
    assert_eq!(
        body(&peeked, "2009-07-17"),
        "<QueueMessagesList><QueueMessage><MessageId>id</MessageId>\
         <InsertionTime>Thu, 01 Jan 1970 00:00:00 GMT</InsertionTime>\
         <ExpirationTime>Fri, 31 Dec 9999 23:59:59 GMT</ExpirationTime>\
         <MessageText>x</MessageText></QueueMessage></QueueMessagesList>"
    );
    assert!(body(&peeked, "2009-09-19").contains("<DequeueCount>0</DequeueCount>"));
    assert_eq!(body(&GetMessagesResponse::default(), "2009-04-14"), "<QueueMessagesList />");
}

#[test]
fn put_message_had_no_body() {
    let message = received();
    let (inserted_at, next_visible_at) = (message.inserted_at(), message.next_visible_at());
    let (id, pop_receipt, _) = message.into_parts();
    let sent = SentMessage::new(id, pop_receipt, inserted_at, next_visible_at);
    let put = PutMessageResponse::new(sent);
    assert_eq!(body(&put, "2015-12-11"), "");
    assert_eq!(put.to_http_of("2015-12-11".parse().unwrap()).status(), 201);
    assert!(body(&put, "2016-05-31").contains("<PopReceipt>receipt</PopReceipt>"));
}

#[test]
fn lists_named_the_account_and_urls() {
    let mut page = ListQueuesResponse::new("http://127.0.0.1:10001/a/");
    let metadata = Metadata::try_from([("Color", "Blue")]).unwrap();
    page.queues = vec![
        QueueItem::new("q-1".parse().unwrap()).with_metadata(metadata),
        QueueItem::new("q-2".parse().unwrap()),
    ];
    page.max_results = Some(2);
    page.next_marker = Some(Marker::new("/a/q-3").unwrap());
    assert_eq!(
        body(&page, "2012-02-12"),
        "<EnumerationResults AccountName=\"http://127.0.0.1:10001/a/\"><MaxResults>2</MaxResults>\
         <Queues><Queue><Name>q-1</Name><Url>http://127.0.0.1:10001/a/q-1</Url>\
         <Metadata><Color>Blue</Color></Metadata></Queue>\
         <Queue><Name>q-2</Name><Url>http://127.0.0.1:10001/a/q-2</Url></Queue></Queues>\
         <NextMarker>/a/q-3</NextMarker></EnumerationResults>"
    );
    assert_eq!(
        body(&page, "2013-08-15"),
        "<EnumerationResults ServiceEndpoint=\"http://127.0.0.1:10001/a/\"><MaxResults>2</MaxResults>\
         <Queues><Queue><Name>q-1</Name><Metadata><Color>Blue</Color></Metadata></Queue>\
         <Queue><Name>q-2</Name></Queue></Queues>\
         <NextMarker>/a/q-3</NextMarker></EnumerationResults>"
    );
}

#[test]
fn settings_had_one_kind_of_metrics_and_no_cors() {
    let properties = ServiceProperties::new()
        .logging(Logging::new())
        .hour_metrics(Metrics::enabled(true))
        .minute_metrics(Metrics::new());
    let off = "<RetentionPolicy><Enabled>false</Enabled></RetentionPolicy>";
    let logging = format!(
        "<Logging><Version>1.0</Version><Delete>false</Delete><Read>false</Read>\
         <Write>false</Write>{off}</Logging>"
    );
    let metrics = format!(
        "<Version>1.0</Version><Enabled>true</Enabled><IncludeAPIs>true</IncludeAPIs>{off}"
    );
    let old = format!(
        "<StorageServiceProperties>{logging}<Metrics>{metrics}</Metrics></StorageServiceProperties>"
    );
    for cors in [Vec::new(), vec![CorsRule::new(["*"], ["GET"])]] {
        let got = GetServicePropertiesResponse::new(properties.clone().cors(cors));
        assert_eq!(body(&got, "2012-02-12"), old);
        let new = body(&got, "2013-08-15");
        assert!(new.contains("<HourMetrics>") && new.contains("<MinuteMetrics>"), "{new}");
        assert!(new.contains("<Cors"), "{new}");
    }
}
