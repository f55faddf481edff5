//! The contestants of the client benchmark, and what they are put through.

#[cfg(feature = "legacy")]
mod legacy;
#[cfg(feature = "official")]
mod official;
mod ours;
mod raw;

use std::future::Future;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Outcome;
use crate::measure::{Latencies, process_cpu};

/// The operations that every contestant has.
pub const OPERATIONS: [&str; 3] = ["send", "receive32", "delete"];

/// A client, each of whose calls is one request to the stub, checked for success.
pub trait Contestant: Clone + Send + Sync + 'static {
    /// Puts a message of 1 KiB.
    fn send(&self) -> impl Future<Output = Outcome> + Send;
    /// Gets 32 messages; gives how many came (or, where nothing is parsed, 32 for a whole answer).
    fn receive(&self) -> impl Future<Output = Outcome<usize>> + Send;
    /// Deletes a message.
    fn delete(&self) -> impl Future<Output = Outcome> + Send;
}

/// Runs a closure and gives the number of its allocations and their bytes.
pub type Counter = fn(&mut dyn FnMut()) -> (u64, u64);

/// The program: `client PORT CONTESTANT OPERATION (count N | load CONCURRENCY MILLISECONDS)`.
pub fn main(counter: Option<Counter>) -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, contestant, rest @ ..] = arguments.as_slice() else {
        return Err("PORT CONTESTANT OPERATION ...".into());
    };
    let port = port.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let entered = runtime.enter();
    let course = Course { runtime: &runtime, counter, arguments: rest };
    let result = match contestant.as_str() {
        "reqwest" => course.run(raw::Reqwest::new(port)),
        "hyper" => course.run(raw::Hyper::new(port)?),
        "ours-reqwest" => course.run(runtime.block_on(ours::Ours::over_reqwest(port))?),
        "ours-hyper" => course.run(runtime.block_on(ours::Ours::over_hyper(port))?),
        "ours-hyper-sas" => course.run(runtime.block_on(ours::Ours::with_sas(port))?),
        #[cfg(feature = "official")]
        "official" => course.run(official::Official::new(port)?),
        #[cfg(feature = "legacy")]
        "legacy" => course.run(legacy::Legacy::new(port)?),
        other => Err(format!("no contestant {other}").into()),
    };
    drop(entered);
    println!("{}", result?);
    Ok(())
}

struct Course<'a> {
    runtime: &'a tokio::runtime::Runtime,
    counter: Option<Counter>,
    arguments: &'a [String],
}

impl Course<'_> {
    fn run<C: Contestant>(&self, contestant: C) -> Outcome<Value> {
        match self.arguments {
            [operation, mode, number] if mode == "count" => {
                self.count(&contestant, operation, number.parse()?)
            }
            [operation, mode, concurrency, time] if mode == "load" => {
                let time = Duration::from_millis(time.parse()?);
                self.runtime.block_on(load(contestant, operation, concurrency.parse()?, time))
            }
            other => Err(format!("no mode {other:?}").into()),
        }
    }

    /// So many calls one after the other.
    fn count<C: Contestant>(&self, contestant: &C, operation: &str, calls: u64) -> Outcome<Value> {
        // The first ones open the connection and fill what is made once.
        self.runtime.block_on(repeat(contestant, operation, 20))?;
        let mut result = Ok(());
        let mut run = || result = self.runtime.block_on(repeat(contestant, operation, calls));
        let counted = match self.counter {
            Some(counter) => Some(counter(&mut run)),
            None => {
                run();
                None
            }
        };
        result?;
        Ok(counted.map_or(Value::Null, |(count, bytes)| {
            json!({
                "allocations": count as f64 / calls as f64,
                "bytes": bytes as f64 / calls as f64,
            })
        }))
    }
}

async fn call<C: Contestant>(contestant: &C, operation: &str) -> Outcome {
    match operation {
        "send" => contestant.send().await,
        "delete" => contestant.delete().await,
        _ => match contestant.receive().await? {
            32 => Ok(()),
            other => Err(format!("{other} messages").into()),
        },
    }
}

async fn repeat<C: Contestant>(contestant: &C, operation: &str, calls: u64) -> Outcome {
    for _ in 0..calls {
        call(contestant, operation).await?;
    }
    Ok(())
}

/// So many calls in flight at all times, for this time.
async fn load<C: Contestant>(
    contestant: C,
    operation: &str,
    concurrency: usize,
    time: Duration,
) -> Outcome<Value> {
    let round = |time: Duration| {
        let tasks: Vec<_> = (0..concurrency)
            .map(|_| {
                let (contestant, operation) = (contestant.clone(), operation.to_owned());
                tokio::spawn(async move {
                    let end = Instant::now() + time;
                    let mut latencies = Vec::new();
                    loop {
                        let start = Instant::now();
                        if start >= end {
                            return Outcome::Ok(latencies);
                        }
                        call(&contestant, &operation).await?;
                        latencies.push(start.elapsed().as_nanos() as u64);
                    }
                })
            })
            .collect();
        async move {
            let mut all = Vec::new();
            for task in tasks {
                all.extend(task.await??);
            }
            Outcome::Ok(all)
        }
    };
    round(time / 5).await?;
    let (cpu, start) = (process_cpu(), Instant::now());
    let latencies = round(time).await?;
    let (cpu, elapsed) = (process_cpu() - cpu, start.elapsed());
    let calls = latencies.len() as f64;
    let latencies = Latencies::new(latencies);
    Ok(json!({
        "cpu_us": cpu.as_secs_f64() * 1e6 / calls,
        "per_second": calls / elapsed.as_secs_f64(),
        "p50_us": latencies.percentile(50.0),
        "p90_us": latencies.percentile(90.0),
        "p99_us": latencies.percentile(99.0),
    }))
}
