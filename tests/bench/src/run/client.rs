//! Our client and its peers, against the stub.

use std::process::Command;

use serde_json::Value;

use super::process::{Running, output};
use super::{Options, Report};
use crate::Outcome;
use crate::chart::Group;
use crate::client::OPERATIONS;
use crate::measure::instructions;
use crate::table::{Table, maybe, percent, ratio};

/// Name, features of its program, and what it is.
const CONTESTANTS: [(&str, &str, &str); 7] = [
    ("ours-hyper", "lean", "queue-client over hyper"),
    ("ours-reqwest", "lean", "queue-client over reqwest"),
    ("ours-hyper-sas", "lean", "queue-client over hyper, SAS"),
    ("hyper", "lean", "hyper, pooled"),
    ("reqwest", "lean", "reqwest 0.13"),
    ("official", "official", "azure_storage_queue 1.1, SAS"),
    ("legacy", "legacy", "azure_storage_queues 0.21"),
];
const CONCURRENCIES: [usize; 3] = [1, 16, 64];
const FEW: u64 = 50;
const MANY: u64 = 250;

pub(super) fn run(options: &Options, report: &mut Report) -> Outcome {
    let (_stub, port) = Running::with_port(&options.program("lean", "stub"))?;
    let rounds = if options.quick { 1 } else { 3 };
    for _ in 0..rounds {
        for operation in OPERATIONS {
            for contestant in CONTESTANTS {
                count(options, report, port, contestant, operation)?;
            }
        }
    }
    counts(report);
    count_bars(report);
    if !options.check {
        load(options, report, port)?;
        loads(report);
        time_bars(report);
    }
    Ok(())
}

fn name(operation: &str, contestant: &str, figure: &str) -> String {
    format!("client/{operation}/{contestant}/{figure}")
}

fn count(
    options: &Options,
    report: &mut Report,
    port: u16,
    (contestant, features, _): (&str, &str, &str),
    operation: &str,
) -> Outcome {
    let command = |program: &str, calls: u64| {
        let mut command = Command::new(options.program(features, program));
        command.args([&port.to_string(), contestant, operation, "count", &calls.to_string()]);
        command
    };
    let many = instructions(&command("client", MANY))?;
    if let (Some(many), Some(few)) = (many, instructions(&command("client", FEW))?) {
        let each = (many as f64 - few as f64) / (MANY - FEW) as f64;
        report.add(name(operation, contestant, "instructions"), each);
    }
    let said: Value = serde_json::from_str(&output(&mut command("client-counted", MANY))?)?;
    for figure in ["allocations", "bytes"] {
        let value = said[figure].as_f64().ok_or("no allocations")?;
        report.add(name(operation, contestant, figure), value);
    }
    Ok(())
}

fn counts(report: &mut Report) {
    for operation in OPERATIONS {
        let columns = [
            "contestant",
            "instructions",
            "± spread",
            "× hyper",
            "× reqwest",
            "allocations",
            "bytes",
        ];
        let title = format!("Client, {operation}: counts per call");
        let mut table = Table::new(title, columns);
        let mut bars = Vec::new();
        let get = |contestant: &str, figure: &str| report.get(&name(operation, contestant, figure));
        for (contestant, _, what) in CONTESTANTS {
            let cost = get(contestant, "instructions");
            table.row([
                what.to_owned(),
                maybe(cost.map(f64::round)),
                percent(report.spread(&name(operation, contestant, "instructions"))),
                ratio(cost, get("hyper", "instructions")),
                ratio(cost, get("reqwest", "instructions")),
                maybe(get(contestant, "allocations")),
                maybe(get(contestant, "bytes").map(f64::round)),
            ]);
            if let Some(cost) = cost {
                bars.push((what.to_owned(), cost, contestant.starts_with("ours")));
            }
        }
        report.charts.push(Group { heading: operation.to_owned(), bars });
        report.table(table);
    }
}

