//! The values that reach a recorder of the `metrics` crate.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit, set_default_local_recorder,
};
use queue_client::{
    QueueServiceClient,
    observe::ClientMetrics,
    processor::{HandlerError, Processor, ProcessorMetrics, RetryDelay},
    transport::from_fn,
};
use queue_emulator::Emulator;
use tokio::time::sleep;

use crate::support::{Fate, Kind, queue};

/// All values of one metric: what a counter or gauge stands at, or what a histogram was given.
#[derive(Debug, Default)]
struct Values(Mutex<Vec<f64>>);

impl Values {
    fn change(&self, change: impl FnOnce(f64) -> f64) {
        let mut values = self.0.lock().unwrap();
        let before = values.pop().unwrap_or_default();
        values.push(change(before));
    }
}

impl CounterFn for Values {
    fn increment(&self, value: u64) {
        self.change(|before| before + value as f64);
    }
    fn absolute(&self, value: u64) {
        self.change(|_| value as f64);
    }
}

impl GaugeFn for Values {
    fn increment(&self, value: f64) {
        self.change(|before| before + value);
    }
    fn decrement(&self, value: f64) {
        self.change(|before| before - value);
    }
    fn set(&self, value: f64) {
        self.change(|_| value);
    }
}

impl HistogramFn for Values {
    fn record(&self, value: f64) {
        self.0.lock().unwrap().push(value);
    }
}

#[derive(Debug, Default)]
struct Recorded(Mutex<BTreeMap<String, Arc<Values>>>);

impl Recorded {
    fn of(&self, key: &Key) -> Arc<Values> {
        let mut labels: Vec<_> = key
            .labels()
            .map(|label| (label.key(), label.value()))
            .filter(|label| *label != ("messaging.system", "azure_storage_queue"))
            .filter(|label| *label != ("messaging.system.name", "azure_storage_queue"))
            .filter(|label| *label != ("messaging.destination.name", "orders"))
            .map(|(name, value)| format!(" {name}={value}"))
            .collect();
        assert_eq!(key.labels().len(), labels.len() + 3, "{key:?}");
        labels.sort();
        let name = format!("{}{}", key.name(), labels.concat());
        Arc::clone(self.0.lock().unwrap().entry(name).or_default())
    }

    fn values(&self, name: &str) -> Vec<f64> {
        let recorded = self.0.lock().unwrap();
        let values = recorded.get(name).unwrap_or_else(|| {
            panic!("there is no {name}, only {:#?}", recorded.keys());
        });
        values.0.lock().unwrap().clone()
    }
}

impl Recorder for Recorded {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.of(key))
    }
    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.of(key))
    }
    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.of(key))
    }
}

