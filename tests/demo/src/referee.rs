//! Starts the processes, kills one, and watches until every message is completed.

use std::{
    collections::BTreeSet,
    env,
    process::Stdio,
    time::{Duration, Instant},
};

use queue_client::{QueueClient, QueueServiceClient};
use queue_emulator::{Emulator, Server};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use crate::{
    Outcome,
    arguments::Arguments,
    events::Event,
    report::{Progress, Summary},
    tally::Tally,
};

const CONNECTION_STRING: &str = "AZURE_STORAGE_CONNECTION_STRING";
const TICK: Duration = Duration::from_millis(100);
/// How long nothing may happen, beyond the visibility timeout, before the demo gives up.
const PATIENCE: Duration = Duration::from_secs(30);
/// The process that sends; the receivers follow.
pub(crate) const SENDER: usize = 0;

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
    let service = QueueServiceClient::from_connection_string(&connection_string)?;
    let queue = service.queue(format!("demo-{:08x}", fastrand::u32(..)).as_str())?;
    queue.create().await?;

    println!("One sender and {} receivers talk through a queue of {place}.", arguments.receivers);
    println!(
        "What a receiver takes stays hidden for {} s (the service's default is 30 s).",
        arguments.visibility.as_secs()
    );
    let mut game = Game::start(arguments, &queue, &connection_string)?;
    let result = tokio::select! {
        result = game.play(&queue) => result,
        _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
    };
    game.stop().await;
    let summary = game.summary();
    queue.delete_queue_if_exists().await?;
    if let Some(server) = server {
        server.shutdown().await;
    }
    result?;

    summary.print();
    match summary.lost {
        0 => Ok(()),
        lost => Err(format!("{lost} messages were lost").into()),
    }
}

/// What a process says, or that it said its last.
enum News {
    Event(usize, Event),
    Unreadable(String),
    Ended(usize),
}

struct Game {
    messages: usize,
    visibility: Duration,
    started: Instant,
    /// The sender, then the receivers.
    processes: Vec<Child>,
    news: mpsc::UnboundedReceiver<News>,
    tally: Tally,
    killed: Option<Killed>,
}

/// The receiver that was killed.
#[derive(Debug)]
struct Killed {
    process: usize,
    at: Instant,
    held: BTreeSet<u32>,
}

impl Game {
    fn start(arguments: &Arguments, queue: &QueueClient, connection_string: &str) -> Outcome<Self> {
        let (tell, news) = mpsc::unbounded_channel();
        let mut processes = Vec::new();
        for process in SENDER..=arguments.receivers {
            let role = if process == SENDER { "--sender" } else { "--receiver" };
            let mut child = Command::new(env::current_exe()?)
                .args([role, queue.name().as_str()])
                .args(["--messages", &arguments.messages.to_string()])
                .args(["--visibility", &arguments.visibility.as_secs().to_string()])
                .env(CONNECTION_STRING, connection_string)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .kill_on_drop(true)
                .spawn()?;
            let output = child.stdout.take().ok_or("a process has no output")?;
            processes.push(child);
            let tell = tell.clone();
            tokio::spawn(async move {
                let mut lines = BufReader::new(output).lines();
                // A line that was cut when its process was killed is no event.
                while let Ok(Some(line)) = lines.next_line().await {
                    let news = match line.parse() {
                        Ok(event) => News::Event(process, event),
                        Err(reason) => News::Unreadable(reason),
                    };
                    // The game is over when nobody listens any more.
                    let _ = tell.send(news);
                }
                let _ = tell.send(News::Ended(process));
            });
        }
        Ok(Self {
            messages: arguments.messages as usize,
            visibility: arguments.visibility,
            started: Instant::now(),
            processes,
            news,
            tally: Tally::default(),
            killed: None,
        })
    }

