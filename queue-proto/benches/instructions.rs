//! What the hot paths cost in instructions and allocations:
//! `cargo bench -p queue-proto --bench instructions`.
//!
//! Both repeat from run to run. Instructions are counted by valgrind's callgrind, as the difference
//! of two runs; where valgrind is not installed, allocations alone are shown. The bars: reading an
//! answer of 32 messages of 1 KiB costs at most 1.25 allocations a message and 1.4 times the
//! instructions of a bare quick-xml event loop over the same bytes; building a Put Message request
//! costs at most 12 allocations. The program ends with an error when one is missed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark")]

mod work;

use std::collections::BTreeMap;
use std::process::{Command, ExitCode};

const FEW: u64 = 10;
const MANY: u64 = 110;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, path, rounds] = arguments.as_slice()
        && flag == "--run"
    {
        let work = work::Work::new();
        (0..rounds.parse().unwrap()).for_each(|_: u64| work.run(path));
        return ExitCode::SUCCESS;
    }

    let work = work::Work::new();
    let mut costs = BTreeMap::new();
    println!("{:32} {:>12} {:>12} {:>10}", "path", "instructions", "allocations", "bytes");
    for path in work::PATHS {
        let allocations = allocation_counter::measure(|| work.run(path));
        let instructions = instructions(path);
        let shown = instructions.map_or_else(|| "-".to_owned(), |count| count.to_string());
        println!(
            "{path:32} {shown:>12} {:>12} {:>10}",
            allocations.count_total, allocations.bytes_total
        );
        costs.insert(path, (instructions, allocations.count_total));
    }

    let cost = |path: &str| *costs.get(path).unwrap();
    let (_, put) = cost("put-message/write-request");
    println!("\nallocations of Put Message: {put} (bar 12)");
    let mut missed = put > 12;
    let (bare, _) = cost("get-messages/bare-event-loop");
    for path in ["get-messages/read-response", "get-messages/read-response-general"] {
        let (read, per_answer) = cost(path);
        let per_message = per_answer as f64 / 32.0;
        println!("{path}: {per_message:.2} allocations a message (bar 1.25)");
        missed |= per_message > 1.25;
        if let (Some(read), Some(bare)) = (read, bare) {
            // The bar is about the shape that the service sends.
            let barred = !path.ends_with("general");
            let bar = if barred { "bar 1.40" } else { "no bar" };
            let ratio = read as f64 / bare as f64;
            println!("{path}: {ratio:.2} times the bare event loop ({bar})");
            missed |= barred && ratio > 1.4;
        }
    }
    if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The instructions of one walk of a path.
fn instructions(path: &str) -> Option<u64> {
    let total = |rounds: u64| {
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(std::env::current_exe().ok()?)
            .args(["--run", path, &rounds.to_string()])
            .output()
            .ok()?;
        let report = String::from_utf8(output.stderr).ok()?;
        let line = report.lines().find(|line| line.contains("Collected :"))?;
        line.rsplit(' ').next()?.parse::<u64>().ok()
    };
    Some((total(MANY)? - total(FEW)?) / (MANY - FEW))
}
