//! `azq top`: all queues live, on a screen that one can leave open.

mod draw;
mod keys;
mod look;
mod screen;
mod snapshot;
mod state;

use std::time::Duration;

use queue_client::QueueServiceClient;

use self::look::look;
use crate::{
    app::App,
    failure::Failure,
    output::{Cell, Column, Layout, Row},
    units,
};

pub(crate) const EXAMPLES: &str = "  azq top --once
  azq top --once 'orders*' -o jsonl";

#[derive(Debug, clap::Args)]
#[command(after_help = KEYS)]
pub(crate) struct Args {
    /// Only queues whose names match: `*` stands for any letters, `?` for one
    pattern: Option<String>,

    /// The time between two looks
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = units::duration)]
    interval: Duration,

    /// Print what the screen would show once, in the format of -o; the default where the output is no
    /// terminal
    #[arg(long)]
    once: bool,
}

const KEYS: &str = "\
Keys of the screen:
  up, down, j, k, home, end   choose a queue
  enter                       look at the head of the chosen queue (changes nothing)
  R                           bring its dead letters back, after a question
  n, d, a                     sort by name, depth, age
  /                           show only queues with these letters
  p, r                        pause; look now
  q, Ctrl-C                   quit; a redrive that runs is finished first, unless you quit twice";

const LAYOUT: Layout = Layout {
    list: "queues",
    columns: &[
        Column::new("name"),
        Column::new("depth"),
        Column::new("visible"),
        Column::new("oldest"),
        Column::new("poison_depth"),
    ],
};

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let service = app.connect()?.service.clone();
    let pattern = args.pattern.clone().unwrap_or_else(|| String::from("*"));
    if args.once || !app.terminal.output || !app.terminal.input {
        return once(app, &service, &pattern).await;
    }
    screen::run(app, &service, &pattern, args.interval).await
}

async fn once(app: &App, service: &QueueServiceClient, pattern: &str) -> Result<(), Failure> {
    let snapshot = look(service, pattern).await?;
    let mut printer = app.printer(LAYOUT)?;
    for queue in snapshot.queues() {
        printer.push(&Row::new(vec![
            Cell::text(&queue.name),
            Cell::Number(queue.depth),
            Cell::text(queue.visible_in_words()),
            queue.oldest.into(),
            queue.poison.into(),
        ]))?;
    }
    printer.finish()
}
