//! Who may depend on what, proved from the dependency graph: one `Rule` for each promise about a
//! package and a set of its features.

use std::collections::BTreeSet;

use crate::{Outcome, shell};

struct Rule {
    package: &'static str,
    features: &'static [&'static str],
    /// Crates that must not be in the tree, however deep.
    forbidden: &'static [&'static str],
    /// How many crates the tree may hold, its root left out.
    at_most: Option<usize>,
    reason: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        package: "queue-proto",
        features: &["--all-features"],
        forbidden: &[
            "queue-auth",
            "queue-client",
            "queue-emulator",
            "tokio",
            "reqwest",
            "hyper",
            "hmac",
            "sha2",
            "getrandom",
            "tracing",
            "log",
        ],
        at_most: None,
        reason: "queue-proto is sans-IO and does not know how requests are authorized",
    },
    Rule {
        package: "queue-proto",
        features: &[],
        forbidden: &["serde_json"],
        at_most: Some(25),
        reason: "who picks queue-proto alone gets little else",
    },
    Rule {
        package: "queue-auth",
        features: &["--all-features"],
        forbidden: &["queue-proto", "queue-client", "queue-emulator", "quick-xml"],
        at_most: None,
        reason: "queue-auth is a sibling of queue-proto",
    },
    Rule {
        package: "queue-auth",
        features: &[],
        forbidden: &["tokio", "reqwest", "hyper", "oauth2", "azure_identity", "serde_json"],
        at_most: Some(25),
        reason: "who reuses the signer gets little else",
    },
    Rule {
        package: "queue-client",
        features: &["--all-features"],
        forbidden: &["queue-emulator"],
        at_most: None,
        reason: "no server code in a client",
    },
    Rule {
        package: "queue-client",
        features: &["--no-default-features"],
        forbidden: &["reqwest", "tokio", "hyper", "rustls"],
        at_most: None,
        reason: "the transport and the runtime are the user's choice",
    },
    Rule {
        package: "queue-client",
        features: &[],
        forbidden: &["openssl", "openssl-sys", "native-tls"],
        at_most: None,
        reason: "no OpenSSL by default",
    },
    Rule {
        package: "queue-emulator",
        features: &["--all-features"],
        forbidden: &["queue-client", "reqwest"],
        at_most: None,
        reason: "the emulator must not share the client's view of the protocol",
    },
    Rule {
        package: "queue-emulator",
        features: &["--no-default-features"],
        forbidden: &["tokio", "hyper", "rusqlite", "rustls", "ring", "rcgen", "clap"],
        at_most: None,
        reason: "a test that has the emulator in its process needs no socket, no runtime, no TLS \
                 and no database",
    },
];

pub(super) fn run() -> Outcome {
    let mut broken = Vec::new();
    for rule in RULES {
        let tree = tree(rule)?;
        let found: Vec<_> =
            rule.forbidden.iter().filter(|name| tree.contains(**name)).copied().collect();
        let features = if rule.features.is_empty() {
            "default features".into()
        } else {
            rule.features.join(" ")
        };
        println!("{}, {features}: {} crates", rule.package, tree.len());
        if !found.is_empty() {
            broken.push(format!(
                "{} ({features}) must not depend on {}: {}",
                rule.package,
                found.join(", "),
                rule.reason
            ));
        }
        if let Some(most) = rule.at_most.filter(|most| tree.len() > *most) {
            broken.push(format!(
                "{} ({features}) has {} crates, at most {most} are allowed: {}",
                rule.package,
                tree.len(),
                rule.reason
            ));
        }
    }
    if broken.is_empty() {
        Ok(())
    } else {
        Err(format!("layering is broken:\n  {}", broken.join("\n  ")))
    }
}

/// The names in the tree of normal dependencies, the root left out.
fn tree(rule: &Rule) -> Result<BTreeSet<String>, String> {
    let listing = shell::output(
        shell::cargo(["tree", "--package", rule.package, "--edges", "normal", "--prefix", "none"])
            .args(["--format", "{p}"])
            .args(rule.features),
    )?;
    Ok(listing
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != rule.package)
        .map(str::to_owned)
        .collect())
}
