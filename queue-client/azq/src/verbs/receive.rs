//! `azq receive`: the primitive for scripts: receives messages, prints them with their receipts, and
//! leaves them hidden until the lease ends.

use std::time::Duration;

use queue_client::proto::{LeaseTimeout, MessageCount, ops::GetMessages};

use crate::{
    app::App,
    failure::{Exit, Failure},
    message::{self, CodecArg, Message},
    output::{Cell, Column, Layout},
    units,
};

pub(crate) const EXAMPLES: &str = "  azq receive orders -o json
  azq receive orders -n 32 --visibility-timeout 5m -o jsonl";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The queue, or CONTEXT:QUEUE
    #[arg(add = crate::complete::queues())]
    queue: String,

    /// At most so many messages, 1 to 32
    #[arg(
        short = 'n',
        long = "num-messages",
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=32)
    )]
    count: u32,

    /// How long the messages are hidden from others
    #[arg(
        long,
        visible_alias = "lease",
        value_name = "TIME",
        default_value = "30s",
        value_parser = units::duration
    )]
    visibility_timeout: Duration,

    /// What the texts mean
    #[arg(long, value_enum, default_value = "auto")]
    codec: CodecArg,

    /// End with code 7 if there is no visible message
    #[arg(long)]
    fail_if_empty: bool,
}

/// The columns of a message, and its receipt.
const LAYOUT: Layout = Layout {
    list: "messages",
    columns: &[
        Column::new("id"),
        Column::new("receipt"),
        Column::new("attempt"),
        Column::extra("inserted"),
        Column::extra("expires"),
        Column::new("visible"),
        Column::extra("queue"),
        Column::extra("codec"),
        Column::extra("size"),
        Column::text("body"),
        Column::extra("json"),
        Column { name: "text", shown: false, flexible: true },
    ],
};

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let queue = app.queue(&args.queue)?.client;
    let request = GetMessages::new(queue.name().clone())
        .count(MessageCount::new(args.count)?)
        .visibility_timeout(LeaseTimeout::try_from(args.visibility_timeout)?);
    let messages = queue.execute(&request).await?.messages;
    let count = messages.len();
    let mut printer = app.printer(LAYOUT)?;
    for received in messages {
        let receipt = received.pop_receipt().as_str().to_owned();
        let mut row = message::row(&Message::from(received), queue.name().as_str(), args.codec);
        row.cells.insert(1, Cell::text(receipt));
        printer.push(&row)?;
    }
    printer.finish()?;
    if count == 0 {
        app.note(&format!("no visible message in {}", queue.name()));
        if args.fail_if_empty {
            return Err(Failure::silent(Exit::Empty));
        }
    } else {
        app.note(&format!(
            "hidden for {}: `azq delete` or `azq update` it with its receipt before that",
            units::short(args.visibility_timeout)
        ));
    }
    Ok(())
}
