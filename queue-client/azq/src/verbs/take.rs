//! `azq take`: receives messages and prints them, and deletes each after its line was written and
//! flushed. A reader that goes away leaves the rest in the queue.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, stream};
use queue_client::{
    QueueClient,
    proto::{
        LeaseTimeout, MessageCount, VisibilityTimeout,
        ops::{DeleteMessage, GetMessages, ReceivedMessage, UpdateMessage},
    },
};

use crate::{
    app::App,
    failure::{Exit, Failure},
    interrupt::Interrupt,
    message::{CodecArg, LAYOUT, Message, row},
    output::Printer,
    units::{self, thousands},
};

pub(crate) const EXAMPLES: &str = "  azq take orders -n 1
  azq take orders --all -o jsonl > orders.jsonl";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The queue, or CONTEXT:QUEUE
    #[arg(add = crate::complete::queues())]
    queue: String,

    /// At most so many messages
    #[arg(short = 'n', long = "num-messages", value_name = "N", default_value_t = 1)]
    count: u64,

    /// All messages that are visible, until there is none
    #[arg(long, conflicts_with = "count")]
    all: bool,

    /// Wait so long for a message if there is none
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    wait: Option<Duration>,

    /// Make the messages visible again instead of deleting them; their dequeue count has risen
    #[arg(long)]
    keep: bool,

    /// How long a message is hidden while its line is written
    #[arg(
        long,
        visible_alias = "visibility-timeout",
        value_name = "TIME",
        default_value = "30s",
        value_parser = units::duration
    )]
    lease: Duration,

    /// What the texts mean
    #[arg(long, value_enum, default_value = "auto")]
    codec: CodecArg,

    /// End with code 7 if there was no message
    #[arg(long)]
    fail_if_empty: bool,
}

/// The longest pause between two looks into an empty queue.
const PAUSE: Duration = Duration::from_secs(2);

/// Messages that are released at the same time.
const IN_FLIGHT: usize = 16;

#[derive(Default)]
struct Tally {
    taken: u64,
    failed: u64,
}

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let queue = app.queue(&args.queue)?.client;
    let lease = LeaseTimeout::try_from(args.lease)?;
    let interrupt = Interrupt::listen(
        app,
        "finishing the message at hand; Ctrl-C again to stop at once",
        &format!("stopped: a message at hand is visible again within {}", units::short(args.lease)),
    );
    let mut printer = app.printer(LAYOUT)?;
    let mut tally = Tally::default();
    let begun = Instant::now();
    let mut pause = Duration::from_millis(100);
    // What --keep shows is held to the end: released at once, it would be received again. One that
    // comes back all the same, since its lease ended, ends the round.
    let mut held = Vec::new();
    let mut seen = HashSet::new();
    'queue: while !interrupt.came() && (args.all || tally.taken < args.count) {
        let left = if args.all { u64::MAX } else { args.count - tally.taken };
        let most = u32::try_from(left).unwrap_or(u32::MAX).min(MessageCount::MAX.get());
        let request = GetMessages::new(queue.name().clone())
            .count(MessageCount::new(most)?)
            .visibility_timeout(lease);
        let messages = queue.execute(&request).await?.messages;
        if messages.is_empty() {
            let waits = args.wait.is_some_and(|wait| begun.elapsed() < wait);
            if !waits {
                break;
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(PAUSE),
                () = interrupt.wait() => {}
            }
            continue;
        }
        let mut messages = messages.into_iter();
        while let Some(message) = messages.next() {
            if args.keep && !seen.insert(message.id().clone()) {
                release_all(&queue, std::iter::once(message).chain(messages)).await;
                break 'queue;
            }
            if let Err(failure) = print(&mut printer, &queue, &args, &message) {
                // Its line did not get to anybody: the message and all after it stay.
                let left = 1 + messages.len();
                let held = held.into_iter().chain(std::iter::once(message));
                release_all(&queue, held.chain(messages)).await;
                return Err(closed(app, failure, &tally, left));
            }
            tally.taken += 1;
            if args.keep {
                held.push(message);
            } else {
                delete(app, &queue, &message, &mut tally).await;
            }
            if interrupt.came() {
                release_all(&queue, messages).await;
                break 'queue;
            }
        }
    }
    release_all(&queue, held.into_iter()).await;
    printer.finish()?;
    summary(app, &args, queue.name().as_str(), &tally)?;
    interrupt.end()
}

/// Prints a message so that its reader has it.
fn print(
    printer: &mut Printer,
    queue: &QueueClient,
    args: &Args,
    message: &ReceivedMessage,
) -> Result<(), Failure> {
    let shown = Message::from(message.clone());
    printer.push(&row(&shown, queue.name().as_str(), args.codec))?;
    printer.flush()
}

/// Deletes a message whose line is out.
async fn delete(app: &App, queue: &QueueClient, message: &ReceivedMessage, tally: &mut Tally) {
    let (id, receipt) = (message.id().clone(), message.pop_receipt().clone());
    let request = DeleteMessage::new(queue.name().clone(), id, receipt);
    if let Err(error) = queue.execute(&request).await {
        tally.failed += 1;
        app.say(&format!("{} was printed and is not deleted: {error}", message.id()));
    }
}

async fn release(
    queue: &QueueClient,
    message: &ReceivedMessage,
) -> Result<(), queue_client::Error> {
    let (id, receipt) = (message.id().clone(), message.pop_receipt().clone());
    let now = VisibilityTimeout::ZERO;
    queue.execute(&UpdateMessage::new(queue.name().clone(), id, receipt, now)).await.map(drop)
}

/// Makes messages visible again. One that cannot be released comes back when its lease ends.
async fn release_all(queue: &QueueClient, messages: impl Iterator<Item = ReceivedMessage>) {
    stream::iter(messages)
        .for_each_concurrent(IN_FLIGHT, async |message| {
            let _ = release(queue, &message).await;
        })
        .await;
}

/// The reader went away: what was printed is deleted, what was not stays, and the user learns both.
fn closed(app: &App, failure: Failure, tally: &Tally, left: usize) -> Failure {
    if !failure.is_closed_pipe() {
        return failure;
    }
    app.note(&format!(
        "the reader of the output is gone: {} taken, {left} received and released, the rest left in \
         the queue",
        thousands(tally.taken)
    ));
    Failure::silent(Exit::SomeFailed)
}

fn summary(app: &App, args: &Args, queue: &str, tally: &Tally) -> Result<(), Failure> {
    if tally.failed > 0 {
        return Err(Failure::new(
            Exit::SomeFailed,
            format!(
                "{} of {} messages stay in {queue} although they were printed",
                thousands(tally.failed),
                thousands(tally.taken)
            ),
        ));
    }
    if tally.taken == 0 {
        app.note(&format!("no visible message in {queue}"));
        if args.fail_if_empty {
            return Err(Failure::silent(Exit::Empty));
        }
        return Ok(());
    }
    let (noun, what) = (
        if tally.taken == 1 { "message" } else { "messages" },
        if args.keep {
            "shown and released, with a raised dequeue count"
        } else {
            "taken and deleted"
        },
    );
    app.note(&format!("{} {noun} {what}", thousands(tally.taken)));
    Ok(())
}
