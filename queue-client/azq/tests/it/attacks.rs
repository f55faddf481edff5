//! What goes wrong around the verbs that go through whole queues: odd input, a full disk, queues that
//! go away, two runs at once, clocks that jump, no network.

use std::{
    fs,
    process::Stdio,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, SystemTime},
};

use queue_emulator::{Emulator, ManualClock};

use crate::harness::{Bench, Ended, ended, fine, numbers, sorted};

/// All texts of a queue, hidden messages included, in order of the alphabet.
fn all(bench: &Bench, name: &str) -> Vec<String> {
    let state = bench.server.emulator().inspect();
    let mut texts: Vec<_> = state.queue(name).map_or_else(Vec::new, |queue| {
        queue.messages.iter().map(|message| message.text.as_str().to_owned()).collect()
    });
    texts.sort();
    texts
}

/// Waits until so many messages are in a queue.
fn until(bench: &Bench, name: &str, count: usize) {
    for _ in 0..60_000 {
        if all(bench, name).len() >= count {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
    panic!("{name} never had {count} messages");
}

#[test]
fn a_line_that_is_too_long_is_refused_as_a_whole() {
    let bench = Bench::new();
    bench.queue("orders", &[]);
    let mut input = vec![b'a'; 3 * 1024 * 1024 + 17];
    input.extend(b"\n17 bottles\n");
    for words in [vec!["send", "orders"], vec!["send", "orders", "--null"]] {
        let is_nul = words.len() > 2;
        let mut input = input.clone();
        if is_nul {
            input.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = 0);
        }
        let run = bench.azq_with(words, &input);
        assert_eq!(run.code, 1, "{}", run.err);
        assert!(run.err.contains("message 1: it is longer than any message can be"), "{}", run.err);
        assert_eq!(all(&bench, "orders"), ["17 bottles"], "{}", run.err);
        assert_eq!(bench.azq(["purge", "orders", "--yes"]).code, 0);
    }
    let dump = bench.folder().join("dump.jsonl");
    let long = format!("{{\"v\":1,\"text\":\"a\"}}\n{{\"v\":1,\"text\":\"{}", "a".repeat(5 << 20));
    fs::write(&dump, long).unwrap();
    let run = bench.azq(["restore", "orders", "dump.jsonl"]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("line 2 of dump.jsonl is longer than any message"), "{}", run.err);
    assert_eq!(all(&bench, "orders"), ["a"]);
}

#[test]
fn bytes_that_are_no_text_arrive_or_are_refused() {
    let bench = Bench::new();
    bench.queue("orders", &[]);
    let bytes: Vec<u8> = (0..=255).collect();
    let run = bench.azq_with(["send", "orders", "--whole", "--codec", "text"], &bytes);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.err.contains("message 1: "), "{}", run.err);
    assert!(all(&bench, "orders").is_empty());
    fine(bench.azq_with(["send", "orders", "--whole", "--codec", "bytes"], &bytes));
    let mut take = bench.command(["take", "orders", "--codec", "bytes", "-o", "raw"]);
    let taken = take.output().unwrap();
    assert_eq!(taken.stdout.strip_suffix(b"\n").unwrap_or(&taken.stdout), bytes);
    fs::write(
        bench.folder().join("dump.jsonl"),
        b"{\"v\":1,\"text\":\"a\"}\n{\"v\":1,\"text\":\"\xff\"}\n",
    )
    .unwrap();
    let run = bench.azq(["restore", "orders", "dump.jsonl"]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("line 2 of dump.jsonl cannot be read"), "{}", run.err);
}

#[test]
fn the_largest_bodies_go_everywhere_unchanged() {
    let bench = Bench::new();
    let largest = ["a".repeat(65_536), "<&>\"".repeat(2_000), "ü".repeat(32_768)];
    bench.fill("orders", &largest);
    bench.queue("archive", &[]);
    fine(bench.azq(["mv", "orders", "archive", "--yes"]));
    fine(bench.azq(["dump", "archive", "dump.jsonl", "--delete", "--yes"]));
    fine(bench.azq(["restore", "orders", "dump.jsonl"]));
    assert_eq!(all(&bench, "orders"), sorted(largest.to_vec()));
    assert!(all(&bench, "archive").is_empty());
    let more = "a".repeat(65_537);
    let run = bench.azq_with(["send", "orders", "--codec", "text"], more.as_bytes());
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.err.contains("65,536") || run.err.contains("65536"), "{}", run.err);
}

