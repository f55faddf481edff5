//! Requests as the official SDKs for Python and JavaScript build them are read, those included that
//! carry a fault of their SDK.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use queue_proto::ops::*;
use queue_proto::*;
use serde_json::Value;

struct Recorded {
    sdk: String,
    operation: String,
    at: Endpoint,
    request: http::Request<Bytes>,
}

fn recorded() -> Vec<Recorded> {
    let file: Value = serde_json::from_str(include_str!("data/sdk-requests.json")).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let read = |item: &Value| {
        let url = text(&item["url"]);
        let body = item["body"].as_str().unwrap_or_default();
        let mut request = http::Request::builder()
            .method(text(&item["method"]).as_str())
            .uri(&url)
            .body(Bytes::copy_from_slice(body.as_bytes()))
            .unwrap();
        for (name, value) in item["headers"].as_object().unwrap() {
            request.headers_mut().append(
                HeaderName::try_from(name).unwrap(),
                HeaderValue::try_from(text(value)).unwrap(),
            );
        }
        let at = if url.starts_with("http://127") {
            Endpoint::emulator()
        } else {
            let account = "contoso".parse().unwrap();
            Endpoint::parse("https://contoso.queue.core.windows.net", account).unwrap()
        };
        Recorded { sdk: text(&item["sdk"]), operation: text(&item["operation"]), at, request }
    };
    file.as_array().unwrap().iter().map(read).collect()
}

fn queue() -> QueueName {
    "myqueue".parse().unwrap()
}

fn text(text: &str) -> MessageText {
    MessageText::new(text).unwrap()
}

fn receipt(receipt: &str) -> PopReceipt {
    PopReceipt::new(receipt).unwrap()
}

fn at(seconds: u64) -> std::time::SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// What the SDK was told to do.
fn expected(recorded: &Recorded) -> AnyOperation {
    let python = recorded.sdk.starts_with("Python");
    let id: MessageId = "5f2c9a51-9d0b-4c7e-8a36-0f5b1c2d3e4f".parse().unwrap();
    match recorded.operation.as_str() {
        "GetServiceProperties" => GetServiceProperties::new().into(),
        "SetServiceProperties" => SetServiceProperties::new(properties(python)).into(),
        "GetServiceStats" | "GetServiceStats(secondary)" => GetServiceStats::new().into(),
        "CreateQueue" => {
            // The JavaScript SDK sends the names in lower case.
            let metadata = Metadata::try_from([("Color", "Blue"), ("size", "XL")]).unwrap();
            CreateQueue::new(queue()).metadata(metadata).into()
        }
        "GetQueueMetadata" => GetQueueMetadata::new(queue()).into(),
        "SetQueueMetadata" => {
            SetQueueMetadata::new(queue(), Metadata::try_from([("a", "1")]).unwrap()).into()
        }
        "GetQueueAcl" => GetQueueAcl::new(queue()).into(),
        "SetQueueAcl" => {
            let policy = AccessPolicy::new()
                .start(at(1_767_225_600))
                .expiry(at(1_798_761_600))
                .permission(PolicyPermission::new("rp").unwrap());
            let id = PolicyId::new("reader").unwrap();
            let identifiers = vec![SignedIdentifier::new(id, policy)].try_into().unwrap();
            SetQueueAcl::new(queue(), identifiers).into()
        }
        "PutMessage" => PutMessage::new(queue(), text("hello <&> é"))
            .visibility_timeout(VisibilityTimeout::ZERO)
            .time_to_live(TimeToLive::Never)
            .into(),
        "PutMessage(defaults)" => PutMessage::new(queue(), text("x")).into(),
        "PutMessage(emulator)" => PutMessage::new(queue(), text("hello")).into(),
        "GetMessages" => GetMessages::new(queue())
            .count(MessageCount::MAX)
            .visibility_timeout(LeaseTimeout::from_secs(120).unwrap())
            .into(),
        "GetMessages(one, defaults)" => GetMessages::new(queue()).count(MessageCount::ONE).into(),
        "GetMessages(defaults)" => GetMessages::new(queue()).into(),
        "DeleteMessage" => {
            DeleteMessage::new(queue(), id, receipt("AgAAAAMAAAAAAAAApfesaQUG1QE=")).into()
        }
        "DeleteMessage(+/ in receipt)" => {
            DeleteMessage::new(queue(), id, receipt("Ag+A/wM==")).into()
        }
        "ClearMessages" => ClearMessages::new(queue()).into(),
        "UpdateMessage" => {
            let hidden = VisibilityTimeout::from_secs(60).unwrap();
            UpdateMessage::new(queue(), id, receipt("AwAA+/8="), hidden).text(text("new")).into()
        }
        "GetUserDelegationKey(bearer)" => {
            let mut get = GetUserDelegationKey::new(at(1_790_294_400)).start(at(1_790_121_600));
            if python {
                let tenant = DirectoryId::new("cccccccc-1111-2222-3333-444444444444").unwrap();
                get = get.delegated_user_tenant_id(tenant);
            }
            get.into()
        }
        other => panic!("{other}"),
    }
}

