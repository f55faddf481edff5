//! Starts the processes, kills receivers, and watches until every message is completed.

use std::{
    collections::BTreeSet,
    env,
    time::{Duration, Instant},
};

use queue_client::{QueueClient, QueueServiceClient, proto::ErrorCode};
use queue_emulator::{Effect, Emulator, Fault, Server};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use crate::{
    Outcome,
    arguments::Arguments,
    events::Event,
    ledger::Ledger,
    processes::{News, Processes, SENDER},
    report::{Progress, Summary},
};

pub(crate) const CONNECTION_STRING: &str = "AZURE_STORAGE_CONNECTION_STRING";
/// How long nothing may happen, beyond the lease, before the demo gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(100);
const KILL_EVERY: Duration = Duration::from_secs(1);
/// In place of a kill, a receiver is suspended every so many seconds.
const STOP_EVERY: usize = 5;
/// By how much longer than its lease.
const OVERSLEPT: Duration = Duration::from_secs(1);

pub(crate) async fn run(arguments: &Arguments) -> Outcome {
    let (server, connection_string, place) = match env::var(CONNECTION_STRING) {
        Ok(text) if !text.is_empty() => (None, text, "the account of the environment".to_owned()),
        _ => {
            let server = Server::bind(Emulator::new(), "127.0.0.1:0").await?;
            let place = format!("the embedded emulator at {}", server.local_addr());
            let connection_string = server.connection_string();
            (Some(server), connection_string, place)
        }
    };
    if server.is_none() && arguments.faults > 0.0 {
        return Err("--faults needs the embedded emulator".into());
    }
    let service = QueueServiceClient::from_connection_string(&connection_string)?;
    let queue = service.queue(format!("demo-{:08x}", fastrand::u32(..)).as_str())?;
    queue.create().await?;
    if let Some(server) = &server {
        spoil(server.emulator(), arguments.faults);
    }

    println!("One sender and {} receivers talk through a queue of {place}.", arguments.receivers);
    println!(
        "What a receiver takes stays hidden for {} s, or longer if it says so in time.",
        arguments.lease.as_secs()
    );
    let mut game = Game::start(arguments, &queue, &connection_string)?;
    let result = tokio::select! {
        result = game.play(&queue) => result,
        _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
    };
    game.processes.stop().await;
    let mut spoiled = 0;
    if let Some(server) = &server {
        spoiled = server.emulator().fault_counts().iter().sum();
        server.emulator().clear_faults();
    }
    queue.delete_queue_if_exists().await?;
    if let Some(server) = server {
        server.shutdown().await;
    }
    result?;

    let summary = game.summary(spoiled);
    print!("{summary}");
    summary.verdict()
}

/// Lets that share of all requests fail, in the four ways that differ: the service does not see the
/// request or refuses it, or the answer is lost or does not tell.
fn spoil(emulator: &Emulator, share: f64) {
    if share <= 0.0 {
        return;
    }
    for effect in [
        Effect::Close,
        Effect::CloseAfter,
        Effect::Refuse(ErrorCode::ServerBusy),
        Effect::RefuseAfter(ErrorCode::OperationTimedOut),
    ] {
        emulator.add_fault(Fault::new(effect).probability(share / 4.0));
    }
}

struct Game {
    messages: usize,
    lease: Duration,
    kills_left: usize,
    stops_left: usize,
    /// Since the first message was sent.
    seconds: usize,
    stops: usize,
    started: Instant,
    processes: Processes,
    news: mpsc::UnboundedReceiver<News>,
    ledger: Ledger,
    all_sent: bool,
    /// What killed receivers held.
    orphans: BTreeSet<u32>,
    example: Option<Example>,
}

/// A message whose way is told: its receiver is killed, another one gets it.
struct Example {
    number: u32,
    killed: Instant,
    received_again: bool,
}

impl Game {
    fn start(arguments: &Arguments, queue: &QueueClient, connection_string: &str) -> Outcome<Self> {
        let (processes, news) =
            Processes::start(arguments, queue.name().as_str(), connection_string)?;
        Ok(Self {
            messages: arguments.messages as usize,
            lease: arguments.lease,
            kills_left: arguments.kills,
            stops_left: arguments.stops,
            seconds: 0,
            stops: 0,
            started: Instant::now(),
            processes,
            news,
            ledger: Ledger::default(),
            all_sent: false,
            orphans: BTreeSet::new(),
            example: None,
        })
    }

