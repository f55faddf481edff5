//! Nothing is lost, whatever is killed: the verbs that put and delete are killed at random moments,
//! on an emulator that keeps its queues on disk, run again, and each message is counted. The same with
//! an emulator that loses answers, closes connections and is busy.
//!
//! `AZQ_KILLS` says how often each verb is killed. Default: 6 times.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

use queue_client::{QueueServiceClient, proto::MessageId};
use queue_emulator::{Emulator, ManualClock, Server};
use tokio::runtime::Runtime;

const MESSAGES: usize = 150;
/// The longest time for one run, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(300);

struct Scene {
    runtime: Runtime,
    server: Server,
    clock: ManualClock,
    folder: PathBuf,
    /// The texts, by the ids in the source, and for files by `line N`.
    names: HashMap<String, String>,
}

/// A verb that is killed.
#[derive(Clone, Copy)]
struct Verb {
    name: &'static str,
    words: &'static [&'static str],
    /// Words of runs after the first.
    again: &'static [&'static str],
    /// The file that the messages go into, or come from.
    file: Option<&'static str>,
    /// The queue that the messages go into.
    into: Option<&'static str>,
    from_file: bool,
}

const VERBS: [Verb; 5] = [
    Verb {
        name: "mv",
        words: &[
            "mv",
            "orders-poison",
            "orders",
            "--resume",
            "state",
            "-j",
            "4",
            "--lease",
            "30s",
            "--yes",
        ],
        again: &[],
        file: None,
        into: Some("orders"),
        from_file: false,
    },
    Verb {
        name: "redrive",
        words: &["redrive", "orders", "--resume", "state", "-j", "4", "--lease", "30s", "--yes"],
        again: &[],
        file: None,
        into: Some("orders"),
        from_file: false,
    },
    Verb {
        name: "restore",
        words: &["restore", "orders", "dump.jsonl", "--resume", "state", "-j", "4"],
        again: &[],
        file: None,
        into: Some("orders"),
        from_file: true,
    },
    Verb {
        name: "dump --delete",
        words: &["dump", "orders-poison", "dump.jsonl", "--delete", "--lease", "30s", "--yes"],
        again: &["--resume"],
        file: Some("dump.jsonl"),
        into: None,
        from_file: false,
    },
    Verb {
        name: "purge --backup",
        words: &["purge", "orders-poison", "--backup", "dump.jsonl.gz", "--lease", "30s", "--yes"],
        again: &["--resume"],
        file: Some("dump.jsonl.gz"),
        into: None,
        from_file: false,
    },
];

