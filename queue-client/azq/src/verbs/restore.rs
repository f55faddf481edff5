//! `azq restore`: the messages of a dump back into a queue, with their texts unchanged.

use std::{
    collections::HashMap,
    io::{BufRead as _, Read as _},
    path::PathBuf,
    time::{Duration, Instant, SystemTime},
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use queue_client::{
    OpFailure, QueueClient,
    bulk::{FileJournal, Journal, JournalStep, Lifetime},
    proto::{LifeSeconds, MessageId, TimeToLive, VisibilityTimeout, ops::PutMessage},
};

use crate::{
    app::App,
    failure::{Exit, Failure},
    interrupt::Interrupt,
    mass::{
        archive::open,
        ids::Ids,
        record::Record,
        state::StateArgs,
        transfer::{address, lifetime, rate},
    },
    progress::Progress,
    units::thousands,
};

pub(crate) const EXAMPLES: &str = "  azq dump orders | azq restore orders -
  azq dump orders-poison poison.jsonl && azq restore orders poison.jsonl --dry-run";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The queue to put the messages into, or CONTEXT:QUEUE
    #[arg(add = crate::complete::queues())]
    queue: String,

    /// The dump, packed or not; - for standard input
    file: PathBuf,

    /// Show the messages at their original pace: each is hidden for as long as it came after the first
    #[arg(long)]
    keep_delay: bool,

    /// At most so many messages a second
    #[arg(long, value_name = "N", value_parser = rate)]
    rate: Option<f64>,

    /// Put a message only once that is in the dump several times
    #[arg(long)]
    dedupe: bool,

    /// How long the messages live: keep (until they would have expired), default (7 days), never, or a
    /// time. With keep, what has expired by now is left out
    #[arg(long, value_name = "TTL", default_value = "keep", value_parser = lifetime)]
    ttl: Lifetime,

    /// Messages under way at once
    #[arg(short = 'j', long, value_name = "N", default_value_t = 128, hide_short_help = true)]
    in_flight: usize,

    /// Make the queue if it does not exist
    #[arg(long)]
    create: bool,

    /// Read the dump and say what would be done
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    state: StateArgs,
}

/// The bytes that a line of a dump can have at most, by far: 64 KiB of text, escaped, twice.
const LONGEST: u64 = 4 * 1024 * 1024;
/// How often a put is sent again whose answer was lost, or which was refused for a moment.
const AGAIN: u32 = 5;

#[derive(Default)]
struct Tally {
    read: u64,
    put: u64,
    before: u64,
    expired: u64,
    repeated: u64,
    failed: u64,
}

/// What became of one put.
struct Done {
    line: u64,
    result: Result<bool, queue_client::Error>,
}

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let queue = app.queue(&args.queue)?.client;
    let mut lines = open(&args.file)?;
    if args.create && !args.dry_run {
        queue.create_if_missing().await?;
    }
    let from = args.file.canonicalize().unwrap_or_else(|_| args.file.clone());
    let from = from.display().to_string();
    // What comes in by a pipe cannot be read a second time from where a killed run was.
    let from_file = args.file.as_os_str() != "-";
    let mut journal = if args.dry_run || !from_file {
        None
    } else {
        args.state.journal(app, "restore", &from, &address(app, &args.queue, &queue))
    };
    let mut restore = Restore::begin(&queue, &args, journal.as_mut(), &from)?;
    let interrupt = Interrupt::listen(
        app,
        "finishing what is under way; Ctrl-C again to stop at once",
        "stopped: run the same command to go on",
    );
    let progress = Progress::new(app, "put", None);
    let mut line = String::new();
    let mut failure = None;
    while failure.is_none() && !interrupt.came() {
        line.clear();
        match lines.by_ref().take(LONGEST).read_line(&mut line) {
            Ok(0) => break,
            Ok(read) if read as u64 == LONGEST && !line.ends_with('\n') => {
                let number = restore.tally.read + 1;
                failure = Some(Failure::usage(format!(
                    "line {number} of {} is longer than any message can be",
                    args.file.display()
                )));
                break;
            }
            Ok(_) => {}
            Err(error) => {
                let number = restore.tally.read + 1;
                failure = Some(Failure::usage(format!(
                    "line {number} of {} cannot be read: {error}",
                    args.file.display()
                )));
                break;
            }
        }
        restore.tally.read += 1;
        let number = restore.tally.read;
        let record = match Record::parse(line.trim_end_matches('\n')) {
            Ok(record) => record,
            Err(why) => {
                failure =
                    Some(Failure::usage(format!("line {number} of {} {why}", args.file.display())));
                break;
            }
        };
        drop(std::mem::take(&mut line));
        if let Err(error) = restore.take(number, record) {
            failure = Some(error);
        }
        let most = if failure.is_some() { 0 } else { args.in_flight.max(1) };
        while restore.under_way.len() >= most && !restore.under_way.is_empty() {
            let result = tokio::select! {
                result = restore.settle_one(&progress) => result,
                () = interrupt.wait() => break,
            };
            if let Err(error) = result {
                failure = Some(error);
                break;
            }
        }
        if failure.is_none() {
            tokio::select! {
                () = restore.pause() => {}
                () = interrupt.wait() => {}
            }
        }
    }
    while !restore.under_way.is_empty() {
        if let Err(error) = restore.settle_one(&progress).await {
            failure.get_or_insert(error);
        }
    }
    progress.finish();
    restore.tell(app, args.dry_run);
    let complete = failure.is_none() && !interrupt.came() && restore.tally.failed == 0;
    let doubtful = !restore.doubtful.is_empty();
    drop(restore);
    if complete && let Some(journal) = &mut journal {
        // The job is done, whether or not the file goes.
        drop(journal.finish());
    }
    if let Some(failure) = failure {
        return Err(failure);
    }
    interrupt.end()?;
    if complete && !doubtful { Ok(()) } else { Err(Failure::silent(Exit::SomeFailed)) }
}

