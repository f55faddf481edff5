//! What our emulator pays for those who look: for its page, closed and open many times, and for its
//! access log.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::process::Running;
use super::{Options, Report};
use crate::Outcome;
use crate::load::{Signed, Work};
use crate::measure::cpu_of;
use crate::table::{Table, maybe, ratio};

/// A way to run the emulator.
struct Setup {
    name: &'static str,
    what: &'static str,
    arguments: &'static [&'static str],
    /// How many look at the page.
    open: usize,
    /// The most that a put may cost beside one without page and log.
    limit: f64,
    /// The figure that has this limit.
    counted: &'static str,
}

const SETUPS: [Setup; 6] = [
    Setup { name: "off", what: "no page", arguments: OFF, open: 0, limit: 1.0, counted: SERVING },
    Setup {
        name: "on",
        what: "the page, and nobody looks",
        arguments: ON,
        open: 0,
        limit: 1.03,
        counted: SERVING,
    },
    Setup {
        name: "1",
        what: "1 page is open",
        arguments: ON,
        open: 1,
        limit: 1.05,
        counted: SERVING,
    },
    Setup {
        name: "100",
        what: "100 pages are open",
        arguments: ON,
        open: 100,
        limit: 1.05,
        counted: SERVING,
    },
    Setup {
        name: "1000",
        what: "1,000 pages are open",
        arguments: ON,
        open: 1000,
        limit: 1.05,
        counted: SERVING,
    },
    Setup {
        name: "log",
        what: "no page, the access log",
        arguments: LOG,
        open: 0,
        limit: 1.1,
        counted: ALL,
    },
];
const OFF: &[&str] = &["--port", "0", "--page-port", "off"];
const ON: &[&str] = &["--port", "0", "--page-port", "0"];
const LOG: &[&str] = &["--port", "0", "--page-port", "off", "--log"];

/// The figure of the instructions of the thread that serves.
const SERVING: &str = "instructions";
/// The figure of the instructions of all threads.
const ALL: &str = "all_instructions";
const FEW: u64 = 300;
const MANY: u64 = 1_500;
const CONNECTIONS: usize = 16;

pub(super) async fn run(options: &Options, report: &mut Report) -> Outcome {
    std::fs::create_dir_all(&options.scratch)?;
    for setup in &SETUPS {
        // Under valgrind a thousand connections take minutes, and cost the service what 100 do.
        if setup.open <= 100 {
            count(options, report, setup).await?;
        }
    }
    if !options.check {
        let (rounds, puts) = if options.quick { (1, 20_000) } else { (7, 60_000) };
        // In turns, so that what else the machine does meets all of them.
        for _ in 0..rounds {
            for setup in &SETUPS {
                load(options, report, setup, puts).await?;
            }
        }
    }
    tell(report);
    Ok(())
}

fn name(setup: &Setup, figure: &str) -> String {
    format!("page/{}/{figure}", setup.name)
}

/// Instructions of the thread that serves, for each put. Those of the page's own thread follow the
/// time and not the puts, and valgrind stretches time.
async fn count(options: &Options, report: &mut Report, setup: &Setup) -> Outcome {
    let mut spent = Vec::new();
    for puts in [FEW, MANY] {
        let folder = options.scratch.join("counted");
        // The files of another run may be more.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)?;
        let out = folder.join("callgrind");
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--tool=callgrind", "--separate-threads=yes"]);
        let mut file = std::ffi::OsString::from("--callgrind-out-file=");
        file.push(&out);
        valgrind.arg(file).arg(&options.emulator).args(arguments(options, setup));
        let server = match Server::start(&mut valgrind, setup).await {
            Err(error) if is_missing(error.as_ref()) => return Ok(()),
            server => server?,
        };
        server.signed.run(Work::Put, 1, puts).await?;
        server.running.end()?;
        spent.push([of_first_thread(&out)?, of_all_threads(&out)?]);
    }
    if let [few, many] = spent[..] {
        for (figure, few, many) in [(SERVING, few[0], many[0]), (ALL, few[1], many[1])] {
            let each = many.saturating_sub(few) as f64 / (MANY - FEW) as f64;
            report.add(name(setup, figure), each);
        }
    }
    Ok(())
}

