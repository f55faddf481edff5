//! Our emulator, in memory and durable, against a bare hyper server and Azurite.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::process::{Running, free_port, output};
use super::{Options, Report};
use crate::Outcome;
use crate::disk;
use crate::load::{Loaded, Signed, Work};
use crate::measure::{cpu_of, memory_of};
use crate::table::{Table, maybe, ratio};

const CONNECTIONS: [usize; 3] = [1, 16, 64];
const START_LIMIT: Duration = Duration::from_secs(60);
const MANY: u64 = 100_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bare,
    Memory,
    Durable,
    Azurite,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Bare => "hyper",
            Self::Memory => "ours",
            Self::Durable => "ours-durable",
            Self::Azurite => "azurite",
        }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::Bare => "hyper that answers a constant",
            Self::Memory => "queue-emulator, in memory",
            Self::Durable => "queue-emulator, durable",
            Self::Azurite => "Azurite 3.37.0",
        }
    }

    /// Azurite is hundreds of times slower, and twelve of its seconds say enough.
    const fn scaled(self, requests: u64) -> u64 {
        match self {
            Self::Azurite => requests / 40,
            _ => requests,
        }
    }
}

/// A server that answers.
pub(super) struct Started {
    running: Running,
    pub(super) signed: Signed,
    ready_after: Duration,
}

impl Started {
    fn cpu(&self) -> Outcome<Duration> {
        cpu_of(self.running.id())
    }
}

pub(super) async fn run(options: &Options, report: &mut Report) -> Outcome {
    let kinds = kinds(options)?;
    for kind in &kinds {
        memory(options, report, *kind).await?;
    }
    memories(report, &kinds);
    if options.check {
        return Ok(());
    }
    let rounds = if options.quick { 1 } else { 3 };
    for _ in 0..rounds {
        for connections in CONNECTIONS {
            for kind in &kinds {
                load(options, report, *kind, connections).await?;
            }
        }
    }
    loads(report, &kinds);
    depth(options, report).await?;
    durable(options, report)
}

fn kinds(options: &Options) -> Outcome<Vec<Kind>> {
    let mut kinds = vec![Kind::Bare, Kind::Memory];
    if output(Command::new(&options.emulator).arg("--help"))?.contains("--location") {
        kinds.push(Kind::Durable);
    }
    if !options.azurite.is_empty() {
        kinds.push(Kind::Azurite);
    }
    Ok(kinds)
}

fn name(kind: Kind, figure: &str) -> String {
    format!("emulator/{}/{figure}", kind.name())
}

/// Starts a server on a folder and waits for its first answer.
pub(super) async fn start(options: &Options, kind: Kind, folder: &Path) -> Outcome<Started> {
    if kind == Kind::Bare {
        let (running, port) = Running::with_port(&options.program("lean", "server"))?;
        let signed = Signed::new(port)?;
        return Ok(Started { running, signed, ready_after: Duration::ZERO });
    }
    let port = free_port()?;
    std::fs::create_dir_all(folder)?;
    let command = match (kind, options.azurite.split_first()) {
        (Kind::Azurite, Some((program, arguments))) => {
            let mut command = Command::new(program);
            command
                .args(arguments)
                .args(["--queuePort", &port.to_string(), "--location"])
                .arg(folder);
            command
        }
        _ => {
            let mut command = Command::new(&options.emulator);
            command.args(["--port", &port.to_string()]);
            if kind == Kind::Durable {
                command.arg("--location").arg(folder);
            }
            command
        }
    };
    launch(command, port).await
}

/// Starts our emulator in memory, with these arguments besides.
pub(super) async fn start_with<A: AsRef<OsStr>>(
    options: &Options,
    arguments: impl IntoIterator<Item = A>,
) -> Outcome<Started> {
    let port = free_port()?;
    let mut command = Command::new(&options.emulator);
    command.args(["--port", &port.to_string()]).args(arguments);
    launch(command, port).await
}

