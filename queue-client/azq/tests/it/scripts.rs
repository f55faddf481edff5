//! The primitives for scripts, contexts, policies, completion, manual pages and the version.

use crate::harness::Bench;

#[test]
fn receive_update_delete_by_receipt() {
    let bench = Bench::new();
    bench.queue("orders", &["17 bottles"]);
    let received = bench.azq(["receive", "orders", "-o", "jsonl"]);
    let message: serde_json::Value = serde_json::from_str(&received.out).unwrap();
    let (id, receipt) = (message["id"].as_str().unwrap(), message["receipt"].as_str().unwrap());
    assert_eq!((&message["attempt"], &message["body"]), (&1.into(), &"17 bottles".into()));
    assert!(bench.texts("orders").is_empty(), "it is hidden");

    let updated = bench.azq([
        "update",
        "orders",
        id,
        "18 bottles",
        "--pop-receipt",
        receipt,
        "--visibility-timeout",
        "0",
        "-o",
        "template={receipt}",
    ]);
    assert_eq!(updated.code, 0, "{}", updated.err);
    assert_eq!(bench.texts("orders"), ["18 bottles"]);
    let old = bench.azq(["delete", "orders", id, "--pop-receipt", receipt]);
    assert_eq!(old.code, 4, "{}", old.err);
    assert!(old.err.contains("another receiver has the message by now"), "{}", old.err);
    let new = updated.out.trim();
    let deleted = bench.azq_with(["delete", "orders", id, "--receipt-stdin"], new.as_bytes());
    assert_eq!(deleted.code, 0, "{}", deleted.err);
    let gone = bench.azq(["delete", "orders", id, "--pop-receipt", new]);
    assert_eq!(gone.code, 4, "{}", gone.err);
    let empty = bench.azq(["receive", "orders", "--fail-if-empty"]);
    assert_eq!((empty.code, empty.out.as_str()), (7, ""));
}

#[test]
fn names_of_options_are_those_of_az() {
    let bench = Bench::new();
    bench.queue("orders", &[]);
    for words in [
        "put orders --content hello --time-to-live 600 --visibility-timeout 0",
        "peek orders --num-messages 5 --account-name devstoreaccount1",
        "get orders --num-messages 1 --visibility-timeout 60",
        "ls --include-metadata --only-show-errors",
    ] {
        let run = bench.azq(words.split(' '));
        assert_eq!(run.code, 0, "{words}: {}", run.err);
    }
}

