//! `azq info`: all that is known of one queue, and the wait until it has drained.

use std::time::{Duration, Instant, SystemTime};

use queue_client::{
    QueueClient, processor::dead_letter::poison_queue_of, proto::ops::PeekedMessage,
};
use serde_json::Value;

use crate::{
    app::{App, Queue},
    failure::{Exit, Failure},
    message::CodecArg,
    output::{Cell, Column, Layout, Row},
    units::{self, short, thousands},
};

pub(crate) const EXAMPLES: &str = "  azq info orders
  azq info orders -o json --fields depth";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The queue, or CONTEXT:QUEUE
    #[arg(add = crate::complete::queues())]
    queue: String,

    /// End with code 8 if the queue has more messages than this, hidden ones included
    #[arg(long, value_name = "N")]
    assert_depth: Option<u64>,

    /// With --assert-depth: wait so long for the queue to drain
    #[arg(long, value_name = "TIME", requires = "assert_depth", value_parser = units::duration)]
    wait: Option<Duration>,
}

const LAYOUT: Layout = Layout {
    list: "queue",
    columns: &[
        Column::new("name"),
        Column::new("account"),
        Column::new("depth"),
        Column::new("visible"),
        Column::new("visible_is_exact"),
        Column::new("oldest"),
        Column::new("highest_attempt"),
        Column::new("codec"),
        Column::new("poison"),
        Column::new("metadata"),
        Column::new("policies"),
    ],
};

/// The time between two looks of --wait.
const AGAIN: Duration = Duration::from_secs(1);

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let queue = app.queue(&args.queue)?;
    if let (Some(limit), Some(wait)) = (args.assert_depth, args.wait) {
        let begun = Instant::now();
        while depth(&queue.client).await? > limit && begun.elapsed() < wait {
            tokio::time::sleep(AGAIN).await;
        }
    }
    let found = look(app, &queue).await?;
    app.printer(LAYOUT)?.document(&found.row())?;
    check(&found, args.assert_depth, None)
}

async fn depth(queue: &QueueClient) -> Result<u64, Failure> {
    Ok(queue.properties().await?.approximate_messages_count())
}

/// What is known of a queue.
pub(super) struct Found {
    name: String,
    account: String,
    depth: u64,
    head: Vec<PeekedMessage>,
    is_capped: bool,
    poison: Option<u64>,
    metadata: Value,
    policies: Option<Value>,
}

/// Asks for all that is known of a queue.
pub(super) async fn look(app: &App, queue: &Queue) -> Result<Found, Failure> {
    let client = &queue.client;
    let poison = sibling(app, queue)?;
    let (properties, head, policies, poison) =
        tokio::join!(client.properties(), client.peek(32), client.access_policies(), async {
            match &poison {
                Some(poison) => poison.client.properties().await.ok(),
                None => None,
            }
        });
    let (properties, head) = (properties?, head?);
    let pairs = properties.metadata().iter();
    Ok(Found {
        name: queue.name().to_owned(),
        account: app.connect().map_or_else(
            |_| String::new(),
            |connection| connection.account.endpoint().account().to_string(),
        ),
        depth: properties.approximate_messages_count(),
        is_capped: head.len() >= 32,
        head,
        poison: poison.map(|properties| properties.approximate_messages_count()),
        metadata: pairs.map(|(name, value)| (name.to_owned(), Value::from(value))).collect(),
        // Signatures never allow to see them: then they are not known.
        policies: policies.ok().map(|policies| {
            policies.iter().map(|policy| Value::from(policy.id.as_str())).collect()
        }),
    })
}

/// The poison queue of a queue, whether it exists or not.
fn sibling(app: &App, queue: &Queue) -> Result<Option<Queue>, Failure> {
    let name = poison_queue_of(queue.client.name());
    name.map(|name| app.queue(name.as_str())).transpose()
}

/// Fails with the code of a check if a limit is passed.
pub(super) fn check(
    found: &Found,
    max_depth: Option<u64>,
    max_age: Option<Duration>,
) -> Result<(), Failure> {
    if let Some(limit) = max_depth.filter(|limit| found.depth > *limit) {
        return Err(Failure::new(
            Exit::Check,
            format!("{} has {} messages, more than {limit}", found.name, thousands(found.depth)),
        ));
    }
    if let (Some(limit), Some(age)) = (max_age, found.age())
        && age > limit
    {
        return Err(Failure::new(
            Exit::Check,
            format!(
                "the oldest visible message of {} waits for {}, longer than {}",
                found.name,
                short(age),
                short(limit)
            ),
        ));
    }
    Ok(())
}

impl Found {
    fn oldest(&self) -> Option<SystemTime> {
        self.head.iter().map(|message| message.inserted_at()).min()
    }

    fn age(&self) -> Option<Duration> {
        Some(SystemTime::now().duration_since(self.oldest()?).unwrap_or_default())
    }

    /// The codec that the head of the queue is written with, as far as can be told.
    fn codec(&self) -> Option<String> {
        let mut codecs: Vec<_> = self
            .head
            .iter()
            .map(|message| CodecArg::Auto.decode(message.message_text()).codec)
            .collect();
        codecs.sort_unstable();
        codecs.dedup();
        match codecs.as_slice() {
            [] => None,
            [one] => Some((*one).to_owned()),
            _ => Some(String::from("mixed: text and base64")),
        }
    }

    pub(super) fn row(&self) -> Row {
        let highest = self.head.iter().map(|message| message.dequeue_count()).max();
        Row::new(vec![
            Cell::text(&self.name),
            Cell::text(&self.account),
            Cell::Number(self.depth),
            Cell::Number(u64::try_from(self.head.len()).unwrap_or(u64::MAX)),
            Cell::Flag(!self.is_capped),
            self.oldest().into(),
            highest.map(u64::from).into(),
            self.codec().into(),
            self.poison.into(),
            Cell::Json(self.metadata.clone()),
            self.policies.clone().map_or(Cell::Missing, Cell::Json),
        ])
    }
}
