//! No secret is told to observers, wherever in a request a client has put it.

use std::sync::mpsc::{Receiver, channel};

use bytes::Bytes;
use http::{Method, Request};
use proptest::prelude::*;
use queue_auth::Authorize as _;
use queue_emulator::{Emulator, RequestRecord};
use queue_proto::ops::{CreateQueue, PutMessage};
use queue_proto::{CallOptions, Endpoint, MessageText, Operation};

use crate::common::{KEY, call, name, sign, signer};

/// What must not be told: a key, a signature as it is and in the escapes of URLs, a token, a receipt
/// as it is and in its escapes.
fn secrets() -> Vec<String> {
    let signature = "3l0bB6v1rTq9Yw2ZxKcE5uHnJmPaSdFgQhRtVyUiWoA=";
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJvaWQiOiJ4In0.3l0bB6v1rTq9Yw2ZxKcE5uHnJmPaSdFgQhRtVyUiWoA";
    let receipt = "Zk3vT+0rQ1mXw8/yBd5nLA==";
    let escaped = |text: &str| text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let mut all = vec![KEY.to_owned(), token.to_owned()];
    for secret in [signature, receipt] {
        let small = escaped(secret).replace("%2B", "%2b").replace("%3D", "%3d");
        all.extend([secret.to_owned(), escaped(secret), small]);
    }
    all.push(escaped(KEY));
    all
}

/// The places of a request that take a text.
const PLACES: [&str; 22] = [
    "account",
    "queue",
    "message",
    "below",
    "name",
    "sig",
    "Sig",
    "popreceipt",
    "comp",
    "prefix",
    "marker",
    "timeout",
    "unknown",
    "authorization",
    "authorization scheme",
    "bearer",
    "client request id",
    "version",
    "metadata",
    "host",
    "body",
    "element",
];

fn request(method: &Method, place: &str, secret: &str) -> Option<Request<Bytes>> {
    let at = |wanted: &str, otherwise: &'static str| {
        if place == wanted { secret.to_owned() } else { otherwise.to_owned() }
    };
    let path = format!(
        "/{}/{}/messages/{}",
        at("account", "devstoreaccount1"),
        at("queue", "jobs"),
        at("message", "0b9b1d4e-0000-4000-8000-9f6b1f0d6c11"),
    );
    let path = if place == "below" { format!("{path}/{secret}") } else { path };
    let query = match place {
        "name" => format!("{secret}=1"),
        "sig" | "Sig" | "popreceipt" | "comp" | "prefix" | "marker" | "timeout" => {
            format!("sv=2026-10-06&{place}={secret}&visibilitytimeout=3")
        }
        "unknown" => format!("favourite={secret}"),
        _ => "popreceipt=AAAA&visibilitytimeout=3".to_owned(),
    };
    let mut request = Request::builder()
        .method(method)
        .uri(format!("{path}?{query}"))
        .header("host", at("host", "127.0.0.1:10001"))
        .header("x-ms-version", at("version", "2026-10-06"))
        .header("x-ms-client-request-id", at("client request id", "mine"));
    request = match place {
        "authorization" => {
            request.header("authorization", format!("SharedKey devstoreaccount1:{secret}"))
        }
        "authorization scheme" => request.header("authorization", secret),
        "bearer" => request.header("authorization", format!("Bearer {secret}")),
        "metadata" => request.header("x-ms-meta-a", secret),
        _ => request,
    };
    let body = match place {
        "body" => format!("<QueueMessage><MessageText>{secret}</MessageText></QueueMessage>"),
        "element" => {
            let element = secret.replace(['+', '/', '=', '%'], "-");
            format!("<QueueMessage><{element}>x</{element}></QueueMessage>")
        }
        _ => "<QueueMessage><MessageText>x</MessageText></QueueMessage>".to_owned(),
    };
    // Some secrets are no good in some places, for which HTTP has a check.
    request.header("content-length", body.len()).body(Bytes::from(body)).ok()
}