async fn launch(mut command: Command, port: u16) -> Outcome<Started> {
    let signed = Signed::new(port)?;
    let started = Instant::now();
    let running = Running::new(command.stdout(Stdio::null()))?;
    while !signed.is_ready().await {
        if started.elapsed() > START_LIMIT {
            return Err(format!("{command:?} does not answer").into());
        }
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    Ok(Started { running, signed, ready_after: started.elapsed() })
}

/// Start-up, and memory idle and full.
async fn memory(options: &Options, report: &mut Report, kind: Kind) -> Outcome {
    let folder = options.scratch.join("memory");
    let starts = match (options.quick || options.check, kind) {
        (true, _) => 1,
        (false, Kind::Azurite) => 3,
        (false, _) => 10,
    };
    for _ in 1..starts {
        let server = start(options, kind, &folder).await?;
        report.add(name(kind, "ready_ms"), server.ready_after.as_secs_f64() * 1e3);
    }
    let server = start(options, kind, &folder).await?;
    report.add(name(kind, "ready_ms"), server.ready_after.as_secs_f64() * 1e3);
    tokio::time::sleep(Duration::from_secs(if kind == Kind::Azurite { 3 } else { 1 })).await;
    report.add(name(kind, "idle_mib"), memory_of(server.running.id())?);
    // Azurite takes five minutes for so many.
    if kind == Kind::Memory || kind == Kind::Durable || (kind == Kind::Azurite && options.build) {
        server.signed.create_queue().await?;
        server.signed.run(Work::Put, 16, MANY).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        report.add(name(kind, "full_mib"), memory_of(server.running.id())?);
    }
    drop(server);
    if kind == Kind::Durable {
        let server = start(options, kind, &folder).await?;
        report.add(name(kind, "ready_full_ms"), server.ready_after.as_secs_f64() * 1e3);
    }
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(())
}

fn memories(report: &mut Report, kinds: &[Kind]) {
    let columns = [
        "server",
        "first answer ms",
        "with 100,000 messages ms",
        "idle MiB",
        "100,000 messages MiB",
    ];
    let mut table = Table::new("Servers: start and memory", columns);
    for kind in kinds.iter().filter(|kind| **kind != Kind::Bare) {
        let figures = ["ready_ms", "ready_full_ms", "idle_mib", "full_mib"];
        let cells = figures.map(|figure| maybe(report.get(&name(*kind, figure))));
        table.row([kind.what().to_owned()].into_iter().chain(cells));
    }
    report.table(table);
    for (kind, full) in [(Kind::Memory, 200.0), (Kind::Durable, 100.0)] {
        let of = |figure| report.get(&name(kind, figure));
        let (idle, filled) = (of("idle_mib"), of("full_mib"));
        let (ready, ready_full) = (of("ready_ms"), of("ready_full_ms"));
        let what = kind.what();
        report.count_bar(format!("{what}: MiB idle"), idle, Some(12.0));
        report.count_bar(format!("{what}: MiB with 100,000 messages of 1 KiB"), filled, Some(full));
        report.time_bar(format!("{what}: first answer, ms"), ready, Some(20.0));
        report.time_bar(
            format!("{what}: first answer with 100,000 messages, ms"),
            ready_full,
            Some(1_000.0),
        );
    }
}

/// Puts, then gets and deletes what was put.
async fn load(options: &Options, report: &mut Report, kind: Kind, connections: usize) -> Outcome {
    let folder = options.scratch.join("load");
    let server = start(options, kind, &folder).await?;
    let requests = kind.scaled(match (options.quick, connections) {
        (false, 1) => 10_000,
        (false, _) => 40_000,
        (true, 1) => 4_000,
        (true, _) => 10_000,
    });
    if kind != Kind::Bare {
        server.signed.create_queue().await?;
    }
    let works: &[(Work, &str)] = match kind {
        Kind::Bare => &[(Work::Put, "put")],
        _ => &[(Work::Put, "put"), (Work::GetDelete, "get-delete")],
    };
    for (work, label) in works {
        let before = server.cpu()?;
        let loaded = server.signed.run(*work, connections, requests).await?;
        let cpu = server.cpu()? - before;
        let mut add = |figure: &str, value: f64| {
            report.add(name(kind, &format!("{label}/{connections}/{figure}")), value);
        };
        add("per_second", loaded.rate());
        add("cpu_us", cpu.as_secs_f64() * 1e6 / loaded.requests);
        add("p50_us", loaded.latencies.percentile(50.0));
        add("p99_us", loaded.latencies.percentile(99.0));
    }
    drop(server);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(())
}

fn loads(report: &mut Report, kinds: &[Kind]) {
    for work in ["put", "get-delete"] {
        for connections in CONNECTIONS {
            let columns = ["server", "requests/s", "CPU µs/request", "× hyper", "p50 µs", "p99 µs"];
            let title = format!("Servers, {work} of 1 KiB, {connections} connections");
            let mut table = Table::new(title, columns);
            let floor = report.get(&name(Kind::Bare, &format!("put/{connections}/cpu_us")));
            for kind in kinds {
                let work = if *kind == Kind::Bare { "put" } else { work };
                let get = |figure: &str| {
                    report.get(&name(*kind, &format!("{work}/{connections}/{figure}")))
                };
                table.row([
                    kind.what().to_owned(),
                    maybe(get("per_second").map(f64::round)),
                    maybe(get("cpu_us")),
                    ratio(get("cpu_us"), floor),
                    maybe(get("p50_us")),
                    maybe(get("p99_us")),
                ]);
            }
            report.table(table);
            let cpu = report.get(&name(Kind::Memory, &format!("{work}/{connections}/cpu_us")));
            let limit = floor.map(|floor| floor * 2.0);
            let what = format!("{work} in memory, {connections} connections: CPU µs, 2 × hyper");
            report.time_bar(what, cpu, limit);
        }
    }
}

/// What requests cost by the number of messages in the queue.
async fn depth(options: &Options, report: &mut Report) -> Outcome {
    let depths = if options.quick { [1_000, 100_000] } else { [1_000, 1_000_000] };
    let server = start(options, Kind::Memory, &options.scratch.join("depth")).await?;
    let works = [(Work::Put, "put"), (Work::GetDelete, "get-delete"), (Work::Peek, "peek")];
    let mut queues = Vec::new();
    for depth in depths {
        let signed = server.signed.clone().queue(&format!("depth-{depth}"))?;
        signed.create_queue().await?;
        signed.run(Work::Put, 16, depth).await?;
        queues.push((depth, signed));
    }
    // In turns, so that what else the machine does meets both. Every round leaves the depth as it
    // was. One round is too short for the scheduler's statistics, so their sum counts.
    let mut spent: BTreeMap<(u64, &str), (Duration, f64)> = BTreeMap::new();
    for _ in 0..if options.quick { 10 } else { 50 } {
        for (depth, signed) in &queues {
            for (work, label) in works {
                let before = server.cpu()?;
                let loaded: Loaded = signed.run(work, 4, 400).await?;
                let (cpu, requests) = spent.entry((*depth, label)).or_default();
                *cpu += server.cpu()? - before;
                *requests += loaded.requests;
                let figure = |label: &str| format!("emulator/depth/{depth}/{label}/p50_us");
                report.add(
                    figure(if label == "get-delete" { "get" } else { label }),
                    loaded.latencies.percentile(50.0),
                );
                if work == Work::GetDelete {
                    report.add(figure("delete"), loaded.deletes.percentile(50.0));
                }
            }
        }
    }
    for ((depth, label), (cpu, requests)) in spent {
        let figure = format!("emulator/depth/{depth}/{label}/cpu_us");
        report.add(figure, cpu.as_secs_f64() * 1e6 / requests);
    }
    let [few, many] = depths;
    let (few_name, many_name) = (format!("{few} messages"), format!("{many} messages"));
    let columns = ["request", &few_name, &many_name, "ratio"];
    let mut table = Table::new("queue-emulator in memory, by depth of the queue", columns);
    for (label, figure, what) in [
        ("put", "cpu_us", "put, CPU µs"),
        ("get-delete", "cpu_us", "get and delete, CPU µs each"),
        ("peek", "cpu_us", "peek, CPU µs"),
        ("put", "p50_us", "put, p50 µs"),
        ("get", "p50_us", "get, p50 µs"),
        ("delete", "p50_us", "delete, p50 µs"),
        ("peek", "p50_us", "peek, p50 µs"),
    ] {
        let get = |depth: u64| report.get(&format!("emulator/depth/{depth}/{label}/{figure}"));
        let (low, high) = (get(few), get(many));
        table.row([what.to_owned(), maybe(low), maybe(high), ratio(high, low)]);
        if figure == "cpu_us" {
            let limit = low.map(|low| low * 1.3);
            report.time_bar(format!("{what} at depth {many}, 1.3 × depth {few}"), high, limit);
        }
    }
    report.table(table);
    Ok(())
}

/// The durable mode against the disk under it, and Azurite.
fn durable(options: &Options, report: &mut Report) -> Outcome {
    let Some(puts) = report.get(&name(Kind::Durable, "put/16/per_second")) else { return Ok(()) };
    let time = if options.quick { Duration::from_secs(1) } else { Duration::from_secs(3) };
    let disk = disk::appends(&options.scratch.join("disk"), time)?;
    report.add("disk/records_per_second".into(), disk.records_per_second);
    report.add("disk/by_16_per_second".into(), disk.by_16_per_second);
    report.add("disk/fdatasync_us".into(), disk.one_us);
    let mut table = Table::new("Durable puts of 1 KiB against this disk", ["", "measured"]);
    let rate = |kind, connections: usize| {
        maybe(report.get(&name(kind, &format!("put/{connections}/per_second"))).map(f64::round))
    };
    table.row(["puts/s at 16 connections".to_owned(), rate(Kind::Durable, 16)]);
    table.row(["puts/s at 16 connections, in memory".to_owned(), rate(Kind::Memory, 16)]);
    table.row(["puts/s at 64 connections".to_owned(), rate(Kind::Durable, 64)]);
    table.row([
        "bare appends/s, one fdatasync per 64".to_owned(),
        maybe(Some(disk.records_per_second.round())),
    ]);
    table.row([
        "bare appends/s, one fdatasync per 16".to_owned(),
        maybe(Some(disk.by_16_per_second.round())),
    ]);
    table.row(["one append with fdatasync, p50 µs".to_owned(), maybe(Some(disk.one_us))]);
    let p50 = |report: &Report, kind| report.get(&name(kind, "put/1/p50_us"));
    let more = p50(report, Kind::Durable)
        .zip(p50(report, Kind::Memory))
        .map(|(durable, memory)| durable - memory);
    table.row(["put at one connection, p50 µs more than in memory".to_owned(), maybe(more)]);
    report.table(table);
    report.time_bar(
        "durable: bare appends per put at 16 connections",
        Some(disk.records_per_second / puts),
        Some(4.0),
    );
    let azurite = report.get(&name(Kind::Azurite, "put/16/per_second"));
    report.time_bar(
        "durable: 20 × Azurite's puts/s, per put/s",
        azurite.map(|rate| 20.0 * rate / puts),
        Some(1.0),
    );
    report.time_bar(
        "durable: µs more at one connection, 1.5 × one fdatasync",
        more,
        Some(1.5 * disk.one_us),
    );
    Ok(())
}
