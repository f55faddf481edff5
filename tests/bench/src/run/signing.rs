//! Shared Key: ours against the bare HMAC, and against reqsign.

use std::process::Command;

use super::process::output;
use super::{Options, Report};
use crate::Outcome;
use crate::measure::instructions;
use crate::table::{Table, maybe, percent, ratio};

const MODES: [(&str, &str, &str); 3] = [
    ("bare", "lean", "HMAC-SHA256 and base64 alone"),
    ("ours", "lean", "queue-auth, SharedKey"),
    ("reqsign", "reqsign", "reqsign-azure-storage 3.3, Signer"),
];

pub(super) fn run(options: &Options, report: &mut Report) -> Outcome {
    let rounds = if options.quick { 1 } else { 3 };
    for _ in 0..rounds {
        for (mode, features, _) in MODES {
            let total = |count: u64| {
                let mut command = Command::new(options.program(features, "signing"));
                instructions(command.args([mode, &count.to_string()]))
            };
            if let (Some(many), Some(few)) = (total(1_500)?, total(500)?) {
                report.add(name(mode, "instructions"), (many - few) as f64 / 1e3);
            }
            for (program, count) in [("signing-counted", "1000"), ("signing", "100000")] {
                let said =
                    output(Command::new(options.program(features, program)).args([mode, count]))?;
                let said: serde_json::Value = serde_json::from_str(&said)?;
                match said["allocations"].as_f64() {
                    Some(allocations) => report.add(name(mode, "allocations"), allocations),
                    None => report.add(name(mode, "ns"), said["ns"].as_f64().unwrap_or_default()),
                }
            }
        }
    }
    let columns = ["contestant", "instructions", "± spread", "× bare", "allocations", "ns"];
    let mut table = Table::new("Signing a Put Message with Shared Key", columns);
    let bare = report.get(&name("bare", "instructions"));
    for (mode, _, what) in MODES {
        let cost = report.get(&name(mode, "instructions"));
        table.row([
            what.to_owned(),
            maybe(cost),
            percent(report.spread(&name(mode, "instructions"))),
            ratio(cost, bare),
            maybe(report.get(&name(mode, "allocations"))),
            maybe(report.get(&name(mode, "ns"))),
        ]);
    }
    report.table(table);
    let ours = report.get(&name("ours", "instructions"));
    report.count_bar(
        "signing: instructions, 2.5 × the bare HMAC",
        ours,
        bare.map(|cost| cost * 2.5),
    );
    // By time: where SHA-256 runs in software, the bare HMAC alone is a third of reqsign's count.
    report.time_bar(
        "signing: ns, a fifth of reqsign's",
        report.get(&name("ours", "ns")),
        report.get(&name("reqsign", "ns")).map(|cost| cost / 5.0),
    );
    report.count_bar(
        "signing: allocations, a fifth of reqsign's",
        report.get(&name("ours", "allocations")),
        report.get(&name("reqsign", "allocations")).map(|cost| cost / 5.0),
    );
    Ok(())
}

fn name(mode: &str, figure: &str) -> String {
    format!("signing/{mode}/{figure}")
}