/// Signs a request, if it is one that can be signed.
fn try_sign(request: Request<Bytes>, emulator: &Emulator) -> Option<Request<Bytes>> {
    let (mut parts, body) = request.into_parts();
    signer(KEY).authorize(&mut parts, emulator.now()).ok()?;
    Some(Request::from_parts(parts, body))
}

fn observed() -> (Emulator, Receiver<RequestRecord>) {
    let (tell, told) = channel();
    let builder = Emulator::builder().on_request(move |record| tell.send(record.clone()).unwrap());
    let emulator = builder.build();
    call(&emulator, &CreateQueue::new(name("jobs"))).unwrap();
    let _created = told.try_recv();
    (emulator, told)
}

fn check(record: &RequestRecord, secrets: &[String], planted: &str) {
    for shown in [record.to_json(), format!("{record:?}")] {
        for secret in secrets {
            // A secret that was cut in two is one all the same.
            let bare = secret.trim_end_matches('=');
            let parts = [bare.get(..bare.len().min(22)), bare.get(bare.len().saturating_sub(22)..)];
            for part in parts.into_iter().flatten() {
                assert!(!shown.contains(part), "{planted}: {part} in {shown}");
            }
        }
    }
}

#[test]
fn every_secret_in_every_place() {
    let (emulator, told) = observed();
    let secrets = secrets();
    let mut seen = 0;
    for method in [Method::GET, Method::PUT, Method::POST, Method::DELETE, Method::OPTIONS] {
        for place in PLACES {
            for secret in &secrets {
                let Some(asked) = request(&method, place, secret) else { continue };
                // As it is, and with a signature that is right.
                let signed = try_sign(asked.clone(), &emulator);
                for asked in signed.into_iter().chain([asked]) {
                    let _answer = emulator.handle(asked);
                    check(&told.try_recv().unwrap(), &secrets, place);
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 1_500, "{seen}");
}

#[test]
fn the_receipt_of_a_message_and_the_signature_of_a_request() {
    let (emulator, told) = observed();
    let put = PutMessage::new(name("jobs"), MessageText::new("text of my own").unwrap());
    let sent = call(&emulator, &put).unwrap().message;
    let mut delete = queue_proto::ops::DeleteMessage::new(
        name("jobs"),
        sent.id().clone(),
        sent.pop_receipt().clone(),
    )
    .to_http(&Endpoint::emulator(), &CallOptions::default());
    delete.headers_mut().insert("x-ms-client-request-id", "mine".parse().unwrap());
    let delete = sign(delete, emulator.now());
    let authorization = delete.headers()["authorization"].to_str().unwrap();
    let signature = authorization.rsplit(':').next().unwrap().to_owned();
    let _deleted = emulator.handle(delete);
    let secrets = [sent.pop_receipt().as_str().to_owned(), signature, "text of my own".to_owned()];
    let records: Vec<_> = told.try_iter().collect();
    assert_eq!(records.len(), 2);
    for record in &records {
        check(record, &secrets, "a real request");
    }
    assert_eq!(records.last().unwrap().message, Some(sent.id().clone()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Random keys, signatures and tokens, anywhere in a target or a header.
    #[test]
    fn random_secrets_in_random_places(
        bytes in prop::collection::vec(any::<u8>(), 32..=64),
        before in "[a-z0-9/&=?]{0,12}",
        after in "[a-z0-9/&=?]{0,12}",
        place in prop::sample::select(&PLACES[..]),
    ) {
        use base64::Engine as _;
        use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

        let (emulator, told) = observed();
        for secret in [STANDARD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            // Whoever draws the same letter all the time has no secret.
            prop_assume!(secret.bytes().filter(u8::is_ascii_uppercase).count() > 4);
            let Some(asked) = request(&Method::PUT, place, &format!("{before}{secret}{after}")) else {
                continue;
            };
            let _answer = emulator.handle(asked);
            let record = told.try_recv().unwrap();
            let shown = record.to_json();
            prop_assert!(!shown.contains(&secret), "{place}: {shown}");
        }
    }
}