#[test]
fn a_destination_that_goes_away_leaves_the_rest_where_it_is() {
    let emulator = Emulator::builder().fault("delay=5ms".parse().unwrap()).build();
    let bench = Bench::of(emulator);
    bench.fill("orders", &numbers(1_000));
    bench.queue("archive", &[]);
    let words = ["mv", "orders", "archive", "-j", "8", "--yes"];
    let run = thread::scope(|scope| {
        let run = scope.spawn(|| bench.azq(words));
        until(&bench, "archive", 100);
        let archive = bench.service.queue("archive").unwrap();
        bench.runtime.block_on(async { archive.delete_queue().await }).unwrap();
        run.join().unwrap()
    });
    assert_eq!(run.code, 4, "{}", run.err);
    assert!(run.err.contains("archive") && !run.err.contains("panicked"), "{}", run.err);
    let left = bench.azq(["info", "orders", "-o", "template={visible}"]);
    assert_eq!(left.out, "32\n", "what was held is given back: {}", run.err);
    assert!(all(&bench, "orders").len() > 500);
}

#[test]
fn a_source_that_goes_away_ends_the_move() {
    let emulator = Emulator::builder().fault("delay=5ms".parse().unwrap()).build();
    let bench = Bench::of(emulator);
    bench.fill("orders", &numbers(1_000));
    bench.queue("archive", &[]);
    let run = thread::scope(|scope| {
        let run = scope.spawn(|| bench.azq(["mv", "orders", "archive", "-j", "8", "--yes"]));
        until(&bench, "archive", 100);
        let orders = bench.service.queue("orders").unwrap();
        bench.runtime.block_on(async { orders.delete_queue().await }).unwrap();
        run.join().unwrap()
    });
    assert!([1, 4].contains(&run.code), "{}: {}", run.code, run.err);
    assert!(!run.err.contains("panicked"), "{}", run.err);
    let moved = all(&bench, "archive");
    let mut once = moved.clone();
    once.dedup();
    assert_eq!(moved, once);
}

/// A limit on the size of files stands for a full disk: both make a write fail in the middle.
#[cfg(unix)]
fn on_a_full_disk(bench: &Bench, blocks: u32, line: &str) -> Ended {
    ended(&mut bench.shell(&format!("trap '' XFSZ; ulimit -f {blocks}; exec {line}")), b"")
}

#[cfg(unix)]
#[test]
fn a_full_disk_deletes_nothing_that_is_not_written() {
    let bench = Bench::new();
    let texts: Vec<_> = numbers(400).into_iter().map(|text| text.repeat(40)).collect();
    for (verb, file) in [
        ("dump orders dump.jsonl --delete --yes", "dump.jsonl"),
        ("purge orders --backup backup.jsonl --yes", "backup.jsonl"),
        ("purge orders --backup backup.jsonl.gz --yes", "backup.jsonl.gz"),
    ] {
        bench.fill("orders", &texts);
        // 512 or 1,024 bytes each.
        let blocks = if file.ends_with("gz") { 4 } else { 40 };
        let run = on_a_full_disk(&bench, blocks, &format!("azq {verb}"));
        assert!(run.code > 0 && run.code < 100, "{verb}: {}: {}", run.code, run.err);
        assert!(run.err.to_lowercase().contains("file too large"), "{verb}: {}", run.err);
        let left = all(&bench, "orders");
        assert!(!left.is_empty(), "{verb}: {}", run.err);
        let visible = bench.azq(["info", "orders", "-o", "template={visible}"]);
        assert_eq!(visible.out, "32\n", "{verb}: what was held is given back");
        // Going on with it, and putting all back, gives what was there.
        fine(ended(&mut bench.shell(&format!("azq {verb} --resume")), b""));
        assert!(all(&bench, "orders").is_empty(), "{verb}");
        fine(bench.azq(["restore", "orders", file]));
        assert_eq!(all(&bench, "orders"), sorted(texts.clone()), "{verb}");
        fine(bench.azq(["purge", "orders", "--yes"]));
    }
}