fn count_bars(report: &mut Report) {
    let get = |report: &Report, operation: &str, contestant: &str, figure: &str| {
        report.get(&name(operation, contestant, figure))
    };
    for (ours, raw, factor, more_send, more_delete) in
        [("ours-reqwest", "reqwest", 1.35, 10.0, 8.0), ("ours-hyper", "hyper", 1.7, 10.0, 10.0)]
    {
        for (operation, more) in [("send", more_send), ("delete", more_delete)] {
            let limit = get(report, operation, raw, "instructions").map(|cost| cost * factor);
            let cost = get(report, operation, ours, "instructions");
            report.count_bar(
                format!("{operation}, {ours}: instructions, {factor} × {raw}"),
                cost,
                limit,
            );
            let limit = get(report, operation, raw, "allocations").map(|count| count + more);
            let count = get(report, operation, ours, "allocations");
            report.count_bar(
                format!("{operation}, {ours}: allocations, {more} more than {raw}"),
                count,
                limit,
            );
        }
    }
    for (ours, allocations, instructions) in
        [("ours-reqwest", 90.0, 195e3), ("ours-hyper", 48.0, 150e3)]
    {
        let cost = get(report, "receive32", ours, "instructions");
        report.count_bar(format!("receive32, {ours}: instructions"), cost, Some(instructions));
        let count = get(report, "receive32", ours, "allocations");
        report.count_bar(format!("receive32, {ours}: allocations"), count, Some(allocations));
    }
    // Authorized alike.
    for (operation, ours, times) in [
        ("receive32", "ours-hyper-sas", 9.0),
        ("send", "ours-hyper-sas", 4.5),
        ("delete", "ours-hyper-sas", 4.5),
    ] {
        let cost = get(report, operation, ours, "instructions");
        let limit = get(report, operation, "official", "instructions").map(|cost| cost / times);
        report.count_bar(
            format!("{operation}, {ours}: {times} × leaner than Microsoft's crate"),
            cost,
            limit,
        );
    }
}

fn load(options: &Options, report: &mut Report, port: u16) -> Outcome {
    // Contestants take turns, so that what else the machine does meets all of them.
    let (rounds, time) = if options.quick { (1, "300") } else { (5, "700") };
    for _ in 0..rounds {
        for operation in OPERATIONS {
            for concurrency in CONCURRENCIES {
                for (contestant, features, _) in CONTESTANTS {
                    let concurrency = concurrency.to_string();
                    let said = output(
                        Command::new(options.program(features, "client"))
                            .args([&port.to_string(), contestant, operation, "load"])
                            .args([&concurrency, time]),
                    )?;
                    let said: Value = serde_json::from_str(&said)?;
                    for (figure, value) in said.as_object().into_iter().flatten() {
                        let figure = format!("{figure}/{concurrency}");
                        let value = value.as_f64().ok_or("no number")?;
                        report.add(name(operation, contestant, &figure), value);
                    }
                }
            }
        }
    }
    Ok(())
}

fn loads(report: &mut Report) {
    for operation in OPERATIONS {
        for concurrency in CONCURRENCIES {
            let columns = [
                "contestant",
                "CPU µs/call",
                "± spread",
                "× hyper",
                "calls/s",
                "p50 µs",
                "p90 µs",
                "p99 µs",
            ];
            let title = format!("Client, {operation}: {concurrency} in flight");
            let mut table = Table::new(title, columns);
            for (contestant, _, what) in CONTESTANTS {
                let of = |contestant, figure| {
                    name(operation, contestant, &format!("{figure}/{concurrency}"))
                };
                let get = |figure| report.get(&of(contestant, figure));
                table.row([
                    what.to_owned(),
                    maybe(get("cpu_us")),
                    percent(report.spread(&of(contestant, "cpu_us"))),
                    ratio(get("cpu_us"), report.get(&of("hyper", "cpu_us"))),
                    maybe(get("per_second").map(f64::round)),
                    maybe(get("p50_us")),
                    maybe(get("p90_us")),
                    maybe(get("p99_us")),
                ]);
            }
            report.table(table);
        }
    }
}

fn time_bars(report: &mut Report) {
    for (operation, times) in [("send", 1.35), ("receive32", 1.5)] {
        let cpu = |contestant| report.get(&name(operation, contestant, "cpu_us/64"));
        let (ours, limit) = (cpu("ours-hyper"), cpu("hyper").map(|cpu| cpu * times));
        let what = format!("{operation}, ours-hyper: CPU µs at 64 in flight, {times} × hyper");
        report.time_bar(what, ours, limit);
    }
    for operation in OPERATIONS {
        for concurrency in [16, 64] {
            let p99 = |contestant| {
                report.get(&name(operation, contestant, &format!("p99_us/{concurrency}")))
            };
            let (ours, limit) = (p99("ours-hyper"), p99("reqwest"));
            let what =
                format!("{operation}, ours-hyper: p99 µs at {concurrency} in flight, reqwest's");
            report.time_bar(what, ours, limit);
        }
    }
}
