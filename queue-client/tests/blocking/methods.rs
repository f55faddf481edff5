//! Every asynchronous method has a blocking one of the same name, but for those of striped queues: who
//! needs more than 2,000 messages a second does not wait for each in a thread of its own.

use std::collections::BTreeSet;

/// The names of the public methods in a source file, from `start` on.
fn methods(source: &str, start: &str) -> BTreeSet<String> {
    let (_, source) = source.split_once(start).unwrap();
    source
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("pub ")?.split_once("fn "))
        .map(|(_, rest)| rest.split(['(', '<', '[']).next().unwrap().to_owned())
        .collect()
}

#[test]
fn every_method_is_there() {
    for (start, asynchronous, blocking, allowed) in [
        (
            "pub struct QueueClient",
            include_str!("../../src/queue.rs"),
            include_str!("../../src/blocking/queue.rs"),
            &["asynchronous"][..],
        ),
        (
            "pub struct QueueServiceClient",
            &include_str!("../../src/client.rs").replace("fn build(", "fn build_blocking("),
            include_str!("../../src/blocking/service.rs"),
            &["asynchronous", "new"],
        ),
        (
            "pub struct QueuePages",
            &include_str!("../../src/pages.rs").replace("into_stream", "into_iter"),
            &include_str!("../../src/blocking/pages.rs")
                .replace("    fn into_iter", "    pub fn into_iter"),
            &[],
        ),
    ] {
        let (mut asynchronous, mut blocking) =
            (methods(asynchronous, start), methods(blocking, start));
        // The builder is that of the asynchronous client, and has an end for each.
        for name in ["striped", "builder", "builder_from_connection_string"] {
            asynchronous.remove(name);
        }
        for name in allowed {
            assert!(blocking.remove(*name), "{start}: {name}");
        }
        assert!(asynchronous.len() > 3, "{start}: {asynchronous:?}");
        assert_eq!(asynchronous, blocking, "{start}");
    }
}

/// The options of calls are those of the asynchronous calls.
#[test]
fn every_option_is_there() {
    let options = |source: &str| -> BTreeSet<String> {
        let mut of = String::new();
        let mut found = BTreeSet::new();
        for line in source.lines() {
            let line = line.trim_start();
            if let Some(rest) = line.strip_prefix("impl") {
                let is_call = |word: &&str| {
                    ["Send", "Receive", "Peek", "Update", "Batch", "Redrive"].contains(word)
                };
                // The last one: bounds such as `Send` come before.
                of = rest
                    .split(|c: char| !c.is_alphanumeric())
                    .rfind(is_call)
                    .unwrap_or_default()
                    .to_owned();
            } else if let Some((_, rest)) =
                line.strip_prefix("pub ").and_then(|line| line.split_once("fn "))
                && !rest.starts_with("run(")
            {
                found.insert(format!("{of}::{}", rest.split(['(', '<', '[']).next().unwrap()));
            }
        }
        found
    };
    let asynchronous = &options(include_str!("../../src/call.rs"))
        | &options(include_str!("../../src/call/batch.rs"));
    let mut asynchronous =
        &asynchronous | &options(include_str!("../../src/processor/dead_letter/redrive.rs"));
    for name in ["::redrive_striped", "Redrive::strays_to"] {
        assert!(asynchronous.remove(name), "{name}");
    }
    let blocking = &options(include_str!("../../src/blocking/call.rs"))
        | &options(include_str!("../../src/blocking/redrive.rs"));
    for name in ["Send::never_expires", "Redrive::dry_run"] {
        assert!(asynchronous.contains(name), "{name}: {asynchronous:?}");
    }
    assert_eq!(asynchronous, blocking);
}