#[cfg(unix)]
#[test]
fn a_full_disk_stops_a_move_before_what_cannot_be_remembered() {
    let bench = Bench::new();
    let texts = numbers(400);
    bench.fill("orders", &texts);
    bench.queue("archive", &[]);
    let line = "azq mv orders archive --resume state -j 8 --yes";
    let run = on_a_full_disk(&bench, 20, line);
    assert!(run.code > 0 && run.code < 100, "{}: {}", run.code, run.err);
    assert!(run.err.contains("the journal cannot be used"), "{}", run.err);
    assert!(!all(&bench, "archive").is_empty() && !all(&bench, "orders").is_empty());
    // With room again the same command goes on, and what may be doubled is named.
    let run = ended(&mut bench.shell(line), b"");
    assert!([0, 1].contains(&run.code), "{}: {}", run.code, run.err);
    let named = run.err.lines().filter(|line| line.starts_with("possibly doubled: ")).count();
    let (moved, left) = (all(&bench, "archive"), all(&bench, "orders"));
    let mut there = [moved.clone(), left.clone()].concat();
    there.sort();
    there.dedup();
    assert_eq!(there, sorted(texts), "nothing is lost");
    assert!(moved.len() + left.len() <= there.len() + named, "{}", run.err);
}

#[test]
fn the_state_of_another_move_is_refused() {
    let bench = Bench::new();
    bench.fill("orders", &numbers(10));
    bench.queue("archive", &[]);
    bench.queue("other", &[]);
    fine(bench.azq(["mv", "orders", "archive", "--resume", "state", "--yes"]));
    bench.fill("orders", &numbers(10));
    let run = bench.azq(["mv", "orders", "other", "--resume", "state", "--yes"]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("belongs to another job"), "{}", run.err);
    assert!(run.err.contains("name another file"), "{}", run.err);
    fs::write(bench.folder().join("dump.jsonl"), "{\"v\":1,\"text\":\"a\"}\n").unwrap();
    let run = bench.azq(["restore", "orders", "dump.jsonl", "--resume", "dump.jsonl"]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("is not a journal"), "{}", run.err);
    assert_eq!(all(&bench, "orders").len(), 10);
    assert!(all(&bench, "other").is_empty());
}

#[test]
fn two_moves_at_once_move_each_message_once() {
    let emulator = Emulator::builder().fault("delay=3ms".parse().unwrap()).build();
    let bench = Bench::of(emulator);
    let texts = numbers(800);
    bench.fill("orders", &texts);
    bench.queue("archive", &[]);
    let words = |state| ["mv", "orders", "archive", "-j", "8", "--yes", "--resume", state];
    thread::scope(|scope| {
        let first = scope.spawn(|| bench.azq(words("state")));
        until(&bench, "archive", 20);
        // The same state would let one run delete what the other remembers.
        let same = bench.azq(words("state"));
        assert_eq!(same.code, 2, "{}", same.err);
        assert!(same.err.contains("is in use by another run: wait for its end"), "{}", same.err);
        fine(bench.azq(words("other")));
        fine(first.join().unwrap());
    });
    assert_eq!(all(&bench, "archive"), sorted(texts));
    assert!(all(&bench, "orders").is_empty());
}

#[test]
fn clocks_that_jump_lose_nothing() {
    let texts = numbers(500);
    for words in [
        &["mv", "orders", "archive", "-j", "4", "--lease", "30s", "--yes"][..],
        &["dump", "orders", "dump.jsonl", "--delete", "--lease", "30s", "--yes"],
    ] {
        let clock = ManualClock::starting_at(SystemTime::now());
        let emulator = Emulator::builder().manual_clock(&clock);
        let bench = Bench::of(emulator.fault("delay=5ms".parse().unwrap()).build());
        bench.queue("archive", &[]);
        bench.fill("orders", &texts);
        let over = AtomicBool::new(false);
        let mut run = thread::scope(|scope| {
            // All leases end several times while their holder believes in them.
            scope.spawn(|| {
                // A quarter of an hour away from its own, azq's signatures would be refused.
                for _ in 0..15 {
                    thread::sleep(Duration::from_millis(50));
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    clock.advance(Duration::from_secs(31));
                }
            });
            let run = bench.azq(words);
            over.store(true, Ordering::Relaxed);
            run
        });
        for _ in 0..5 {
            assert!([0, 1].contains(&run.code), "{}: {}", run.code, run.err);
            if all(&bench, "orders").is_empty() {
                break;
            }
            clock.advance(Duration::from_secs(61));
            let again = bench.azq(words.iter().chain(if words[0] == "dump" {
                &["--resume"][..]
            } else {
                &[]
            }));
            run = Ended { err: run.err + &again.err, ..again };
        }
        let mut there = all(&bench, "orders");
        there.extend(all(&bench, "archive"));
        if let Ok(dump) = fs::read_to_string(bench.folder().join("dump.jsonl")) {
            there.extend(dump.lines().map(|line| {
                let record: serde_json::Value = serde_json::from_str(line).unwrap();
                record["text"].as_str().unwrap().to_owned()
            }));
        }
        there.sort();
        let named = run.err.lines().filter(|line| line.starts_with("possibly doubled: ")).count();
        let count = there.len();
        there.dedup();
        assert_eq!(there, sorted(texts.clone()), "{words:?}: {}", run.err);
        assert!(count <= there.len() + named, "{words:?}: {}", run.err);
    }
}

