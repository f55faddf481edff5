//! Golden bytes: every operation and every response as they are on the wire, in both directions.
//!
//! The files under `tests/wire` are the expectation. With `BLESS=1` in the environment they are
//! written anew; the difference is then there to be looked at.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use queue_proto::ops::*;
use queue_proto::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire")
}

/// The file, or what it has to be.
fn golden(name: &str, actual: &str) -> String {
    let path = folder().join(name);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, actual).unwrap();
    }
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn render_head(out: &mut String, headers: &HeaderMap) {
    for (name, value) in headers {
        writeln!(out, "{name}: {}", value.to_str().unwrap()).unwrap();
    }
    out.push('\n');
}

fn render_request(request: &http::Request<Bytes>) -> String {
    let mut out = format!("{} {}\n", request.method(), request.uri());
    render_head(&mut out, request.headers());
    out + std::str::from_utf8(request.body()).unwrap()
}

fn render_response(response: &http::Response<Bytes>) -> String {
    let mut out = format!("{}\n", response.status().as_u16());
    render_head(&mut out, response.headers());
    out + std::str::from_utf8(response.body()).unwrap()
}

/// Splits a file into its first line, its headers and its body.
fn parse(file: &str) -> (&str, HeaderMap, Bytes) {
    let (first, rest) = file.split_once('\n').unwrap();
    let (head, body) = match rest.strip_prefix('\n') {
        Some(body) => ("", body),
        None => rest.split_once("\n\n").unwrap(),
    };
    let mut headers = HeaderMap::new();
    for line in head.lines() {
        let (name, value) = line.split_once(": ").unwrap();
        headers.append(HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value).unwrap());
    }
    (first, headers, Bytes::copy_from_slice(body.as_bytes()))
}

fn parse_request(file: &str) -> http::Request<Bytes> {
    let (first, headers, body) = parse(file);
    let (method, uri) = first.split_once(' ').unwrap();
    let mut request = http::Request::builder().method(method).uri(uri).body(body).unwrap();
    *request.headers_mut() = headers;
    request
}

fn parse_response(file: &str) -> http::Response<Bytes> {
    let (first, headers, body) = parse(file);
    let mut response = http::Response::builder().status(first).body(body).unwrap();
    *response.headers_mut() = headers;
    response
}

fn request<O: Operation>(name: &str, operation: O) {
    let account: AccountName = "contoso".parse().unwrap();
    let host = Endpoint::parse("https://contoso.queue.core.windows.net", account).unwrap();
    for (style, at) in [("host", host), ("path", Endpoint::emulator())] {
        let name = format!("{name}.{style}.request.http");
        let written = render_request(&operation.to_http(&at, &CallOptions::new()));
        let expected = golden(&name, &written);
        assert_eq!(written, expected, "{name}");
        assert_eq!(O::from_http(&at, &parse_request(&expected)).unwrap(), operation, "{name}");
    }
}

fn response<R: OperationResponse>(name: &str, response: R) {
    let name = format!("{name}.response.http");
    let written = render_response(&response.to_http());
    let expected = golden(&name, &written);
    assert_eq!(written, expected, "{name}");
    assert_eq!(R::from_http(parse_response(&expected)).unwrap(), response, "{name}");
}

fn queue() -> QueueName {
    "orders".parse().unwrap()
}

fn id() -> MessageId {
    "5f2c9a51-9d0b-4c7e-8a36-0f5b1c2d3e4f".parse().unwrap()
}

fn receipt() -> PopReceipt {
    "AgAAAAMAAAAAAAAApfesaQUG1QE=".parse().unwrap()
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_790_158_830 + seconds)
}

fn text() -> MessageText {
    MessageText::new("hello <&> é\r\nbye").unwrap()
}

fn metadata() -> Metadata {
    Metadata::try_from([("Color", "Blue"), ("size", "X L"), ("none", "")]).unwrap()
}

fn properties() -> ServiceProperties {
    let mut logging = Logging::new();
    logging.delete = true;
    logging.retention = Some(RetentionDays::new(7).unwrap());
    let mut rule = CorsRule::new(["http://a", "http://b"], ["GET", "PUT"]);
    rule.max_age_seconds = 500;
    rule.exposed_headers = vec!["x-ms-meta-data*".into()];
    rule.allowed_headers = vec!["x-ms-meta-target*".into(), "x-ms-date".into()];
    ServiceProperties::new()
        .logging(logging)
        .hour_metrics(Metrics::enabled(false))
        .minute_metrics(Metrics::new())
        .cors(vec![rule])
}