impl Scene {
    fn new(verb: Verb, round: usize, faults: &[&str]) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!(
            "kills-{}-{}-{round}-{}",
            verb.name.replace(' ', ""),
            std::process::id(),
            faults.len()
        ));
        fs::create_dir_all(&folder).unwrap();
        let clock = ManualClock::at(SystemTime::now());
        let mut builder = Emulator::builder().manual_clock(&clock).seed(round as u64);
        for fault in faults {
            builder = builder.fault(fault.parse().unwrap());
        }
        let emulator = builder.location(folder.join("queues")).open().unwrap();
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(Server::bind(emulator, "127.0.0.1:0")).unwrap();
        let mut scene = Self { runtime, server, clock, folder, names: HashMap::new() };
        scene.fill(verb);
        scene
    }

    /// Past the faults: each request is sent until it works.
    fn fill(&mut self, verb: Verb) {
        let texts: Vec<_> = (0..MESSAGES).map(|number| format!("message {number}")).collect();
        let _inside = self.runtime.enter();
        let service =
            QueueServiceClient::from_connection_string(&self.server.connection_string()).unwrap();
        for name in ["orders", "orders-poison"] {
            let queue = service.queue(name).unwrap();
            while self.runtime.block_on(queue.create()).is_err() {}
        }
        if verb.from_file {
            let lines: Vec<_> =
                texts.iter().map(|text| format!("{{\"v\":1,\"text\":\"{text}\"}}\n")).collect();
            fs::write(self.folder.join("dump.jsonl"), lines.concat()).unwrap();
            self.names.extend((1..).map(|line| format!("line {line}")).zip(texts));
            return;
        }
        let queue = service.queue("orders-poison").unwrap();
        for text in texts {
            // An answer may be lost, and the message be there.
            drop(self.runtime.block_on(queue.send(&text).into_future()));
            while !self.texts("orders-poison").contains(&text) {
                drop(self.runtime.block_on(queue.send(&text).into_future()));
            }
        }
        let state = self.server.emulator().inspect();
        let messages = &state.queue("orders-poison").unwrap().messages;
        assert_eq!(messages.len(), MESSAGES);
        let name = |id: &MessageId| id.as_str().to_owned();
        self.names.extend(
            messages.iter().map(|message| (name(&message.id), message.text.as_str().to_owned())),
        );
    }

    fn texts(&self, queue: &str) -> Vec<String> {
        let state = self.server.emulator().inspect();
        let messages = &state.queue(queue).unwrap().messages;
        messages.iter().map(|message| message.text.as_str().to_owned()).collect()
    }

    /// How far the verb is: what has come to where it goes.
    fn progress(&self, verb: Verb) -> usize {
        match verb.into {
            Some(queue) => self.texts(queue).len(),
            None => MESSAGES - self.texts("orders-poison").len(),
        }
    }

    fn command(&self, verb: Verb, again: bool) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_azq"));
        command
            .args(verb.words)
            .args(if again { verb.again } else { &[] })
            .env_clear()
            .env("AZURE_STORAGE_CONNECTION_STRING", self.server.connection_string())
            .env("AZQ_CONTEXTS", self.folder.join("contexts.toml"))
            .env("HOME", &self.folder)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }

    /// Starts the verb and kills it once so many messages have come, and a moment later; what it said
    /// if it ended before.
    fn kill(
        &self,
        verb: Verb,
        again: bool,
        after: usize,
        moment: Duration,
    ) -> Option<(i32, String)> {
        let mut child = self.command(verb, again).spawn().unwrap();
        let begun = Instant::now();
        while self.progress(verb) < after {
            if child.try_wait().unwrap().is_some() {
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "{} does not get on", verb.name);
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(moment);
        drop(child.kill());
        let output = child.wait_with_output().unwrap();
        let code = output.status.code()?;
        Some((code, String::from_utf8(output.stderr).unwrap()))
    }

    fn run(&self, verb: Verb, again: bool) -> (i32, String) {
        let output = self.command(verb, again).output().unwrap();
        (output.status.code().unwrap_or(-1), String::from_utf8(output.stderr).unwrap())
    }

    /// How often each text is somewhere.
    fn places(&self, verb: Verb) -> BTreeMap<String, usize> {
        let mut texts = self.texts("orders-poison");
        texts.extend(self.texts("orders"));
        if let Some(file) = verb.file {
            let bytes = fs::read(self.folder.join(file)).unwrap_or_default();
            let mut text = String::new();
            if file.ends_with(".gz") {
                let mut reader = flate2::read::MultiGzDecoder::new(&bytes[..]);
                std::io::Read::read_to_string(&mut reader, &mut text).unwrap();
            } else {
                text = String::from_utf8(bytes).unwrap();
            }
            texts.extend(text.lines().map(|line| {
                let record: serde_json::Value = serde_json::from_str(line).unwrap();
                record.get("text").unwrap().as_str().unwrap().to_owned()
            }));
        }
        let mut places = BTreeMap::new();
        for text in texts {
            *places.entry(text).or_insert(0) += 1;
        }
        places
    }

    /// The texts that the summary names.
    fn named(&self, said: &str) -> BTreeSet<String> {
        said.lines()
            .filter_map(|line| line.strip_prefix("possibly doubled: ")?.split_once(" ("))
            .map(|(name, _)| self.names.get(name).unwrap().clone())
            .collect()
    }

    #[track_caller]
    fn check(&self, verb: Verb, said: &str, what: &str) -> usize {
        let named = self.named(said);
        let places = self.places(verb);
        assert_eq!(places.len(), MESSAGES, "{}, {what}: a message is lost\n{said}", verb.name);
        for (text, count) in &places {
            assert!(
                *count == 1 || named.contains(text),
                "{}, {what}: {text} is there {count} times and not named\n{said}",
                verb.name
            );
        }
        named.len()
    }

    /// Later than any lease lasts.
    fn later(&self) {
        self.clock.advance(Duration::from_secs(61));
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Kills a verb so often, and says how many kills hit it at work and how many messages were named.
fn killed(verb: Verb, kills: usize) -> (usize, usize) {
    let mut random = fastrand::Rng::with_seed(verb.name.len() as u64);
    let (mut hits, mut named) = (0, 0);
    for round in 0..kills.div_ceil(2) {
        let scene = Scene::new(verb, round, &["delay=2ms"]);
        let mut ended = None;
        for again in [false, true] {
            let done = scene.progress(verb);
            let after = random.usize(done.min(MESSAGES - 1)..MESSAGES);
            let moment = Duration::from_micros(random.u64(0..30_000));
            ended = scene.kill(verb, again, after, moment);
            scene.later();
            if ended.is_some() {
                break;
            }
            hits += 1;
        }
        // What ended before it was killed has said all; what was killed runs again.
        let (code, mut said) = ended.unwrap_or_else(|| scene.run(verb, true));
        assert!(code == 0 || code == 1, "{}: code {code}\n{said}", verb.name);
        // A request of a killed process can arrive after its death and hide messages once more.
        for _ in 0..5 {
            if verb.into.is_some() || scene.texts("orders-poison").is_empty() {
                break;
            }
            assert!(said.contains("hidden"), "{}: they are told of\n{said}", verb.name);
            scene.later();
            said.push_str(&scene.run(verb, true).1);
        }
        named += scene.check(verb, &said, &format!("round {round}"));
    }
    (hits, named)
}

fn kills() -> usize {
    std::env::var("AZQ_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(6)
}

#[test]
fn whatever_is_killed_loses_nothing() {
    let mut all_hits = 0;
    for verb in VERBS {
        let (hits, named) = killed(verb, kills());
        println!("{}: {hits} kills hit, {named} messages named as possibly doubled", verb.name);
        all_hits += hits;
    }
    assert!(all_hits > 0, "no verb was hit at work");
}

/// Lost answers, closed connections, busy moments, and puts that are stored although they are refused.
#[test]
fn whatever_fails_loses_nothing() {
    let faults = [
        "close-after probability=0.02",
        "close probability=0.03",
        "refuse=ServerBusy probability=0.05",
        "refuse-after=OperationTimedOut probability=0.02",
    ];
    for verb in VERBS {
        for round in 0..kills().div_ceil(6) {
            let scene = Scene::new(verb, round, &faults);
            let mut all_said = String::new();
            for again in [false, true, true, true] {
                let (code, said) = scene.run(verb, again);
                all_said.push_str(&said);
                assert!([0, 1, 6].contains(&code), "{}: code {code}\n{said}", verb.name);
                scene.later();
                // A verb without a state begins anew, and a restore that is done is done.
                if code == 0 || verb.from_file && code == 1 {
                    break;
                }
            }
            scene.check(verb, &all_said, &format!("faults, round {round}"));
        }
    }
}
