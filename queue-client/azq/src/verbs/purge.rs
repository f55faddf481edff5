//! `azq purge`: deletes the messages of a queue, all or some, perhaps after writing them to a file.

use std::path::PathBuf;

use queue_client::{QueueClient, proto::ErrorCode};

use crate::{
    app::App,
    ask::confirm_name,
    failure::Failure,
    mass::{
        drain::{Plan, drain, file},
        filter::{FilterArgs, LeaseArgs},
        preview::{about, count_all, preview},
        record::Origin,
    },
};

pub(crate) const EXAMPLES: &str = "  azq purge orders-poison --backup poison.jsonl.gz --yes
  azq purge orders --match 4711 --dry-run";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The queue, or CONTEXT:QUEUE
    #[arg(add = crate::complete::queues())]
    queue: String,

    /// Write each message to this file before it is deleted, packed if it ends in .gz; `azq restore`
    /// puts them back
    #[arg(long, value_name = "FILE")]
    backup: Option<PathBuf>,

    /// Go on with a backup that an earlier run left
    #[arg(long, requires = "backup")]
    resume: bool,

    /// Say what would be deleted; looks at the first 32 messages and touches nothing
    #[arg(long)]
    dry_run: bool,

    /// Let --dry-run look at all messages, which raises their dequeue counts
    #[arg(long, requires = "dry_run")]
    allow_lease: bool,

    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    lease: LeaseArgs,
}

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let given = app.queue(&args.queue)?;
    let (queue, account) = (given.client.clone(), given.account.clone());
    let filter = args.filter.filter();
    if args.dry_run {
        if args.allow_lease {
            return count_all(app, &queue, &filter, args.lease.max_attempt(), "delete").await;
        }
        return preview(app, &queue, &filter, "delete").await;
    }
    let all = filter.takes_all();
    let chosen = if all { "" } else { "what matches of " };
    let mut question = format!("Delete {chosen}{}?", about(&given).await?);
    if !all {
        question.push_str(
            " What stays is received once, which raises its dequeue count and may reorder it.",
        );
    }
    confirm_name(app, &question, queue.name().as_str())?;
    let (writer, written) = match &args.backup {
        Some(path) => {
            let (writer, written) = file(app, path, false, args.resume)?;
            (Some(writer), written)
        }
        None if all => return clear(app, &queue).await,
        None => (None, Default::default()),
    };
    let origin = Origin { account, queue: queue.name().to_string(), codec: args.filter.codec() };
    let plan = Plan {
        queue: &queue,
        filter,
        lease: &args.lease,
        limit: None,
        writer,
        written,
        origin,
        deletes: true,
        word: "found",
    };
    drain(app, plan).await.map(drop)
}

/// Clears the queue, again and again where it is too long for one time.
async fn clear(app: &App, queue: &QueueClient) -> Result<(), Failure> {
    let mut rounds = 1;
    while let Err(error) = queue.clear().await {
        if error.code() != Some(&ErrorCode::OperationTimedOut) {
            return Err(error.into());
        }
        rounds += 1;
        app.detail(&format!("a part is gone; round {rounds}"));
    }
    app.note(&format!("{} is empty, hidden messages included", queue.name()));
    Ok(())
}