/// All is on this thread, so a recorder of the thread hears all.
#[tokio::test(start_paused = true)]
async fn what_a_processor_does_is_counted() {
    let recorded = Recorded::default();
    let _guard = set_default_local_recorder(&recorded);
    let (queue, line) = queue().await;
    for text in ["quick", "slow", "again", "dead", "panic"] {
        queue.send(text).await.unwrap();
    }
    let mut updates = 0;
    line.script(move |kind| {
        updates += u32::from(kind == Kind::Update);
        // Two are released; the third is the renewal of the slow one.
        if kind == Kind::Update && updates == 3 { Fate::Status(503) } else { Fate::Answered }
    });
    sleep(Duration::from_secs(10)).await;
    let second = Duration::from_secs(1);
    let report = Processor::new(queue)
        .observer(ProcessorMetrics::new())
        .sample_depth(Duration::from_secs(60))
        .retry(RetryDelay::new(second * 100, second * 100).jitter(0.0))
        .max_deliveries(2)
        .stop_when(sleep(Duration::from_secs(250)))
        .run(|message| async move {
            match (message.body().as_str(), message.attempt()) {
                ("quick", _) => sleep(Duration::from_secs(2)).await,
                ("slow", _) => sleep(Duration::from_secs(70)).await,
                ("again", 1) => return Err("again".into()),
                ("dead", _) => return Err(HandlerError::permanent("dead")),
                ("panic", _) => panic!("panic"),
                _ => {}
            }
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!((report.counters.completed, report.counters.dead_lettered), (3, 2));

    let values = |name: &str| recorded.values(name);
    let count = |name: &str| values(name).iter().sum::<f64>();
    assert_eq!(
        count("messaging.client.consumed.messages messaging.operation.name=GetMessages"),
        7.0
    );
    let process = |outcome| {
        let labels = format!("messaging.operation.name=process outcome={outcome}");
        values(&format!("messaging.process.duration {labels}"))
    };
    let mut complete = process("complete");
    complete.sort_by(f64::total_cmp);
    assert_eq!(complete.iter().map(|time| time.round()).collect::<Vec<_>>(), [0.0, 2.0, 70.0]);
    let lengths = ["retry", "dead_letter", "panic"].map(|outcome| process(outcome).len());
    assert_eq!(lengths, [1, 1, 2]);
    let mut attempts = values("azure_queue.delivery.attempt");
    attempts.sort_by(f64::total_cmp);
    assert_eq!(attempts, [1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0]);
    let waited = values("azure_queue.delivery.queue_time");
    assert_eq!(waited.len(), 7);
    // The first five were received when they were ten seconds old.
    assert_eq!(waited.iter().filter(|time| (10.0..11.0).contains(*time)).count(), 5, "{waited:?}");
    assert_eq!(count("azure_queue.lease.renewals result=refused"), 1.0);
    assert_eq!(count("azure_queue.lease.renewals result=ok"), 1.0);
    assert_eq!(count("azure_queue.dead_letter reason=handler_failed"), 1.0);
    assert_eq!(count("azure_queue.dead_letter reason=handler_panicked"), 1.0);
    // What did not happen is told too, so that the first time is an increase.
    assert_eq!(values("azure_queue.dead_letter reason=undecodable"), [0.0]);
    assert_eq!(values("azure_queue.lease.lost cause=taken"), [0.0]);
    assert!(count("azure_queue.poll result=empty") > 10.0);
    assert_eq!(values("azure_queue.lease.margin").len(), 7);
    assert_eq!(values("azure_queue.in_flight"), [0.0]);
    assert_eq!(values("azure_queue.permits.free"), [16.0]);
    let age = values("azure_queue.loop.last_success_age");
    assert!((0.0..15.0).contains(&age[0]), "{age:?}");
    assert_eq!(values("azure_queue.loop.state state=finished"), [1.0]);
    assert_eq!(values("azure_queue.loop.state state=working"), [0.0]);
    assert_eq!(values("azure_queue.queue.depth"), [0.0]);
    let operations = |name: &str, kind: &str| {
        let labels = format!("messaging.operation.name={name} messaging.operation.type={kind}");
        values(&format!("messaging.client.operation.duration {labels}"))
    };
    assert_eq!(operations("DeleteMessage", "settle").len(), 5);
    assert_eq!(operations("PutMessage", "send").len(), 2);
    let refused = "messaging.client.operation.duration error.type=throttled \
                   messaging.operation.name=UpdateMessage messaging.operation.type=settle";
    assert_eq!(values(refused).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_client_sends_is_counted() {
    let recorded = Recorded::default();
    let _guard = set_default_local_recorder(&recorded);
    let emulator = Emulator::new();
    let service = QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")
        .unwrap()
        .transport(from_fn(move |request| Ok(emulator.handle(request))))
        .observer(ClientMetrics::new())
        .build()
        .unwrap();
    let queue = service.queue("orders").unwrap();
    queue.send("early").await.unwrap_err();
    queue.create().await.unwrap();
    for text in ["a", "b"] {
        queue.send(text).await.unwrap();
    }
    queue.receive(32).await.unwrap();

    let sent = |more: &str| {
        let name = "messaging.client.sent.messages";
        recorded.values(&format!("{name}{more} messaging.operation.name=PutMessage"))
    };
    assert_eq!((sent(""), sent(" error.type=QueueNotFound")), (vec![2.0], vec![1.0]));
    let durations = |name: &str, kind: &str| {
        let labels = format!("messaging.operation.name={name} messaging.operation.type={kind}");
        recorded.values(&format!("messaging.client.operation.duration {labels}")).len()
    };
    assert_eq!((durations("PutMessage", "send"), durations("GetMessages", "receive")), (2, 1));
}
