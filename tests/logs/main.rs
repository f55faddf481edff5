//! Nothing secret is logged: the conformance list and everything that can go wrong with a
//! credential, with every logger turned up to the finest level.
//!
//! Two sources say nothing here. The emulator does not log. `hyper` logs only if it is built with
//! `--cfg hyper_unstable_tracing`.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod capture;
mod processing;
mod provider;
mod scenes;
mod secrets;

use capture::{Log, LogCalls};
use queue_proto::DEVSTORE_KEY;
use queue_tests::{
    conformance::{CASES, play},
    server::Server,
};
use secrets::{KINDS, Secrets, Spy};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_logged() {
    let log = Log::start();
    let secrets = Secrets::default();
    secrets.add("account key", DEVSTORE_KEY);
    let watched = |server: Server| {
        server
            .with(|builder| builder.observer(LogCalls))
            .behind(|inner| Spy { inner, secrets: secrets.clone() })
    };

    let in_process = watched(Server::in_process());
    let (http, https) = (watched(Server::http().await), watched(Server::https().await));
    for server in [&in_process, &http, &https] {
        capture::note(server);
        for &case in CASES {
            play(case, server).await.unwrap();
        }
        scenes::play(server, &secrets).await;
    }
    processing::play(&http, &secrets).await;
    scenes::tokens(&https, &secrets).await;
    scenes::far_away(&secrets).await;
    scenes::nonsense(&secrets);

    // Whoever should log does, and what is logged is found.
    secrets.add("canary", "canary \"in\" a mine");
    tracing::trace!(value = ?"canary \"in\" a mine");
    for kind in KINDS {
        assert!(secrets.count(kind) > 0, "no {kind} was met");
    }
    let text = log.text();
    for target in ["queue_client", "queue_client::processor", "hyper_util", "reqwest", "rustls"] {
        assert!(text.contains(&format!(" {target}")), "{target} logs nothing");
    }
    let found = secrets.found_in(&text);
    assert!(found.iter().any(|leak| leak.contains("canary")), "the canary was not found");
    let found: Vec<_> = found.iter().filter(|leak| !leak.contains("canary")).collect();
    assert!(found.is_empty(), "{} leaks: {:#?}", found.len(), &found[..found.len().min(20)]);
}
