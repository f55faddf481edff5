//! The contestants of the signing benchmark: Shared Key for a Put Message.

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::request::Parts;
use queue_auth::{AccountKey, Authorize as _, SharedKey, string_to_sign};
use sha2::Sha256;

use crate::Outcome;
use crate::client::Counter;
use crate::wire::{ACCOUNT, KEY, VERSION};

/// Put Message as a client makes it, before it is signed.
fn parts() -> Outcome<Parts> {
    let request = http::Request::post(
        "https://devstoreaccount1.queue.core.windows.net/bench/messages?visibilitytimeout=0&messagettl=-1",
    )
    .header("content-type", "application/xml")
    .header("content-length", "1078")
    .header("x-ms-version", VERSION)
    .header("x-ms-client-request-id", "11111111-2222-3333-4444-555555555555")
    .body(())?;
    Ok(request.into_parts().0)
}

/// The program: `signing MODE COUNT`, where the mode is `bare`, `ours` or `reqsign`.
pub fn main(counter: Option<Counter>) -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, count] = arguments.as_slice() else { return Err("MODE COUNT".into()) };
    let count = count.parse()?;
    let mut work = work(mode)?;
    work(20)?;
    let mut result = Ok(());
    let mut run = || result = work(count);
    let start = std::time::Instant::now();
    let allocations = match counter {
        Some(counter) => Some(counter(&mut run).0 as f64 / count as f64),
        None => {
            run();
            None
        }
    };
    let nanoseconds = start.elapsed().as_nanos() as f64 / count as f64;
    result?;
    println!("{}", serde_json::json!({ "allocations": allocations, "ns": nanoseconds }));
    Ok(())
}

type Work = Box<dyn FnMut(u64) -> Outcome>;

fn work(mode: &str) -> Outcome<Work> {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_158_830);
    let mut parts = parts()?;
    let signer = SharedKey::new(ACCOUNT, AccountKey::from_base64(KEY)?);
    match mode {
        "bare" => {
            signer.authorize(&mut parts, now)?;
            let text = string_to_sign(ACCOUNT, &parts)?;
            let prepared = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(KEY)?)?;
            Ok(Box::new(move |count| {
                for _ in 0..count {
                    let mac = prepared.clone().chain_update(black_box(&text)).finalize();
                    black_box(STANDARD.encode(mac.into_bytes()));
                }
                Ok(())
            }))
        }
        "ours" => Ok(Box::new(move |count| {
            for _ in 0..count {
                signer.authorize(black_box(&mut parts), now)?;
            }
            Ok(())
        })),
        #[cfg(feature = "reqsign")]
        "reqsign" => {
            use reqsign_azure_storage::{RequestSigner, StaticCredentialProvider};
            let signer = reqsign_core::Signer::new(
                reqsign_core::Context::new(),
                StaticCredentialProvider::new_shared_key(ACCOUNT, KEY),
                RequestSigner::new(),
            );
            let runtime = tokio::runtime::Builder::new_current_thread().build()?;
            Ok(Box::new(move |count| {
                runtime.block_on(async {
                    for _ in 0..count {
                        signer.sign(black_box(&mut parts), None).await?;
                    }
                    Ok(())
                })
            }))
        }
        other => Err(format!("no mode {other}").into()),
    }
}
