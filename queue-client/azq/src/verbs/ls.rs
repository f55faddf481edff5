//! `azq ls`: the queues of the account. Names cost one request a page; depth and age two a queue.

use std::time::{Duration, SystemTime};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use queue_client::{QueueServiceClient, proto::ops::QueueItem};
use serde_json::Value;

use crate::{
    app::App,
    failure::{Exit, Failure},
    glob,
    output::{Cell, Column, Layout, Row},
    progress::Progress,
    units,
};

pub(crate) const EXAMPLES: &str = "  azq ls
  azq ls 'orders*' -l --sort age";

/// Queues whose depth is asked for at the same time.
const IN_FLIGHT: usize = 16;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only queues whose names match: `*` stands for any letters, `?` for one
    pattern: Option<String>,

    /// Only queues whose names start with this
    #[arg(long, value_name = "TEXT", conflicts_with = "pattern")]
    prefix: Option<String>,

    /// Also how many messages each has and how old its oldest visible one is: two requests a queue
    #[arg(short, long)]
    long: bool,

    /// The order of the queues; depth and age imply -l
    #[arg(long, value_enum, value_name = "BY", default_value = "name")]
    sort: Sort,

    /// Also the metadata of each queue
    #[arg(long, visible_alias = "include-metadata")]
    metadata: bool,

    /// List again and again until interrupted; implies -l
    #[arg(long)]
    watch: bool,

    /// The time between two lists of --watch
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = units::duration)]
    interval: Duration,

    /// End with code 7 if there is no queue
    #[arg(long)]
    fail_if_empty: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Sort {
    /// By name, as the service lists them
    Name,
    /// The longest queue first
    Depth,
    /// The queue with the oldest message first
    Age,
}

const SHORT: Layout = Layout {
    list: "queues",
    columns: &[
        Column::new("name"),
        Column::new("poison"),
        Column { name: "metadata", shown: false, flexible: true },
    ],
};

const LONG: Layout = Layout {
    list: "queues",
    columns: &[
        Column::new("name"),
        Column::new("depth"),
        Column::new("visible"),
        Column::new("oldest"),
        Column::new("poison"),
        Column { name: "metadata", shown: false, flexible: true },
    ],
};

const WITH_METADATA: Layout = Layout {
    list: "queues",
    columns: &[Column::new("name"), Column::new("poison"), Column::text("metadata")],
};

/// A queue and what was asked of it.
struct Found {
    item: QueueItem,
    /// The poison queue that belongs to it, by its name.
    poison: Option<String>,
    depth: Option<u64>,
    visible: Option<String>,
    oldest: Option<SystemTime>,
}

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let service = &app.connect()?.service;
    loop {
        let count = list(app, &args, service).await?;
        if !args.watch {
            if count == 0 && args.fail_if_empty {
                return Err(Failure::silent(Exit::Empty));
            }
            return Ok(());
        }
        tokio::time::sleep(args.interval).await;
    }
}

async fn list(app: &App, args: &Args, service: &QueueServiceClient) -> Result<usize, Failure> {
    let mut found = names(args, service).await?;
    let long = args.long || args.watch || args.sort != Sort::Name;
    if long {
        found = measured(app, service, found).await?;
    }
    match args.sort {
        Sort::Name => {}
        Sort::Depth => found.sort_by_key(|queue| std::cmp::Reverse(queue.depth)),
        // Queues without a visible message come last.
        Sort::Age => found.sort_by_key(|queue| (queue.oldest.is_none(), queue.oldest)),
    }
    if args.watch && app.terminal.output {
        // The screen of the terminal is cleared, its scroll-back stays.
        use std::io::Write as _;
        std::io::stdout().write_all(b"\x1b[2J\x1b[H")?;
    }
    let layout = if long {
        LONG
    } else if args.metadata {
        WITH_METADATA
    } else {
        SHORT
    };
    let mut printer = app.printer(layout)?;
    for queue in &found {
        printer.push(&row(queue, long))?;
    }
    printer.finish()?;
    if found.is_empty() && !args.watch {
        app.note(&format!("no queues in account {}", service.endpoint().account()));
    }
    Ok(found.len())
}

async fn names(args: &Args, service: &QueueServiceClient) -> Result<Vec<Found>, Failure> {
    let pattern = args.pattern.as_deref().unwrap_or("*");
    let literal = pattern.split(['*', '?']).next().unwrap_or_default();
    let prefix = args.prefix.as_deref().unwrap_or(literal);
    let mut pages = service.list_queues();
    if !prefix.is_empty() {
        pages = pages.prefix(prefix)?;
    }
    if args.metadata {
        pages = pages.include_metadata();
    }
    let items = pages.all().await?;
    let all: Vec<String> = items.iter().map(|item| item.name().to_string()).collect();
    Ok(items
        .into_iter()
        .filter(|item| glob::matches(pattern, item.name().as_str()))
        .map(|item| {
            let poison = format!("{}-poison", item.name());
            Found {
                poison: all.contains(&poison).then_some(poison),
                item,
                depth: None,
                visible: None,
                oldest: None,
            }
        })
        .collect())
}

/// Asks each queue for its depth and its oldest message.
async fn measured(
    app: &App,
    service: &QueueServiceClient,
    found: Vec<Found>,
) -> Result<Vec<Found>, Failure> {
    let progress = Progress::new(app, "queues asked", u64::try_from(found.len()).ok());
    let mut asked = stream::iter(found)
        .map(async |mut queue: Found| -> Result<Option<Found>, Failure> {
            let client = service.queue(queue.item.name().clone())?;
            let answers = tokio::join!(client.properties(), client.backlog());
            let (properties, backlog) = match answers {
                // It was deleted since it was listed.
                (Err(error), _) | (_, Err(error)) if error.is_queue_not_found() => return Ok(None),
                (properties, backlog) => (properties?, backlog?),
            };
            queue.depth = Some(properties.approximate_messages_count());
            queue.visible = Some(match backlog.is_capped() {
                true => format!("{}+", backlog.visible()),
                false => backlog.visible().to_string(),
            });
            queue.oldest = backlog.oldest_age().and_then(|age| SystemTime::now().checked_sub(age));
            Ok(Some(queue))
        })
        .buffered(IN_FLIGHT);
    let mut all = Vec::new();
    while let Some(queue) = asked.try_next().await? {
        progress.add(1);
        all.extend(queue);
    }
    progress.finish();
    Ok(all)
}

fn row(queue: &Found, long: bool) -> Row {
    let metadata = queue.item.metadata().as_ref().map_or(Cell::Missing, |metadata| {
        let pairs = metadata.iter();
        Cell::Json(pairs.map(|(name, value)| (name.to_owned(), Value::from(value))).collect())
    });
    let mut cells = vec![Cell::text(queue.item.name().as_str())];
    if long {
        cells.push(queue.depth.into());
        cells.push(queue.visible.clone().into());
        cells.push(queue.oldest.into());
    }
    cells.push(queue.poison.clone().into());
    cells.push(metadata);
    Row::new(cells)
}
