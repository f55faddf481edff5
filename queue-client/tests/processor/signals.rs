//! Real signals, to a process of its own: the test starts itself again.

use std::{
    env,
    io::{BufRead as _, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use queue_client::processor::{Processor, observe::LoopState};
use tokio::time::sleep;

use crate::support::real_queue;

const WORK: &str = "QUEUE_CLIENT_SIGNALS_WORK_MILLISECONDS";

/// The process that gets the signals. It says what it does.
#[tokio::test]
async fn child() {
    let Ok(work) = env::var(WORK) else { return };
    let work = Duration::from_millis(work.parse().unwrap());
    let queue = real_queue("signals").await;
    queue.send("work").await.unwrap();
    let running = Processor::new(queue).stop_on_signals().spawn(move |_| async move {
        println!("- started");
        sleep(work).await;
        println!("- done");
        Ok(())
    });
    while running.health().state != LoopState::Draining {
        assert!(!running.is_finished());
        sleep(Duration::from_millis(5)).await;
    }
    println!("- draining");
    let report = running.join().await.unwrap();
    println!("- ended: {report}");
}

struct Process {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Process {
    fn start(work: Duration) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "signals::child", "--nocapture"])
            .env(WORK, work.as_millis().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output }
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        // The shell's own; the program of that name is not on every machine.
        let mut kill = Command::new("sh");
        kill.args(["-c", "kill $0 $1", signal, &id]);
        assert!(kill.status().unwrap().success());
    }

    /// The next that it says, between the lines of the test harness.
    fn says(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "it says no more");
            // The harness does not end its line before what a test prints.
            if let Some((_, said)) = line.trim_end().split_once("- ") {
                return said.to_owned();
            }
        }
    }

    fn ends(mut self) {
        // What is still to be said must not block it.
        std::io::copy(&mut self.output, &mut std::io::sink()).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

#[test]
fn a_signal_drains() {
    for signal in ["-TERM", "-INT"] {
        let mut process = Process::start(Duration::from_millis(1500));
        assert_eq!(process.says(), "started");
        process.signal(signal);
        assert_eq!(process.says(), "draining");
        assert_eq!(process.says(), "done");
        assert_eq!(process.says(), "ended: 1 completed, 0 retried, 0 dead-lettered");
        process.ends();
    }
}

#[test]
fn a_second_signal_ends_at_once() {
    let mut process = Process::start(Duration::from_secs(600));
    assert_eq!(process.says(), "started");
    process.signal("-TERM");
    assert_eq!(process.says(), "draining");
    process.signal("-TERM");
    assert_eq!(process.says(), "ended: 0 completed, 0 retried, 0 dead-lettered, 1 left to lapse");
    process.ends();
}