fn properties(python: bool) -> ServiceProperties {
    let days = RetentionDays::new(5).unwrap();
    let mut logging = Logging::new();
    (logging.delete, logging.read, logging.write) = (true, true, true);
    logging.retention = Some(days);
    let mut hour = Metrics::enabled(true);
    hour.retention = Some(days);
    let origins = if python { vec!["www.xyz.com", "www.ab.com"] } else { vec!["www.xyz.com"] };
    let mut rule = CorsRule::new(origins, ["GET", "PUT"]);
    rule.allowed_headers = vec!["x-ms-meta-target*".into()];
    rule.exposed_headers = vec!["x-ms-meta-data*".into()];
    rule.max_age_seconds = 500;
    ServiceProperties::new()
        .logging(logging)
        .hour_metrics(hour)
        .minute_metrics(python.then(Metrics::new))
        .cors(vec![rule])
}

#[test]
fn every_request_is_read_as_it_was_meant() {
    let recorded = recorded();
    assert_eq!(recorded.len(), 36);
    for item in &recorded {
        let context = format!("{} {}", item.sdk, item.operation);
        let incoming = IncomingRequest::new(&item.at, &item.request).unwrap();
        assert_eq!(AnyOperation::read(&incoming).unwrap(), expected(item), "{context}");

        let header = |name: &str| item.request.headers().get(name).map(|v| v.to_str().unwrap());
        let version = incoming.version().map(|version| version.to_string());
        assert_eq!(version.as_deref(), header("x-ms-version"), "{context}");
        let id = incoming.client_request_id().map(|id| id.to_string());
        assert_eq!(id.as_deref(), header("x-ms-client-request-id"), "{context}");
        let timeout = incoming.timeout().map(Timeout::as_secs);
        assert_eq!(timeout, item.sdk.starts_with("Java").then_some(30), "{context}");
        let secondary = item.operation.ends_with("(secondary)");
        assert_eq!(incoming.location() == Location::Secondary, secondary, "{context}");
    }
}

#[test]
fn every_request_is_read_with_the_host_in_a_header() {
    for item in &recorded() {
        let mut request = item.request.clone();
        let authority = request.uri().authority().unwrap().to_string();
        request.headers_mut().insert("host", authority.parse().unwrap());
        *request.uri_mut() = request.uri().path_and_query().unwrap().as_str().parse().unwrap();
        let incoming = IncomingRequest::new(&item.at, &request).unwrap();
        assert_eq!(AnyOperation::read(&incoming).unwrap(), expected(item));
        let secondary = item.operation.ends_with("(secondary)");
        assert_eq!(incoming.location() == Location::Secondary, secondary);
    }
}

#[test]
fn a_shared_access_signature_does_not_disturb() {
    const TOKEN: &str = "sv=2019-12-12&sp=raup&se=2036-09-24T10%3A00%3A00Z&sig=a%2Bb%2Fc%3D";
    for item in &recorded() {
        let mut request = item.request.clone();
        let uri = request.uri().to_string();
        let joint = if uri.contains('?') { '&' } else { '?' };
        *request.uri_mut() = format!("{uri}{joint}{TOKEN}").parse().unwrap();
        request.headers_mut().remove("x-ms-version");
        let incoming = IncomingRequest::new(&item.at, &request).unwrap();
        assert_eq!(incoming.version().unwrap().to_string(), "2019-12-12");
        assert_eq!(AnyOperation::read(&incoming).unwrap(), expected(item));
    }
}

#[test]
fn bodies_with_a_byte_order_mark_are_read() {
    for item in recorded().iter_mut().filter(|item| !item.request.body().is_empty()) {
        let expected = expected(item);
        let body = [b"\xEF\xBB\xBF", item.request.body().as_ref()].concat();
        *item.request.body_mut() = body.into();
        let incoming = IncomingRequest::new(&item.at, &item.request).unwrap();
        assert_eq!(AnyOperation::read(&incoming).unwrap(), expected);
    }
}
