//! What the fuzzers run, as functions of bytes: no panic, and whatever is read can be written and
//! reads back equal.
//!
//! The fuzz targets of the workspace (`tests/fuzz`) call these functions with what they invent, the
//! test `corpus` with what they kept.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use queue_proto::codec::{Auto, Base64Bytes, Codec};
use queue_proto::ops::*;
use queue_proto::*;

type Target = fn(&[u8]);

/// The targets by name.
pub(crate) const TARGETS: [(&str, Target); 5] = [
    ("request", request),
    ("response", response),
    ("dates", dates),
    ("endpoint", endpoint),
    ("text", text),
];

fn endpoints() -> [Endpoint; 2] {
    let account = "contoso".parse().unwrap();
    [
        Endpoint::emulator(),
        Endpoint::parse("https://contoso.queue.core.windows.net", account).unwrap(),
    ]
}

/// Splits bytes like an HTTP message: a first line, headers, an empty line, a body. What is no
/// header is left out.
fn split(data: &[u8]) -> (String, HeaderMap, Bytes) {
    let mut rest = data;
    let mut line = || {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        line
    };
    let first = String::from_utf8_lossy(line()).into_owned();
    let mut headers = HeaderMap::new();
    loop {
        let header = line();
        if header.is_empty() {
            break;
        }
        let colon = header.iter().position(|byte| *byte == b':').unwrap_or(header.len());
        let (name, value) = header.split_at(colon);
        let value = value.get(1..).unwrap_or_default();
        let value = HeaderValue::from_bytes(value.strip_prefix(b" ").unwrap_or(value));
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), value) {
            headers.append(name, value);
        }
    }
    (first, headers, Bytes::copy_from_slice(rest))
}

/// A request: `METHOD TARGET`, headers, body.
pub(crate) fn request(data: &[u8]) {
    let (first, headers, body) = split(data);
    let Some((method, target)) = first.split_once(' ') else { return };
    let builder = http::Request::builder().method(method).uri(target);
    let Ok(mut request) = builder.body(body) else { return };
    *request.headers_mut() = headers;
    for at in endpoints() {
        let incoming = match IncomingRequest::new(&at, &request) {
            Ok(incoming) => incoming,
            Err(error) => return refusal(&error),
        };
        let _ = incoming.require_content_length();
        match AnyOperation::read(&incoming) {
            Ok(operation) => reads_back(&at, &operation, &incoming.options()),
            Err(error) => refusal(&error),
        }
    }
}

/// A refusal can be sent, and its status is one of an error.
fn refusal(error: &ServiceError) {
    assert!(error.status().is_client_error(), "{error}");
    let answer = error.to_http(&ResponseHead::new().request_id("1"), &http::Method::GET);
    let read = ServiceError::from_http(&answer);
    assert_eq!((read.status(), read.code()), (error.status(), error.code()));
}

fn reads_back(at: &Endpoint, operation: &AnyOperation, options: &CallOptions) {
    macro_rules! each {
        ($($name:ident)*) => {
            match operation {
                $(AnyOperation::$name(operation) => {
                    let request = operation.to_http(at, options);
                    assert_eq!(&$name::from_http(at, &request).unwrap(), operation);
                    let uri = request.uri().to_string();
                    assert_eq!(url::Url::parse(&uri).unwrap().as_str(), uri);
                })*
            }
        };
    }
    each! {
        ListQueues GetServiceProperties SetServiceProperties Preflight GetServiceStats
        GetUserDelegationKey CreateQueue DeleteQueue GetQueueMetadata SetQueueMetadata GetQueueAcl
        SetQueueAcl PutMessage GetMessages PeekMessages UpdateMessage DeleteMessage ClearMessages
    }
}

/// An answer: status, headers, body. It is read as the answer to every operation.
pub(crate) fn response(data: &[u8]) {
    fn read<R: OperationResponse>(answer: &http::Response<Bytes>) {
        if let Ok(response) = R::from_http(answer.clone()) {
            assert_eq!(R::from_http(response.to_http()).unwrap(), response);
        }
    }
    let (first, headers, body) = split(data);
    let Ok(mut answer) = http::Response::builder().status(first.as_str()).body(body) else {
        return;
    };
    *answer.headers_mut() = headers;
    read::<ListQueuesResponse>(&answer);
    read::<GetServicePropertiesResponse>(&answer);
    read::<SetServicePropertiesResponse>(&answer);
    read::<PreflightResponse>(&answer);
    read::<GetServiceStatsResponse>(&answer);
    read::<GetUserDelegationKeyResponse>(&answer);
    read::<CreateQueueResponse>(&answer);
    read::<DeleteQueueResponse>(&answer);
    read::<GetQueueMetadataResponse>(&answer);
    read::<SetQueueMetadataResponse>(&answer);
    read::<GetQueueAclResponse>(&answer);
    read::<SetQueueAclResponse>(&answer);
    read::<PutMessageResponse>(&answer);
    read::<GetMessagesResponse>(&answer);
    read::<PeekMessagesResponse>(&answer);
    read::<UpdateMessageResponse>(&answer);
    read::<DeleteMessageResponse>(&answer);
    read::<ClearMessagesResponse>(&answer);
    both_readers_agree(&answer);

    let error = ServiceError::from_http(&answer);
    let _ = error.to_string();
    let _ = error.to_http(&ResponseHead::read(answer.headers()), &http::Method::GET);
}

