//! Nothing is lost, whatever is killed: the verbs that put and delete are killed at random moments,
//! on an emulator that keeps its queues on disk, run again, and each message is counted. The same with
//! an emulator that loses answers, closes connections and is busy.
//!
//! `AZQ_KILLS` says how many kills must hit each verb at work. Default: 4. `AZQ_KILLS_OF` names verbs,
//! separated by commas. Default: all. The long form is
//! `AZQ_KILLS=200 cargo test --release -p azq --test it kills -- --nocapture`.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant, SystemTime},
};

use queue_client::{QueueServiceClient, proto::MessageId, transport::from_fn};
use queue_emulator::{Emulator, ManualClock, Server};
use tokio::runtime::Runtime;

const MESSAGES: usize = 300;
/// The longest time for one run, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(300);

struct Scene {
    server: Server,
    clock: ManualClock,
    folder: PathBuf,
    /// The texts, by the ids in the source, and for files by `line N`.
    names: HashMap<String, String>,
    _runtime: Runtime,
}

/// Makes the queues and puts the messages where the verb takes them from; the names of the messages.
fn fill(
    runtime: &Runtime,
    emulator: Emulator,
    verb: Verb,
    folder: &Path,
) -> HashMap<String, String> {
    let texts: Vec<_> = (0..MESSAGES).map(|number| format!("message {number}")).collect();
    let within = emulator.clone();
    let service =
        QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true").unwrap();
    let service = service.transport(from_fn(move |request| Ok(within.handle(request))));
    let service = service.build().unwrap();
    runtime.block_on(async {
        for name in ["orders", "orders-poison"] {
            service.queue(name).unwrap().create().await.unwrap();
        }
    });
    if verb.from_file {
        let lines: Vec<_> =
            texts.iter().map(|text| format!("{{\"v\":1,\"text\":\"{text}\"}}\n")).collect();
        fs::write(folder.join("dump.jsonl"), lines.concat()).unwrap();
        return (1..).map(|line| format!("line {line}")).zip(texts).collect();
    }
    let queue = service.queue("orders-poison").unwrap();
    runtime.block_on(async {
        for text in &texts {
            queue.send(text).await.unwrap();
        }
    });
    let state = emulator.inspect();
    let messages = &state.queue("orders-poison").unwrap().messages;
    assert_eq!(messages.len(), MESSAGES);
    let name = |id: &MessageId| id.as_str().to_owned();
    messages.iter().map(|message| (name(&message.id), message.text.as_str().to_owned())).collect()
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
    /// Commands run for the messages: the file then has a line `ATTEMPT TEXT` for each.
    runs: bool,
}

impl Verb {
    /// Says whether the verb comes to its end by itself, once it has run to the end: no message waits
    /// for a lease of a killed run.
    const fn must_empty(self) -> bool {
        self.file.is_some()
    }
}

const VERBS: [Verb; 6] = [
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
        runs: false,
    },
    Verb {
        name: "redrive",
        words: &["redrive", "orders", "--resume", "state", "-j", "4", "--lease", "30s", "--yes"],
        again: &[],
        file: None,
        into: Some("orders"),
        from_file: false,
        runs: false,
    },
    Verb {
        name: "restore",
        words: &["restore", "orders", "dump.jsonl", "--resume", "state", "-j", "4"],
        again: &[],
        file: None,
        into: Some("orders"),
        from_file: true,
        runs: false,
    },
    Verb {
        name: "dump --delete",
        words: &["dump", "orders-poison", "dump.jsonl", "--delete", "--lease", "30s", "--yes"],
        again: &["--resume"],
        file: Some("dump.jsonl"),
        into: None,
        from_file: false,
        runs: false,
    },
    Verb {
        name: "purge --backup",
        words: &["purge", "orders-poison", "--backup", "dump.jsonl.gz", "--lease", "30s", "--yes"],
        again: &["--resume"],
        file: Some("dump.jsonl.gz"),
        into: None,
        from_file: false,
        runs: false,
    },
    Verb {
        name: "work",
        words: &[
            "work",
            "orders-poison",
            "--drain",
            "-j",
            "4",
            "--lease",
            "30s",
            "--max-deliveries",
            "0",
            "--exec",
            "echo \"$AZQ_ATTEMPT $(cat)\" >> done",
        ],
        again: &[],
        file: Some("done"),
        into: None,
        from_file: false,
        runs: true,
    },
];

