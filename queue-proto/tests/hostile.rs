//! Bodies that want to do harm are refused within a stated bound of memory.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use bytes::Bytes;
use queue_proto::ops::*;
use queue_proto::*;

/// What reading a hostile body may hold at most beside the body itself.
const BOUND: u64 = 512 * 1024;

const TEN_MEGABYTES: usize = 10 * 1024 * 1024;

/// Reads `body` as this answer, and demands that it takes no more than the bound.
fn refuse<R: OperationResponse>(body: &Bytes) {
    let answer = http::Response::new(body.clone());
    let mut refused = false;
    let info = allocation_counter::measure(|| refused = R::from_http(answer).is_err());
    assert!(refused, "{}", std::any::type_name::<R>());
    assert!(info.bytes_max < BOUND, "{}: {info:?}", std::any::type_name::<R>());
}

/// Reads `body` as every XML answer and as an error, and demands that none takes more than the
/// bound.
fn answers(body: &str) {
    let body = Bytes::copy_from_slice(body.as_bytes());
    refuse::<GetMessagesResponse>(&body);
    refuse::<PeekMessagesResponse>(&body);
    refuse::<ListQueuesResponse>(&body);
    refuse::<GetServicePropertiesResponse>(&body);
    refuse::<GetQueueAclResponse>(&body);
    refuse::<GetServiceStatsResponse>(&body);
    refuse::<GetUserDelegationKeyResponse>(&body);

    let answer = http::Response::builder().status(500).body(body).unwrap();
    let info = allocation_counter::measure(|| {
        let error = ServiceError::from_http(&answer);
        assert!(error.message().len() <= 64 * 1024);
    });
    assert!(info.bytes_max < BOUND, "{info:?}");
}

/// The same for the requests that have XML, at the size that a server takes.
fn requests(body: &str) {
    for (method, target) in [
        ("POST", "/devstoreaccount1/orders/messages"),
        ("PUT", "/devstoreaccount1/orders/messages/1?popreceipt=1&visibilitytimeout=1"),
        ("PUT", "/devstoreaccount1/orders?comp=acl"),
        ("PUT", "/devstoreaccount1/?restype=service&comp=properties"),
        ("POST", "/devstoreaccount1/?restype=service&comp=userdelegationkey"),
    ] {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let request = http::Request::builder().method(method).uri(target).body(body).unwrap();
        let at = Endpoint::emulator();
        let mut refused = false;
        let info = allocation_counter::measure(|| {
            let read = IncomingRequest::new(&at, &request)
                .and_then(|incoming| AnyOperation::read(&incoming));
            refused = read.is_err();
        });
        assert!(refused, "{method} {target}");
        assert!(info.bytes_max < BOUND, "{method} {target}: {info:?}");
    }
}

/// The elements that each body starts with, so that readers get as far as they can.
const STARTS: [&str; 7] = [
    "<QueueMessagesList><QueueMessage><MessageText>",
    "<EnumerationResults><Queues><Queue><Metadata><a>",
    "<StorageServiceProperties><Logging><Version>",
    "<SignedIdentifiers><SignedIdentifier><Id>",
    "<StorageServiceStats><GeoReplication><Status>",
    "<UserDelegationKey><Value>",
    "<QueueMessage><MessageText>",
];

fn everywhere(attack: &str) {
    answers(attack);
    for start in STARTS {
        let body = format!("{start}{attack}");
        answers(&body);
        let small: String = body.chars().take(200_000).collect();
        requests(&small);
    }
    answers(&format!("<Error><Code>x</Code><Message>{attack}"));
}

#[test]
fn deep_nesting() {
    everywhere(&"<a>".repeat(1_000_000));
}

#[test]
fn entity_definitions() {
    everywhere(
        "<!DOCTYPE lolz [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;&a;\">]><QueueMessage>&b;",
    );
    everywhere("&b;");
    everywhere("<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><QueueMessagesList/>");
    everywhere(&"&a".repeat(1_000_000));
}

#[test]
fn endless_attributes() {
    everywhere(&format!("<a {}", "b='c' ".repeat(100_000)));
    everywhere(&format!("<a {}/>", "b='c' ".repeat(100_000)));
    let different: String = (0..100_000).map(|n| format!(" a{n}=''")).collect();
    answers(&format!("<EnumerationResults{different}></x>"));
    // 10 MB of them are read as one answer only: unoptimized builds take a second for each.
    let page = |attributes: String| {
        let body = format!("<EnumerationResults {attributes}></x>");
        refuse::<ListQueuesResponse>(&Bytes::from(body));
    };
    page("b='c' ".repeat(TEN_MEGABYTES / 6));
    page(format!("a='{}'", "c".repeat(TEN_MEGABYTES)));
    page(format!("ServiceEndpoint='{}'", "c".repeat(TEN_MEGABYTES)));
}

#[test]
fn ten_megabytes_of_text() {
    everywhere(&"x".repeat(TEN_MEGABYTES));
    everywhere(&"&amp;".repeat(TEN_MEGABYTES / 5));
    everywhere(&format!("<![CDATA[{}]]>", "x".repeat(TEN_MEGABYTES)));
    everywhere(&format!("<!--{}-->", "x".repeat(TEN_MEGABYTES)));
    everywhere(&" ".repeat(TEN_MEGABYTES));
}

#[test]
fn endless_names() {
    everywhere(&format!("<{}>", "a".repeat(200_000)));
}

#[test]
fn a_body_beyond_the_limit_is_not_looked_at() {
    let body = Bytes::from(vec![b'x'; limits::MAX_REQUEST_BODY + 1]);
    let request = http::Request::post("/devstoreaccount1/orders/messages").body(body).unwrap();
    let error = IncomingRequest::new(&Endpoint::emulator(), &request).unwrap_err();
    assert_eq!(error.code(), &ErrorCode::RequestBodyTooLarge);
}

/// A list may be as long as its body: what is read of it is a small multiple of the body, whose
/// size the transport bounds.
#[test]
fn long_lists_take_a_multiple_of_their_body() {
    let queues = "<Queue><Name>abc</Name><Metadata/></Queue>".repeat(100_000);
    let body = format!("<EnumerationResults><Queues>{queues}</Queues></EnumerationResults>");
    let size = body.len() as u64;
    let answer = http::Response::new(Bytes::from(body));
    let info = allocation_counter::measure(|| {
        assert_eq!(ListQueuesResponse::from_http(answer).unwrap().queues.len(), 100_000);
    });
    assert!(info.bytes_max < 8 * size, "{info:?} of {size}");
}