/// The quick reader of Get Messages and Put Message gives up on a line end behind the declaration,
/// which means nothing: so the general reader must read the same answer with it to the same
/// messages.
fn both_readers_agree(answer: &http::Response<Bytes>) {
    fn agree<R: OperationResponse>(quick: &http::Response<Bytes>, slow: &http::Response<Bytes>) {
        match (R::from_http(quick.clone()), R::from_http(slow.clone())) {
            (Ok(quick), Ok(general)) => assert_eq!(quick, general),
            (Err(_), Err(_)) => {}
            (quick, general) => panic!("{quick:?} against {general:?}"),
        }
    }
    const START: &[u8] = b"\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?>";
    let body = answer.body().as_ref();
    let start = START.get(if body.starts_with(b"\xEF") { 0 } else { 3 }..).unwrap();
    let Some(rest) = body.strip_prefix(start) else { return };
    let mut slow = answer.clone();
    *slow.body_mut() = [start, b"\n", rest].concat().into();
    agree::<GetMessagesResponse>(answer, &slow);
    agree::<PutMessageResponse>(answer, &slow);
}

/// A date, in every place that has one.
pub(crate) fn dates(data: &[u8]) {
    let Ok(date) = std::str::from_utf8(data) else { return };
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(date) {
        headers.insert("date", value.clone());
        let head = ResponseHead::read(&headers);
        let mut written = HeaderMap::new();
        head.write(&mut written);
        assert_eq!(ResponseHead::read(&written), head);

        headers.insert("x-ms-version", value);
        if let Some(version) = ResponseHead::read(&headers).version {
            assert_eq!(version.to_string(), date);
        }
    }
    if date.contains(['<', '&']) {
        return;
    }
    for (before, after) in [
        (
            "<SignedIdentifiers><SignedIdentifier><Id>1</Id><AccessPolicy><Start>",
            "</Start></AccessPolicy></SignedIdentifier></SignedIdentifiers>",
        ),
        (
            "<StorageServiceStats><GeoReplication><Status>live</Status><LastSyncTime>",
            "</LastSyncTime></GeoReplication></StorageServiceStats>",
        ),
    ] {
        response(format!("200\n\n{before}{date}{after}").as_bytes());
    }
    let info = format!("<KeyInfo><Expiry>{date}</Expiry></KeyInfo>");
    request(
        format!("POST /devstoreaccount1/?restype=service&comp=userdelegationkey\n\n{info}")
            .as_bytes(),
    );
}

/// A base URL; what is read is written as a URL that parsers leave alone.
pub(crate) fn endpoint(data: &[u8]) {
    let Ok(url) = std::str::from_utf8(data) else { return };
    let account: AccountName = "contoso".parse().unwrap();
    let _ = url.parse::<QueueName>().map(|name| assert_eq!(name.as_str(), url));
    let _ = Endpoint::for_account(account.clone(), url, Scheme::Https);
    let Ok(at) = Endpoint::parse(url, account.clone()) else { return };
    for at in [Some(at.clone()), at.secondary()].into_iter().flatten() {
        let written = at.to_string();
        // Whether an international name is well encoded, the endpoint leaves to others.
        if !written.contains("xn--") {
            assert_eq!(url::Url::parse(&written).unwrap().as_str(), written);
        }
        let again = Endpoint::parse(&written, account.clone()).unwrap();
        assert_eq!(again.to_string(), written);
        let list = ListQueues::new();
        let request = list.to_http(&at, &CallOptions::new());
        assert_eq!(ListQueues::from_http(&at, &request).unwrap(), list);
    }
}

/// The text of a message, through the service and through the codecs.
pub(crate) fn text(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(data);
    if let Ok(text) = Base64Bytes.encode(&bytes) {
        assert_eq!(Base64Bytes.decode(&text).unwrap(), bytes);
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(text) = MessageText::new(text) else { return };
    let read = Auto.decode(&text).unwrap();
    assert_eq!(Auto.encode(&read).unwrap(), text);
    let at = Endpoint::emulator();
    let put = PutMessage::new("orders".parse().unwrap(), text);
    assert_eq!(PutMessage::from_http(&at, &put.to_http(&at, &CallOptions::new())).unwrap(), put);
}
