//! `azq peek`: the first messages of a queue, which stay where they are.

use std::{collections::HashSet, time::Duration};

use queue_client::proto::MessageCount;

use crate::{
    app::App,
    failure::{Exit, Failure},
    message::{CodecArg, LAYOUT, Message, row},
    text::visible_lines,
    units,
};

pub(crate) const EXAMPLES: &str = "  azq peek orders
  azq peek orders -n 1 -o raw";

/// Ids that are remembered with --follow: more than any head of a queue has.
const REMEMBERED: usize = 10_000;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The queue, or CONTEXT:QUEUE
    #[arg(add = crate::complete::queues())]
    queue: String,

    /// At most so many messages, 1 to 32: the service shows no more
    #[arg(
        short = 'n',
        long = "num-messages",
        value_name = "N",
        default_value_t = 32,
        value_parser = clap::value_parser!(u32).range(1..=32)
    )]
    count: u32,

    /// What the texts mean
    #[arg(long, value_enum, default_value = "auto")]
    codec: CodecArg,

    /// Show each body whole, JSON indented
    #[arg(long)]
    full: bool,

    /// Look again and again, and show what is new at the head of the queue until interrupted
    #[arg(long, short = 'F')]
    follow: bool,

    /// The time between two looks of --follow
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = units::duration)]
    interval: Duration,

    /// End with code 7 if there is no visible message
    #[arg(long)]
    fail_if_empty: bool,
}

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let queue = app.queue(&args.queue)?;
    let mut printer = app.printer(LAYOUT)?;
    let mut seen = HashSet::new();
    let mut warned = false;
    loop {
        let messages = queue.client.peek(args.count).await?;
        let count = messages.len();
        for message in messages.into_iter().map(Message::from) {
            if args.follow {
                if seen.len() >= REMEMBERED {
                    seen.clear();
                }
                if !seen.insert(message.id.clone()) {
                    continue;
                }
            }
            if args.full && args.is_table(app) {
                full(&message, args.codec)?;
            } else {
                printer.push(&row(&message, queue.name(), args.codec))?;
            }
        }
        let is_full = count >= usize::try_from(MessageCount::MAX.get()).unwrap_or(usize::MAX);
        if !args.follow {
            printer.finish()?;
            if is_full {
                app.note("32 shown; there may be more, which only `azq scan` sees");
            }
            if count == 0 {
                app.note(&format!("no visible message in {}", queue.name()));
                if args.fail_if_empty {
                    return Err(Failure::silent(Exit::Empty));
                }
            }
            return Ok(());
        }
        printer.flush()?;
        if is_full && !warned {
            warned = true;
            app.warn("32 messages are visible; new ones behind them cannot be seen by peeking");
        }
        tokio::time::sleep(args.interval).await;
    }
}

impl Args {
    fn is_table(&self, app: &App) -> bool {
        app.output.format == crate::output::Format::Table
    }
}

/// One message as a block of lines.
fn full(message: &Message, codec: CodecArg) -> Result<(), Failure> {
    use std::io::Write as _;

    let body = codec.decode(&message.text);
    let shown = match body.json().map(|value| serde_json::to_string_pretty(&value)) {
        Some(Ok(pretty)) => pretty,
        _ => body.shown(),
    };
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "--- {} (attempt {}, {} bytes of {})",
        crate::text::visible(&message.id),
        message.attempt,
        message.text.len(),
        body.codec
    )?;
    writeln!(out, "{}", visible_lines(&shown))?;
    out.flush()?;
    Ok(())
}
