//! A processor that prints messages, and tells Prometheus how it does.
//!
//! `cargo run --package queue-example-prometheus -- orders 9090`

use std::env;

use queue_client::{QueueServiceClient, auth::sas::SasToken};
use queue_example_prometheus::{processor, recorder, serve};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = env::args().skip(1);
    let queue = arguments.next().unwrap_or_else(|| "orders".to_owned());
    let port = arguments.next().map_or(Ok(9090), |port| port.parse::<u16>())?;

    let recorder = recorder()?;
    let metrics = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_taken| "there is a recorder already")?;
    let end = match env::var("AZURE_STORAGE_SAS_TOKEN") {
        Ok(token) => SasToken::parse(&token)?.expiry(),
        Err(_) => None,
    };
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    tokio::spawn(serve(listener, metrics, end));

    let queue = QueueServiceClient::from_env()?.queue(queue.as_str())?;
    let report = processor(queue)
        .stop_on_signals()
        .run(|message| async move {
            println!("{}", message.body());
            Ok(())
        })
        .await?;
    println!("{report}");
    Ok(())
}
