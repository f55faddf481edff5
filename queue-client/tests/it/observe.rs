//! What a program learns about its calls: reports, retry budget, clock correction, streams.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures_util::{TryStreamExt as _, future::join_all};
use http::{Request, Response};
use queue_client::{
    BoxFuture, QueueServiceClient,
    observe::{CallObserver, CallReport},
    retry::RetryBudget,
    runtime::{ManualRuntime, Runtime},
    transport::{Transport, TransportError, from_fn},
};
use queue_emulator::Emulator;
use queue_proto::MaxResults;

use crate::support::{Fate, over, queue, service};

#[derive(Debug, Clone, Default)]
struct Reports(Arc<Mutex<Vec<Report>>>);

/// Operation, queue, attempts, and whether the call failed.
type Report = (String, Option<String>, u32, bool);

impl CallObserver for Reports {
    fn call_ended(&self, report: &CallReport<'_>) {
        self.0.lock().unwrap().push((
            report.operation.name().to_owned(),
            report.queue.map(ToString::to_string),
            report.attempts,
            report.error.is_some(),
        ));
    }
}

#[tokio::test]
async fn every_call_is_reported_once() {
    let (_, line, time) = queue().await;
    let reports = Reports::default();
    // The program may keep an observer by itself, or in an `Arc`.
    let other = Arc::new(Reports::default());
    let queue =
        over(&line, &time).observer(reports.clone()).observer(Arc::clone(&other)).build().unwrap();
    let queue = queue.queue("orders").unwrap();
    line.next([Fate::NoConnection]);
    queue.send("a").await.unwrap();
    line.next([Fate::AnswerLost]);
    queue.send("b").await.unwrap_err();

    let put =
        |attempts, failed| ("PutMessage".to_owned(), Some("orders".to_owned()), attempts, failed);
    for told in [&reports, &*other] {
        assert_eq!(*told.0.lock().unwrap(), [put(2, false), put(1, true)]);
    }
}

#[tokio::test]
async fn an_empty_budget_ends_calls_at_their_first_error() {
    let (_, line, time) = queue().await;
    let budget = Arc::new(RetryBudget::new(4));
    let service = over(&line, &time).retry_budget(Arc::clone(&budget)).build().unwrap();
    let other = over(&line, &time).retry_budget(Arc::clone(&budget)).build().unwrap();

    line.next([Fate::NoConnection; 100]);
    let attempts = |service: QueueServiceClient| async move {
        service.queue("orders").unwrap().send("a").await.unwrap_err().attempts()
    };
    assert_eq!(attempts(service.clone()).await, 4);
    assert_eq!(attempts(other).await, 2, "one retry is left for all clients of the account");
    assert_eq!(attempts(service).await, 1);
    assert_eq!(budget.left(), 0);
}

#[tokio::test]
async fn a_wrong_clock_is_corrected_when_asked() {
    const BEHIND: Duration = Duration::from_secs(3 * 60 * 60);
    let time = ManualRuntime::starting_at(SystemTime::now());
    let clock = time.clone();
    let emulator = Emulator::builder().clock(move || clock.now() + BEHIND).build();
    let transport = from_fn(move |request| Ok(emulator.handle(request)));
    let reports = Reports::default();
    let builder = QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")
        .unwrap()
        .transport(transport)
        .runtime(time);

    let strict = builder.clone().build().unwrap();
    let error = strict.queue("orders").unwrap().create().await.unwrap_err();
    assert_eq!(error.attempts(), 1);
    let distance = error.clock_skew().unwrap().distance();
    assert!(distance.abs_diff(BEHIND) <= Duration::from_secs(1), "{distance:?}");

    let lenient = builder.correct_clock_skew(true).observer(reports.clone()).build().unwrap();
    let queue = lenient.queue("orders").unwrap();
    queue.create().await.unwrap();
    queue.send("a").await.unwrap();
    let attempts: Vec<_> = reports.0.lock().unwrap().iter().map(|report| report.2).collect();
    assert_eq!(attempts, [2, 1], "the correction is kept");
}

/// Answers after other requests had their turn.
#[derive(Debug)]
struct Slowly(Emulator);

impl Transport for Slowly {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let answer = self.0.handle(request);
            tokio::task::yield_now().await;
            Ok(answer)
        })
    }
}

#[tokio::test]
async fn calls_that_find_the_clock_wrong_side_by_side_correct_it_once() {
    const BEHIND: Duration = Duration::from_secs(3 * 60 * 60);
    let time = ManualRuntime::starting_at(SystemTime::now());
    let clock = time.clone();
    let reports = Reports::default();
    let service = QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")
        .unwrap()
        .transport(Slowly(Emulator::builder().clock(move || clock.now() + BEHIND).build()))
        .runtime(time)
        .correct_clock_skew(true)
        .observer(reports.clone())
        .build()
        .unwrap();
    let names = ["a-queue", "b-queue", "c-queue"].map(|name| service.queue(name).unwrap());
    for result in join_all(names.iter().map(|queue| queue.create())).await {
        result.unwrap();
    }
    names[0].send("a").await.unwrap();
    let attempts: Vec<_> = reports.0.lock().unwrap().iter().map(|report| report.2).collect();
    assert_eq!(attempts, [2, 2, 2, 1]);
}

#[tokio::test]
async fn queues_can_be_listed_as_a_stream() {
    let (service, ..) = service();
    for name in ["cherry", "apple", "banana"] {
        service.queue(name).unwrap().create().await.unwrap();
    }
    let stream = service.list_queues().max_results(MaxResults::new(2).unwrap()).into_stream();
    let names: Vec<_> =
        stream.map_ok(|queue| queue.name().to_string()).try_collect().await.unwrap();
    assert_eq!(names, ["apple", "banana", "cherry"]);
}
