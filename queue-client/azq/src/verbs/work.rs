//! `azq work`: runs a command for each message, with the whole processor behind it: leases that are
//! renewed, retries, a poison queue, a graceful end.

mod child;
mod codec;

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use queue_client::processor::{
    Delivery, HandlerError, Outcome, Processor, QueueMissing, Report, Stopped,
    dead_letter::DeadLetterTo,
};
use tokio::sync::watch;

use self::{
    child::{Child, Ending},
    codec::BodyCodec,
};
use crate::{
    app::App,
    failure::{Exit, Failure},
    interrupt::Interrupt,
    message::CodecArg,
    text::visible,
    units::{self, short},
};

pub(crate) const EXAMPLES: &str =
    "  azq work orders --drain -- sh -c 'echo \"$AZQ_ID, delivery $AZQ_ATTEMPT: $(cat)\"'
  azq work orders --drain -j 8 --lease 2m --max-deliveries 3 -- cat";

const CONTRACT: &str = "\
The command gets the body on standard input, and in its environment
  AZQ_ID, AZQ_QUEUE, AZQ_ACCOUNT       the message and its place
  AZQ_ATTEMPT, AZQ_LAST_ATTEMPT        1 for the first delivery; 1 if there is no other, else 0
  AZQ_INSERTED, AZQ_EXPIRES            in UTC; `never` for a message that does not expire
  AZQ_RESULT                           a file: its first line `retry 5m` or `dead REASON` says what
                                       becomes of the message if the command fails
It ends with 0 if the work is done, and the message is deleted; with 65 if it can never be done, and the
message goes to the poison queue; with anything else, 75 among it, or by a signal, and the message comes
back later. With 126 or 127, or if it cannot be started, azq stops at once, gives back what it holds and
ends with that code. What the command prints is the output of azq.";

#[derive(Debug, clap::Args)]
#[command(after_long_help = CONTRACT)]
pub(crate) struct Args {
    /// The queue, or CONTEXT:QUEUE
    #[arg(add = crate::complete::queues())]
    queue: String,

    /// The command and its arguments
    #[arg(last = true, required_unless_present = "exec", value_name = "COMMAND")]
    command: Vec<String>,

    /// The command as one line for the shell
    #[arg(long, value_name = "LINE", conflicts_with = "command")]
    exec: Option<String>,

    /// So many commands at the same time
    #[arg(short = 'j', long, value_name = "N", default_value = "1")]
    jobs: NonZeroUsize,

    /// How long a message is hidden at first; the lease is renewed while the command runs
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = units::duration)]
    lease: Duration,

    /// Kill a command that runs for longer; its message comes back later
    #[arg(long = "kill-after", value_name = "TIME", value_parser = units::duration)]
    kill_after: Option<Duration>,

    /// After so many deliveries a message goes to the poison queue; 0 for any number
    #[arg(long, value_name = "N", default_value_t = 5)]
    max_deliveries: u32,

    /// The poison queue; without it the queue's name with -poison behind it
    #[arg(long, value_name = "QUEUE")]
    dead_letter: Option<String>,

    /// Wrap dead letters in an envelope that says why they died, which `azq redrive` takes off again
    #[arg(long)]
    envelope: bool,

    /// At most so many commands a second
    #[arg(long, value_name = "N")]
    rate: Option<f64>,

    /// End when the queue is empty, instead of waiting for more
    #[arg(long)]
    drain: bool,

    /// How long commands may go on after Ctrl-C or SIGTERM
    #[arg(long, value_name = "TIME", default_value = "25s", value_parser = units::duration)]
    grace: Duration,

    /// What the texts mean
    #[arg(long, value_enum, default_value = "auto")]
    codec: CodecArg,
}

