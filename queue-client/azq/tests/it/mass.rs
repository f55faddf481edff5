//! The verbs that go through whole queues: what they move, write, bring back and leave.

use std::{fs, process::Stdio};

use queue_client::processor::{
    Delivery, HandlerError, Outcome, Processor, Processors, dead_letter::DeadLetterTo,
};

use crate::harness::{Bench, fine, numbers, sorted};

const ODD: [&str; 6] = [
    " a <b> & \"c\" \r\n\t ",
    "",
    "ü\u{7f}\u{202e}\u{10ffff}",
    "SGVsbG8gd29ybGQ=",
    "{\"order\":4711}",
    "\\n",
];

/// The texts of all visible messages, in order of the alphabet, and the highest dequeue count.
fn all(bench: &Bench, name: &str) -> (Vec<String>, u32) {
    let queue = bench.service.queue(name).unwrap();
    bench.runtime.block_on(async {
        let mut scan = queue.scan().max_attempt(u32::MAX);
        let mut texts = Vec::new();
        while let Some(message) = scan.next().await.unwrap() {
            texts.push(message.text().to_owned());
        }
        texts.sort();
        (texts, scan.finish().await.highest_dequeue_count.saturating_sub(1))
    })
}

#[test]
fn what_is_dumped_is_restored_byte_by_byte() {
    let bench = Bench::new();
    bench.queue("orders", &ODD);
    bench.fill("orders", &numbers(70));
    let before = all(&bench, "orders").0;
    for (file, copy) in [("orders.jsonl", "copy-1"), ("orders.jsonl.gz", "copy-2")] {
        let run = fine(bench.azq(["dump", "orders", file, "--any-attempt"]));
        assert!(run.err.contains("raises its dequeue count"), "{}", run.err);
        assert!(run.err.contains("76 written, 0 deleted, 76 given back (orders)"), "{}", run.err);
        assert_eq!(run.out, "");
        let packed = fs::read(bench.folder().join(file)).unwrap().starts_with(&[0x1f, 0x8b]);
        assert_eq!(packed, file.ends_with(".gz"));
        let run = fine(bench.azq(["restore", copy, file, "--create"]));
        assert!(run.err.contains("76 put + 0 put before"), "{}", run.err);
        assert_eq!(all(&bench, copy).0, before);
    }
    assert_eq!(all(&bench, "orders").0, before);

    let run = bench.azq(["dump", "orders", "orders.jsonl"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("orders.jsonl exists: add --resume"), "{}", run.err);

    let run = fine(bench.azq(["dump", "copy-1", "all.jsonl.gz", "--delete", "--yes"]));
    assert!(run.err.contains("76 written, 76 deleted, 0 given back"), "{}", run.err);
    let run = fine(bench.azq(["dump", "copy-2", "all.jsonl.gz", "--delete", "--yes", "--resume"]));
    assert!(run.err.contains("76 written, 76 deleted"), "{}", run.err);
    let run = fine(bench.azq(["restore", "copy-1", "all.jsonl.gz"]));
    assert!(run.err.contains("152 put"), "{}", run.err);
}

#[test]
fn a_dump_in_a_pipe_that_closes_loses_nothing() {
    let bench = Bench::new();
    bench.fill("orders", &numbers(2000));
    let line = "azq dump orders --delete --yes | head -1 > first.jsonl";
    crate::harness::ended(&mut bench.shell(line), b"");
    let first = fs::read_to_string(bench.folder().join("first.jsonl")).unwrap();
    assert_eq!(first.lines().count(), 1);
    let left = bench.server.emulator().inspect().queue("orders").unwrap().messages.len();
    // What was written into the pipe before its reader went away is gone, in pieces of 64.
    assert!((1000..2000).contains(&left), "{left} left");
}

#[test]
fn moving_asks_and_tells_first() {
    let bench = Bench::new();
    bench.fill("orders", &numbers(100));
    let run = bench.azq(["mv", "orders", "archive"]);
    assert_eq!(run.code, 2);
    assert!(
        run.err.contains("Move ≈ 100 messages of orders to archive? Add --yes to say so"),
        "{}",
        run.err
    );
    let run = fine(bench.azq(["mv", "orders", "archive", "--dry-run", "--match", "^1"]));
    assert!(run.err.contains(" of the first 32 messages; ≈ 100"), "{}", run.err);
    assert_eq!(all(&bench, "orders").1, 0, "nothing was received");

    let run =
        fine(bench.azq(["mv", "orders", "archive", "--dry-run", "--allow-lease", "--match", "9"]));
    assert!(
        run.err.contains("would move 19 of 100 messages; all were received once"),
        "{}",
        run.err
    );

    let run = bench.azq(["mv", "orders", "archive", "--yes", "--any-attempt"]);
    assert_eq!((run.code, run.err.contains("no queue `archive`")), (4, true), "{}", run.err);
    let arguments = [
        "mv",
        "orders",
        "archive",
        "--match",
        "9",
        "--create",
        "--yes",
        "--any-attempt",
        "-o",
        "json",
    ];
    let run = fine(bench.azq(arguments));
    assert!(
        run.err.contains("19 moved + 0 failed + 81 left = 100 seen (orders to archive)"),
        "{}",
        run.err
    );
    let document: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(
        (&document["v"], &document["moved"], &document["left"]),
        (&1.into(), &19.into(), &81.into())
    );
    assert_eq!((all(&bench, "orders").0.len(), all(&bench, "archive").0.len()), (81, 19));
    let states = bench.folder().join(".local/state/azq");
    assert_eq!(fs::read_dir(states).unwrap().count(), 0, "nothing is left to remember");
}

#[test]
fn copies_stop_before_consumers_give_up() {
    let bench = Bench::new();
    bench.queue("orders", &["17 bottles"]);
    for _ in 0..2 {
        fine(bench.azq(["cp", "orders", "archive", "--create", "--yes"]));
    }
    let run = bench.azq(["cp", "orders", "archive", "--yes"]);
    assert_eq!(run.code, 8);
    assert!(run.err.contains("would have been received 3 times"), "{}", run.err);
    assert!(run.err.contains("raise --max-attempt (3)"), "{}", run.err);
    fine(bench.azq(["cp", "orders", "archive", "--yes", "--max-attempt", "5"]));
    assert_eq!(bench.texts("archive").len(), 3);
}

#[test]
fn a_scan_must_be_wanted_and_finds_what_is_far_behind() {
    let bench = Bench::new();
    bench.fill("orders", &numbers(100));
    let run = bench.azq(["scan", "orders"]);
    assert_eq!((run.code, run.err.contains("add --allow-lease")), (2, true), "{}", run.err);
    let run = fine(bench.azq(["scan", "orders", "--allow-lease", "--match", "^9.$", "-o", "raw"]));
    assert_eq!(sorted(run.out.lines().map(str::to_owned).collect()), numbers(100).split_off(90));
    assert!(run.err.contains("10 shown of 100 seen, 100 given back"), "{}", run.err);
    let run = bench.azq(["scan", "orders", "--allow-lease", "--match", "x", "--fail-if-empty"]);
    assert_eq!(run.code, 7);
}

#[test]
fn purge_deletes_all_or_what_matches_and_keeps_a_backup() {
    let bench = Bench::new();
    bench.fill("orders", &numbers(100));
    let run = bench.azq(["purge", "orders"]);
    assert_eq!((run.code, run.err.contains("Add --yes")), (2, true), "{}", run.err);
    fine(bench.azq(["purge", "orders", "--match", "^[0-4]", "--yes"]));
    let left = all(&bench, "orders").0;
    assert!(left.len() == 55 && left.iter().all(|text| text.as_str() >= "5"), "{left:?}");
    fine(bench.azq(["purge", "orders", "--backup", "b.jsonl", "--yes", "--any-attempt"]));
    assert_eq!(all(&bench, "orders").0.len(), 0);
    fine(bench.azq(["restore", "orders", "b.jsonl"]));
    assert_eq!(all(&bench, "orders").0, left);
    let run = fine(bench.azq(["purge", "orders", "--yes"]));
    assert!(run.err.contains("orders is empty"), "{}", run.err);
    assert_eq!(bench.server.emulator().inspect().queue("orders").unwrap().messages.len(), 0);
}

#[test]
fn dead_letters_are_shown_and_brought_back_by_their_reason() {
    let bench = Bench::new();
    bench.fill("orders", &numbers(10));
    let orders = bench.service.queue("orders").unwrap();
    bench.runtime.block_on(async {
        let processor = Processor::new(orders)
            .max_deliveries(1)
            .dead_letter(DeadLetterTo::poison_queue().in_envelope());
        let handler = async |order: Delivery<String>| {
            let odd = order.body().parse::<u32>().unwrap() % 2 == 1;
            if odd {
                Ok(Outcome::DeadLetter { reason: "odd".into() })
            } else {
                Err(HandlerError::from("no glass left"))
            }
        };
        processor.drain_once(handler).await.unwrap();
    });
    let run = fine(bench.azq([
        "redrive",
        "orders",
        "--dry-run",
        "--reason",
        "requested",
        "-o",
        "tsv",
        "--fields",
        "reason,attempts,error,body",
    ]));
    let mut lines: Vec<_> = run.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines.len(), 5, "{}", run.out);
    assert_eq!(lines[0], "requested\t1\todd\t1");
    assert!(run.err.contains("would move 5 of 10 dead letters"), "{}", run.err);

    let run = fine(bench.azq(["redrive", "orders-poison", "--reason", "requested", "--yes"]));
    assert!(run.err.contains("5 moved + 0 failed + 5 left = 10 seen"), "{}", run.err);
    assert_eq!(all(&bench, "orders").0, ["1", "3", "5", "7", "9"]);
    fine(bench.azq(["redrive", "orders", "--since", "2h", "--yes"]));
    assert_eq!(all(&bench, "orders").0, numbers(10));
    let run = bench.azq(["redrive", "orders", "--reason", "boredom", "--yes"]);
    assert_eq!((run.code, run.err.contains("is none of handler_failed")), (2, true), "{}", run.err);
}