impl Scene {
    fn new(verb: Verb, round: usize, faults: &[&str]) -> Self {
        // Tests run side by side, and each scene has a folder of its own.
        static SCENES: AtomicU32 = AtomicU32::new(0);
        let number = SCENES.fetch_add(1, Ordering::Relaxed);
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!(
            "kills-{}-{}-{number}",
            verb.name.replace(' ', ""),
            std::process::id()
        ));
        fs::create_dir_all(&folder).unwrap();
        let clock = ManualClock::starting_at(SystemTime::now());
        let place = folder.join("queues");
        let builder = || Emulator::builder().manual_clock(&clock).seed(round as u64);
        let runtime = Runtime::new().unwrap();
        // What is there before anything fails.
        let names = fill(&runtime, builder().location(&place).open().unwrap(), verb, &folder);
        let faults = faults.iter().map(|fault| fault.parse().unwrap());
        let builder = faults.fold(builder(), |builder, fault| builder.fault(fault));
        let emulator = builder.location(&place).open().unwrap();
        let server = runtime.block_on(Server::bind(emulator, "127.0.0.1:0")).unwrap();
        Self { server, clock, folder, names, _runtime: runtime }
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
            .env("PATH", std::env::var("PATH").unwrap_or_default())
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

    /// The texts in the file that the verb writes, and those that it names there as run before.
    fn written(&self, verb: Verb) -> (Vec<String>, BTreeSet<String>) {
        let Some(file) = verb.file else { return Default::default() };
        let bytes = fs::read(self.folder.join(file)).unwrap_or_default();
        let mut text = String::new();
        if file.ends_with(".gz") {
            let mut reader = flate2::read::MultiGzDecoder::new(&bytes[..]);
            std::io::Read::read_to_string(&mut reader, &mut text).unwrap();
        } else {
            text = String::from_utf8(bytes).unwrap();
        }
        let mut again = BTreeSet::new();
        let texts = text.lines().map(|line| {
            if verb.runs {
                // The second run of a command is told by its attempt.
                let (attempt, text) = line.split_once(' ').unwrap();
                if attempt != "1" {
                    again.insert(text.to_owned());
                }
                return text.to_owned();
            }
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            record.get("text").unwrap().as_str().unwrap().to_owned()
        });
        (texts.collect(), again)
    }

