//! Verbs that show and take messages: ls, info, check, peek, send, take, create, rm.

use std::{io::Read as _, process::Stdio};

use crate::harness::{Bench, ended};

#[test]
fn what_is_sent_is_seen() {
    let bench = Bench::new();
    assert_eq!(bench.azq(["create", "orders"]).err, "created orders\n");
    let sent = bench.azq_with(["send", "orders", "-j", "1"], b"17 bottles\n\n3 glasses\n");
    assert_eq!((sent.code, sent.err.as_str()), (0, "2 messages sent to orders\n"));
    let seen = bench.azq(["peek", "orders", "-o", "tsv", "--fields", "attempt,size,body"]);
    assert_eq!(seen.out, "0\t10\t17 bottles\n0\t9\t3 glasses\n");
    let list = bench.azq(["ls", "-l", "-o", "csv", "--fields", "name,depth,visible"]);
    assert_eq!(list.out, "name,depth,visible\r\norders,2,2\r\n");
    let names = bench.azq(["ls", "-o", "name"]);
    assert_eq!(names.out, "orders\n");
}

#[test]
fn a_mistyped_queue_is_named() {
    let bench = Bench::new();
    bench.queue("orders", &[]);
    let run = bench.azq(["peek", "order"]);
    assert_eq!(run.code, 4);
    assert_eq!(run.err, "azq: no queue `order`; did you mean `orders`?\n");
    let run = bench.azq(["peek", "invoices"]);
    assert_eq!(
        run.err,
        "azq: no queue `invoices` in account devstoreaccount1: create it with `azq create invoices`\n"
    );
    let run = bench.azq(["peek", "Orders_Queue"]);
    assert_eq!(run.code, 2);
    assert!(run.err.ends_with("; did you mean `orders-queue`?\n"), "{}", run.err);
}

#[test]
fn hostile_bodies_neither_steer_a_terminal_nor_break_a_line() {
    let bench = Bench::new();
    // The service takes no escape character in a text, but base64 carries everything.
    let hostile = "\u{1b}]0;owned\u{7}\u{1b}[2J\r\n\u{9b}31m\u{202e}x\ty";
    bench.queue("orders", &[]);
    let sent =
        bench.azq_with(["send", "orders", "--codec", "base64", "--whole"], hostile.as_bytes());
    assert_eq!(sent.code, 0, "{}", sent.err);
    for format in ["table", "json", "jsonl", "csv", "tsv", "name", "template={id} {body}"] {
        let run = bench.azq(["peek", "orders", "--codec", "base64", "-o", format]);
        assert_eq!(run.code, 0, "{format}: {}", run.err);
        let steers = |letter: char| {
            letter != '\n' && letter != '\r' && letter != '\t' && letter.is_control()
                || letter == '\u{202e}'
        };
        assert!(!run.out.contains(steers), "{format}: {:?}", run.out);
        let lines = run.out.lines().count();
        let expected = match format {
            "table" | "csv" => 2,
            "json" => 3,
            _ => 1,
        };
        assert_eq!(lines, expected, "{format}: {:?}", run.out);
    }
    let full = bench.azq(["peek", "orders", "--codec", "base64", "--full"]);
    assert!(!full.out.contains('\u{1b}'), "{:?}", full.out);
    let json = bench.azq(["peek", "orders", "--codec", "base64", "-o", "jsonl"]);
    let value: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(value["body"], hostile);
    let raw = bench.azq(["peek", "orders", "--codec", "base64", "-o", "raw"]);
    assert_eq!(raw.out, format!("{hostile}\n"), "in a pipe a body is what it is");
}

