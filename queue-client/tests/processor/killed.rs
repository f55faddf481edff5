//! Real time, real processes, over HTTP: processors are killed while they work, on a bad line.
//!
//! The test is a process that runs the emulator and itself again as workers; which of both it is,
//! the environment says. Without more, it is small; `cargo xtask kill` makes it large.
#![cfg(all(unix, any(feature = "reqwest", feature = "hyper")))]

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fs::{File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use queue_client::{
    QueueServiceClient,
    processor::{LeaseState, Processor, Producer},
};
use queue_emulator::{Effect, Emulator, Fault, Server};

const SERVER: &str = "QUEUE_CLIENT_KILLED_SERVER";
const LOG: &str = "QUEUE_CLIENT_KILLED_LOG";
/// How many messages there are.
const MESSAGES: &str = "QUEUE_CLIENT_KILLED_MESSAGES";
const LEASE: Duration = Duration::from_secs(5);

fn setting(name: &str, default: u64) -> u64 {
    env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn micros() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()
}

/// Appends whole lines, so that processes can share the file.
#[derive(Clone)]
struct Log(Arc<Mutex<File>>);

impl Log {
    fn open(path: &Path) -> Self {
        let file = OpenOptions::new().append(true).create(true).open(path).unwrap();
        Self(Arc::new(Mutex::new(file)))
    }

    fn line(&self, line: &str) {
        self.0.lock().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}

/// A worker: runs until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker() {
    let (Ok(server), Ok(log)) = (env::var(SERVER), env::var(LOG)) else { return };
    let log = Log::open(&PathBuf::from(log));
    let queue = QueueServiceClient::from_connection_string(&server).unwrap().queue("work").unwrap();
    Processor::new(queue)
        .concurrency(16)
        .lease(LEASE)
        .max_deliveries(None)
        .run(move |message| {
            let log = log.clone();
            async move {
                let (body, attempt) = (message.body(), message.attempt());
                let process = std::process::id();
                log.line(&format!("{} start {body} {attempt} {process}", micros()));
                tokio::time::sleep(Duration::from_millis(5)).await;
                // The state is read before the time, so that the time is not too early.
                let held = matches!(message.lease().state(), LeaseState::Held { .. });
                log.line(&format!("{} done {body} {attempt} {process} {held}", micros()));
                Ok(())
            }
        })
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_processors_are_killed() {
    let messages = setting(MESSAGES, 1500);
    let server = Server::bind(Emulator::new(), "127.0.0.1:0").await.unwrap();
    let text = server.connection_string();
    let queue = QueueServiceClient::from_connection_string(&text).unwrap().queue("work").unwrap();
    queue.create().await.unwrap();
    let numbers = futures_util::stream::iter((0..messages).map(|number| number.to_string()));
    let sent = Producer::new(queue.clone()).send_all(numbers).await;
    assert_eq!(sent.sent() as u64, messages);

    // Two percent of the requests go wrong in one way or the other.
    let emulator = server.emulator();
    for effect in [
        Effect::Close,
        Effect::CloseAfter,
        Effect::Refuse(queue_client::proto::ErrorCode::ServerBusy),
        Effect::RefuseAfter(queue_client::proto::ErrorCode::OperationTimedOut),
    ] {
        emulator.add_fault(Fault::new(effect).probability(0.005));
    }
    let path = env::temp_dir().join(format!("queue-client-killed-{}.log", std::process::id()));
    let began = Instant::now();
    let mut workers: Vec<_> = (0..3).map(|_| spawn(&text, &path)).collect();
    let mut kills = Vec::new();
    let mut rng = fastrand::Rng::with_seed(7);
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let left = queue.properties().await.map(|answer| answer.approximate_messages_count);
        if left.is_ok_and(|left| left == 0) {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(600), "it does not come to an end");
        let which = rng.usize(..workers.len());
        kills.push((workers[which].id(), micros()));
        workers[which].kill().unwrap();
        workers[which].wait().unwrap();
        workers[which] = spawn(&text, &path);
    }
    for mut worker in workers {
        worker.kill().unwrap();
        worker.wait().unwrap();
    }
    let log = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let told = examine(&log, messages, &kills);
    println!(
        "{messages} messages in {:.1} s by 3 processors, {} killed, {} requests spoiled: {told}",
        began.elapsed().as_secs_f64(),
        kills.len(),
        emulator.fault_counts().iter().sum::<u64>()
    );
    assert!(!kills.is_empty());
}

fn spawn(server: &str, log: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "killed::worker", "--nocapture"])
        .env(SERVER, server)
        .env(LOG, log)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// One handler that ran: from when to when, which delivery, and whether it held its lease at the
/// end.
#[derive(Debug, Clone, Copy)]
struct Run {
    process: u32,
    start: u128,
    end: Option<(u128, bool)>,
}

/// All must be completed, and none by a handler that believed to hold what a later delivery had
/// begun to work on. A message that is completed twice had its first receiver killed before the
/// delete.
fn examine(log: &str, messages: u64, kills: &[(u32, u128)]) -> String {
    let mut runs = BTreeMap::<u64, BTreeMap<u32, Run>>::new();
    for line in log.lines() {
        let words: Vec<_> = line.split(' ').collect();
        let [time, what, number, attempt, process, rest @ ..] = &words[..] else {
            panic!("a line of the log is broken: {line}")
        };
        let time: u128 = time.parse().unwrap();
        let runs = runs.entry(number.parse().unwrap()).or_default();
        let attempt: u32 = attempt.parse().unwrap();
        if *what == "start" {
            let process = process.parse().unwrap();
            let before = runs.insert(attempt, Run { process, start: time, end: None });
            assert!(before.is_none(), "message {number} has two deliveries {attempt}");
        } else {
            runs.get_mut(&attempt).unwrap().end = Some((time, rest == ["true"]));
        }
    }
    let mut repeated = 0;
    let mut unfinished = 0;
    for number in 0..messages {
        let runs = runs.get(&number).unwrap_or_else(|| panic!("message {number} is lost"));
        let done = runs.values().filter(|run| run.end.is_some()).count();
        assert!(done > 0, "message {number} was never completed");
        repeated += done - 1;
        unfinished += runs.len() - done;
        for (attempt, run) in runs {
            if let (Some((end, _)), Some(_)) = (run.end, runs.range(attempt + 1..).next()) {
                let killed = kills.iter().find(|(process, _)| *process == run.process);
                let after = killed.map(|(_, time)| time.saturating_sub(end));
                assert!(
                    after.is_some_and(|after| after < 3_000_000),
                    "message {number} is repeated, and its receiver was not killed: {after:?}"
                );
            }
            let later = runs.range(attempt + 1..).map(|(_, later)| later.start).min();
            if let (Some((end, true)), Some(later)) = (run.end, later) {
                assert!(
                    end <= later,
                    "message {number}: delivery {attempt} was held after the next"
                );
            }
        }
    }
    let distinct = runs.keys().collect::<BTreeSet<_>>().len();
    format!(
        "{distinct} completed, {unfinished} runs cut off by a kill, {repeated} repeated \
             since a kill came before the delete"
    )
}
