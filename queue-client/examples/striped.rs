//! Sends more messages than one queue takes in a second, over four queues that are used as one, and
//! works on all of them.
//!
//! The environment names the account, for example
//! `AZURE_STORAGE_CONNECTION_STRING="UseDevelopmentStorage=true"` for an emulator on this machine.
//!
//! `cargo run --release --package queue-client --example striped -- orders 4 20000`: the name, the number of
//! stripes and the number of messages.

use std::{env, time::Instant};

use queue_client::{
    QueueServiceClient,
    processor::{Processors, Reports},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "orders".to_owned());
    let stripes = arguments.next().map_or(Ok(4), |stripes| stripes.parse())?;
    let messages = arguments.next().map_or(Ok(10_000), |messages| messages.parse())?;
    let reports = run(&QueueServiceClient::from_env()?, &name, stripes, messages).await?;
    println!("{reports}");
    Ok(())
}

pub(crate) async fn run(
    service: &QueueServiceClient,
    name: &str,
    stripes: usize,
    messages: usize,
) -> Result<Reports, Box<dyn std::error::Error>> {
    let orders = service.striped(name, stripes)?;
    orders.create_if_missing().await?;
    let begun = Instant::now();
    let results = orders.send_all((0..messages).map(|number| format!("order {number}"))).await;
    for result in results {
        result?;
    }
    println!("sent {:.0} a second", messages as f64 / begun.elapsed().as_secs_f64());
    println!("the stripes hold {:?}", orders.counts().await?);

    let begun = Instant::now();
    let reports = Processors::new()
        .add_striped(&orders, 1, |stripe| stripe)
        .concurrency(64)
        .drain_once(|order| async move {
            // The work comes here.
            drop(order);
            Ok(())
        })
        .await?;
    println!("worked on {:.0} a second", messages as f64 / begun.elapsed().as_secs_f64());
    Ok(reports)
}
