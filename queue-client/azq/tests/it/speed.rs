//! How fast the verbs go through whole queues, what memory they take, and how fast `azq` starts.
//!
//! ```console
//! cargo test --profile dist -p azq --test it speed -- --ignored --nocapture --test-threads 1
//! ```
//!
//! `AZQ_MESSAGES` says how many messages the measure of memory has. Default: 1,000,000.

use std::{
    fs,
    hash::{DefaultHasher, Hasher as _},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use queue_emulator::Emulator;

use crate::harness::Bench;

/// A queue's texts as one number that does not depend on their order, and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Print(usize, u64);

fn print(emulator: &Emulator, name: &str) -> Print {
    let state = emulator.inspect();
    let messages = &state.queue(name).unwrap().messages;
    let sum = messages.iter().fold(0_u64, |sum, message| {
        let mut hasher = DefaultHasher::new();
        hasher.write(message.text.as_str().as_bytes());
        sum.wrapping_add(hasher.finish())
    });
    Print(messages.len(), sum)
}

fn text(number: usize) -> String {
    format!("{{\"order\":{number},\"für\":\"<b>{}</b>\"}}", "x".repeat(number % 90))
}

fn fill(bench: &Bench, name: &str, count: usize) {
    let within = bench.server.emulator().clone();
    let service = queue_client::QueueServiceClient::builder_from_connection_string(
        "UseDevelopmentStorage=true",
    )
    .unwrap()
    .transport(queue_client::transport::from_fn(move |request| Ok(within.handle(request))))
    .build()
    .unwrap();
    let queue = service.queue(name).unwrap();
    bench.runtime.block_on(async {
        queue.create_if_missing().await.unwrap();
        for number in 0..count {
            queue.send(text(number)).await.unwrap();
        }
    });
}

/// What a run took.
#[derive(Debug)]
struct Cost {
    time: Duration,
    /// The most memory that it held, in MiB.
    peak: f64,
}

/// Runs `azq` to its good end. Its memory is looked at until then, since it is not told after.
fn measure(bench: &Bench, words: &[&str]) -> Cost {
    let begun = Instant::now();
    let mut child = bench.command(words).stderr(Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0_f64;
    let mut end = child.try_wait().unwrap();
    while end.is_none() {
        let status = fs::read_to_string(&status).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = peak.max(kibibytes.unwrap_or(0.0_f64) / 1024.0);
        std::thread::sleep(Duration::from_millis(5));
        end = child.try_wait().unwrap();
    }
    let time = begun.elapsed();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    Cost { time, peak }
}

fn tell(verb: &str, count: usize, cost: &Cost) {
    let rate = count as f64 / cost.time.as_secs_f64();
    println!("{verb:<10} {count:>9} in {:>8.2?}: {rate:>7.0}/s, {:.1} MiB", cost.time, cost.peak);
}

#[test]
#[ignore = "it measures: run it in release, alone on the machine"]
fn rates_at_a_distance_of_20_ms() {
    const COUNT: usize = 20_000;
    let emulator = Emulator::builder().fault("delay=20ms".parse().unwrap()).build();
    let bench = Bench::of(emulator);
    let lines: String = (0..COUNT).map(|number| text(number) + "\n").collect();
    fs::write(bench.folder().join("lines"), lines).unwrap();
    for name in ["orders", "archive", "restored"] {
        fill(&bench, name, 0);
    }
    let runs: [(&str, &[&str], f64); 4] = [
        ("send", &["send", "orders", "-f", "lines", "-q"], 1_500.0),
        ("mv", &["mv", "orders", "archive", "--yes"], 1_500.0),
        ("dump", &["dump", "archive", "dump.jsonl"], 2_000.0),
        ("restore", &["restore", "restored", "dump.jsonl"], 2_000.0),
    ];
    let mut slow = Vec::new();
    for (verb, words, least) in runs {
        let cost = measure(&bench, words);
        tell(verb, COUNT, &cost);
        if (COUNT as f64 / cost.time.as_secs_f64()) < least {
            slow.push(verb);
        }
    }
    let all = print(bench.server.emulator(), "archive");
    assert_eq!((all, all.0), (print(bench.server.emulator(), "restored"), COUNT));
    assert!(slow.is_empty(), "too slow: {slow:?}");
}

#[test]
#[ignore = "it takes minutes and a GB of memory"]
fn memory_for_a_million_messages() {
    let count = std::env::var("AZQ_MESSAGES").ok().and_then(|count| count.parse().ok());
    let count = count.unwrap_or(1_000_000);
    let bench = Bench::new();
    fill(&bench, "orders", count);
    fill(&bench, "restored", 0);
    let whole = print(bench.server.emulator(), "orders");
    let kept = measure(&bench, &["dump", "orders", "kept.jsonl"]);
    tell("dump", count, &kept);
    let drained = measure(&bench, &["dump", "orders", "dump.jsonl", "--delete", "--yes"]);
    tell("dump -d", count, &drained);
    let restored = measure(&bench, &["restore", "restored", "dump.jsonl"]);
    tell("restore", count, &restored);
    assert_eq!(print(bench.server.emulator(), "restored"), whole);
    println!("hash of all texts: {:016x}", whole.1);
    for cost in [kept, drained, restored] {
        assert!(cost.peak < 64.0, "{cost:?}");
    }
}

#[test]
#[ignore = "it measures: run it in release, alone on the machine"]
fn start_and_size() {
    let path = env!("CARGO_BIN_EXE_azq");
    let size = fs::metadata(path).unwrap().len() as f64 / 1e6;
    let mut times: Vec<Duration> = (0..100)
        .map(|_| {
            let begun = Instant::now();
            let run = Command::new(path).arg("version").stdout(Stdio::null()).status();
            assert!(run.unwrap().success());
            begun.elapsed()
        })
        .collect();
    times.sort();
    println!("start: median {:.2?}, 99th {:.2?}; size {size:.1} MB", times[50], times[98]);
    assert!(times[50] < Duration::from_millis(10), "{times:?}");
    assert!(size < 12.0, "{size} MB");
}
