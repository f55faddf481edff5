//! How often a signature allocates.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::hint::black_box;

use common::{account_key, frozen};
use queue_auth::{Authorize, SharedKey};

fn parts(headers: &[(&str, &str)]) -> http::request::Parts {
    let uri = "https://contoso.queue.core.windows.net/myqueue/messages?messagettl=-1&timeout=30";
    let mut request = http::Request::post(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

/// Of the second signature within a second: the first one writes the date.
fn allocations(mut parts: http::request::Parts) -> u64 {
    let signer = SharedKey::new("contoso", account_key("contoso"));
    signer.authorize(&mut parts.clone(), frozen()).unwrap();
    allocation_counter::measure(|| signer.authorize(black_box(&mut parts), frozen()).unwrap())
        .count_total
}

#[test]
fn one_for_put_message_and_more_only_to_make_room() {
    let mut headers = vec![
        ("content-type", "application/xml"),
        ("content-length", "100"),
        ("x-ms-version", "2026-02-06"),
    ];
    let few = allocations(parts(&headers));
    headers.push(("x-ms-client-request-id", "11111111-2222-3333-4444-555555555555"));
    headers.push(("accept", "application/xml"));
    headers.push(("user-agent", "test"));
    // The header map may have to grow for two more headers.
    let many = allocations(parts(&headers));
    println!("few headers: {few}, many headers: {many}");
    assert!(few <= 1, "{few}");
    assert!(many <= 3, "{many}");
}
