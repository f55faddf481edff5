//! No secret shows in the list of processes, in what a verb says, or in what it adds to the environment
//! of the programs that it runs.

use std::{
    collections::BTreeSet,
    fs,
    process::{Child, Stdio},
};

use crate::harness::{Bench, wait_until};

/// A command that runs until its file is gone.
const WAITS: &str = "touch running; while [ -e running ]; do sleep 0.1; done; cat > /dev/null";

/// The key of the account.
fn key(bench: &Bench) -> String {
    let string = bench.server.connection_string();
    let (_, rest) = string.split_once("AccountKey=").unwrap();
    rest.split(';').next().unwrap().to_owned()
}

/// A process and all below it: their ids and command lines.
fn family(root: u32) -> Vec<(u32, String)> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // A process may be gone by now.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name before it is in brackets, and can have anything in it.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        if let Some(parent) = fields.split_whitespace().nth(1).and_then(|id| id.parse().ok()) {
            parents.push((id, parent));
        }
    }
    let mut family = BTreeSet::from([root]);
    while let Some(child) =
        parents.iter().find(|(id, parent)| family.contains(parent) && !family.contains(id))
    {
        family.insert(child.0);
    }
    let line = |id| fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
    family.into_iter().map(|id| (id, line(id).replace('\0', " "))).collect()
}

/// The environment of a process.
fn environment(id: u32) -> Vec<(String, String)> {
    let text = fs::read_to_string(format!("/proc/{id}/environ")).unwrap();
    text.split('\0')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn start(bench: &Bench, words: &[&str]) -> Child {
    let child = bench.command(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("the command", || bench.folder().join("running").exists());
    child
}

fn end(bench: &Bench, mut child: Child) {
    fs::remove_file(bench.folder().join("running")).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn no_process_has_the_key_among_its_arguments() {
    let bench = Bench::new();
    let key = key(&bench);
    bench.queue("orders", &["a"]);
    for words in [
        &["work", "orders", "--drain", "--exec", WAITS][..],
        &["emulator", "--port", "0", "--", "sh", "-c", WAITS],
    ] {
        let child = start(&bench, words);
        let family = family(child.id());
        assert!(family.len() >= 2, "{family:?}");
        for (_, line) in &family {
            assert!(!line.contains(&key) && !line.contains("AccountKey"), "{line}");
        }
        end(&bench, child);
    }
}

#[test]
fn a_worker_adds_the_message_to_the_environment_and_nothing_else() {
    let bench = Bench::new();
    bench.queue("orders", &["a"]);
    let child = start(&bench, &["work", "orders", "--drain", "--exec", WAITS]);
    let own: BTreeSet<_> = environment(child.id()).into_iter().collect();
    let (shell, _) = family(child.id()).into_iter().find(|(id, _)| *id != child.id()).unwrap();
    let added: Vec<_> = environment(shell).into_iter().filter(|pair| !own.contains(pair)).collect();
    let names: BTreeSet<_> = added.iter().map(|(name, _)| name.as_str()).collect();
    let wanted = [
        "AZQ_ACCOUNT",
        "AZQ_ATTEMPT",
        "AZQ_EXPIRES",
        "AZQ_ID",
        "AZQ_INSERTED",
        "AZQ_LAST_ATTEMPT",
        "AZQ_QUEUE",
        "AZQ_RESULT",
    ];
    assert_eq!(names, BTreeSet::from(wanted));
    assert!(added.iter().all(|(_, value)| !value.contains(&key(&bench))));
    end(&bench, child);
}

#[test]
fn whatever_a_verb_says_has_no_secret() {
    let bench = Bench::new();
    bench.queue("orders", &["a"]);
    let made = bench.azq(["sas", "create", "orders", "--permissions", "rp", "--expiry", "2h"]);
    let (url, token) = made.out.trim().split_once('?').unwrap();
    let (_, signature) = token.split_once("sig=").unwrap();
    let endpoint = url.strip_suffix("/orders").unwrap();
    let by_token = format!("QueueEndpoint={endpoint};SharedAccessSignature={token}");
    let key = key(&bench);
    let wrong_key = format!("AAAA{}", key.chars().skip(4).collect::<String>());
    let wrong = bench.server.connection_string().replace(&key, &wrong_key);
    let plain = signature.replace("%3D", "=").replace("%2B", "+").replace("%2F", "/");
    for (account, secrets) in [
        (bench.server.connection_string(), vec![key.as_str()]),
        (by_token, vec![signature, &plain]),
        (wrong, vec![wrong_key.as_str()]),
        (format!("AccountName=acme;AccountKey={key}=broken"), vec![key.as_str()]),
    ] {
        for words in [
            &["peek", "orders", "-vv"][..],
            &["send", "orders", "x", "-vv"],
            &["peek", "nothing", "-vv"],
            &["ls", "-l", "-vv"],
            &["doctor", "orders", "-vv"],
            &[
                "context",
                "add",
                "here",
                "--connection-string-env",
                "AZURE_STORAGE_CONNECTION_STRING",
            ],
            &["context", "ls", "-o", "json"],
        ] {
            let mut command = bench.command(words);
            command.env("AZURE_STORAGE_CONNECTION_STRING", &account).env("RUST_BACKTRACE", "1");
            // The broken one names an account on the internet, which is not asked.
            command.args(["--retries", "0", "--timeout", "10s"]);
            let output = command.output().unwrap();
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8(said).unwrap();
            assert!(secrets.iter().all(|secret| !said.contains(secret)), "{words:?}: {said}");
        }
    }
    let contexts = fs::read_to_string(bench.folder().join("contexts.toml")).unwrap();
    assert!(!contexts.contains(&key) && !contexts.contains(signature), "{contexts}");
}
