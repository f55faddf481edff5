//! What a signature costs, in instructions: Shared Key for a Put Message against the bare HMAC over
//! the same string with base64.
//!
//! `cargo bench -p queue-auth --bench cost`. Instructions are counted by valgrind where it is
//! installed; elsewhere only times are shown.

#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::collections::HashMap;
use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{KeyInit as _, Mac as _};
use http::request::Parts;
use queue_auth::verify::{NoPolicies, RequestContext, Verifier};
use queue_auth::{AccountKey, Authorize, SharedKey, string_to_sign};

const KEY: &str =
    "bm90LWEtcmVhbC1rZXkvbWFkZS11cC1mb3ItdGVzdC12ZWN0b3JzLW9ubHkvMDEyMzQ1Njc4OWFiY2RlZistIQ==";
const MODES: [&str; 3] = ["bare", "sign", "verify"];

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_158_830)
}

/// Put Message as a client sends it, before it is signed.
fn put_message() -> Parts {
    let (parts, ()) = http::Request::post(
        "https://contoso.queue.core.windows.net/myqueue/messages?visibilitytimeout=0&messagettl=-1",
    )
    .header("content-type", "application/xml")
    .header("content-length", "100")
    .header("x-ms-version", "2026-02-06")
    .header("x-ms-client-request-id", "11111111-2222-3333-4444-555555555555")
    .body(())
    .unwrap()
    .into_parts();
    parts
}

/// Does the work of one mode `count` times.
fn run(mode: &str, count: u32) {
    let mut parts = put_message();
    let signer = SharedKey::new("contoso", AccountKey::from_base64(KEY).unwrap());
    signer.authorize(&mut parts, now()).unwrap();
    match mode {
        "bare" => {
            let text = string_to_sign("contoso", &parts).unwrap();
            let key = STANDARD.decode(KEY).unwrap();
            let prepared = hmac::Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
            for _ in 0..count {
                let mac = prepared.clone().chain_update(black_box(&text)).finalize();
                black_box(STANDARD.encode(mac.into_bytes()));
            }
        }
        "sign" => {
            for _ in 0..count {
                signer.authorize(black_box(&mut parts), now()).unwrap();
            }
        }
        _ => {
            let keys = vec![AccountKey::from_base64(KEY).unwrap()];
            let verifier = Verifier::new(HashMap::from([("contoso".to_owned(), keys)]));
            let context = RequestContext::new(now());
            for _ in 0..count {
                black_box(verifier.verify("contoso", &parts, &NoPolicies, &context).unwrap());
            }
        }
    }
}

/// Instructions of one round, by the difference of two runs.
fn instructions(mode: &str) -> Option<u64> {
    let total = |count: &str| {
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(std::env::current_exe().ok()?)
            .args(["run", mode, count])
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let (_, rest) = text.split_once("Collected : ")?;
        rest.split_whitespace().next()?.parse::<u64>().ok()
    };
    Some((total("3000")? - total("1000")?) / 2000)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [_, mode, count] = &*arguments {
        return run(mode, count.parse().unwrap());
    }
    let mut bare = None;
    for mode in MODES {
        let count = 200_000;
        let start = Instant::now();
        run(mode, count);
        let nanoseconds = start.elapsed().as_nanos() / u128::from(count);
        match instructions(mode) {
            None => println!("{mode:8} {nanoseconds:6} ns"),
            Some(count) => {
                let bare = *bare.get_or_insert(count);
                let hundredths = 100 * count / bare;
                println!(
                    "{mode:8} {nanoseconds:6} ns {count:8} instructions, {}.{:02} x bare",
                    hundredths / 100,
                    hundredths % 100
                );
            }
        }
    }
}
