//! Answers as services of different age and other servers write them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::error::Error;

use bytes::Bytes;
use queue_proto::ops::*;
use queue_proto::*;

fn answer(status: u16, body: &str) -> http::Response<Bytes> {
    http::Response::builder().status(status).body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

fn read<R: OperationResponse>(body: &str) -> R {
    R::from_http(answer(200, body)).unwrap()
}

fn problem<R: OperationResponse>(status: u16, body: &str) -> DecodeError {
    match R::from_http(answer(status, body)) {
        Err(ResponseError::Decode(error)) => error,
        other => panic!("{other:?}"),
    }
}

const MESSAGE: &str = "<MessageId>5f2c9a51-9d0b-4c7e-8a36-0f5b1c2d3e4f</MessageId>\
    <InsertionTime>Thu, 09 May 2019 01:19:37 GMT</InsertionTime>\
    <ExpirationTime>Thu, 16 May 2019 01:19:37 GMT</ExpirationTime>\
    <PopReceipt>AgAAAAMAAAAAAAAApfesaQUG1QE=</PopReceipt>\
    <TimeNextVisible>Thu, 09 May 2019 01:20:07 GMT</TimeNextVisible>\
    <DequeueCount>1</DequeueCount>";

fn list(text: &str) -> String {
    format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><QueueMessagesList><QueueMessage>{MESSAGE}\
         <MessageText>{text}</MessageText></QueueMessage></QueueMessagesList>"
    )
}

fn text_of(text: &str) -> String {
    let response: GetMessagesResponse = read(&list(text));
    response.messages.into_iter().next().unwrap().text().to_owned()
}

