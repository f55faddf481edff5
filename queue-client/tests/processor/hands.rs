//! Messages that are settled by hand: streams and batches.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use queue_client::processor::{
    Batch, BatchHandler, BoxError, Completed, Outcome, Processor, RetryDelay, SettleError,
    ShutdownMode,
};
use tokio::time::sleep;

use crate::support::{Fate, Kind, queue, service, texts};

#[tokio::test(start_paused = true)]
async fn a_stream_hands_out_what_is_settled_by_hand() {
    let (service, _) = service();
    let queue = service.queue("orders").unwrap();
    queue.create().await.unwrap();
    for number in 0..4 {
        queue.send(number.to_string()).await.unwrap();
    }
    let mut deliveries = Processor::new(queue.clone()).concurrency(4).deliveries();
    for _ in 0..4 {
        let leased = deliveries.next().await.unwrap();
        // Longer than a lease.
        sleep(Duration::from_secs(90)).await;
        match leased.body().as_str() {
            "0" => assert_eq!(leased.complete().await, Ok(Completed::Deleted)),
            "1" => leased.retry(Duration::from_secs(7200)).await.unwrap(),
            "2" => leased.dead_letter("too old").await.unwrap(),
            _ => drop(leased),
        }
    }
    sleep(Duration::from_secs(1)).await;
    let report = deliveries.shutdown(ShutdownMode::Drain).await.unwrap();
    assert_eq!(report.to_string(), "1 completed, 2 retried, 1 dead-lettered");
    assert_eq!(texts(&service.queue("orders-poison").unwrap()).await, ["2"]);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(texts(&queue).await, ["3"]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_dropped_gives_back_what_it_holds() {
    let (queue, _) = queue().await;
    for number in 0..5 {
        queue.send(number.to_string()).await.unwrap();
    }
    let mut deliveries =
        Processor::new(queue.clone()).concurrency(5).max_deliveries(1).deliveries();
    let first = deliveries.next().await.unwrap();
    drop(deliveries);
    first.complete().await.unwrap();
    sleep(Duration::from_secs(12)).await;
    assert_eq!(texts(&queue).await.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_completion_that_is_dropped_half_way_is_finished() {
    let (queue, line) = queue().await;
    queue.send("once").await.unwrap();
    let mut deliveries = Processor::new(queue.clone()).deliveries();
    let leased = deliveries.next().await.unwrap();
    line.script(|kind| match kind {
        Kind::Delete => Fate::Slow(Duration::from_secs(5)),
        _ => Fate::Answered,
    });
    let half = tokio::time::timeout(Duration::from_secs(1), leased.complete()).await;
    assert!(half.is_err());
    sleep(Duration::from_secs(10)).await;
    let report = deliveries.shutdown(ShutdownMode::Drain).await.unwrap();
    assert_eq!(report.counters.completed, 1);
}

#[tokio::test(start_paused = true)]
async fn settling_after_the_end_is_an_error() {
    let (queue, _) = queue().await;
    queue.send("late").await.unwrap();
    let mut deliveries = Processor::new(queue.clone()).deliveries();
    let leased = deliveries.next().await.unwrap();
    deliveries.shutdown(ShutdownMode::Abort).await.unwrap();
    assert_eq!(leased.complete().await, Err(SettleError::Over));
}

#[derive(Debug, Default, Clone)]
struct Sums(Arc<Mutex<Vec<usize>>>);

impl BatchHandler<String> for Sums {
    async fn handle(&self, batch: &mut Batch<String>) -> Result<(), BoxError> {
        self.0.lock().unwrap().push(batch.len());
        let bodies: Vec<_> = batch.iter().map(|message| message.body().clone()).collect();
        if bodies.iter().any(|body| body == "panic") {
            panic!("a batch panics");
        }
        for (place, body) in bodies.iter().enumerate() {
            if body == "bad" {
                batch.fail(place, Outcome::DeadLetter { reason: "bad".into() });
            }
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn batches_are_settled_one_by_one() {
    let (queue, _) = queue().await;
    for number in 0..25 {
        queue.send(if number == 7 { "bad".into() } else { number.to_string() }).await.unwrap();
    }
    let sums = Sums::default();
    let report = Processor::new(queue.clone())
        .stop_when(sleep(Duration::from_secs(60)))
        .run_batches(10, Duration::from_secs(1), sums.clone())
        .await
        .unwrap();
    assert_eq!((report.counters.completed, report.counters.dead_lettered), (24, 1));
    let sizes = sums.0.lock().unwrap().clone();
    assert_eq!(sizes.iter().sum::<usize>(), 25);
    assert!(sizes.len() <= 5 && sizes.iter().all(|size| *size <= 10), "{sizes:?}");
    assert_eq!(queue.properties().await.unwrap().approximate_messages_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_panics_is_tried_again() {
    let (queue, _) = queue().await;
    queue.send("panic").await.unwrap();
    let sums = Sums::default();
    let second = Duration::from_secs(1);
    let report = Processor::new(queue.clone())
        .retry(RetryDelay::new(second, second))
        .stop_when(sleep(Duration::from_secs(100)))
        .run_batches(4, second, sums.clone())
        .await
        .unwrap();
    assert_eq!((report.counters.retried, report.counters.dead_lettered), (4, 1));
    assert_eq!(sums.0.lock().unwrap().len(), 5);
}
