//! `azq send`: adds messages from arguments, a file or standard input, many at once.

use std::{num::NonZeroU64, time::Duration};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use queue_client::{
    QueueClient,
    proto::{MessageText, ops::SentMessage},
};
use tokio::{sync::mpsc, time::Interval};

use crate::{
    app::App,
    failure::{Exit, Failure},
    message::CodecArg,
    output::{Cell, Column, Format, Layout, Row},
    progress::Progress,
    units::thousands,
};

mod args;
mod source;

pub(crate) use self::args::Args;
use self::{
    args::Life,
    source::{Item, Read, Source, read},
};

pub(crate) const EXAMPLES: &str = "  azq send orders '17 bottles' '3 glasses'
  seq 1 100 | azq send orders --delay 30s --ttl 1h";

const LAYOUT: Layout = Layout {
    list: "messages",
    columns: &[
        Column::new("id"),
        Column::new("inserted"),
        Column::new("expires"),
        Column::new("visible"),
        Column::new("number"),
    ],
};

/// How many were sent, and why others were not.
#[derive(Default)]
struct Tally {
    sent: u64,
    failed: u64,
    doubtful: u64,
}

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let queue = app.queue(&args.queue)?.client;
    let mut items = read(app, &Source::new(&args)?)?;
    let mut printer = app.printer(LAYOUT)?;
    let quiet = app.output.format == Format::Table;
    let progress = Progress::new(app, "sent", None);
    let mut tally = Tally::default();
    let mut pace = Pace::new(args.rate);
    let mut under_way = FuturesUnordered::new();
    let most = usize::try_from(args.jobs).unwrap_or(1);
    let mut open = true;
    loop {
        tokio::select! {
            biased;
            Some((number, result)) = under_way.next() => {
                match settle(app, &progress, number, result, &mut tally)? {
                    Some(sent) => {
                        progress.add(1);
                        if !quiet {
                            printer.push(&row(number, &sent))?;
                        }
                    }
                    None => progress.fail(1),
                }
            }
            item = pace.next(&mut items), if open && under_way.len() < most => {
                let ready = match item {
                    None => {
                        open = false;
                        continue;
                    }
                    Some(Ok(item)) => {
                        let number = item.number;
                        args.prepare(item).map(|ready| (number, ready)).map_err(|why| (number, why))
                    }
                    Some(Err(unreadable)) => Err(unreadable),
                };
                match ready {
                    Ok((number, ready)) => under_way.push(put(&queue, number, ready)),
                    Err((number, failure)) => {
                        tally.failed += 1;
                        progress.fail(1);
                        progress.say(app, &format!("message {number}: {failure}"));
                    }
                }
            }
            else => break,
        }
    }
    progress.finish();
    printer.finish()?;
    summary(app, queue.name().as_str(), &tally)
}

/// Lets items through at a rate.
struct Pace {
    ticks: Option<Interval>,
    /// The tick for the next item has come.
    may: bool,
}

impl Pace {
    fn new(rate: Option<NonZeroU64>) -> Self {
        let ticks = rate.map(|rate| {
            let rate = u32::try_from(rate.get()).unwrap_or(u32::MAX);
            tokio::time::interval(Duration::from_secs(1) / rate)
        });
        Self { ticks, may: false }
    }

    /// The next item in its time. Nothing is lost if the future is dropped.
    async fn next(&mut self, items: &mut mpsc::Receiver<Read>) -> Option<Read> {
        if let Some(ticks) = self.ticks.as_mut().filter(|_| !self.may) {
            ticks.tick().await;
            self.may = true;
        }
        let item = items.recv().await;
        self.may = false;
        item
    }
}

/// A message that can be sent.
struct Ready {
    text: MessageText,
    delay: Option<Duration>,
    ttl: Option<Life>,
}

async fn put(
    queue: &QueueClient,
    number: u64,
    ready: Ready,
) -> (u64, Result<SentMessage, queue_client::Error>) {
    let mut call = queue.send(ready.text.into_string());
    if let Some(delay) = ready.delay {
        call = call.visibility_timeout(delay);
    }
    match ready.ttl {
        Some(Life::Never) => call = call.never_expires(),
        Some(Life::For(life)) => call = call.time_to_live(life),
        None => {}
    }
    (number, call.await)
}

/// Counts a result. A failure that all messages would meet ends the verb.
fn settle(
    app: &App,
    progress: &Progress,
    number: u64,
    result: Result<SentMessage, queue_client::Error>,
    tally: &mut Tally,
) -> Result<Option<SentMessage>, Failure> {
    match result {
        Ok(sent) => {
            tally.sent += 1;
            Ok(Some(sent))
        }
        Err(error) => {
            let doubtful = error.failure().may_be_applied();
            let failure = Failure::from(error);
            if !doubtful && matches!(failure.exit(), Exit::Denied | Exit::NotFound | Exit::Conflict)
            {
                if tally.sent > 0 {
                    app.say(&format!("{} sent before this:", thousands(tally.sent)));
                }
                return Err(failure);
            }
            if doubtful {
                tally.doubtful += 1;
            }
            tally.failed += 1;
            progress.say(app, &format!("message {number}: {failure}"));
            Ok(None)
        }
    }
}

fn summary(app: &App, queue: &str, tally: &Tally) -> Result<(), Failure> {
    let Tally { sent, failed, doubtful } = tally;
    if *failed == 0 {
        let noun = if *sent == 1 { "message" } else { "messages" };
        app.note(&format!("{} {noun} sent to {queue}", thousands(*sent)));
        return Ok(());
    }
    let doubt = match doubtful {
        0 => String::new(),
        doubtful => format!(", of which {} may have been sent all the same", thousands(*doubtful)),
    };
    Err(Failure::new(
        Exit::SomeFailed,
        format!("{} sent to {queue}, {} failed{doubt}", thousands(*sent), thousands(*failed)),
    ))
}

fn row(number: u64, sent: &SentMessage) -> Row {
    Row::new(vec![
        Cell::text(sent.id().as_str()),
        Cell::Moment(sent.inserted_at()),
        sent.expires_at().map_or(Cell::Never, Cell::Moment),
        Cell::Moment(sent.next_visible_at()),
        Cell::Number(number),
    ])
}

impl Args {
    /// The text and times of an item.
    fn prepare(&self, item: Item) -> Result<Ready, Failure> {
        let text = match item.exact {
            true => CodecArg::Text.encode(&item.body)?,
            false => self.codec.encode(&item.body)?,
        };
        Ok(Ready { text, delay: item.delay.or(self.delay), ttl: item.ttl.or(self.ttl) })
    }
}
