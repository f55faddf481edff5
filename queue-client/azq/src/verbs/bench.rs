//! `azq bench`: how fast an account is from here: messages are sent, received and deleted, in a queue
//! of its own that goes at the end.

use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use hdrhistogram::Histogram;
use queue_client::{QueueClient, ReceivedMessage};

use crate::{
    app::App,
    failure::{Exit, Failure},
    output::{Cell, Column, Layout, Row},
    units,
};

pub(crate) const EXAMPLES: &str = "  azq bench -n 200
  azq bench -n 200 -j 8 --size 64 -o jsonl";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An empty queue to use, or CONTEXT:QUEUE; without it one is made and deleted
    #[arg(add = crate::complete::queues())]
    queue: Option<String>,

    /// So many messages
    #[arg(short = 'n', long = "num-messages", value_name = "N", default_value_t = 1_000)]
    count: u64,

    /// So many requests at the same time
    #[arg(
        short = 'j',
        long,
        value_name = "N",
        default_value_t = 16,
        value_parser = clap::value_parser!(u64).range(1..=1024)
    )]
    jobs: u64,

    /// The size of a message in bytes
    #[arg(
        long,
        value_name = "BYTES",
        default_value_t = 1_024,
        value_parser = clap::value_parser!(u64).range(1..=65_536)
    )]
    size: u64,
}

const LAYOUT: Layout = Layout {
    list: "operations",
    columns: &[
        Column::new("operation"),
        Column::new("requests"),
        Column::new("messages"),
        Column::new("failed"),
        Column::new("seconds"),
        Column::new("messages_per_second"),
        Column::new("p50_ms"),
        Column::new("p90_ms"),
        Column::new("p99_ms"),
        Column::new("max_ms"),
    ],
};

/// One phase of the measurement.
struct Phase {
    name: &'static str,
    /// Microseconds of each request.
    times: Histogram<u64>,
    messages: u64,
    failed: u64,
    begun: Instant,
}

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let (queue, own) = match &args.queue {
        Some(name) => (app.queue(name)?.client, false),
        None => (app.queue(&format!("azq-bench-{:08x}", units::nonce()))?.client, true),
    };
    if own {
        queue.create().await?;
    } else if queue.properties().await?.approximate_messages_count() > 0 {
        return Err(Failure::new(
            Exit::Conflict,
            format!(
                "queue `{}` has messages, which bench would take: name an empty one",
                queue.name()
            ),
        ));
    }
    let measured = measure(app, &args, &queue).await;
    if own {
        queue.delete_queue().await?;
    }
    measured
}

async fn measure(app: &App, args: &Args, queue: &QueueClient) -> Result<(), Failure> {
    let jobs = usize::try_from(args.jobs).unwrap_or(1);
    let text = "x".repeat(usize::try_from(args.size).unwrap_or(1));
    let mut printer = app.printer(LAYOUT)?;

    let mut send = Phase::new("send")?;
    let mut calls = stream::iter(0..args.count)
        .map(async |_| timed(queue.send(text.as_str())).await)
        .buffer_unordered(jobs);
    while let Some((time, result)) = calls.next().await {
        send.count(time, result.map(|_| 1));
    }
    drop(calls);
    printer.push(&send.row())?;

    let mut receive = Phase::new("receive 32")?;
    let mut received = Vec::new();
    let mut calls = stream::iter(0..args.count.div_ceil(32))
        .map(async |_| timed(queue.receive(32).visibility_timeout(LEASE)).await)
        .buffer_unordered(jobs);
    while let Some((time, result)) = calls.next().await {
        receive.count(time, result.as_ref().map(|messages| messages.len() as u64).map_err(|_| ()));
        received.extend(result.into_iter().flatten());
    }
    drop(calls);
    printer.push(&receive.row())?;

    let mut delete = Phase::new("delete")?;
    let mut calls = stream::iter(&received)
        .map(async |message: &ReceivedMessage| timed(async { queue.delete(message).await }).await)
        .buffer_unordered(jobs);
    while let Some((time, result)) = calls.next().await {
        delete.count(time, result.map(|()| 1));
    }
    drop(calls);
    printer.push(&delete.row())?;
    printer.finish()?;

    let failed = send.failed + receive.failed + delete.failed;
    if failed > 0 {
        return Err(Failure::new(Exit::SomeFailed, format!("{failed} requests failed")));
    }
    Ok(())
}

/// Nothing is received twice while it is measured.
const LEASE: Duration = Duration::from_secs(600);

async fn timed<F: IntoFuture>(call: F) -> (Duration, F::Output) {
    let begun = Instant::now();
    let output = call.await;
    (begun.elapsed(), output)
}

impl Phase {
    fn new(name: &'static str) -> Result<Self, Failure> {
        // Three digits are kept, of up to ten minutes.
        let times = Histogram::new_with_bounds(1, 600_000_000, 3).map_err(|error| {
            Failure::new(Exit::Itself, format!("nothing can be measured: {error}"))
        })?;
        Ok(Self { name, times, messages: 0, failed: 0, begun: Instant::now() })
    }

    fn count<E>(&mut self, time: Duration, result: Result<u64, E>) {
        self.times.saturating_record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
        match result {
            Ok(messages) => self.messages += messages,
            Err(_) => self.failed += 1,
        }
    }

    fn row(&self) -> Row {
        let seconds = self.begun.elapsed().as_secs_f64().max(0.000_001);
        let quantile = |quantile| millis(self.times.value_at_quantile(quantile));
        #[expect(clippy::cast_precision_loss, reason = "a rate is an approximation")]
        let rate = self.messages as f64 / seconds;
        Row::new(vec![
            Cell::text(self.name),
            Cell::Number(self.times.len()),
            Cell::Number(self.messages),
            Cell::Number(self.failed),
            decimal(seconds),
            decimal(rate),
            quantile(0.5),
            quantile(0.9),
            quantile(0.99),
            millis(self.times.max()),
        ])
    }
}

fn millis(micros: u64) -> Cell {
    #[expect(clippy::cast_precision_loss, reason = "three digits are kept")]
    let millis = micros as f64 / 1_000.0;
    decimal(millis)
}

/// A number with two decimals.
fn decimal(number: f64) -> Cell {
    let rounded = (number * 100.0).round() / 100.0;
    Cell::Json(rounded.into())
}
