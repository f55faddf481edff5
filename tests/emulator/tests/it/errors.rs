//! Refusals: by authentication, and by what the request says.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use queue_auth::sas::{QueuePermissions, QueueSas};
use queue_auth::{AccountKey, Authorize};
use queue_emulator::Emulator;
use queue_proto::DEVSTORE_ACCOUNT;
use queue_proto::ops::{CreateQueue, ListQueues, PutMessage};
use queue_proto::{CallOptions, Endpoint, MessageText, Operation, ServiceError, ServiceVersion};

use crate::common::{KEY, call, name, send, sign, signer};

const VERSION: &str = "2026-10-06";

/// A request without a signature.
fn raw(method: &str, target: &str, body: &str) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(format!("http://127.0.0.1:10001/devstoreaccount1{target}"))
        .header("x-ms-version", VERSION)
        .header("content-length", body.len())
        .body(Bytes::from(body.to_owned()))
        .unwrap()
}

fn list() -> Request<Bytes> {
    ListQueues::new().to_http(&Endpoint::emulator(), &CallOptions::default())
}

/// Status and code of a refusal.
fn refusal(response: &Response<Bytes>) -> (u16, String) {
    let error = ServiceError::from_http(response);
    (error.status().as_u16(), error.code().to_string())
}

#[test]
fn a_wrong_key_is_told_what_was_signed_and_no_signature() {
    let emulator = Emulator::new();
    let (mut parts, body) = list().into_parts();
    signer("d3Jvbmcga2V5").authorize(&mut parts, emulator.now()).unwrap();
    let response = emulator.handle(Request::from_parts(parts.clone(), body.clone()));
    assert_eq!(refusal(&response), (403, "AuthenticationFailed".to_owned()));
    let detail = ServiceError::from_http(&response);
    let detail = detail.detail("AuthenticationErrorDetail").unwrap();
    let (_, signed) = detail.split_once("string to sign: '").unwrap();
    assert!(signed.starts_with("GET\n"), "{detail}");
    assert!(signed.contains("/devstoreaccount1/devstoreaccount1/\ncomp:list"), "{detail}");

    let right = sign(Request::from_parts(parts, body), emulator.now());
    let signature = right.headers()["authorization"].to_str().unwrap();
    let (_, signature) = signature.split_once(':').unwrap();
    assert!(!String::from_utf8_lossy(response.body()).contains(signature));
}

#[test]
fn a_clock_that_is_off_by_more_than_15_minutes_is_refused() {
    let (emulator, clock) = Emulator::with_manual_clock();
    let minute = Duration::from_secs(60);
    for (skew, status) in [(14, 200), (16, 403)] {
        let (ahead, behind) = (clock.now() + minute * skew, clock.now() - minute * skew);
        for now in [ahead, behind] {
            let response = emulator.handle(sign(list(), now));
            assert_eq!(response.status(), status, "{skew} minutes");
        }
    }
}

#[test]
fn a_signature_outside_its_time_is_refused_in_the_words_of_the_service() {
    let (emulator, clock) = Emulator::with_manual_clock();
    call(&emulator, &CreateQueue::new(name("jobs"))).unwrap();
    let (hour, now) = (Duration::from_secs(3600), clock.now());
    let key = AccountKey::from_base64(KEY).unwrap();
    for (start, expiry) in [(now - hour, now), (now + hour, now + 2 * hour)] {
        let token = QueueSas::new("jobs", QueuePermissions::READ, expiry).start(start);
        let token = token.sign(DEVSTORE_ACCOUNT, &key).unwrap();
        let target = format!("/jobs/messages?peekonly=true&{}", token.expose());
        let response = emulator.handle(raw("GET", &target, ""));
        assert_eq!(refusal(&response), (403, "AuthenticationFailed".to_owned()));
        let [start, expiry, now] = [start, expiry, now].map(httpdate::fmt_http_date);
        assert_eq!(
            ServiceError::from_http(&response).detail("AuthenticationErrorDetail").unwrap(),
            format!(
                "Signature not valid in the specified time frame: Start [{start}] - Expiry \
                 [{expiry}] - Current [{now}]"
            )
        );
    }
}