#[test]
fn dead_letters_of_stripes_go_back_to_their_own() {
    let bench = Bench::new();
    for (stripe, texts) in [("orders-0", ["1", "2"]), ("orders-1", ["3", "4"])] {
        bench.queue(stripe, &texts);
    }
    bench.runtime.block_on(async {
        let orders = bench.service.striped("orders", 2).unwrap();
        let processors =
            Processors::new().add_striped(&orders, 1, |stripe| stripe.max_deliveries(1));
        processors.drain_once(|_| async { Err::<(), _>("no glass left".into()) }).await.unwrap();
        bench.service.queue("orders-poison").unwrap().send("no envelope").await.unwrap();
    });
    let run = fine(bench.azq(["redrive", "orders-*", "--dry-run"]));
    assert!(run.err.contains("would move 4 of 5 dead letters"), "{}", run.err);
    let run = fine(bench.azq(["redrive", "orders-*", "--yes"]));
    assert!(run.err.contains("4 moved + 0 failed + 1 left = 5 seen"), "{}", run.err);
    assert!(run.err.contains("azq redrive orders-0 --from orders-poison"), "{}", run.err);
    assert_eq!(all(&bench, "orders-0").0, ["1", "2"]);
    assert_eq!(all(&bench, "orders-1").0, ["3", "4"]);

    let run = fine(bench.azq(["check", "orders-*", "--max-depth", "2"]));
    assert_eq!(run.code, 0);
    let run = bench.azq(["check", "orders-*", "--max-depth", "1"]);
    assert!(run.code == 8 && run.err.contains("orders-0 has 2 messages"), "{}", run.err);
    let run = bench.azq(["check", "bills-*", "--max-depth", "1"]);
    assert!(run.code == 2 && run.err.contains("no queue matches `bills-*`"), "{}", run.err);
}

