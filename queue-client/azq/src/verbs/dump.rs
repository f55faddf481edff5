//! `azq dump`: the messages of a queue into a file, from which `restore` puts them back unchanged.

use std::path::PathBuf;

use crate::{
    app::App,
    ask::confirm,
    failure::Failure,
    mass::{
        archive::ArchiveWriter,
        drain::{Plan, drain, file, path_of, say_counts},
        filter::{FilterArgs, LeaseArgs},
        preview::{about, count_all, preview},
        record::Origin,
    },
};

pub(crate) const EXAMPLES: &str = "  azq dump orders orders.jsonl.gz
  azq dump orders-poison poison.jsonl --delete --yes";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The queue, or CONTEXT:QUEUE
    #[arg(add = crate::complete::queues())]
    queue: String,

    /// The file to write, packed if it ends in .gz. Default: standard output
    file: Option<PathBuf>,

    /// Delete each message once its line is on the disk. By default all are given back
    #[arg(long)]
    delete: bool,

    /// Pack the lines with gzip
    #[arg(long)]
    gzip: bool,

    /// Go on with a file that an earlier run left: what is in it is not written again
    #[arg(long, requires = "file")]
    resume: bool,

    /// Write no more than so many messages
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    /// Say what would be done; looks at the first 32 messages and touches nothing
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
    let would = if args.delete { "write and delete" } else { "write" };
    if args.dry_run {
        if args.allow_lease {
            return count_all(app, &queue, &filter, args.lease.max_attempt(), would).await;
        }
        return preview(app, &queue, &filter, would).await;
    }
    if args.delete {
        let chosen = if filter.takes_all() { "" } else { "what matches of " };
        confirm(app, &format!("Write and delete {chosen}{}?", about(&given).await?))?;
    } else {
        say_counts(app, &queue);
    }
    let (writer, written) = match path_of(args.file.as_ref()) {
        Some(path) => file(app, path, args.gzip, args.resume)?,
        None => (ArchiveWriter::stdout(args.gzip), Default::default()),
    };
    let origin = Origin { account, queue: queue.name().to_string(), codec: args.filter.codec() };
    let plan = Plan {
        queue: &queue,
        filter,
        lease: &args.lease,
        limit: args.limit,
        writer: Some(writer),
        written,
        origin,
        deletes: args.delete,
        word: "written",
    };
    drain(app, plan).await.map(drop)
}
