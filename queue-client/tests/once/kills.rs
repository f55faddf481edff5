//! Processes are killed between every two steps, and the effect of each message is in the database
//! once.

use std::{
    collections::BTreeMap,
    env,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use queue_client::{
    QueueClient, QueueServiceClient,
    runtime::{ManualRuntime, Runtime as _},
    transport::from_fn,
};
use queue_emulator::{Emulator, Server};

use crate::{
    sqlite::{Database, Folder},
    worker::{CLAIMED, CONNECTION, DATABASE, HERE, NOW, POINT, POINTS, QUEUE},
};

/// The variable that asks for more kills than a short run has: `cargo xtask kills`.
const KILLS: &str = "ONCE_KILLS";
/// More than what a dead process leaves behind: its lease and its hold, one after the other.
const LEFT_BEHIND: Duration = Duration::from_secs(61);

struct Stage {
    server: Server,
    time: ManualRuntime,
    queue: QueueClient,
    folder: Folder,
    sent: usize,
}

impl Stage {
    async fn new(name: &str) -> Self {
        let time = ManualRuntime::starting_at(SystemTime::now());
        let emulator = Emulator::builder().clock(time.clock()).build();
        let server = Server::bind(emulator.clone(), "127.0.0.1:0").await.unwrap();
        let queue =
            QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")
                .unwrap()
                .runtime(time.clone())
                .transport(from_fn(move |request| Ok(emulator.handle(request))))
                .build()
                .unwrap()
                .queue(QUEUE)
                .unwrap();
        queue.create().await.unwrap();
        Self { server, time, queue, folder: Folder::new(name), sent: 0 }
    }

    async fn send(&mut self) {
        self.queue.send(order(self.sent)).await.unwrap();
        self.sent += 1;
    }

    /// Runs a process until it is at this point and is killed there, or there is nothing to do.
    async fn run(&self, point: Option<&str>, claimed: bool) -> bool {
        let now = self.time.now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut command = Command::new(env::current_exe().unwrap());
        command
            .args(["--exact", "worker::process", "--nocapture", "--test-threads", "1"])
            .env(CONNECTION, self.server.connection_string())
            .env(DATABASE, self.folder.file())
            .env(NOW, now.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some(point) = point {
            command.env(POINT, point);
        }
        if claimed {
            command.env(CLAIMED, "yes");
        }
        let (killed, succeeded) = tokio::task::spawn_blocking(move || {
            let mut child = command.spawn().unwrap();
            let killed = is_there(&mut child);
            if killed {
                child.kill().unwrap();
            }
            (killed, child.wait().unwrap().success())
        })
        .await
        .unwrap();
        assert!(killed || succeeded, "the process failed at {point:?}");
        self.time.advance(LEFT_BEHIND);
        killed
    }

    /// Kills so many processes, one after the other at each of the points, and then lets one work in
    /// peace. Returns the kills by their points.
    async fn kill(&mut self, kills: usize, claimed: bool) -> BTreeMap<&'static str, usize> {
        let mut killed = BTreeMap::new();
        for round in 0..kills {
            self.send().await;
            let point = POINTS[round % POINTS.len()];
            assert!(self.run(Some(point), claimed).await, "round {round} never came to {point}");
            *killed.entry(point).or_default() += 1;
        }
        // The last message may meet the hold of a dead process first, and come back after it.
        for _ in 0..3 {
            assert!(!self.run(None, claimed).await);
        }
        let left = self.queue.properties().await.unwrap().approximate_messages_count();
        assert_eq!(left, 0, "messages are left");
        killed
    }

    fn effects(&self) -> Vec<(String, u64)> {
        Database::open(&self.folder.file(), Arc::new(|| Duration::ZERO)).effects()
    }
}

fn order(number: usize) -> String {
    format!("order {number:05}")
}

/// Waits until the process has come to its point, or has ended.
fn is_there(child: &mut Child) -> bool {
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    lines.map_while(Result::ok).any(|line| line.starts_with(HERE))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_effect_is_seen_once_whenever_its_process_is_killed() {
    let kills = env::var(KILLS).map_or(4 * POINTS.len(), |kills| kills.parse().unwrap());
    let mut stage = Stage::new("kills").await;
    let killed = stage.kill(kills, true).await;
    let effects = stage.effects();
    let expected: Vec<_> = (0..stage.sent).map(|number| (order(number), 1)).collect();
    assert_eq!(effects, expected);
    println!("{} kills, {} effects, each once; kills by point: {killed:?}", kills, effects.len());
}

/// Without the mark in its transaction an effect is repeated, as the documentation says: so the test
/// above would see it.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_effect_apart_from_its_mark_is_repeated() {
    let mut stage = Stage::new("apart").await;
    stage.kill(POINTS.len(), false).await;
    let effects = stage.effects();
    assert_eq!(effects.len(), stage.sent, "an effect is lost: {effects:?}");
    assert!(effects.iter().any(|(_, times)| *times > 1), "{effects:?}");
}