fn identifiers() -> SignedIdentifiers {
    let policy = AccessPolicy::new()
        .start(at(0))
        .expiry(at(0) + Duration::from_nanos(1_234_567_800))
        .permission(PolicyPermission::new("rp").unwrap());
    SignedIdentifiers::try_from(vec![
        SignedIdentifier::new(PolicyId::new("reader & co").unwrap(), policy),
        SignedIdentifier::new(PolicyId::new("empty").unwrap(), AccessPolicy::new()),
    ])
    .unwrap()
}

fn delegation_key() -> UserDelegationKey {
    let directory_id = |text: &str| DirectoryId::new(text).unwrap();
    UserDelegationKey::new(
        directory_id("aaaaaaaa-1111-2222-3333-444444444444"),
        directory_id("bbbbbbbb-1111-2222-3333-444444444444"),
        at(0),
        at(3600),
        DelegationKeyValue::new("c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3I=").unwrap(),
    )
}

#[test]
fn list_queues() {
    let page = ListQueues::new()
        .prefix(QueuePrefix::new("or").unwrap())
        .marker(Marker::new("/contoso/orders").unwrap())
        .max_results(MaxResults::new(2).unwrap())
        .include_metadata(true);
    request("list_queues", page.clone());
    request("list_queues.all", ListQueues::new());

    let mut answer = ListQueuesResponse::to(&page, "https://contoso.queue.core.windows.net/");
    answer.queues.push(QueueItem::new(queue()).with_metadata(metadata()));
    let item = QueueItem::new("orders-2".parse().unwrap()).with_metadata(Metadata::new());
    answer.queues.push(item.with_invalid_metadata_names(vec!["1 bad".into()]));
    answer.next_marker = Some(Marker::new("/contoso/orders-3").unwrap());
    response("list_queues", answer);
    response("list_queues.all", ListQueuesResponse::new("https://contoso.queue.core.windows.net/"));
}

#[test]
fn service_properties() {
    request("get_service_properties", GetServiceProperties::new());
    response("get_service_properties", GetServicePropertiesResponse::new(properties()));
    request("set_service_properties", SetServiceProperties::new(properties()));
    let no_cors = ServiceProperties::new().cors(vec![]);
    request("set_service_properties.no_cors", SetServiceProperties::new(no_cors));
    response("set_service_properties", SetServicePropertiesResponse::new());
}

#[test]
fn preflight() {
    let origin: Origin = "https://app.contoso.example".parse().unwrap();
    let headers = [HeaderName::from_static("x-ms-date"), HeaderName::from_static("x-ms-meta-a")];
    request(
        "preflight",
        Preflight::new(Resource::Messages(queue()), origin.clone(), http::Method::POST)
            .request_headers(headers.clone()),
    );
    response(
        "preflight",
        PreflightResponse::new(origin, [http::Method::POST])
            .allow_headers(headers)
            .max_age_seconds(500),
    );
}

#[test]
fn get_service_stats() {
    request("get_service_stats", GetServiceStats::new());
    response("get_service_stats", GetServiceStatsResponse::new(GeoReplicationStatus::Live, at(0)));
    response(
        "get_service_stats.unavailable",
        GetServiceStatsResponse::new(GeoReplicationStatus::Unavailable, None),
    );
}

#[test]
fn get_user_delegation_key() {
    let tenant = DirectoryId::new("cccccccc-1111-2222-3333-444444444444").unwrap();
    request(
        "get_user_delegation_key",
        GetUserDelegationKey::new(at(3600)).start(at(0)).delegated_user_tenant_id(tenant),
    );
    response("get_user_delegation_key", GetUserDelegationKeyResponse::new(delegation_key()));
}