#[test]
fn contexts_name_accounts_and_hold_no_secret() {
    let bench = Bench::new();
    bench.queue("orders", &["a"]);
    let url = format!("{}/devstoreaccount1", bench.server.base_url());
    let add = bench.azq(["context", "add", "here", "--endpoint", &url, "--protected"]);
    assert_eq!(add.code, 0, "{}", add.err);
    let file = std::fs::read_to_string(bench.folder().join("contexts.toml")).unwrap();
    assert_eq!(file, format!("[context.here]\nqueue-endpoint = \"{url}\"\nprotected = true\n"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let mode = std::fs::metadata(bench.folder().join("contexts.toml")).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let seen = bench.azq(["peek", "here:orders", "-o", "raw"]);
    assert_eq!(seen.out, "a\n", "{}", seen.err);
    assert_eq!(bench.azq(["context", "use", "here"]).code, 0);
    let list = bench.azq(["context", "ls", "-o", "csv"]);
    assert!(list.out.contains("here,true,"), "{}", list.out);
    let protected = bench.azq(["rm", "orders"]);
    assert_eq!(protected.code, 2);
    let typo = bench.azq(["peek", "hre:orders"]);
    assert!(typo.err.contains("no context `hre`; did you mean `here`?"), "{}", typo.err);
    assert_eq!(bench.azq(["context", "rm", "here", "--yes"]).code, 0);
    assert_eq!(bench.azq(["context", "ls", "-o", "name"]).out, "");
}

#[test]
fn policies_are_set_shown_and_removed() {
    let bench = Bench::new();
    bench.queue("orders", &[]);
    for name in ["readers", "writers"] {
        let set = bench.azq([
            "policy",
            "set",
            "orders",
            name,
            "--permissions",
            "ar",
            "--expires",
            "2036-11-26T09:00:00Z",
        ]);
        assert_eq!(set.code, 0, "{}", set.err);
    }
    let get = bench.azq(["policy", "get", "orders", "-o", "tsv"]);
    assert_eq!(
        get.out,
        "readers\tra\t\t2036-11-26T09:00:00Z\nwriters\tra\t\t2036-11-26T09:00:00Z\n"
    );
    let typo = bench.azq(["policy", "rm", "orders", "reader", "--yes"]);
    assert_eq!(typo.code, 4);
    assert!(typo.err.contains("did you mean `readers`?"), "{}", typo.err);
    assert_eq!(bench.azq(["policy", "rm", "orders", "readers", "--yes"]).code, 0);
    assert_eq!(bench.azq(["policy", "get", "orders", "-o", "name"]).out, "writers\n");
}

#[test]
fn shells_complete_verbs_and_queues() {
    let bench = Bench::new();
    bench.queue("orders", &[]);
    bench.queue("orders-poison", &[]);
    bench.queue("thumbnails", &[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = bench.azq(["completion", shell]);
        assert!(script.code == 0 && script.out.contains("AZQ_COMPLETE"), "{shell}: {}", script.out);
    }
    let complete = |words: &[&str]| {
        let mut command = bench.command(["--"].iter().chain(words));
        command
            .env("AZQ_COMPLETE", "bash")
            .env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string())
            .env("_CLAP_IFS", "\n");
        crate::harness::ended(&mut command, b"").out
    };
    assert_eq!(complete(&["azq", "pe"]).trim(), "peek");
    assert_eq!(complete(&["azq", "peek", "ord"]).trim(), "orders\norders-poison");
}

/// The script of each shell that is on this machine, in that shell; for others, what their script asks.
#[test]
fn each_shell_completes_names_of_queues() {
    let bench = Bench::new();
    bench.queue("orders", &[]);
    bench.queue("orders-poison", &[]);
    bench.queue("thumbnails", &[]);
    let bash = "source <(azq completion bash); COMP_WORDS=(azq mv ord); COMP_CWORD=2; COMP_TYPE=9; \
                _clap_complete_azq azq ord mv; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let zsh = "compdef() { true }; _describe() { print -l -- ${(P)${@[-1]}} }; \
               eval \"$(azq completion zsh)\"; words=(azq mv ord); CURRENT=3; \
               _clap_dynamic_completer_azq";
    let fish = "azq completion fish | source; complete -C 'azq mv ord'";
    let power = "AZQ_COMPLETE=powershell azq -- azq mv ord";
    let mut tried = 0;
    for (shell, options, script) in [
        ("bash", &["--norc", "-c"][..], bash),
        ("zsh", &["-f", "-c"], zsh),
        ("fish", &["-N", "-c"], fish),
        ("sh", &["-c"], power),
    ] {
        let there = bench.shell(&format!("command -v {shell} > {shell}.path")).status().unwrap();
        if !there.success() {
            println!("{shell} is not on this machine");
            continue;
        }
        tried += 1;
        let path = std::fs::read_to_string(bench.folder().join(format!("{shell}.path"))).unwrap();
        let mut line = bench.shell("exec \"$0\" \"$@\"");
        let run = crate::harness::ended(line.arg(path.trim()).args(options).arg(script), b"");
        let names: Vec<_> = run.out.lines().map(|line| line.trim_end()).collect();
        assert_eq!(names, ["orders", "orders-poison"], "{shell}: {}{}", run.out, run.err);
    }
    assert!(tried > 0);
}

#[test]
fn manual_pages_and_the_version() {
    let bench = Bench::new();
    assert!(bench.azq(["man"]).out.contains(".TH azq 1"));
    assert!(bench.azq(["man", "take"]).out.contains("azq take"));
    assert_eq!(bench.azq(["man", "tak"]).code, 2);
    assert_eq!(bench.azq(["man", "--folder", "man1"]).code, 0);
    assert!(bench.folder().join("man1").join("azq-take.1").exists());
    let version: serde_json::Value =
        serde_json::from_str(&bench.azq(["version", "-o", "json"]).out).unwrap();
    assert_eq!(version["v"], 1);
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn bench_measures_and_leaves_nothing() {
    let bench = Bench::new();
    let run = bench.azq(["bench", "-n", "100", "-o", "jsonl"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let names: Vec<String> = run
        .out
        .lines()
        .map(|line| {
            let phase: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!((&phase["failed"], &phase["messages"]), (&0.into(), &100.into()), "{line}");
            phase["operation"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(names, ["send", "receive 32", "delete"]);
    assert_eq!(bench.azq(["ls", "-o", "name"]).out, "");
    bench.queue("orders", &["a"]);
    assert_eq!(bench.azq(["bench", "orders"]).code, 5);
}

#[test]
fn top_prints_once_where_there_is_no_terminal() {
    let bench = Bench::new();
    bench.queue("orders", &["a"]);
    bench.queue("orders-poison", &["b", "c"]);
    let run = bench.azq(["top", "-o", "csv", "--fields", "name,depth,visible,poison_depth"]);
    assert_eq!(
        run.out,
        "name,depth,visible,poison_depth\r\norders,1,1,2\r\norders-poison,2,2,\r\n"
    );
}