#[test]
fn a_signature_covers_the_request() {
    let emulator = Emulator::new();
    let request = sign(list(), emulator.now());
    let uri = format!("{}&prefix=a", request.uri());
    let (mut parts, body) = request.into_parts();
    parts.uri = uri.parse().unwrap();
    let response = emulator.handle(Request::from_parts(parts, body));
    assert_eq!(refusal(&response), (403, "AuthenticationFailed".to_owned()));
}

#[test]
fn requests_without_credentials() {
    let emulator = Emulator::new();
    for (version, status, code) in [
        ((2026, 10, 6), 401, "NoAuthenticationInformation"),
        ((2019, 12, 12), 401, "NoAuthenticationInformation"),
        ((2019, 7, 7), 404, "ResourceNotFound"),
    ] {
        let (year, month, day) = version;
        let version = ServiceVersion::new(year, month, day).unwrap();
        let options = CallOptions::new().version(version);
        let response = emulator.handle(ListQueues::new().to_http(&Endpoint::emulator(), &options));
        assert_eq!(refusal(&response), (status, code.to_owned()), "{version}");
    }

    let mut request = list();
    request.headers_mut().insert("authorization", "Nonsense".parse().unwrap());
    assert_eq!(refusal(&emulator.handle(request)), (400, "InvalidAuthenticationInfo".to_owned()));
}

#[test]
fn versions() {
    let emulator = Emulator::new();
    for (version, status, code) in [
        (Some("2009-09-19"), 200, ""),
        (Some("2031-01-01"), 200, ""),
        (Some("2009-04-13"), 400, "InvalidHeaderValue"),
        (Some("tomorrow"), 400, "InvalidHeaderValue"),
        (None, 400, "MissingRequiredHeader"),
    ] {
        let mut request = list();
        request.headers_mut().remove("x-ms-version");
        if let Some(version) = version {
            request.headers_mut().insert("x-ms-version", version.parse().unwrap());
        }
        let response = send(&emulator, request);
        assert_eq!(response.status(), status, "{version:?}");
        if status != 200 {
            assert_eq!(refusal(&response).1, code, "{version:?}");
        } else {
            assert_eq!(response.headers()["x-ms-version"], version.unwrap());
        }
    }
}

#[test]
fn client_request_ids_are_echoed_on_errors_too() {
    let emulator = Emulator::new();
    let send = |version: &str, id: &str| {
        let mut request = raw("GET", "/none/messages", "");
        request.headers_mut().insert("x-ms-version", version.parse().unwrap());
        request.headers_mut().insert("x-ms-client-request-id", id.parse().unwrap());
        let response = send(&emulator, request);
        assert_eq!(response.status(), 404);
        response.headers().get("x-ms-client-request-id").cloned()
    };
    assert_eq!(send(VERSION, "abc").unwrap(), "abc");
    assert_eq!(send(VERSION, &"x".repeat(1024)).unwrap().len(), 1024);
    assert_eq!(send(VERSION, &"x".repeat(1025)), None);
    assert_eq!(send("2019-02-02", "abc").unwrap(), "abc");
    assert_eq!(send("2018-11-09", "abc"), None);
}

#[test]
fn refusals_have_id_time_code_and_reason() {
    let emulator = Emulator::new();
    let response = send(&emulator, raw("GET", "/none/messages", ""));
    let id = response.headers()["x-ms-request-id"].to_str().unwrap();
    let body = std::str::from_utf8(response.body()).unwrap();
    let start = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>QueueNotFound</Code>\
         <Message>The specified queue does not exist.\nRequestId:{id}\nTime:"
    );
    assert!(body.starts_with(&start), "{body}");
    assert!(body.ends_with("Z</Message></Error>"), "{body}");
    assert_eq!(response.headers()["x-ms-error-code"], "QueueNotFound");
    assert_eq!(response.headers()["x-ms-version"], VERSION);
}

