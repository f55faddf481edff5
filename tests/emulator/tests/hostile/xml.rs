//! Bodies that are more than they seem.

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::Request;
use http::header::CONTENT_LENGTH;
use queue_emulator::Emulator;

use crate::common::sign;

/// Bodies that expand, nest or never end, none of them longer than a body may be.
fn bombs() -> Vec<(&'static str, String)> {
    let entities: String = (1..10)
        .map(|level| format!("<!ENTITY e{level} \"{}\">", format!("&e{};", level - 1).repeat(10)))
        .collect();
    let attributes: String = (0..5_000).map(|number| format!(" a{number}='x'")).collect();
    vec![
        (
            "billion laughs",
            format!(
                "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e0 \"lol\">{entities}]><ROOT>&e9;</ROOT>"
            ),
        ),
        (
            "external entity",
            "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><ROOT>&e;</ROOT>".to_owned(),
        ),
        ("document type", "<!DOCTYPE x SYSTEM \"http://127.0.0.1/x.dtd\"><ROOT></ROOT>".to_owned()),
        ("unknown entity", "<ROOT>&nbsp;</ROOT>".to_owned()),
        ("character of no use", "<ROOT>&#0;</ROOT>".to_owned()),
        ("nesting", format!("<ROOT>{}{}</ROOT>", "<a>".repeat(15_000), "</a>".repeat(15_000))),
        ("nesting without end", format!("<ROOT>{}", "<a>".repeat(40_000))),
        ("start of a comment", format!("<ROOT><!--{}", "-".repeat(100_000))),
        ("start of a tag", format!("<{}", "a".repeat(100_000))),
        ("start of a section", format!("<ROOT><![CDATA[{}", "]".repeat(100_000))),
        ("attribute twice", "<ROOT a='1' a='2' /><ROOT/>".to_owned()),
        ("attributes without end", format!("<ROOT{attributes}")),
        ("two roots", "<ROOT></ROOT><ROOT></ROOT>".to_owned()),
        ("nothing but text", "x".repeat(100_000)),
    ]
}

#[test]
fn xml_that_is_a_weapon_is_refused() {
    let emulator = Emulator::new();
    let send = |method: &str, target: &str, body: String| {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://127.0.0.1:10001/devstoreaccount1{target}"))
            .header("x-ms-version", "2026-02-06")
            .header(CONTENT_LENGTH, body.len())
            .body(Bytes::from(body))
            .unwrap();
        emulator.handle(sign(request, SystemTime::now()))
    };
    assert_eq!(send("PUT", "/jobs", String::new()).status(), 201);
    for (method, target, root) in [
        ("POST", "/jobs/messages", "QueueMessage"),
        ("PUT", "/jobs?comp=acl", "SignedIdentifiers"),
        ("PUT", "?restype=service&comp=properties", "StorageServiceProperties"),
    ] {
        for (what, bomb) in bombs() {
            let start = Instant::now();
            let answer = send(method, target, bomb.replace("ROOT", root));
            let took = start.elapsed();
            let text = String::from_utf8_lossy(answer.body()).into_owned();
            assert_eq!(answer.status(), 400, "{what} to {target}: {text}");
            let codes = ["InvalidXmlDocument", "UnsupportedXmlNode", "MissingRequiredXmlNode"];
            let named = codes.iter().any(|code| text.contains(&format!("<Code>{code}</Code>")));
            assert!(named, "{what} to {target}: {text}");
            assert!(text.len() < 4_096, "{what} to {target} is answered with {} bytes", text.len());
            // Unoptimized, and beside other tests.
            assert!(took < Duration::from_secs(5), "{what} to {target} took {took:?}");
        }
    }
    assert!(emulator.inspect().queues.iter().all(|queue| queue.messages.is_empty()));
}
