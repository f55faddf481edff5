//! `azq update`: hides one message that `azq receive` printed for longer, and can replace its text.

use std::time::Duration;

use queue_client::proto::{VisibilityTimeout, ops::UpdateMessage};

use crate::{
    app::App,
    failure::Failure,
    message::CodecArg,
    output::{Cell, Column, Layout, Row},
    receipt::ReceiptArgs,
    units,
};

pub(crate) const EXAMPLES: &str = "  azq receive orders -o template='orders {id} --receipt {receipt}' | xargs azq update --lease 5m
  azq receive orders -o template='orders {id} 18 --receipt {receipt}' | xargs azq update --lease 0";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The queue, or CONTEXT:QUEUE
    #[arg(add = crate::complete::queues())]
    queue: String,

    #[command(flatten)]
    message: ReceiptArgs,

    /// The new body; without it the text stays as it is
    #[arg(value_name = "BODY")]
    body: Option<String>,

    /// The new body, by the name that `az` has for it
    #[arg(long, value_name = "BODY", conflicts_with = "body", hide = true)]
    content: Option<String>,

    /// How long the message is hidden from now on; 0 makes it visible at once
    #[arg(
        long,
        visible_alias = "lease",
        value_name = "TIME",
        default_value = "30s",
        value_parser = units::duration
    )]
    visibility_timeout: Duration,

    /// How the body is written as text
    #[arg(long, value_enum, default_value = "auto")]
    codec: CodecArg,
}

const LAYOUT: Layout = Layout {
    list: "message",
    columns: &[Column::new("id"), Column::new("receipt"), Column::new("visible")],
};

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let queue = app.queue(&args.queue)?.client;
    let (id, receipt) = args.message.read()?;
    let hidden = VisibilityTimeout::try_from(args.visibility_timeout)?;
    let mut request = UpdateMessage::new(queue.name().clone(), id.clone(), receipt, hidden);
    if let Some(body) = args.body.as_ref().or(args.content.as_ref()) {
        request = request.text(args.codec.encode(body.as_bytes())?);
    }
    let answer = queue.execute(&request).await?;
    app.printer(LAYOUT)?.document(&Row::new(vec![
        Cell::text(id.as_str()),
        Cell::text(answer.pop_receipt.as_str()),
        Cell::Moment(answer.next_visible_at),
    ]))
}