#[test]
fn one_message_is_edited_or_put_anew() {
    let bench = Bench::new();
    bench.queue("orders", &["17 bottles", "SGVsbG8gd29ybGQ=", "3 glasses"]);
    let ids: Vec<_> =
        bench.azq(["peek", "orders", "-o", "name"]).out.lines().map(str::to_owned).collect();
    let run = fine(bench.azq(["requeue", "orders", &ids[0], "--yes"]));
    assert!(run.err.contains("was put anew as"), "{}", run.err);
    fine(bench.azq(["edit", "orders", &ids[1], "--body", "Hello moon", "--yes"]));
    let (texts, _) = all(&bench, "orders");
    assert_eq!(texts, ["17 bottles", "3 glasses", "SGVsbG8gbW9vbg=="]);
    let run =
        bench.azq(["edit", "orders", &ids[2], "--body", "3 glasses", "--yes", "--any-attempt"]);
    assert_eq!((run.code, run.err.contains("nothing was changed")), (1, true), "{}", run.err);
    let run = bench.azq(["requeue", "orders", &ids[0], "--yes", "--any-attempt"]);
    assert_eq!((run.code, run.err.contains("no visible message")), (4, true), "{}", run.err);
    let mut editor = bench.command(["edit", "orders", &ids[2], "--yes", "--any-attempt"]);
    editor.env("EDITOR", "sed -i s/3/4/");
    fine(crate::harness::ended(&mut editor, b""));
    assert!(all(&bench, "orders").0.contains(&"4 glasses".to_owned()));
}

