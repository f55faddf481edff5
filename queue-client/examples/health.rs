//! A processor with a web server beside it, for the probes of Kubernetes or whatever else restarts
//! programs: `/live` fails when the program should be restarted, `/ready` until it works and from
//! the moment on at which it is told to stop.
//!
//! `cargo run --package queue-client --example health -- orders 8080`

use std::{convert::Infallible, env, time::Duration};

use http::{Request, Response, StatusCode};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use queue_client::{
    QueueServiceClient,
    processor::{Processor, ProcessorHandle, observe::LoopState},
};
use tokio::net::TcpListener;

/// For how long a success may be overdue. A restart does not help when the service is down, so this
/// is longer than most outages.
const LIMIT: Duration = Duration::from_secs(300);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = env::args().skip(1);
    let queue = arguments.next().unwrap_or_else(|| "orders".to_owned());
    let port = arguments.next().map_or(Ok(8080), |port| port.parse::<u16>())?;

    let service = QueueServiceClient::from_env()?;
    let running = Processor::new(service.queue(queue.as_str())?).stop_on_signals().spawn(
        |order| async move {
            println!("{}", order.body());
            Ok(())
        },
    );
    let listener = TcpListener::bind(("0.0.0.0", port)).await?;
    // It ends with the program, so that it answers as long as handlers finish.
    tokio::spawn(serve(listener, running.handle()));

    println!("{}", running.join().await?);
    Ok(())
}

pub(crate) async fn serve(listener: TcpListener, processor: ProcessorHandle) {
    while let Ok((stream, _)) = listener.accept().await {
        let processor = processor.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let answer = probe(&processor, request.uri().path());
                async move { Ok::<_, Infallible>(answer) }
            });
            // Whoever hangs up early misses the answer, and nothing else.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn probe(processor: &ProcessorHandle, path: &str) -> Response<String> {
    let health = processor.health();
    let good = match path {
        "/live" => health.is_healthy(LIMIT),
        "/ready" => health.state == LoopState::Working && health.last_success.is_some(),
        _ => {
            let mut answer = Response::new("only /live and /ready are here\n".to_owned());
            *answer.status_mut() = StatusCode::NOT_FOUND;
            return answer;
        }
    };
    // For whoever looks at it: the state, what was done, and the last error.
    let mut answer = Response::new(format!("{health:#?}\n"));
    if !good {
        *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    answer
}