/// A restore at work.
struct Restore<'a> {
    queue: &'a QueueClient,
    args: &'a Args,
    journal: Option<&'a mut FileJournal>,
    /// What an earlier run left, by lines.
    before: HashMap<u64, JournalStep>,
    doubtful: Vec<u64>,
    ids: Ids,
    first: Option<SystemTime>,
    began: SystemTime,
    next_put: Instant,
    under_way: FuturesUnordered<futures_util::future::BoxFuture<'static, Done>>,
    tally: Tally,
}

impl<'a> Restore<'a> {
    fn begin(
        queue: &'a QueueClient,
        args: &'a Args,
        mut journal: Option<&'a mut FileJournal>,
        from: &str,
    ) -> Result<Self, Failure> {
        let mut before = HashMap::new();
        let mut doubtful = Vec::new();
        if let Some(journal) = &mut journal {
            let job = format!("restore {from} to {}", queue.name());
            for (id, step) in journal.begin(&job).map_err(unusable)? {
                let Ok(line) = id.as_str().parse() else { continue };
                if step == JournalStep::PutAgain {
                    doubtful.push(line);
                } else {
                    before.insert(line, step);
                }
            }
        }
        Ok(Self {
            queue,
            args,
            journal,
            before,
            doubtful,
            ids: Ids::default(),
            first: None,
            began: SystemTime::now(),
            next_put: Instant::now(),
            under_way: FuturesUnordered::new(),
            tally: Tally::default(),
        })
    }

    /// Begins the put of a record, unless there is a reason not to.
    fn take(&mut self, line: u64, record: Record) -> Result<(), Failure> {
        if self.args.dedupe
            && let Some(id) = &record.id
            && !self.ids.insert(id)
        {
            self.tally.repeated += 1;
            return Ok(());
        }
        let again = match self.before.remove(&line) {
            Some(JournalStep::Put) => {
                self.tally.before += 1;
                return Ok(());
            }
            Some(_) => true,
            None => false,
        };
        let Some(life) = self.life(&record) else {
            self.tally.expired += 1;
            return Ok(());
        };
        let delay = self.delay(&record)?;
        if self.args.dry_run {
            self.tally.put += 1;
            return Ok(());
        }
        if again {
            self.doubt(line)?;
        }
        self.note(line, JournalStep::Putting)?;
        let mut put = PutMessage::new(self.queue.name().clone(), record.text).time_to_live(life);
        if delay != VisibilityTimeout::ZERO {
            put = put.visibility_timeout(delay);
            put.check_hiding()?;
        }
        let queue = self.queue.clone();
        self.under_way
            .push(Box::pin(async move { Done { line, result: insist(&queue, &put).await } }));
        if let Some(rate) = self.args.rate {
            let earliest = Instant::now().checked_sub(Duration::from_millis(100));
            let from = earliest.map_or(self.next_put, |earliest| self.next_put.max(earliest));
            self.next_put = from + Duration::from_secs_f64(1.0 / rate);
        }
        Ok(())
    }

