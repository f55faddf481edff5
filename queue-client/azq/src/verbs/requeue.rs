//! `azq requeue`: one message to the end of its queue, as if it were new.

use crate::{
    app::App,
    ask::confirm,
    failure::Failure,
    mass::{filter::LeaseArgs, one::replace},
};

pub(crate) const EXAMPLES: &str = "  azq requeue orders \"$(azq peek orders -n 1 -o name)\" --yes
  azq requeue orders-poison \"$(azq peek orders-poison -n 1 -o name)\" --yes";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The queue, or CONTEXT:QUEUE
    #[arg(add = crate::complete::queues())]
    queue: String,

    /// The id of the message
    id: String,

    #[command(flatten)]
    lease: LeaseArgs,
}

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let queue = app.queue(&args.queue)?.client;
    confirm(
        app,
        "Put the message anew at the end of the queue? Those before it are received once, which raises \
         their dequeue counts.",
    )?;
    replace(app, &queue, &args.id, &args.lease, |message| Ok(message.message_text().clone())).await
}
