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

fn allocations(mut parts: http::request::Parts) -> u64 {
    let signer = SharedKey::new("contoso", account_key("contoso"));
    allocation_counter::measure(|| signer.authorize(black_box(&mut parts), frozen()).unwrap())
        .count_total
}

#[test]
fn at_most_four_for_put_message() {
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
    assert!(few <= 2, "{few}");
    assert!(many <= 4, "{many}");
}
