//! What a program gets done when the service is 20 ms away, beside the same job as the documentation of
//! Microsoft's libraries shows it.

use std::process::Command;

use serde_json::Value;

use super::emulator::start_with;
use super::process::output;
use super::{Options, Report};
use crate::Outcome;
use crate::load::{Signed, Work};
use crate::table::{Table, maybe};
use crate::wire;

/// The fault that every request meets.
const FAULT: &str = "delay=20ms\n";
/// The connections that fill the queue, which is not measured.
const FILLERS: usize = 256;

/// A job: its name here, what its column says, and how long its handlers take.
struct Job {
    name: &'static str,
    what: &'static str,
    /// Milliseconds for each message and how many handlers; none for sending.
    handlers: Option<(u64, usize)>,
    /// The messages of our run and of the peers', which have one request under way at a time.
    messages: (u64, u64),
    /// Messages per second that must be reached.
    bar: f64,
}

const JOBS: [Job; 5] = [
    Job { name: "send", what: "send", handlers: None, messages: (8_000, 100), bar: 2_000.0 },
    Job {
        name: "drain-16-0",
        what: "16 handlers of 0 ms",
        handlers: Some((0, 16)),
        messages: (8_000, 100),
        bar: 1_500.0,
    },
    Job {
        name: "drain-64-0",
        what: "64 of 0 ms",
        handlers: Some((0, 64)),
        messages: (8_000, 100),
        bar: 2_000.0,
    },
    Job {
        name: "drain-64-100",
        what: "64 of 100 ms",
        handlers: Some((100, 64)),
        messages: (12_800, 25),
        bar: 615.0,
    },
    Job {
        name: "drain-16-1000",
        what: "16 of 1 s",
        handlers: Some((1_000, 16)),
        messages: (480, 3),
        bar: 15.5,
    },
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contestant {
    Ours,
    Official,
    Python,
    JavaScript,
}

impl Contestant {
    const ALL: [Self; 4] = [Self::Ours, Self::Official, Self::Python, Self::JavaScript];

    const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Official => "official",
            Self::Python => "python",
            Self::JavaScript => "javascript",
        }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::Ours => "queue-client, default settings",
            Self::Official => "azure_storage_queue 1.1 (Microsoft's for Rust)",
            Self::Python => "azure-storage-queue 12.18 (Python)",
            Self::JavaScript => "@azure/storage-queue 12.32 (JavaScript)",
        }
    }

    /// Python's documentation sends side by side, with `asyncio.gather`.
    fn messages(self, job: &Job) -> u64 {
        let (many, few) = job.messages;
        match self {
            Self::Ours => many,
            Self::Python if job.handlers.is_none() => many / 4,
            _ => few,
        }
    }

    /// The program with what it is to do.
    fn command(self, options: &Options, job: &Job, messages: u64, port: u16) -> Command {
        let script = |program: &std::path::Path, name: &str| {
            let mut command = Command::new(program);
            command
                .arg(options.package.join("peers").join(name))
                .env("AZURE_STORAGE_CONNECTION_STRING", wire::connection_string(port))
                .env("QUEUE", wire::QUEUE)
                .env("PACKAGES", &options.javascript);
            command
        };
        let mut command = match self {
            Self::Ours | Self::Official => {
                let features = if self == Self::Ours { "lean" } else { "official" };
                let mut command = Command::new(options.program(features, "distance"));
                command.args([&port.to_string(), self.name()]);
                command
            }
            Self::Python => script(&options.python, "distance.py"),
            Self::JavaScript => script("node".as_ref(), "distance.js"),
        };
        match job.handlers {
            None => command.args(["send", &messages.to_string()]),
            Some((each, handlers)) => {
                command.args(["drain", &messages.to_string(), &each.to_string()]);
                // The loops of the peers have none.
                if matches!(self, Self::Ours | Self::Official) {
                    command.arg(handlers.to_string());
                }
                &mut command
            }
        };
        command
    }
}

pub(super) async fn run(options: &Options, report: &mut Report) -> Outcome {
    let folder = options.scratch.join("distance");
    std::fs::create_dir_all(&folder)?;
    let faults = folder.join("faults");
    std::fs::write(&faults, FAULT)?;
    // A queue that was deleted can be made again at once.
    let arguments =
        ["--deletion-time".as_ref(), "0".as_ref(), "--faults".as_ref(), faults.as_os_str()];
    let server = start_with(options, arguments).await?;
    let rounds = if options.quick { 1 } else { 3 };
    for _ in 0..rounds {
        for contestant in Contestant::ALL {
            for job in &JOBS {
                measure(options, report, contestant, job, &server.signed).await?;
            }
        }
    }
    std::fs::remove_dir_all(&folder)?;
    show(report);
    bars(report);
    Ok(())
}

fn name(contestant: Contestant, job: &Job, figure: &str) -> String {
    format!("distance/{}/{}/{figure}", job.name, contestant.name())
}

async fn measure(
    options: &Options,
    report: &mut Report,
    contestant: Contestant,
    job: &Job,
    server: &Signed,
) -> Outcome {
    let messages = contestant.messages(job);
    server.create_queue().await?;
    if job.handlers.is_some() {
        server.run(Work::Put, FILLERS, messages).await?;
    }
    let said = output(&mut contestant.command(options, job, messages, server.port()))?;
    let said: Value = serde_json::from_str(&said)?;
    let seconds = said["seconds"].as_f64().or(said.as_f64()).ok_or("no seconds")?;
    report.add(name(contestant, job, "per_second"), messages as f64 / seconds);
    if let Some(requests) = said["requests"].as_f64() {
        report.add(name(contestant, job, "requests"), requests);
    }
    server.delete_queue().await
}

fn show(report: &mut Report) {
    let columns = ["", JOBS[0].what, JOBS[1].what, JOBS[2].what, JOBS[3].what, JOBS[4].what];
    let mut table = Table::new("Messages per second when each request takes 20 ms", columns);
    for contestant in Contestant::ALL {
        let figures = JOBS.iter().map(|job| {
            let rate = report.get(&name(contestant, job, "per_second"));
            maybe(rate.map(|rate| if rate < 100.0 { rate } else { rate.round() }))
        });
        table.row([contestant.what().to_owned()].into_iter().chain(figures));
    }
    let requests =
        JOBS.iter().map(|job| maybe(report.get(&name(Contestant::Ours, job, "requests"))));
    table.row(["queue-client: requests per message".to_owned()].into_iter().chain(requests));
    report.table(table);
}

fn bars(report: &mut Report) {
    for job in &JOBS {
        let rate = report.get(&name(Contestant::Ours, job, "per_second"));
        report.time_bar(
            format!("distance, {}: ms for a message, {} per second", job.what, job.bar),
            rate.map(|rate| 1e3 / rate),
            Some(1e3 / job.bar),
        );
        if job.handlers == Some((0, 64)) {
            let requests = report.get(&name(Contestant::Ours, job, "requests"));
            report.time_bar(
                format!("distance, {}: requests per message", job.what),
                requests,
                Some(1.05),
            );
        }
    }
}
