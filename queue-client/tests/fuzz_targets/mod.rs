//! What the fuzzers run, as functions of bytes: no panic, no secret in what is shown, and a dead
//! letter that comes back as it was.
//!
//! The fuzz targets of the workspace (`tests/fuzz`) call these functions with what they invent, the
//! test `corpus` with what they kept.

use std::error::Error;

use queue_client::{
    Account, QueueServiceClient, SasUrl,
    auth::Authorize as _,
    processor::{
        Delivery, Processor,
        dead_letter::{DeadLetterTo, redrive},
    },
    proto::MessageText,
    testing::in_process,
};
use queue_emulator::Emulator;

type Target = fn(&[u8]);

/// The targets by name.
pub(crate) const TARGETS: [(&str, Target); 3] =
    [("connection_string", connection_string), ("sas_url", sas_url), ("letter", letter)];

/// The key and the signature that stand in the corpus.
const KEY: &str = "bWFkZS11cC1hY2NvdW50LWtleS1mb3ItZnV6emluZy1vbmx5LTAxMjM0NTY3ODlhYmNkZWYtQUI=";
const SIGNATURE: &str = "bWFkZS11cC1zaWduYXR1cmUtZm9yLWZ1enppbmctMDE=";

/// So many bytes of a secret in a row are too many.
const TELLING: usize = 12;

/// Fails if any part of a secret can be read in the text.
fn hides_secrets(shown: &str) {
    for secret in [KEY, SIGNATURE] {
        for part in secret.as_bytes().windows(TELLING) {
            let part = std::str::from_utf8(part).unwrap();
            assert!(!shown.contains(part), "{part:?} in {shown}");
        }
    }
}

fn check_error(error: &dyn Error) {
    let mut next = Some(error);
    while let Some(error) = next {
        assert!(!error.to_string().is_empty());
        hides_secrets(&format!("{error} {error:?} {error:#?}"));
        next = error.source();
    }
}

/// Whether what is shown holds a part of a secret that stands in the text where secrets belong, and
/// nowhere else: a field that is shown may repeat it.
fn tells(text: &str, shown: &str) -> bool {
    [("AccountKey=", KEY), ("sig=", SIGNATURE)].into_iter().any(|(name, secret)| {
        let start = secret.get(..secret.len() - 1).unwrap();
        text.contains(&format!("{name}{start}"))
            && start.as_bytes().windows(TELLING).any(|part| {
                let part = std::str::from_utf8(part).unwrap();
                text.matches(part).count() == 1 && shown.contains(part)
            })
    })
}

/// What was read can be used, and shows no secret.
fn check_account(text: &str, account: &Account) {
    let endpoint = account.endpoint();
    let shown = format!("{endpoint} {account:?} {:?} {:?}", account.authorizer(), account.key());
    assert!(!tells(text, &shown), "{shown}");
    let uri = format!("{endpoint}?comp=list");
    let (mut parts, ()) = http::Request::get(&uri).body(()).unwrap().into_parts();
    if let Err(error) = account.authorizer().authorize(&mut parts, std::time::UNIX_EPOCH) {
        check_error(&error);
    }
    assert_eq!(parts.uri.authority().map(ToString::to_string), {
        let sent: http::Uri = uri.parse().unwrap();
        sent.authority().map(ToString::to_string)
    });
}

/// A connection string.
pub(crate) fn connection_string(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Account::from_connection_string(text) {
        Ok(account) => check_account(text, &account),
        Err(error) => check_error(&error),
    }
    // The builder takes the same way.
    if let Err(error) = QueueServiceClient::builder_from_connection_string(text) {
        check_error(&error);
    }
}

/// A URL with a shared access signature.
pub(crate) fn sas_url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match SasUrl::parse(text) {
        Ok(url) => check_account(text, &Account::from(url)),
        Err(error) => check_error(&error),
    }
}

/// The text of a message, without the mark that it gets on its way back if it is a pointer.
fn unshared(text: &str) -> serde_json::Value {
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(text) else {
        return text.into();
    };
    let pointer =
        value.as_object_mut().and_then(|object| object.get_mut("stored")?.as_object_mut());
    match pointer {
        Some(pointer) => {
            pointer.remove("shared");
            value
        }
        None => text.into(),
    }
}

/// The text of a message. It becomes a dead letter in an envelope and comes back as it was, and with a
/// mark if it is a pointer; put among the dead letters as it is, it comes back as what is in it.
pub(crate) fn letter(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(text) = MessageText::new(text) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (service, _) = in_process(Emulator::handler).unwrap();
        let [orders, poison] = ["orders", "orders-poison"].map(|name| service.queue(name).unwrap());
        orders.create().await.unwrap();
        poison.create().await.unwrap();

        orders.send(text.as_str()).await.unwrap();
        Processor::new(orders.clone())
            .max_deliveries(1)
            .dead_letter(DeadLetterTo::poison_queue().in_envelope())
            .drain_once_handler(|delivery: Delivery<String>| async move {
                let _ = (delivery.dead_letter_info().is_some(), delivery.trace_context().is_some());
                Err::<(), _>(format!("cannot work on {:?}", delivery.body()))
            })
            .await
            .unwrap();
        let report = redrive(&poison, &orders).await.unwrap();
        assert_eq!((report.moved, report.returned, report.newer), (1, 0, 0), "{report}");
        let back = orders.receive_one().await.unwrap().unwrap();
        // What does not fit into a message with an envelope around it goes without one.
        if text.len() < 8 * 1024 {
            assert_eq!(unshared(back.text()), unshared(text.as_str()));
        }
        orders.delete(&back).await.unwrap();

        poison.send(text.as_str()).await.unwrap();
        assert_eq!(redrive(&poison, &orders).await.unwrap().moved, 1);
    });
}