    /// Waits until the rate allows another put.
    fn pause(&self) -> impl Future<Output = ()> + Send + use<> {
        let wait = self.next_put.saturating_duration_since(Instant::now());
        async move {
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
        }
    }

    /// How long a message lives; `None` for one that has expired.
    fn life(&self, record: &Record) -> Option<Option<TimeToLive>> {
        match self.args.ttl {
            Lifetime::Set(time) => Some(Some(time)),
            Lifetime::Keep => match record.expires {
                Some(None) => Some(Some(TimeToLive::Never)),
                Some(Some(end)) => {
                    let left = end.duration_since(SystemTime::now()).ok()?.as_secs();
                    let left = LifeSeconds::from_secs(left.max(1)).ok();
                    Some(Some(left.map_or(TimeToLive::Never, TimeToLive::After)))
                }
                None => Some(None),
            },
            _ => Some(None),
        }
    }

    fn delay(&mut self, record: &Record) -> Result<VisibilityTimeout, Failure> {
        let (true, Some(inserted)) = (self.args.keep_delay, record.inserted) else {
            return Ok(VisibilityTimeout::ZERO);
        };
        let first = *self.first.get_or_insert(inserted);
        let after = inserted.duration_since(first).unwrap_or_default();
        let passed = self.began.elapsed().unwrap_or_default();
        Ok(VisibilityTimeout::from_secs(after.saturating_sub(passed).as_secs())?)
    }

    /// Waits for one put, and takes down what became of it.
    async fn settle_one(&mut self, progress: &Progress) -> Result<(), Failure> {
        let Some(Done { line, result }) = self.under_way.next().await else { return Ok(()) };
        match result {
            Ok(again) => {
                self.tally.put += 1;
                progress.add(1);
                if again {
                    self.doubt(line)?;
                }
                self.note(line, JournalStep::Put)
            }
            Err(error) => {
                self.tally.failed += 1;
                progress.fail(1);
                match error.failure() {
                    OpFailure::Ambiguous => self.doubt(line)?,
                    _ => self.note(line, JournalStep::NotPut)?,
                }
                Err(Failure::from(error).context(&format!("line {line}")))
            }
        }
    }

    fn doubt(&mut self, line: u64) -> Result<(), Failure> {
        self.doubtful.push(line);
        self.note(line, JournalStep::PutAgain)
    }

    fn note(&mut self, line: u64, step: JournalStep) -> Result<(), Failure> {
        match &mut self.journal {
            Some(journal) => {
                let id = MessageId::new(line.to_string())?;
                journal.record(&id, step).map_err(unusable)
            }
            None => Ok(()),
        }
    }

    fn tell(&self, app: &App, dry_run: bool) {
        let Tally { read, put, before, expired, repeated, failed } = self.tally;
        let word = if dry_run { "would be put" } else { "put" };
        app.note(&format!(
            "{} {word} + {before} put before + {expired} expired + {repeated} repeated + {failed} failed = {} \
             lines ({})",
            thousands(put),
            thousands(read),
            self.queue.name()
        ));
        let mut doubtful = self.doubtful.clone();
        doubtful.sort_unstable();
        doubtful.dedup();
        for line in doubtful {
            app.say(&format!("possibly doubled: line {line} (put, perhaps twice)"));
        }
    }
}

/// Puts a message, and again if the answer is lost: it is in the file, and better there twice than not
/// at all. Says whether it may be there twice.
async fn insist(queue: &QueueClient, put: &PutMessage) -> Result<bool, queue_client::Error> {
    let mut again = false;
    for attempt in 0_u32.. {
        match queue.execute(put).await {
            Ok(_) => return Ok(again),
            Err(error) if *error.failure() == OpFailure::Ambiguous && attempt < AGAIN => {
                again = true;
                tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(again)
}

fn unusable(error: std::io::Error) -> Failure {
    Failure::usage(format!("the state file cannot be used: {error}"))
}
