//! Every name that the dashboard, the rules and the guide use is one that a processor tells
//! Prometheus.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use queue_client::{
    processor::{HandlerError, ShutdownMode},
    runtime::Runtime as _,
    testing::in_process,
};
use queue_emulator::Emulator;
use queue_example_prometheus::{processor, recorder, serve};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

const DASHBOARD: &str = include_str!("../dashboard.json");
const RULES: &str = include_str!("../alerts.yml");
const PAGES: [&str; 6] = [
    include_str!("../../../../queue-client/src/guide/alarms/backlog.md"),
    include_str!("../../../../queue-client/src/guide/alarms/credential.md"),
    include_str!("../../../../queue-client/src/guide/alarms/leases.md"),
    include_str!("../../../../queue-client/src/guide/alarms/oldest.md"),
    include_str!("../../../../queue-client/src/guide/alarms/poison.md"),
    include_str!("../../../../queue-client/src/guide/alarms/throttling.md"),
];

/// A processor that meets what the metrics are about: work that succeeds, fails for good, takes longer
/// than its lease and loses it, and a service that throttles.
async fn work() {
    let (service, time) = in_process(|clock| {
        let throttled = "refuse=ServerBusy operation=GetMessages times=1".parse().unwrap();
        let emulator = Emulator::builder().clock(clock).fault(throttled).build();
        move |request| emulator.exchange(request).result.unwrap()
    })
    .unwrap();
    let orders = service.queue("orders").unwrap();
    orders.create().await.unwrap();
    for text in ["quick", "dead", "slow"] {
        orders.send(text).await.unwrap();
    }
    let clock = time.clone();
    let running = processor(orders.clone()).spawn(move |order| {
        let clock = clock.clone();
        async move {
            match order.body().as_str() {
                "dead" => return Err(HandlerError::permanent("dead")),
                "slow" => clock.sleep(Duration::from_secs(300)).await,
                _ => {}
            }
            Ok(())
        }
    });
    // Long enough for a renewal; then somebody deletes what the processor works on.
    time.sleep(Duration::from_secs(60)).await;
    orders.clear().await.unwrap();
    time.sleep(Duration::from_secs(600)).await;
    running.shutdown(ShutdownMode::Drain).await.unwrap();
}

async fn get(address: std::net::SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// The words of a text that can be names of ours.
fn words(text: &str) -> BTreeSet<&str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .filter(|word| word.starts_with("azure_queue_") || word.starts_with("messaging_"))
        .collect()
}

/// The names of metrics and of labels in what Prometheus reads.
fn told(metrics: &str) -> (BTreeSet<&str>, BTreeSet<&str>) {
    let lines = metrics.lines().filter(|line| !line.starts_with('#'));
    let names = lines.clone().filter_map(|line| line.split(['{', ' ']).next()).collect();
    let labels = lines
        .filter_map(|line| line.split_once('{')?.1.split_once('}'))
        .flat_map(|(labels, _)| labels.split(',').filter_map(|label| label.split('=').next()))
        .collect();
    (names, labels)
}

#[tokio::test(flavor = "current_thread")]
async fn every_name_of_the_dashboard_is_told() {
    let recorder = recorder().unwrap();
    let metrics = recorder.handle();
    metrics::set_global_recorder(recorder).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let end = SystemTime::now() + Duration::from_secs(30 * 24 * 3600);
    tokio::spawn(serve(listener, metrics, Some(end)));

    work().await;
    assert!(get(address, "/").await.starts_with("HTTP/1.1 404"));
    let answer = get(address, "/metrics").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (_, metrics) = answer.split_once("\r\n\r\n").unwrap();
    let (names, labels) = told(metrics);

    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    assert!(panels.len() >= 10);
    for panel in panels {
        for target in panel["targets"].as_array().unwrap() {
            let expression = target["expr"].as_str().unwrap();
            assert!(words(expression).iter().any(|word| names.contains(word)), "{expression}");
        }
    }
    for text in [DASHBOARD, RULES].iter().chain(&PAGES) {
        let used = words(text);
        assert!(used.iter().any(|word| names.contains(word)), "{text}");
        let unknown: Vec<_> =
            used.iter().filter(|word| !names.contains(*word) && !labels.contains(*word)).collect();
        assert!(unknown.is_empty(), "{unknown:?} are used, and only these told:\n{metrics}");
    }
    // The labels by whose values the rules choose.
    for line in [
        r#"result="throttled""#,
        r#"cause="taken""#,
        r#"reason="handler_failed""#,
        r#"messaging_system_name="azure_storage_queue""#,
    ] {
        assert!(metrics.contains(line), "{line} is not in:\n{metrics}");
    }
}
