//! A processor whose metrics Prometheus reads: the recorder, the observers, and the answer to
//! `/metrics`.

use std::{
    convert::Infallible,
    time::{Duration, SystemTime},
};

use http::{Request, Response, StatusCode};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use metrics::gauge;
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use queue_client::{
    QueueClient,
    processor::{Processor, ProcessorMetrics},
};
use tokio::net::TcpListener;

/// The upper bounds of the buckets for times, in seconds: from a quick call to the longest lease that
/// most handlers need.
const SECONDS: &[f64] = &[
    0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0,
];

/// The upper bounds of the buckets for the numbers of deliveries.
const DELIVERIES: &[f64] = &[1.0, 2.0, 3.0, 4.0, 5.0, 10.0];

/// A recorder with buckets that suit queues.
///
/// # Errors
///
/// None in practice: the buckets are constants.
pub fn recorder() -> Result<PrometheusRecorder, BuildError> {
    let attempts = Matcher::Full("azure_queue.delivery.attempt".to_owned());
    Ok(PrometheusBuilder::new()
        .set_buckets(SECONDS)?
        .set_buckets_for_metric(attempts, DELIVERIES)?
        .build_recorder())
}

/// A processor that tells the recorder of the program what it does, and how deep its queue is.
pub fn processor(queue: QueueClient) -> Processor<String> {
    Processor::new(queue).observer(ProcessorMetrics::new()).sample_depth(Duration::from_secs(30))
}

/// Answers `/metrics` until it is dropped.
///
/// `credential_end` is when the credential of the program expires, if that is known.
pub async fn serve(
    listener: TcpListener,
    metrics: PrometheusHandle,
    credential_end: Option<SystemTime>,
) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Such as too many open files: others end, and then it works again.
            tokio::time::sleep(Duration::from_secs(1)).await;
            continue;
        };
        let metrics = metrics.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let answer = answer(request.uri().path(), &metrics, credential_end);
                async move { Ok::<_, Infallible>(answer) }
            });
            // Whoever hangs up early misses the answer, and nothing else.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn answer(
    path: &str,
    metrics: &PrometheusHandle,
    credential_end: Option<SystemTime>,
) -> Response<String> {
    if path != "/metrics" {
        let mut answer = Response::new("only /metrics is here\n".to_owned());
        *answer.status_mut() = StatusCode::NOT_FOUND;
        return answer;
    }
    if let Some(end) = credential_end {
        let left = end.duration_since(SystemTime::now()).unwrap_or_default();
        gauge!("azure_queue.credential.expires_in").set(left.as_secs_f64());
    }
    // What was measured since the last look goes into the buckets, so that memory does not grow.
    metrics.run_upkeep();
    Response::new(metrics.render())
}