/// What stops the worker early: the exit code of a command that cannot run.
#[derive(Debug, Clone)]
struct Halt {
    code: Arc<AtomicU8>,
    sender: watch::Sender<bool>,
}

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let queue = app.queue(&args.queue)?;
    let command = args.command_line();
    let child = Arc::new(Child::new(command, queue.name(), queue.account.clone())?);
    // A missing queue is an error now, and not a loop that waits for it.
    queue.client.properties().await?;
    let (sender, mut halted) = watch::channel(false);
    let halt = Halt { code: Arc::new(AtomicU8::new(0)), sender };
    let interrupt = Interrupt::listen(
        app,
        &format!(
            "finishing what runs, for {} at most; Ctrl-C again to stop at once",
            short(args.grace)
        ),
        &format!("stopped: what was held is visible again within {}", short(args.lease)),
    );

    let mut processor = Processor::new(queue.client.clone().with_codec(BodyCodec(args.codec)))
        .concurrency(args.jobs.get())
        .lease(args.lease)
        .handler_timeout(args.kill_after)
        .max_deliveries(args.max_deliveries)
        .queue_missing(QueueMissing::Fail)
        .drain_timeout(args.grace);
    if let Some(rate) = args.rate {
        processor = processor.rate(rate);
    }
    let letters = match &args.dead_letter {
        Some(name) => DeadLetterTo::queue(app.queue(name)?.client.name().clone()),
        None => DeadLetterTo::poison_queue(),
    };
    processor = processor.dead_letter(if args.envelope { letters.in_envelope() } else { letters });
    let stop = {
        let interrupt = interrupt.clone();
        async move {
            tokio::select! {
                () = interrupt.wait() => {}
                _ = halted.wait_for(|halted| *halted) => {}
            }
        }
    };
    let handler = {
        let halt = halt.clone();
        let verbose = app.talk.verbose > 0;
        move |delivery: Delivery<Vec<u8>>| {
            let (child, halt) = (Arc::clone(&child), halt.clone());
            async move { handle(&child, &halt, verbose, delivery).await }
        }
    };
    let result = if args.drain {
        processor.stop_when(stop).drain_once(handler).await
    } else {
        processor.stop_when(stop).run(handler).await
    };
    end(app, &interrupt, &halt, result)
}

/// Runs the command for one message.
async fn handle(
    child: &Child,
    halt: &Halt,
    verbose: bool,
    delivery: Delivery<Vec<u8>>,
) -> Result<Outcome, HandlerError> {
    if *halt.sender.borrow() {
        return Ok(Outcome::Retry { after: Some(Duration::ZERO) });
    }
    let id = delivery.id().clone();
    match child.run(&delivery).await {
        Ending::Done => Ok(Outcome::Complete),
        Ending::Retry { after, why } => {
            if verbose {
                say(&format!("{id}: {why}; it comes back"));
            }
            let error: Box<dyn std::error::Error + Send + Sync> = why.into();
            Err(match after {
                Some(after) => HandlerError::retry_after(error, after),
                None => HandlerError::from(error),
            })
        }
        Ending::Dead { why } => {
            if verbose {
                say(&format!("{id}: {why}; it goes to the poison queue"));
            }
            let error: Box<dyn std::error::Error + Send + Sync> = why.into();
            Err(HandlerError::permanent(error))
        }
        Ending::CannotRun { code, why } => {
            halt.code.store(code, Ordering::SeqCst);
            say(&why);
            halt.sender.send_replace(true);
            Ok(Outcome::Retry { after: Some(Duration::ZERO) })
        }
    }
}

fn say(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr().lock(), "azq: {}", visible(line));
}

/// The end of the worker, with its code.
fn end(
    app: &App,
    interrupt: &Interrupt,
    halt: &Halt,
    result: Result<Report, Stopped>,
) -> Result<(), Failure> {
    let report = match result {
        Ok(report) => report,
        Err(stopped) => return Err(stopped_early(stopped)),
    };
    app.note(&report.to_string());
    for left in &report.left {
        app.note(&format!("{} is visible again within {}", left.id, short(left.visible_in)));
    }
    match halt.code.load(Ordering::SeqCst) {
        0 => interrupt.end(),
        code => Err(Failure::silent(Exit::Code(code))),
    }
}

fn stopped_early(stopped: Stopped) -> Failure {
    let exit = match &stopped {
        Stopped::Config(_) => Exit::Usage,
        Stopped::Unauthorized { .. } => Exit::Denied,
        Stopped::QueueMissing { .. } => Exit::NotFound,
        Stopped::GaveUp { .. } => Exit::Service,
        _ => Exit::Itself,
    };
    let cause = std::error::Error::source(&stopped).map(|cause| format!(": {cause}"));
    Failure::new(exit, format!("{stopped}{}", cause.unwrap_or_default()))
}

impl Args {
    fn command_line(&self) -> Vec<String> {
        match &self.exec {
            Some(line) => vec!["sh".into(), "-c".into(), line.clone()],
            None => self.command.clone(),
        }
    }
}