#[test]
fn a_reader_that_goes_away_leaves_the_rest() {
    let bench = Bench::new();
    // One text nearly fills a pipe, so that the tool waits for its reader with the second.
    let texts: Vec<String> = (0..5).map(|number| number.to_string().repeat(60_000)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    bench.queue("orders", &texts);
    let mut child = bench
        .command(["take", "orders", "--all", "-o", "raw"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((first, output.status.code()), ([b'0'], Some(1)), "{said}");
    assert!(said.contains("the reader of the output is gone"), "{said}");
    let left = bench.texts("orders");
    assert!(left.len() >= 4, "{said}");
    let depth = bench.azq(["info", "orders", "-o", "template={depth}"]);
    assert_eq!(depth.out.trim(), left.len().to_string(), "all that is left is visible");
}

#[test]
fn what_is_taken_is_gone_and_what_is_kept_stays() {
    let bench = Bench::new();
    bench.queue("orders", &["a", "b", "c"]);
    let kept = bench.azq(["take", "orders", "--keep", "--all", "-o", "raw"]);
    assert_eq!((kept.code, kept.out.as_str()), (0, "a\nb\nc\n"));
    let taken = bench.azq(["take", "orders", "-n", "2", "-o", "template={body} {attempt}"]);
    assert_eq!((taken.out.lines().count(), taken.out.matches(" 2\n").count()), (2, 2));
    let left = bench.texts("orders");
    assert!(left.len() == 1 && !taken.out.contains(&left[0]), "{left:?} {}", taken.out);
    let empty = bench.azq(["take", "orders", "--all", "--fail-if-empty"]);
    assert_eq!(empty.code, 0, "{}", empty.err);
    let empty = bench.azq(["take", "orders", "--fail-if-empty"]);
    assert_eq!(empty.code, 7);
}

#[test]
fn a_queue_is_deleted_only_with_a_yes() {
    let bench = Bench::new();
    bench.queue("orders", &["a"]);
    let run = bench.azq(["rm", "orders"]);
    assert_eq!(run.code, 2);
    assert_eq!(run.err, "azq: Delete orders with 1 message? Add --yes to say so\n");
    assert_eq!(
        bench.azq(["rm", "orders", "--dry-run"]).err,
        "would delete orders with 1 message\n"
    );
    assert_eq!(bench.texts("orders"), ["a"]);
    assert_eq!(bench.azq(["rm", "orders", "--yes"]).code, 0);
    assert_eq!(bench.azq(["rm", "orders", "--yes"]).code, 4);
    let again = bench.azq(["create", "orders"]);
    assert_eq!(again.code, 5);
    assert!(again.err.contains("add --wait"), "{}", again.err);
}

#[test]
fn checks_have_their_code() {
    let bench = Bench::new();
    bench.queue("orders", &["a", "b"]);
    assert_eq!(bench.azq(["check", "orders", "--max-depth", "2", "--max-age", "1h"]).code, 0);
    let run = bench.azq(["check", "orders", "--max-depth", "1"]);
    assert_eq!((run.code, run.err.as_str()), (8, "azq: orders has 2 messages, more than 1\n"));
    assert_eq!(bench.azq(["info", "orders", "--assert-depth", "0"]).code, 8);
}

#[test]
fn what_cannot_be_sent_is_named_and_the_rest_is_sent() {
    let bench = Bench::new();
    bench.queue("orders", &[]);
    let records = b"{\"body\":\"a\"}\nnot json\n{\"text\":\"YQ==\",\"ttl\":-1}\n{}\n";
    let run = bench.azq_with(["send", "orders", "--records", "--codec", "base64"], records);
    assert_eq!(run.code, 1);
    for words in [
        "message 2: no JSON object",
        "message 4: the record has neither",
        "2 sent to orders, 2 failed",
    ] {
        assert!(run.err.contains(words), "{}", run.err);
    }
    let mut texts = bench.texts("orders");
    texts.sort();
    assert_eq!(texts, ["YQ==", "YQ=="]);
    let missing = bench.azq(["send", "orders", "-f", "nothing.txt"]);
    assert_eq!(missing.code, 2);
    assert!(missing.err.contains("nothing.txt cannot be read"), "{}", missing.err);
}

#[test]
fn secrets_are_refused_as_arguments_and_shown_nowhere() {
    let bench = Bench::new();
    let key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq";
    for arguments in [
        vec!["--account-key", key, "ls"],
        vec!["ls", "--sas-token", key],
        vec!["ls", "--connection-string", key],
    ] {
        let run = bench.azq(&arguments);
        assert_eq!(run.code, 2);
        assert!(run.err.contains("shows in process lists"), "{}", run.err);
        assert!(!run.err.contains(key), "{}", run.err);
    }
    bench.queue("orders", &["a"]);
    for verbose in ["-v", "-vv"] {
        let run = bench.azq(["peek", "orders", verbose]);
        assert_eq!(run.code, 0);
        assert!(run.err.contains("credential: account key of AZURE_STORAGE_CONNECTION_STRING"));
        assert!(!run.err.contains(key), "{}", run.err);
    }
}

#[test]
fn a_closed_output_ends_quietly_where_nothing_is_deleted() {
    let bench = Bench::new();
    bench.queue("orders", &["a"]);
    let run = ended(
        &mut bench.shell("azq peek orders -F --interval 10ms -o raw | head -n 0; echo done"),
        b"",
    );
    assert_eq!(run.out, "done\n", "{}", run.err);
    let run = ended(bench.command(["peek", "orders"]).stdout(Stdio::null()), b"");
    assert_eq!(run.code, 0);
}
