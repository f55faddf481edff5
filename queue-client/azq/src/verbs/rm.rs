//! `azq rm`: deletes queues with all that is in them, after a question.

use std::time::{Duration, Instant};

use crate::{
    app::{App, Queue},
    ask::{confirm, confirm_name},
    failure::Failure,
    units::{self, thousands},
};

pub(crate) const EXAMPLES: &str = "  azq rm orders-poison --dry-run
  azq rm orders-poison --yes";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The queues, each perhaps as CONTEXT:QUEUE
    #[arg(required = true, add = crate::complete::queues())]
    queues: Vec<String>,

    /// A queue that does not exist is no error
    #[arg(long)]
    if_exists: bool,

    /// Say what would be deleted, and delete nothing
    #[arg(long)]
    dry_run: bool,

    /// Wait until the queue is gone, at most so long: its name is not free before
    #[arg(
        long,
        value_name = "TIME",
        num_args = 0..=1,
        default_missing_value = "2m",
        require_equals = true,
        value_parser = units::duration
    )]
    wait: Option<Duration>,
}

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let queues: Vec<_> =
        args.queues.iter().map(|name| app.queue(name)).collect::<Result<_, _>>()?;
    let mut there = Vec::new();
    for queue in queues {
        match queue.client.properties().await {
            Ok(properties) => there.push((queue, properties.approximate_messages_count())),
            Err(error) if error.is_queue_not_found() && args.if_exists => {
                app.note(&format!("{} does not exist", queue.name()));
            }
            Err(error) => return Err(error.into()),
        }
    }
    for (queue, count) in &there {
        let what = format!("{} with {}", queue.name(), messages(*count));
        if args.dry_run {
            app.say(&format!("would delete {what}"));
            continue;
        }
        ask(app, queue, *count, &what)?;
        queue.client.delete_queue().await?;
        app.note(&format!("deleted {what}"));
    }
    if let Some(wait) = args.wait.filter(|_| !args.dry_run) {
        for (queue, _) in &there {
            gone(queue, wait).await?;
        }
    }
    Ok(())
}

/// A queue that holds messages, or is in a protected context, is deleted only by its name.
fn ask(app: &App, queue: &Queue, count: u64, what: &str) -> Result<(), Failure> {
    let question = format!("Delete {what}?");
    if count > 0 || queue.protected {
        confirm_name(app, &question, queue.name())
    } else {
        confirm(app, &question)
    }
}

fn messages(count: u64) -> String {
    match count {
        0 => String::from("no messages"),
        1 => String::from("1 message"),
        count => format!("≈ {} messages", thousands(count)),
    }
}

async fn gone(queue: &Queue, wait: Duration) -> Result<(), Failure> {
    let begun = Instant::now();
    while queue.client.exists().await? && begun.elapsed() < wait {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}