#[test]
fn a_dump_may_hold_what_is_no_longer_wanted() {
    let bench = Bench::new();
    bench.queue("orders", &[]);
    let line = |id: &str, expires: &str| {
        format!("{{\"v\":1,\"id\":\"{id}\",\"text\":\"{id}\",\"expires\":\"{expires}\"}}\n")
    };
    let dump = [
        line("past", "2020-01-01T00:00:00Z"),
        line("ever", "never"),
        line("ever", "never"),
        line("later", "2999-01-01T00:00:00Z"),
    ];
    fs::write(bench.folder().join("dump"), dump.concat()).unwrap();
    let run = fine(bench.azq(["restore", "orders", "dump", "--dedupe", "--dry-run"]));
    assert!(
        run.err.contains("2 would be put + 0 put before + 1 expired + 1 repeated"),
        "{}",
        run.err
    );
    fine(bench.azq(["restore", "orders", "dump", "--dedupe"]));
    assert_eq!(all(&bench, "orders").0, ["ever", "later"]);
    fs::write(bench.folder().join("bad"), "{\"v\":1,\"text\":\"x\"}\nhello\n").unwrap();
    let run = bench.azq(["restore", "orders", "bad"]);
    assert_eq!((run.code, run.err.contains("line 2 of bad is no JSON")), (2, true), "{}", run.err);
}

/// Ctrl-C once: what is under way is finished, the rest is given back, and the sum is right.
#[cfg(unix)]
#[test]
fn an_interrupted_move_ends_in_good_order() {
    let bench = Bench::new();
    bench.fill("orders", &numbers(200));
    bench.queue("archive", &[]);
    let mut command = bench.command(["mv", "orders", "archive", "--rate", "20", "--yes"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let moved = || bench.server.emulator().inspect().queue("archive").unwrap().messages.len();
    while moved() < 5 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{err}");
    let moved = moved();
    assert!(err.contains(&format!("{moved} moved + 0 failed + ")), "{err}");
    assert_eq!(all(&bench, "orders").0.len() + moved, 200, "all are visible");
}

#[test]
fn accounts_are_named_where_there_are_two() {
    let (bench, other) = (Bench::new(), Bench::new());
    bench.queue("orders", &["a", "b"]);
    other.queue("orders", &[]);
    let url = format!("{}/devstoreaccount1", other.server.base_url());
    fine(bench.azq(["context", "add", "other", "--endpoint", &url]));
    let dry = bench.azq(["mv", "orders", "other:orders"]);
    assert!(dry.err.contains("of orders to other:orders?"), "{}", dry.err);
    let run = fine(bench.azq(["mv", "orders", "other:orders", "--yes", "-o", "json"]));
    assert!(
        run.err.contains("2 moved + 0 failed + 0 left = 2 seen (orders to other:orders)"),
        "{}",
        run.err
    );
    let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    for field in ["from_account", "to_account"] {
        assert_eq!(report[field], "devstoreaccount1", "{report}");
    }

    let dump = fine(bench.azq(["dump", "other:orders"]));
    for line in dump.out.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&record["account"], &record["queue"]),
            (&"devstoreaccount1".into(), &"orders".into())
        );
    }
    assert_eq!(dump.out.lines().count(), 2);
}

#[cfg(unix)]
#[test]
fn two_dumps_do_not_write_one_file() {
    let bench = Bench::new();
    bench.fill("orders", &numbers(40));
    let words = ["dump", "orders", "orders.jsonl", "--resume"];
    let number =
        bench.server.emulator().add_fault("delay=600s operation=GetMessages".parse().unwrap());
    let mut first = bench.command(words).stderr(Stdio::null()).spawn().unwrap();
    crate::harness::wait_until("the first dump", || {
        bench.server.emulator().faults_in_force().iter().any(|fault| fault.met > 0)
    });
    let second = bench.azq(words);
    assert_eq!(second.code, 5, "{}", second.err);
    assert!(second.err.contains("orders.jsonl is being written by another run"), "{}", second.err);
    // A killed run holds the file no longer, and its messages are visible when its lease ends.
    first.kill().unwrap();
    first.wait().unwrap();
    bench.server.emulator().remove_fault(number);
    let third = fine(bench.azq(words));
    assert!(third.err.contains(" written, 0 deleted"), "{}", third.err);
}