    /// How often each text is somewhere.
    fn places(&self, verb: Verb) -> BTreeMap<String, usize> {
        let mut texts = self.texts("orders-poison");
        texts.extend(self.texts("orders"));
        texts.extend(self.written(verb).0);
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
        let mut named = self.named(said);
        named.extend(self.written(verb).1);
        let places = self.places(verb);
        assert_eq!(places.len(), MESSAGES, "{}, {what}: a message is lost\n{said}", verb.name);
        for (text, count) in &places {
            assert!(
                *count == 1 || named.contains(text),
                "{}, {what}: {text} is there {count} times and not named\n{said}",
                verb.name
            );
        }
        places.values().filter(|count| **count > 1).count()
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

/// What became of a verb that was killed.
#[derive(Debug, Default)]
struct Toll {
    /// The kills that found the process alive.
    hits: usize,
    /// Those of them that found some messages done and others not.
    amid: usize,
    /// The messages that were in two places at the end, and named.
    doubled: usize,
    rounds: usize,
}

/// Kills a verb until so many kills hit it at work.
fn killed(verb: Verb, kills: usize, faults: &[&str]) -> Toll {
    let mut random = fastrand::Rng::with_seed(verb.name.len() as u64);
    let mut toll = Toll::default();
    while toll.hits < kills && toll.rounds < 4 * kills {
        let scene = Scene::new(verb, toll.rounds, faults);
        let mut ended = None;
        for again in [false, true, true] {
            let done = scene.progress(verb);
            let after = random.usize(done.min(MESSAGES - 1)..MESSAGES);
            let moment = Duration::from_micros(random.u64(0..10_000));
            ended = scene.kill(verb, again, after, moment);
            if ended.is_some() {
                break;
            }
            toll.hits += 1;
            toll.amid += usize::from((1..MESSAGES).contains(&scene.progress(verb)));
            scene.later();
        }
        // What ended before it was killed has said all; what was killed runs again.
        let (mut code, mut said) = ended.unwrap_or_else(|| scene.run(verb, true));
        for _ in 0..8 {
            assert!([0, 1, 6].contains(&code), "{}: code {code}\n{said}", verb.name);
            let left = !scene.texts("orders-poison").is_empty();
            // A request of a killed process can arrive after its death, and hide messages for one
            // lease more; with faults, a verb can give up. It then says what to do, and that is
            // done. What cannot be known, such as a put whose answer was lost, is in doubt for good.
            if code != 6 && !(left && verb.must_empty()) {
                break;
            }
            let told = code == 6 || verb.runs || said.contains("hidden");
            assert!(told || !faults.is_empty(), "{}: of {left}\n{said}", verb.name);
            scene.later();
            let (next, more) = scene.run(verb, true);
            code = next;
            said.push_str(&more);
        }
        if verb.must_empty() {
            assert!(
                scene.texts("orders-poison").is_empty(),
                "{}: it does not end\n{said}",
                verb.name
            );
        }
        toll.doubled += scene.check(verb, &said, &format!("round {}", toll.rounds));
        toll.rounds += 1;
    }
    toll
}

/// How many kills must hit each verb. Default: 4.
fn kills() -> usize {
    std::env::var("AZQ_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(4)
}

/// The verbs that `AZQ_KILLS_OF` names, separated by commas. Default: all.
fn verbs() -> impl Iterator<Item = Verb> {
    let wanted = std::env::var("AZQ_KILLS_OF").ok();
    let is_wanted = move |verb: &Verb| {
        wanted.as_ref().is_none_or(|wanted| wanted.split(',').any(|name| name == verb.name))
    };
    VERBS.into_iter().filter(is_wanted)
}

fn tell(verb: Verb, toll: &Toll, what: &str) {
    println!(
        "{}: {} kills{what} in {} rounds, {} of them amid the messages; {} messages doubled and named, 0 lost",
        verb.name, toll.hits, toll.rounds, toll.amid, toll.doubled
    );
}

/// Answers that come late, some later than others. A run then takes long enough to be hit amid the
/// messages, also where many are deleted at once.
const SLOW: [&str; 3] =
    ["delay=2ms", "delay=25ms operation=GetMessages", "delay=15ms probability=0.1"];

#[test]
fn whatever_is_killed_loses_nothing() {
    for verb in verbs() {
        let toll = killed(verb, kills(), &SLOW);
        tell(verb, &toll, "");
        assert!(toll.amid > 0, "{} was not hit at work", verb.name);
    }
}

/// Lost answers, closed connections, busy moments, and puts that are stored although they are refused.
const FAULTS: [&str; 4] = [
    "close-after probability=0.02",
    "close probability=0.03",
    "refuse=ServerBusy probability=0.05",
    "refuse-after=OperationTimedOut probability=0.02",
];

#[test]
fn whatever_fails_loses_nothing() {
    for verb in verbs() {
        for round in 0..kills().div_ceil(4) {
            let scene = Scene::new(verb, round, &FAULTS);
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

#[test]
fn whatever_is_killed_while_things_fail_loses_nothing() {
    for verb in verbs() {
        let toll = killed(verb, kills().div_ceil(2), &FAULTS);
        tell(verb, &toll, " under faults");
    }
}
