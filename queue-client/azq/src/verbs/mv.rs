//! `azq mv` and `azq cp`: the messages of a queue into another one, of any account.

use queue_client::bulk::Lifetime;

use crate::{
    app::App,
    ask::confirm,
    failure::Failure,
    mass::{
        filter::{FilterArgs, LeaseArgs},
        preview::{about, count_all, preview},
        state::StateArgs,
        transfer::{Doing, Job, TransferArgs, address, lifetime, set},
    },
};

pub(crate) const EXAMPLES: &str = "  azq mv orders archive --dry-run
  azq mv orders archive --match 4711 --create --yes";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The queue to move from, or CONTEXT:QUEUE
    #[arg(add = crate::complete::queues())]
    source: String,

    /// The queue to move to, or CONTEXT:QUEUE
    #[arg(add = crate::complete::queues())]
    destination: String,

    /// Make the destination if it does not exist
    #[arg(long)]
    create: bool,

    /// How long the messages live there: keep (as long as they had left), default (7 days), never, or a
    /// time
    #[arg(long, value_name = "TTL", default_value = "keep", value_parser = lifetime)]
    ttl: Lifetime,

    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    transfer: TransferArgs,
    #[command(flatten)]
    lease: LeaseArgs,
    #[command(flatten)]
    state: StateArgs,
}

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    carry(app, args, Doing::Moved).await
}

/// Moves or copies.
pub(super) async fn carry(app: &App, args: Args, doing: Doing) -> Result<(), Failure> {
    let (from, to) = (app.queue(&args.source)?, app.queue(&args.destination)?);
    let filter = args.filter.filter();
    let (verb, would) = match doing {
        Doing::Moved => ("mv", "move"),
        Doing::Copied => ("cp", "copy"),
    };
    if args.transfer.dry_run {
        if args.transfer.allow_lease {
            return count_all(app, &from.client, &filter, args.lease.max_attempt(), would).await;
        }
        return preview(app, &from.client, &filter, would).await;
    }
    let chosen = if filter.takes_all() { "" } else { "what matches of " };
    let mut question = format!("{would} {chosen}{} to {}?", about(&from).await?, to.label);
    if !filter.takes_all() || matches!(doing, Doing::Copied) {
        question.push_str(
            " What stays is received once, which raises its dequeue count and may reorder it.",
        );
    }
    confirm(app, &capital(&question))?;
    if args.create {
        to.client.create_if_missing().await?;
    }
    let lease = args.lease.lease()?;
    let (source, target) =
        (address(app, &args.source, &from.client), address(app, &args.destination, &to.client));
    let journal = args.state.journal(app, verb, &source, &target);
    let job = Job::begin(app, &from, &to, doing, lease).await?;
    let transfer = match doing {
        Doing::Moved => from.client.move_to(&to.client),
        Doing::Copied => from.client.copy_to(&to.client),
    };
    let mut transfer = set(transfer, &args.transfer, lease, journal)
        .lifetime(args.ttl)
        .max_attempt(args.lease.max_attempt())
        .stop_when(job.stop())
        .on_progress(job.shown());
    if !filter.takes_all() {
        transfer = transfer.matching(move |message| filter.wants(message));
    }
    job.end(transfer.await)
}

/// A sentence with a capital at its beginning.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