    /// Watches until every message is completed or nothing happens any more.
    async fn play(&mut self, queue: &QueueClient) -> Outcome {
        let mut progress = Progress::new(self.messages);
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last_news = Instant::now();
        while self.tally.completed() < self.messages {
            tokio::select! {
                Some(news) = self.news.recv() => {
                    last_news = Instant::now();
                    if let Some(line) = self.hear(news).await? {
                        progress.say(&line);
                    }
                }
                _ = tick.tick() => {
                    progress.show(&self.tally);
                    self.settle(queue, last_news).await?;
                    if last_news.elapsed() > self.visibility + PATIENCE {
                        return Ok(());
                    }
                }
            }
        }
        progress.show(&self.tally);
        Ok(())
    }

    async fn hear(&mut self, news: News) -> Outcome<Option<String>> {
        let (process, event) = match news {
            News::Event(process, event) => (process, event),
            News::Unreadable(reason) => return Err(reason.into()),
            News::Ended(process) => return self.ended(process).await,
        };
        self.tally.record(process, event);
        let due = self.killed.is_none() && self.tally.completed() * 4 >= self.messages;
        if !(due && matches!(event, Event::Received { .. })) {
            return Ok(None);
        }
        let child = self.processes.get_mut(process).ok_or("there is no such process")?;
        child.start_kill()?;
        self.killed = Some(Killed { process, at: Instant::now(), held: BTreeSet::new() });
        Ok(Some(format!("Receiver {process} is killed (SIGKILL) with messages in its hands.")))
    }

    async fn ended(&mut self, process: usize) -> Outcome<Option<String>> {
        let child = self.processes.get_mut(process).ok_or("there is no such process")?;
        let status = child.wait().await?;
        if let Some(killed) = self.killed.as_mut().filter(|killed| killed.process == process) {
            killed.held = self.tally.held_by(process);
            return Ok(Some(format!(
                "Receiver {process} held {} messages; they stay in the queue, hidden.",
                killed.held.len()
            )));
        }
        if process == SENDER && status.success() {
            return Ok(Some(format!("All {} messages are sent.", self.tally.sent())));
        }
        Err(format!("process {process} ended by itself: {status}").into())
    }

    /// Once what the killed process held has had the time to come back and the queue is empty, what
    /// it was deleting when it died is deleted.
    async fn settle(&mut self, queue: &QueueClient, last_news: Instant) -> Outcome {
        let Some(killed) = &self.killed else { return Ok(()) };
        let pause = self.visibility + Duration::from_secs(1);
        if killed.at.elapsed() < pause || last_news.elapsed() < pause {
            return Ok(());
        }
        if queue.properties().await?.approximate_messages_count == 0 {
            self.tally.settle_unheard_deletes(killed.process);
        }
        Ok(())
    }

    /// Closes the input of every process, which stops them.
    async fn stop(&mut self) {
        for child in &mut self.processes {
            drop(child.stdin.take());
        }
        for child in &mut self.processes {
            // A process that cannot be waited for is killed when the game is dropped.
            let _ = tokio::time::timeout(PATIENCE, child.wait()).await;
        }
    }

    fn summary(&self) -> Summary {
        let names = (SENDER..self.processes.len()).map(|process| match process {
            SENDER => "sender".to_owned(),
            number if self.killed.as_ref().is_some_and(|killed| killed.process == number) => {
                format!("receiver {number} (killed)")
            }
            number => format!("receiver {number}"),
        });
        Summary {
            processes: names.enumerate().map(|(at, name)| (name, self.tally.counts(at))).collect(),
            sent: self.tally.sent(),
            completed: self.tally.completed(),
            redelivered: self.tally.redelivered(),
            lost: self.tally.lost(),
            held_by_killed: self.killed.as_ref().map_or(0, |killed| killed.held.len()),
            recovered: self
                .killed
                .as_ref()
                .map_or(0, |killed| self.tally.completed_of(&killed.held)),
            time: self.started.elapsed(),
        }
    }
}
