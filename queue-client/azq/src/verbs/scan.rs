//! `azq scan`: every message of a queue, found by leasing and then given back.

use queue_client::proto::LeaseTimeout;

use crate::{
    app::App,
    failure::{Exit, Failure},
    interrupt::Interrupt,
    mass::filter::{FilterArgs, LeaseArgs, walked},
    message::{LAYOUT, Message, row},
    units,
};

pub(crate) const EXAMPLES: &str = "  azq scan orders --allow-lease
  azq scan orders-poison --match 3 --allow-lease -o jsonl";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The queue, or CONTEXT:QUEUE
    #[arg(add = crate::complete::queues())]
    queue: String,

    /// Yes, receive every message once: this raises dequeue counts and may reorder the queue
    #[arg(long)]
    allow_lease: bool,

    /// Look at no more than so many messages
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    /// End with code 7 if no message matches
    #[arg(long)]
    fail_if_empty: bool,

    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    lease: LeaseArgs,
}

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    if !args.allow_lease {
        return Err(Failure::usage(
            "scan receives every message once, which raises its dequeue count and may reorder the queue: \
             add --allow-lease, or look at the first 32 with `azq peek`",
        ));
    }
    let queue = app.queue(&args.queue)?.client;
    let filter = args.filter.filter();
    let lease = args.lease.lease()?;
    let mut printer = app.printer(LAYOUT)?;
    let interrupt = Interrupt::listen(
        app,
        "giving back what is held; Ctrl-C again to stop at once",
        &format!(
            "stopped: what was held is visible again in about {}",
            lease.map_or_else(
                || "a minute".to_owned(),
                |lease| units::short(LeaseTimeout::as_duration(lease))
            )
        ),
    );
    let mut scan =
        queue.scan().limit(args.limit.unwrap_or(usize::MAX)).max_attempt(args.lease.max_attempt());
    if let Some(lease) = lease {
        scan = scan.lease(lease);
    }
    let mut shown: u64 = 0;
    let failure = loop {
        let message = tokio::select! {
            message = scan.next() => message,
            () = interrupt.wait() => break None,
        };
        match message {
            Ok(Some(message)) if filter.wants(&message) => {
                shown += 1;
                let row = row(&Message::from(message), queue.name().as_str(), args.filter.codec());
                if let Err(failure) = printer.push(&row) {
                    break Some(failure);
                }
            }
            Ok(Some(_)) => {}
            Ok(None) => break None,
            Err(error) => break Some(walked(error)),
        }
    };
    let report = scan.finish().await;
    if let Some(failure) = failure {
        return Err(failure);
    }
    printer.finish()?;
    app.note(&format!(
        "{shown} shown of {} seen, {} given back; highest dequeue count {}",
        report.seen, report.released, report.highest_dequeue_count
    ));
    if report.newer > 0 {
        app.note(&format!("  {} came in meanwhile and were not looked at", report.newer));
    }
    if report.still_hidden > 0 {
        app.warn(&format!("{} stay hidden until their lease ends", report.still_hidden));
    }
    interrupt.end()?;
    if shown == 0 && args.fail_if_empty {
        return Err(Failure::silent(Exit::Empty));
    }
    Ok(())
}
