//! Works on messages with a database that all handlers share.
//!
//! A handler runs many times at once, so what its runs share is cheap to clone: a pool of
//! connections, or anything behind an `Arc`. It may be asked for the same message twice, so the
//! database keeps the id of what it has seen in the same step as the work.
//!
//! `cargo run --package queue-client --example shared_database -- orders`

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context as _;
use queue_client::{
    QueueServiceClient,
    processor::{Delivery, Processor, Report},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let queue = env::args().nth(1).unwrap_or_else(|| "orders".to_owned());
    let database = Database::default();
    let report = run(&QueueServiceClient::from_env()?, &queue, &database).await?;
    println!("{report}; bottles that were ordered: {}", database.ordered("bottles"));
    Ok(())
}

pub(crate) async fn run(
    service: &QueueServiceClient,
    queue: &str,
    database: &Database,
) -> Result<Report, Box<dyn std::error::Error>> {
    let database = database.clone();
    let report = Processor::new(service.queue(queue)?)
        // Each run of the handler gets its own clone of the handle.
        .drain_once_handler(move |order| take(database.clone(), order))
        .await?;
    Ok(report)
}

/// `Ok` deletes the message; an error brings it back after a while, and is logged.
async fn take(database: Database, order: Delivery<String>) -> anyhow::Result<()> {
    let (count, item) = order.body().split_once(' ').context("an order is a count and an item")?;
    let count = count.parse().with_context(|| format!("{count:?} is no count"))?;
    if !database.order(order.id().as_str(), item, count).await? {
        println!("{:?} was here before (delivery {})", order.body(), order.attempt());
    }
    Ok(())
}

/// Stands for a pool of connections: a handle whose clones share one database.
#[derive(Debug, Clone, Default)]
pub(crate) struct Database {
    tables: Arc<Mutex<Tables>>,
}

#[derive(Debug, Default)]
struct Tables {
    seen: BTreeSet<String>,
    ordered: BTreeMap<String, u32>,
}

impl Database {
    /// Adds an order, once for each id. `false` if it was there already.
    async fn order(&self, id: &str, item: &str, count: u32) -> anyhow::Result<bool> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if tables.seen.contains(id) {
            return Ok(false);
        }
        let ordered = tables.ordered.entry(item.to_owned()).or_default();
        *ordered = ordered.checked_add(count).context("nobody has that many")?;
        tables.seen.insert(id.to_owned());
        Ok(true)
    }

    /// How many of this item were ordered.
    pub(crate) fn ordered(&self, item: &str) -> u32 {
        let tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.ordered.get(item).copied().unwrap_or_default()
    }
}