fn is_missing(error: &(dyn std::error::Error + 'static)) -> bool {
    let error = error.downcast_ref::<std::io::Error>();
    error.is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// The instructions of the first thread, which serves.
fn of_first_thread(out: &Path) -> Outcome<u64> {
    of_file(&threads(out)?.into_iter().min().ok_or("callgrind wrote nothing")?)
}

fn of_all_threads(out: &Path) -> Outcome<u64> {
    threads(out)?.iter().map(|file| of_file(file)).sum()
}

/// The files that callgrind wrote: one for each thread.
fn threads(out: &Path) -> Outcome<Vec<PathBuf>> {
    let folder = std::fs::read_dir(out.parent().ok_or("no folder")?)?;
    let files: Result<Vec<_>, _> = folder.map(|entry| Ok(entry?.path())).collect();
    let mut files = files.map_err(|error: std::io::Error| error)?;
    files.retain(|file| {
        file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("callgrind-"))
    });
    Ok(files)
}

/// The instructions in one of the files.
fn of_file(file: &Path) -> Outcome<u64> {
    let text = std::fs::read_to_string(file)?;
    let total = text.lines().find_map(|line| {
        line.strip_prefix("totals: ")
            .or_else(|| line.strip_prefix("summary: "))?
            .trim()
            .parse()
            .ok()
    });
    Ok(total.ok_or("callgrind wrote no sum")?)
}

/// Time of the processor for each put, of all threads.
async fn load(options: &Options, report: &mut Report, setup: &Setup, puts: u64) -> Outcome {
    let mut command = Command::new(&options.emulator);
    let server = Server::start(command.args(arguments(options, setup)), setup).await?;
    // The rings are full, and the allocator knows what it needs.
    server.signed.run(Work::Put, CONNECTIONS, 5_000).await?;
    let before = cpu_of(server.running.id())?;
    let loaded = server.signed.run(Work::Put, CONNECTIONS, puts).await?;
    let cpu = cpu_of(server.running.id())? - before;
    report.add(name(setup, "cpu_us"), cpu.as_secs_f64() * 1e6 / loaded.requests);
    report.add(name(setup, "per_second"), loaded.rate());
    Ok(())
}

fn arguments(options: &Options, setup: &Setup) -> Vec<std::ffi::OsString> {
    let mut arguments: Vec<_> = setup.arguments.iter().map(std::ffi::OsString::from).collect();
    if setup.arguments == LOG {
        arguments.push(options.scratch.join("access.log").into_os_string());
    }
    arguments
}

/// An emulator with those who look at it.
struct Server {
    running: Running,
    signed: Signed,
    /// Ends with this.
    _open: JoinSet<()>,
}

impl Server {
    async fn start(command: &mut Command, setup: &Setup) -> Outcome<Self> {
        let mut running = Running::spawn(command.stdout(Stdio::piped()))?;
        let mut line = String::new();
        let output = running.output().ok_or("no output")?;
        BufReader::new(output).read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line)
            .map_err(|error| format!("{command:?} does not start: {error}"))?;
        let port = ready["port"].as_u64().ok_or("no port")?;
        let signed = Signed::new(u16::try_from(port)?)?;
        signed.create_queue().await?;
        let mut open = JoinSet::new();
        for _ in 0..setup.open {
            let page = ready["page"].as_str().ok_or("no page")?;
            let mut stream = look(page).await?;
            open.spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                while stream.read(&mut buffer).await.is_ok_and(|length| length > 0) {}
            });
        }
        Ok(Self { running, signed, _open: open })
    }
}

/// Opens a stream of events, and waits for its first words.
async fn look(page: &str) -> Outcome<TcpStream> {
    let address = page.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /_emulator/events HTTP/1.1\r\nhost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut first = [0; 12];
    tokio::time::timeout(Duration::from_secs(60), stream.read_exact(&mut first)).await??;
    if first != *b"HTTP/1.1 200" {
        return Err(format!("the page answers {:?}", String::from_utf8_lossy(&first)).into());
    }
    Ok(stream)
}

fn tell(report: &mut Report) {
    let columns = ["queue-emulator with", "instructions", "× off", "CPU µs", "× off", "puts/s"];
    let mut table = Table::new("Put of 1 KiB in memory, by who looks", columns);
    let figures = [SERVING, "cpu_us"];
    let off = figures.map(|figure| report.get(&format!("page/off/{figure}")));
    for setup in &SETUPS {
        let [count, time] = figures.map(|figure| report.get(&name(setup, figure)));
        table.row([
            setup.what.to_owned(),
            maybe(count.map(f64::round)),
            ratio(count, off[0]),
            maybe(time),
            ratio(time, off[1]),
            maybe(report.get(&name(setup, "per_second")).map(f64::round)),
        ]);
    }
    let all = report.get(&format!("page/log/{ALL}"));
    let none = "–".to_owned();
    table.row([
        "the same, with the log's own thread".to_owned(),
        maybe(all.map(f64::round)),
        ratio(all, off[0]),
        none.clone(),
        none.clone(),
        none,
    ]);
    report.table(table);
    // On counts: what else the machine does is more than what these cost.
    for setup in SETUPS.iter().filter(|setup| setup.name != "off") {
        let limit = off[0].map(|off| off * setup.limit);
        let what = format!("{}: instructions of a put, {} × off", setup.what, setup.limit);
        report.count_bar(what, report.get(&name(setup, setup.counted)), limit);
    }
}