#[test]
fn without_a_network_nothing_is_touched_and_the_end_is_6() {
    let bench = Bench::new();
    fs::write(bench.folder().join("dump.jsonl"), "{\"v\":1,\"text\":\"a\"}\n").unwrap();
    for words in [
        "mv orders archive --yes",
        "redrive orders --yes",
        "dump orders out.jsonl",
        "restore orders dump.jsonl",
        "purge orders --backup backup.jsonl --yes",
        "work orders -- true",
    ] {
        let mut command = bench.command(words.split(' ').chain(["--retries", "0"]));
        // Nobody listens there.
        let nowhere = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=a2V5;\
                       QueueEndpoint=http://127.0.0.1:1/devstoreaccount1";
        command.env("AZURE_STORAGE_CONNECTION_STRING", nowhere);
        let run = ended(command.stdin(Stdio::null()), b"");
        assert_eq!(run.code, 6, "{words}: {}", run.err);
        assert!(run.err.contains("127.0.0.1:1"), "{words}: {}", run.err);
    }
}

#[test]
fn a_network_that_breaks_in_the_middle_can_be_gone_on_from() {
    let emulator = Emulator::builder().fault("delay=3ms".parse().unwrap()).build();
    let bench = Bench::of(emulator);
    let texts = numbers(600);
    bench.fill("orders", &texts);
    bench.queue("archive", &[]);
    let words = [
        "mv",
        "orders",
        "archive",
        "-j",
        "8",
        "--lease",
        "1s",
        "--retries",
        "0",
        "--resume",
        "state",
        "--yes",
    ];
    let run = thread::scope(|scope| {
        let run = scope.spawn(|| bench.azq(words));
        until(&bench, "archive", 100);
        // From here on no request arrives, until the run has given up.
        bench.server.emulator().add_fault("close".parse().unwrap());
        run.join().unwrap()
    });
    assert!([1, 6].contains(&run.code), "{}: {}", run.code, run.err);
    bench.server.emulator().clear_faults();
    // A put whose answer was lost leaves its message where it is, and it is named.
    let doubtful =
        |run: &Ended| run.err.lines().filter(|line| line.starts_with("possibly doubled: ")).count();
    let again = |words: &[&str], left: bool| {
        for _ in 0..120 {
            let run = bench.azq(words);
            assert!([0, 1].contains(&run.code), "{}: {}", run.code, run.err);
            if all(&bench, "orders").len() == if left { doubtful(&run) } else { 0 } {
                return run;
            }
            // What was held comes back when its lease of a second ends.
            thread::sleep(Duration::from_millis(500));
        }
        panic!("it does not end");
    };
    let run = again(&words, true);
    let left = all(&bench, "orders");
    assert_eq!(run.code, i32::from(!left.is_empty()), "{}", run.err);
    assert_eq!(left.is_empty(), !run.err.contains("add --allow-duplicates"), "{}", run.err);
    let mut there = [left, all(&bench, "archive")].concat();
    there.sort();
    there.dedup();
    assert_eq!(there, sorted(texts.clone()));
    again(&words.into_iter().chain(["--allow-duplicates"]).collect::<Vec<_>>(), false);
    let mut moved = all(&bench, "archive");
    moved.dedup();
    assert_eq!(moved, sorted(texts));
}