#[test]
fn every_mistake_has_its_code() {
    let emulator = Emulator::new();
    call(&emulator, &CreateQueue::new(name("jobs"))).unwrap();
    let message = "<QueueMessage><MessageText>x</MessageText></QueueMessage>";
    let id = "/jobs/messages/6f1f1a5e-0000-4000-8000-000000000000";
    let receipt = "popreceipt=AAAAAAAAAAAAAAAAAAAAAA%3D%3D";
    let no_receipt = format!("{id}?visibilitytimeout=0");
    let bad_receipt = format!("{id}?popreceipt=abc");
    let not_there = format!("{id}?{receipt}");
    let no_timeout = format!("{id}?{receipt}");
    let other_id = format!("/jobs/messages/7?{receipt}");
    for (method, target, body, status, code) in [
        ("GET", "/Jobs/messages", "", 400, "InvalidResourceName"),
        ("GET", "/a%7Cb/messages", "", 400, "InvalidResourceName"),
        ("GET", "/jo/messages", "", 400, "OutOfRangeInput"),
        ("GET", "/jobs/letters", "", 400, "InvalidUri"),
        ("GET", "/none/messages", "", 404, "QueueNotFound"),
        ("DELETE", "/none", "", 404, "QueueNotFound"),
        ("PATCH", "/jobs", "", 405, "UnsupportedHttpVerb"),
        ("GET", "/jobs/messages?numofmessages=0", "", 400, "OutOfRangeQueryParameterValue"),
        ("GET", "/jobs/messages?numofmessages=33", "", 400, "OutOfRangeQueryParameterValue"),
        ("GET", "/jobs/messages?numofmessages=x", "", 400, "InvalidQueryParameterValue"),
        ("GET", "/jobs/messages?visibilitytimeout=0", "", 400, "OutOfRangeQueryParameterValue"),
        ("GET", "/jobs/messages?peekonly=maybe", "", 400, "InvalidQueryParameterValue"),
        ("GET", "?comp=list&maxresults=0", "", 400, "OutOfRangeQueryParameterValue"),
        ("GET", "?comp=list&marker=garbage", "", 400, "OutOfRangeInput"),
        ("POST", "/none/messages", message, 404, "QueueNotFound"),
        ("POST", "/jobs/messages", "<QueueMessage>", 400, "InvalidXmlDocument"),
        ("POST", "/jobs/messages?messagettl=0", message, 400, "InvalidQueryParameterValue"),
        ("POST", "/jobs/messages?messagettl=1.5", message, 400, "InvalidQueryParameterValue"),
        (
            "POST",
            "/jobs/messages?visibilitytimeout=604800",
            message,
            400,
            "InvalidQueryParameterValue",
        ),
        ("DELETE", id, "", 400, "MissingRequiredQueryParameter"),
        ("DELETE", &bad_receipt, "", 400, "InvalidQueryParameterValue"),
        ("DELETE", &not_there, "", 404, "MessageNotFound"),
        ("DELETE", &other_id, "", 404, "MessageNotFound"),
        ("PUT", &no_receipt, "", 400, "MissingRequiredQueryParameter"),
        ("PUT", &no_timeout, "", 400, "MissingRequiredQueryParameter"),
    ] {
        let response = send(&emulator, raw(method, target, body));
        assert_eq!(refusal(&response), (status, code.to_owned()), "{method} {target}");
        assert!(!response.body().is_empty(), "{method} {target}");
    }
}

#[test]
fn unknown_accounts_are_not_found() {
    let mut request = raw("GET", "?comp=list", "");
    *request.uri_mut() = "http://127.0.0.1:10001/other?comp=list".parse().unwrap();
    let response = Emulator::new().handle(request);
    assert_eq!(refusal(&response), (404, "ResourceNotFound".to_owned()));
}

#[test]
fn sizes() {
    let emulator = Emulator::new();
    call(&emulator, &CreateQueue::new(name("jobs"))).unwrap();
    let put = |text: &str| {
        let body = format!("<QueueMessage><MessageText>{text}</MessageText></QueueMessage>");
        send(&emulator, raw("POST", "/jobs/messages", &body))
    };
    assert_eq!(put(&"x".repeat(65_536)).status(), 201);
    for (length, limit) in [(65_537, "65536"), (131_584, "131584")] {
        let response = put(&"x".repeat(length));
        assert_eq!(refusal(&response), (413, "RequestBodyTooLarge".to_owned()));
        let error = ServiceError::from_http(&response);
        assert_eq!(error.detail("MaxLimit"), Some(limit));
    }

    let put = PutMessage::new(name("jobs"), MessageText::new("x").unwrap());
    let mut request = put.to_http(&Endpoint::emulator(), &CallOptions::default());
    request.headers_mut().remove("content-length");
    assert_eq!(refusal(&send(&emulator, request)), (411, "MissingContentLengthHeader".to_owned()));
}