#[test]
fn queues() {
    request("create_queue", CreateQueue::new(queue()).metadata(metadata()));
    response("create_queue.created", CreateQueueResponse::Created);
    response("create_queue.already_exists", CreateQueueResponse::AlreadyExists);
    request("delete_queue", DeleteQueue::new(queue()));
    response("delete_queue", DeleteQueueResponse::new());
    request("get_queue_metadata", GetQueueMetadata::new(queue()));
    response("get_queue_metadata", GetQueueMetadataResponse::new(12, metadata()));
    request("set_queue_metadata", SetQueueMetadata::new(queue(), metadata()));
    response("set_queue_metadata", SetQueueMetadataResponse::new());
    request("get_queue_acl", GetQueueAcl::new(queue()));
    response("get_queue_acl", GetQueueAclResponse::new(identifiers()));
    response("get_queue_acl.empty", GetQueueAclResponse::default());
    request("set_queue_acl", SetQueueAcl::new(queue(), identifiers()));
    request("set_queue_acl.empty", SetQueueAcl::new(queue(), SignedIdentifiers::new()));
    response("set_queue_acl", SetQueueAclResponse::new());
}

#[test]
fn put_message() {
    request(
        "put_message",
        PutMessage::new(queue(), text())
            .visibility_timeout(VisibilityTimeout::ZERO)
            .time_to_live(TimeToLive::Never),
    );
    let sent = SentMessage::new(id(), receipt(), at(0), at(0));
    response("put_message", PutMessageResponse::new(sent.clone().with_expires_at(at(604_800))));
    response("put_message.never", PutMessageResponse::new(sent));
}

#[test]
fn get_messages() {
    request("get_messages", GetMessages::new(queue()));
    request(
        "get_messages.many",
        GetMessages::new(queue()).count(MessageCount::MAX).visibility_timeout(LeaseTimeout::MAX),
    );
    let message = ReceivedMessage::new(id(), receipt(), at(0), at(30), text())
        .with_expires_at(at(604_800))
        .with_dequeue_count(2);
    let empty = ReceivedMessage::new(id(), receipt(), at(0), at(30), MessageText::default());
    response("get_messages", GetMessagesResponse::new(vec![message, empty]));
    response("get_messages.none", GetMessagesResponse::default());
}

#[test]
fn peek_messages() {
    request("peek_messages", PeekMessages::new(queue()).count(MessageCount::ONE));
    let message = PeekedMessage::new(id(), at(0), text()).with_expires_at(at(604_800));
    response("peek_messages", PeekMessagesResponse::new(vec![message]));
}

#[test]
fn update_message() {
    let update = UpdateMessage::new(queue(), id(), receipt(), VisibilityTimeout::MAX);
    request("update_message", update.clone().text(text()));
    request("update_message.visibility", update);
    response("update_message", UpdateMessageResponse::new(receipt(), at(604_800)));
}

#[test]
fn delete_and_clear() {
    request("delete_message", DeleteMessage::new(queue(), id(), receipt()));
    response("delete_message", DeleteMessageResponse::new());
    request("clear_messages", ClearMessages::new(queue()));
    response("clear_messages", ClearMessagesResponse::new());
}

#[test]
fn service_error() {
    let error = ServiceError::new(ErrorCode::OutOfRangeQueryParameterValue)
        .with_detail("QueryParameterName", "numofmessages")
        .with_detail("QueryParameterValue", "33")
        .with_detail("MinimumAllowed", "1")
        .with_detail("MaximumAllowed", "32")
        .with_request_id("5f2c9a51-0003-0000-0000-000000000000");
    let head = ResponseHead::new()
        .request_id("5f2c9a51-0003-0000-0000-000000000000")
        .version(ServiceVersion::LATEST)
        .date(at(0));
    let written = render_response(&error.to_http(&head, &http::Method::GET));
    let expected = golden("error.response.http", &written);
    assert_eq!(written, expected);
    let answer = parse_response(&expected);
    assert_eq!(ServiceError::from_http(&answer), error);
    assert_eq!(ResponseHead::read(answer.headers()), head);
}

/// No file is left over from a case that is gone.
#[test]
fn every_file_has_a_case() {
    let source = include_str!("wire.rs");
    for file in fs::read_dir(folder()).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let case = name.trim_end_matches(".http").trim_end_matches(".request");
        let case = case.trim_end_matches(".response").trim_end_matches(".host");
        let case = case.trim_end_matches(".path");
        assert!(source.contains(&format!("\"{case}")), "{name}");
    }
}
