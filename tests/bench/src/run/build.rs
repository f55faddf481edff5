//! What it takes to build the smallest program over each library, and how large it is.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use super::process::output;
use super::{Options, Report};
use crate::Outcome;
use crate::measure::children_cpu;
use crate::table::{Table, maybe};

/// Feature of `queue-bench-smallest`, and what it is.
const PROGRAMS: [(&str, &str); 9] = [
    ("ours-hyper-http", "queue-client, hyper, http alone"),
    ("ours-reqwest-http", "queue-client, reqwest, http alone"),
    ("official-http", "azure_storage_queue 1.1, http alone"),
    ("ours-hyper-https", "queue-client, hyper, rustls with ring"),
    ("ours-default", "queue-client as it comes: reqwest, rustls with aws-lc"),
    ("official-default", "azure_storage_queue 1.1 as it comes: rustls with aws-lc"),
    ("legacy-rustls", "azure_storage_queues 0.21, rustls"),
    ("ours-native-tls", "queue-client, reqwest, OpenSSL of the system"),
    ("legacy-default", "azure_storage_queues 0.21 as it comes: OpenSSL of the system"),
];
/// Which program must stay below which.
const BARS: [(&str, &[&str]); 5] = [
    ("ours-hyper-http", &["official-http", "legacy-default"]),
    ("ours-reqwest-http", &["official-http", "legacy-default"]),
    ("ours-hyper-https", &["official-default", "legacy-rustls"]),
    ("ours-default", &["official-default"]),
    ("ours-native-tls", &["legacy-default"]),
];

pub(super) fn run(options: &Options, report: &mut Report) -> Outcome {
    for (program, _) in PROGRAMS {
        report.add(name(program, "crates"), crates(options, program)? as f64);
        if options.build {
            let target = options.scratch.join("smallest");
            std::fs::create_dir_all(&target)?;
            let (cpu, wall) = (children_cpu()?, Instant::now());
            build(options, program, &target)?;
            report.add(name(program, "cpu_s"), (children_cpu()? - cpu).as_secs_f64());
            report.add(name(program, "wall_s"), wall.elapsed().as_secs_f64());
            report.add(name(program, "bytes"), size(&target)?);
            std::fs::remove_dir_all(&target)?;
        } else if !options.quick {
            let target = options.programs.join("smallest");
            build(options, program, &target)?;
            report.add(name(program, "bytes"), size(&target)?);
        }
    }
    let columns = ["program", "crates", "clean build CPU s", "wall s", "stripped bytes"];
    let mut table = Table::new("The smallest program that sends, receives and deletes", columns);
    for (program, what) in PROGRAMS {
        let figures = ["crates", "cpu_s", "wall_s", "bytes"];
        let cells = figures.map(|figure| maybe(report.get(&name(program, figure))));
        table.row([what.to_owned()].into_iter().chain(cells));
    }
    report.table(table);
    for (ours, peers) in BARS {
        for peer in peers {
            for figure in ["crates", "bytes"] {
                let limit = report.get(&name(peer, figure));
                let measured = report.get(&name(ours, figure));
                report.count_bar(format!("{ours}: {figure}, below {peer}"), measured, limit);
            }
            let limit = report.get(&name(peer, "cpu_s"));
            let measured = report.get(&name(ours, "cpu_s"));
            report.time_bar(format!("{ours}: clean build CPU s, below {peer}"), measured, limit);
        }
    }
    Ok(())
}

fn name(program: &str, figure: &str) -> String {
    format!("build/{program}/{figure}")
}

fn cargo(options: &Options, command: &str, program: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(&options.package).args([command, "--package", "queue-bench-smallest"]);
    cargo.args(["--locked", "--features", program]);
    cargo
}

/// The crates in the tree of normal dependencies, the program itself left out.
fn crates(options: &Options, program: &str) -> Outcome<usize> {
    let listing = output(
        cargo(options, "tree", program)
            .args(["--edges", "normal", "--prefix", "none"])
            .args(["--format", "{p}"]),
    )?;
    let named = |line: &str| line.split_whitespace().next().map(str::to_owned);
    let names: BTreeSet<String> = listing.lines().filter_map(named).collect();
    Ok(names.len().saturating_sub(1))
}

fn build(options: &Options, program: &str, target: &Path) -> Outcome {
    eprintln!("building {program}");
    output(
        cargo(options, "build", program)
            .args(["--profile", "smallest", "--target-dir"])
            .arg(target),
    )?;
    Ok(())
}

fn size(target: &Path) -> Outcome<f64> {
    Ok(std::fs::metadata(target.join("smallest/queue-bench-smallest"))?.len() as f64)
}