#[test]
fn texts_are_read_as_xml_has_them() {
    for (xml, text) in [
        ("plain", "plain"),
        ("", ""),
        ("  blanks\tand\nlines  ", "  blanks\tand\nlines  "),
        ("a&lt;b&gt;&amp;&quot;&apos;", "a<b>&\"'"),
        ("&lt;", "<"),
        ("&#xD;&#10;&#x1F600;é", "\r\n\u{1F600}é"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("<![CDATA[<raw & text>]]> and &amp;", "<raw & text> and &"),
        ("be<!-- comment -->fore", "before"),
        ("a<?target data?>b", "ab"),
    ] {
        assert_eq!(text_of(xml), text, "{xml}");
    }
    // Many references need many pieces.
    let many = "&amp;x".repeat(10_000);
    assert_eq!(text_of(&many), "&x".repeat(10_000));
}

#[test]
fn order_unknown_elements_and_layout_do_not_matter() {
    let response: GetMessagesResponse = read(
        "<?xml version='1.0'?>\n<!-- a comment -->\n<QueueMessagesList new='1'>\n  <QueueMessage>\n\
         <New><Deep x='>'>a &amp; b</Deep><Empty/></New>\
         <MessageText>t</MessageText><DequeueCount>7</DequeueCount>\
         <TimeNextVisible>Thu, 09 May 2019 01:20:07 GMT</TimeNextVisible>\
         <PopReceipt>r</PopReceipt><MessageId>i</MessageId>\
         <ExpirationTime>Fri, 31 Dec 9999 23:59:59 GMT</ExpirationTime>\
         <InsertionTime>Thu, 09 May 2019 01:19:37 GMT</InsertionTime>\n  </QueueMessage>\n\
         <Other/></QueueMessagesList>\n",
    );
    let message = response.messages.first().unwrap();
    assert_eq!(message.dequeue_count(), 7);
    assert_eq!(message.expires_at(), None);
    assert_eq!(message.text(), "t");
}

#[test]
fn lists_before_2013_and_of_metadata() {
    let page: ListQueuesResponse = read(
        "<EnumerationResults AccountName=\"https://a.queue.core.windows.net/\"><Prefix />\
         <MaxResults>5000</MaxResults><Queues><Queue><Name>q-1</Name>\
         <Url>https://a.queue.core.windows.net/q-1</Url><Metadata><Color>Blue</Color><none />\
         <x-ms-invalid-name>a-b</x-ms-invalid-name></Metadata></Queue>\
         <Queue><Name>q-2</Name><Metadata /></Queue><Queue><Name>q-3</Name></Queue></Queues>\
         <NextMarker>/a/q-4</NextMarker></EnumerationResults>",
    );
    assert_eq!((page.prefix, page.max_results), (None, Some(5000)));
    let [first, second, third] = page.queues.as_slice() else { panic!() };
    let expected = Metadata::try_from([("Color", "Blue"), ("none", "")]).unwrap();
    assert_eq!(first.metadata(), Some(&expected));
    assert_eq!(first.metadata().unwrap().iter().next(), Some(("Color", "Blue")));
    assert_eq!(first.invalid_metadata_names(), ["a-b"]);
    assert_eq!(second.metadata(), Some(&Metadata::new()));
    assert_eq!(third.metadata(), None);
    assert_eq!(page.next_marker.unwrap().as_str(), "/a/q-4");

    let page: ListQueuesResponse = read("<EnumerationResults><Queues/></EnumerationResults>");
    assert_eq!(page, ListQueuesResponse::default());
}

#[test]
fn properties_that_are_new_survive_a_round_trip() {
    let body = "<StorageServiceProperties><Logging><Version>2.0</Version><Read>True</Read>\
        <Write>FALSE</Write><Delete>true</Delete><RetentionPolicy><Enabled>false</Enabled>\
        </RetentionPolicy></Logging><New a=\"1\"><Deep>x &amp; y</Deep></New><Newer/>\
        <Cors /></StorageServiceProperties>";
    let got: GetServicePropertiesResponse = read(body);
    let logging = got.properties.logging.as_ref().unwrap();
    assert_eq!(logging.version, "2.0");
    assert_eq!((logging.read, logging.write, logging.delete), (true, false, true));
    assert_eq!(got.properties.cors, Some(vec![]));

    let set = SetServiceProperties::new(got.properties)
        .to_http(&Endpoint::emulator(), &CallOptions::new());
    let body = std::str::from_utf8(set.body()).unwrap();
    assert!(body.contains("<New a=\"1\"><Deep>x &amp; y</Deep></New><Newer/>"), "{body}");
    assert!(body.contains("<Version>2.0</Version>"), "{body}");
    // A server of today does not know them, and says so.
    let error = SetServiceProperties::from_http(&Endpoint::emulator(), &set).unwrap_err();
    assert_eq!(error.code(), &ErrorCode::UnsupportedXmlNode);
    assert_eq!(error.detail("XmlNodeName"), Some("New"));
}

#[test]
fn policies_and_stats() {
    let acl: GetQueueAclResponse = read(
        "<SignedIdentifiers><SignedIdentifier><Id>new</Id><AccessPolicy><Start />\
         <Expiry>2031-01-01</Expiry><Permission>rz</Permission></AccessPolicy></SignedIdentifier>\
         <SignedIdentifier><Id>none</Id></SignedIdentifier></SignedIdentifiers>",
    );
    let policy = acl.identifiers.get("new").unwrap();
    assert_eq!(policy.start, None);
    assert_eq!(policy.permission.as_ref().unwrap().as_str(), "rz");
    assert!(acl.identifiers.get("none").unwrap().is_empty());

    let stats: GetServiceStatsResponse = read(
        "<StorageServiceStats><GeoReplication><Status>bootstrap</Status><LastSyncTime>\
         </LastSyncTime></GeoReplication></StorageServiceStats>",
    );
    assert_eq!(stats, GetServiceStatsResponse::new(GeoReplicationStatus::Bootstrap, None));
}

/// A date that is odd, or that a formatter of XML broke, must not hide the messages of a whole
/// answer.
#[test]
fn odd_dates_and_layout_do_not_refuse_an_answer() {
    use std::time::{Duration, UNIX_EPOCH};

    let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
    let first = |body: &str| {
        let response: GetMessagesResponse = read(body);
        response.messages.into_iter().next().unwrap()
    };
    let inserted = "Thu, 09 May 2019 01:19:37 GMT";
    for (odd, time) in [
        ("\n        Wed, 21 Mar 2018 08:17:40 GMT", at(1_521_620_260)),
        ("Sun, 06 Sep 2026 09:08:10 UTC", at(1_788_685_690)),
        ("2026-09-06T09:08:10.1234567Z", at(1_788_685_690)),
        ("Thu, 29 Aug 31247 12:21:50 GMT", at(253_402_300_799)),
        ("Mon, 01 Jan 0001 00:00:00 GMT", UNIX_EPOCH),
    ] {
        let message = first(&list("x").replace(inserted, odd));
        assert_eq!(message.inserted_at(), time, "{odd}");
        assert_eq!(message.text(), "x");
    }
    let expiry = "Thu, 16 May 2019 01:19:37 GMT";
    let message = first(&list("x").replace(expiry, "Thu, 29 Aug 31247 12:21:50 GMT"));
    assert_eq!(message.expires_at(), None);

    // Every value on a line of its own, but for the text, which counts as it stands.
    let pretty = list("\n  x\n").replace("><", ">\n  <");
    let pretty = ["MessageId", "InsertionTime", "ExpirationTime", "PopReceipt", "DequeueCount"]
        .iter()
        .fold(pretty, |body, name| {
            body.replace(&format!("<{name}>"), &format!("<{name}>\r\n\t"))
                .replace(&format!("</{name}>"), &format!(" \n</{name}>"))
        });
    let (plain, pretty) = (first(&list("x")), first(&pretty));
    assert_eq!(pretty.text(), "\n  x\n");
    assert_eq!(
        (pretty.id(), pretty.inserted_at(), pretty.expires_at(), pretty.dequeue_count()),
        (plain.id(), plain.inserted_at(), plain.expires_at(), plain.dequeue_count())
    );
    assert_eq!(pretty.pop_receipt(), plain.pop_receipt());
    assert_eq!(pretty.next_visible_at(), plain.next_visible_at());

    let many = list("x").replace("<DequeueCount>1<", "<DequeueCount>99999999999<");
    assert_eq!(first(&many).dequeue_count(), u32::MAX);
}

#[test]
fn empty_elements_count_as_absent() {
    let body = list("x")
        .replace("AgAAAAMAAAAAAAAApfesaQUG1QE=", "")
        .replace("<DequeueCount>1", "<DequeueCount>\n")
        .replace("Thu, 09 May 2019 01:20:07 GMT", " ");
    let peeked: PeekMessagesResponse = read(&body);
    assert_eq!(peeked.messages.first().unwrap().dequeue_count(), 0);
    let error = problem::<GetMessagesResponse>(200, &body);
    assert_eq!(error.problem(), DecodeProblem::MissingElement("PopReceipt"));
}

#[test]
fn other_answers_may_be_laid_out_too() {
    let page: ListQueuesResponse = read(
        "<EnumerationResults>\n <Prefix>\n </Prefix><Marker/><MaxResults> 5\n</MaxResults>\
         <Queues><Queue><Name>\n  q-1\n </Name><Metadata>\n<a> b </a>\n</Metadata></Queue></Queues>\
         <NextMarker>\n  /a/q-2\n</NextMarker></EnumerationResults>",
    );
    assert_eq!((page.prefix, page.max_results), (None, Some(5)));
    let item = page.queues.first().unwrap();
    assert_eq!(
        (item.name().as_str(), item.metadata().as_ref().unwrap().get("a")),
        ("q-1", Some("b"))
    );
    assert_eq!(page.next_marker.unwrap().as_str(), "/a/q-2");
    let page: ListQueuesResponse =
        read("<EnumerationResults><Queues/><NextMarker>\n  </NextMarker></EnumerationResults>");
    assert_eq!(page.next_marker, None);

    let stats: GetServiceStatsResponse = read(
        "<StorageServiceStats><GeoReplication><Status>\n live </Status><LastSyncTime>\n\
         </LastSyncTime></GeoReplication></StorageServiceStats>",
    );
    assert_eq!(stats, GetServiceStatsResponse::new(GeoReplicationStatus::Live, None));

    let acl: GetQueueAclResponse = read(
        "<SignedIdentifiers><SignedIdentifier><Id> a</Id><AccessPolicy><Start>\n 0001-01-01T00:00:00\
         </Start><Expiry>2026-09-06T09:08:10.123456789Z\n</Expiry><Permission> r </Permission>\
         <New/></AccessPolicy></SignedIdentifier><New/></SignedIdentifiers>",
    );
    let policy = acl.identifiers.get(" a").unwrap();
    assert!(policy.start.unwrap() < std::time::UNIX_EPOCH);
    assert!(policy.expiry.is_some());
    assert_eq!(policy.permission.as_ref().unwrap().as_str(), "r");

    let error = ServiceError::from_http(&answer(
        404,
        "<Error>\n <Code>\n QueueNotFound </Code>\n <Message>Gone.</Message>\n</Error>",
    ));
    assert_eq!(error.code(), &ErrorCode::QueueNotFound);
}

#[test]
fn a_stored_message_is_told_with_200_and_201() {
    let body = list("").replace("<MessageText></MessageText>", "");
    for status in [200, 201] {
        let response = PutMessageResponse::from_http(answer(status, &body)).unwrap();
        assert_eq!(response.message.pop_receipt().as_str(), "AgAAAAMAAAAAAAAApfesaQUG1QE=");
    }
}

#[test]
fn what_is_wrong_with_an_answer_is_told() {
    use DecodeProblem as Is;

    assert_eq!(problem::<CreateQueueResponse>(200, "").problem(), Is::Status(http::StatusCode::OK));
    assert_eq!(
        problem::<GetMessagesResponse>(200, "").problem(),
        Is::MissingElement("QueueMessagesList")
    );
    assert_eq!(
        problem::<GetMessagesResponse>(200, "<html></html>").problem(),
        Is::MissingElement("QueueMessagesList")
    );
    assert_eq!(
        problem::<PutMessageResponse>(201, "<QueueMessagesList />").problem(),
        Is::MissingElement("QueueMessage")
    );
    assert_eq!(
        problem::<GetQueueMetadataResponse>(200, "").problem(),
        Is::MissingHeader("x-ms-approximate-messages-count")
    );
    for (name, _) in [("MessageId", 0), ("PopReceipt", 0), ("InsertionTime", 0), ("MessageText", 0)]
    {
        let body =
            list("x").replace(&format!("<{name}>"), "<X>").replace(&format!("</{name}>"), "</X>");
        assert_eq!(problem::<GetMessagesResponse>(200, &body).problem(), Is::MissingElement(name));
    }
    let body = list("x").replace("Thu, 09 May 2019 01:19:37 GMT", "yesterday");
    let error = problem::<GetMessagesResponse>(200, &body);
    assert!(matches!(error.problem(), Is::Element { name: "InsertionTime", .. }));

    // The id of one message is no path into another queue.
    let body = list("x").replace("5f2c9a51-9d0b-4c7e-8a36-0f5b1c2d3e4f", "../../other/messages");
    let error = problem::<GetMessagesResponse>(200, &body);
    assert!(matches!(error.problem(), Is::Element { name: "MessageId", .. }));
    assert!(error.source().unwrap().to_string().contains("only letters"));

    let error = problem::<GetMessagesResponse>(200, &list("</MessageText>"));
    assert!(matches!(error.problem(), Is::Xml { reason: "syntax error", .. }));
    let error = problem::<GetMessagesResponse>(200, &list("<b>x</b>"));
    assert!(error.to_string().contains("in the element <MessageText>"), "{error}");
    let error = problem::<GetMessagesResponse>(200, &list("&#1;"));
    assert!(error.to_string().contains("in the element <MessageText>"), "{error}");
    let error = problem::<GetMessagesResponse>(200, &list("</MessageText>"));
    assert!(error.source().unwrap().to_string().contains("MessageText"));
}

#[test]
fn answers_hold_no_secret_in_debug() {
    let response: GetMessagesResponse = read(&list("top secret"));
    let debug = format!("{response:?}");
    assert!(!debug.contains("top secret") && !debug.contains("AgAAAAMA"), "{debug}");

    let key = "<UserDelegationKey><SignedOid>o</SignedOid><SignedTid>t</SignedTid>\
        <SignedStart>2026-09-23T00:00:00Z</SignedStart><SignedExpiry>2026-09-25T00:00:00Z</SignedExpiry>\
        <SignedService>q</SignedService><SignedVersion>2026-10-06</SignedVersion>\
        <Value>c2VjcmV0</Value></UserDelegationKey>";
    let response: GetUserDelegationKeyResponse = read(key);
    assert_eq!(response.key.value.expose(), "c2VjcmV0");
    assert!(!format!("{response:?}").contains("c2VjcmV0"));
}