    /// Watches until every message is completed and the queue is empty, or nothing happens any more.
    async fn play(&mut self, queue: &QueueClient) -> Outcome {
        let mut progress = Progress::new(self.messages);
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last_news = Instant::now();
        let mut last_kill = Instant::now();
        loop {
            tokio::select! {
                Some(news) = self.news.recv() => {
                    last_news = Instant::now();
                    if let Some(line) = self.hear(news).await? {
                        progress.say(&line);
                    }
                }
                _ = tick.tick() => {
                    progress.show(&self.ledger);
                    if self.is_over(queue).await || last_news.elapsed() > self.lease + PATIENCE {
                        return Ok(());
                    }
                    if last_kill.elapsed() >= KILL_EVERY {
                        last_kill = Instant::now();
                        if let Some(line) = self.attack().await? {
                            progress.say(&line);
                        }
                    }
                    for number in self.processes.resume(Instant::now())? {
                        progress.say(&format!("{} goes on.", self.processes.name(number)));
                    }
                }
            }
        }
    }

    /// Whether all is completed and nothing is left that could come again.
    async fn is_over(&self, queue: &QueueClient) -> bool {
        self.all_sent
            && !self.processes.any_suspended()
            && self.ledger.completed() >= self.messages
            // When the answer is lost, the next tick asks again.
            && queue.properties().await.is_ok_and(|answer| answer.approximate_messages_count() == 0)
    }

    /// Kills or suspends a receiver: at first one that works, then any.
    async fn attack(&mut self) -> Outcome<Option<String>> {
        if self.ledger.sent() == 0 {
            return Ok(None);
        }
        self.seconds += 1;
        let due = self.seconds.is_multiple_of(STOP_EVERY);
        let suspend = self.stops_left > 0 && due && !self.processes.any_suspended();
        if self.kills_left == 0 && !suspend {
            return Ok(None);
        }
        let mut receivers = self.processes.receivers();
        if self.example.is_none() {
            receivers.retain(|number| self.ledger.is_busy(*number));
        }
        let Some(victim) = fastrand::choice(receivers) else { return Ok(None) };
        let how = if suspend {
            self.stops_left -= 1;
            self.stops += 1;
            let time = self.lease + OVERSLEPT;
            self.processes.suspend(victim, time).await?;
            format!("suspended (SIGSTOP) for {} s", time.as_secs())
        } else {
            self.kills_left -= 1;
            self.processes.kill(victim)?;
            "killed (SIGKILL), and replaced".to_owned()
        };
        Ok(Some(format!("{} is {how}.", self.processes.name(victim))))
    }

    async fn hear(&mut self, news: News) -> Outcome<Option<String>> {
        let (process, event) = match news {
            News::Event(process, event) => (process, event),
            News::Unreadable(reason) => return Err(reason.into()),
            News::Ended(process) => return self.ended(process).await,
        };
        self.ledger.record(process, &event)?;
        let Some(example) = self.example.as_mut().filter(|example| !example.received_again) else {
            return Ok(None);
        };
        match event {
            Event::Started { token, number, .. }
                if number == example.number && token.attempt > 1 =>
            {
                example.received_again = true;
                Ok(Some(format!(
                    "Message {number} is back after {:.1} s: {} has its delivery {}.",
                    example.killed.elapsed().as_secs_f64(),
                    self.processes.name(process),
                    token.attempt
                )))
            }
            _ => Ok(None),
        }
    }

    async fn ended(&mut self, process: usize) -> Outcome<Option<String>> {
        let killed = self.processes.ended(process).await?;
        if process == SENDER {
            self.all_sent = true;
            return Ok(Some(format!("All {} messages are sent.", self.ledger.sent())));
        }
        if !killed {
            return Ok(None);
        }
        self.ledger.record_kill(process);
        let held = self.ledger.held_by(process);
        if held.is_empty() {
            return Ok(None);
        }
        let mut line = format!(
            "{} held {} messages; they stay in the queue, hidden.",
            self.processes.name(process),
            held.len()
        );
        if let (None, Some(number)) = (&self.example, held.first().copied()) {
            line.push_str(&format!(" Message {number} is one of them."));
            self.example = Some(Example { number, killed: Instant::now(), received_again: false });
        }
        self.orphans.extend(held);
        Ok(Some(line))
    }

    fn summary(&self, spoiled: u64) -> Summary {
        let places = self.processes.places().into_iter().map(|(name, numbers)| {
            let counts = numbers.iter().map(|number| self.ledger.counts(*number)).collect();
            (name, counts)
        });
        Summary {
            places: places.collect(),
            sent: self.ledger.sent(),
            resends: self.ledger.resends(),
            completed: self.ledger.completed(),
            lost: self.ledger.lost(),
            redelivered: self.ledger.redelivered(),
            kills: self.ledger.kills(),
            stops: self.stops,
            cut_off: self.ledger.cut_off(),
            duplicates: self.ledger.duplicates(),
            overlaps: self.ledger.overlaps(),
            spoiled,
            orphans: self.orphans.len(),
            recovered: self.ledger.completed_of(&self.orphans),
            time: self.started.elapsed(),
        }
    }
}
