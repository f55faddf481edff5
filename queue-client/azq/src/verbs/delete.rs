//! `azq delete`: deletes one message that `azq receive` printed.

use queue_client::proto::ops::DeleteMessage;

use crate::{app::App, failure::Failure, receipt::ReceiptArgs};

pub(crate) const EXAMPLES: &str = "  azq receive orders -o template='orders {id} --receipt {receipt}' | xargs azq delete
  azq receive orders -o template='{id} {receipt}' | (read id r; azq delete orders $id --receipt $r)";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The queue, or CONTEXT:QUEUE
    #[arg(add = crate::complete::queues())]
    queue: String,

    #[command(flatten)]
    message: ReceiptArgs,
}

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let queue = app.queue(&args.queue)?.client;
    let (id, receipt) = args.message.read()?;
    queue.execute(&DeleteMessage::new(queue.name().clone(), id, receipt)).await?;
    app.note("1 message deleted");
    Ok(())
}
