//! What handlers learn about their leases.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use queue_client::{
    QueueClient,
    processor::{LeaseState, LostCause, OnLeaseLost, Processor, Running, ShutdownMode},
};
use tokio::time::{Instant, sleep};

use crate::support::{Fate, Kind, Line, queue};

/// When a handler was told what, since it began.
type Told = Arc<Mutex<Vec<(u64, LeaseState)>>>;

/// Notes that a handler ended, by itself or not.
struct Ended(Arc<Mutex<Option<u64>>>, Instant);

impl Drop for Ended {
    fn drop(&mut self) {
        *self.0.lock().unwrap() = Some(self.1.elapsed().as_secs());
    }
}

/// A handler that works for 200 s, and notes what it is told and when it ends.
fn start(queue: &QueueClient, policy: OnLeaseLost) -> (Running, Told, Arc<Mutex<Option<u64>>>) {
    let (told, ended) = (Told::default(), Arc::default());
    let (log, end) = (Arc::clone(&told), Arc::clone(&ended));
    let running = Processor::new(queue.clone()).on_lease_lost(policy).spawn(move |message| {
        let (log, end) = (Arc::clone(&log), Arc::clone(&end));
        async move {
            let began = Instant::now();
            let _ended = Ended(end, began);
            let lease = message.lease();
            let seconds = || began.elapsed().as_secs_f64().round() as u64;
            let note = |state| log.lock().unwrap().push((seconds(), state));
            note(lease.lost().await);
            while !matches!(lease.state(), LeaseState::Lost(_)) && began.elapsed().as_secs() < 200 {
                sleep(Duration::from_millis(100)).await;
            }
            note(lease.state());
            sleep(Duration::from_secs(200).saturating_sub(began.elapsed())).await;
            Ok(())
        }
    });
    (running, told, ended)
}

/// No renewal gets through until the lease is over and somebody else has the message.
async fn steal(queue: &QueueClient, line: &Line, running: &Running) {
    line.script(|kind| if kind == Kind::Update { Fate::NotSent } else { Fate::Answered });
    sleep(Duration::from_secs(1)).await;
    running.pause();
    sleep(Duration::from_secs(69)).await;
    let stolen = queue.receive(1).visibility_timeout(Duration::from_secs(3600)).await.unwrap();
    assert_eq!(stolen[0].dequeue_count(), 2);
    line.script(|_| Fate::Answered);
}

#[tokio::test(start_paused = true)]
async fn a_handler_learns_that_its_lease_is_over_and_that_it_is_lost() {
    let (queue, line) = queue().await;
    queue.send("contested").await.unwrap();
    let (running, told, ended) = start(&queue, OnLeaseLost::Notify);
    steal(&queue, &line, &running).await;
    sleep(Duration::from_secs(200)).await;
    let told = told.lock().unwrap().clone();
    // A lease of 60 s, less a twentieth; then the first renewal that is answered, 5 s later at most.
    assert_eq!(told[0], (57, LeaseState::Suspect));
    let (at, state) = told[1];
    assert_eq!(state, LeaseState::Lost(LostCause::Taken));
    assert!((69..=76).contains(&at), "{at}");
    assert_eq!(*ended.lock().unwrap(), Some(200));
    let report = running.shutdown(ShutdownMode::Drain).await.unwrap();
    // It has done its work, for nothing.
    assert_eq!((report.counters.completed, report.counters.completed_not_owned), (0, 1));
    assert_eq!(line.count(Kind::Delete), 0);
}

#[tokio::test(start_paused = true)]
async fn a_handler_can_be_dropped_when_its_lease_is_lost() {
    let (queue, line) = queue().await;
    queue.send("contested").await.unwrap();
    let (running, told, ended) = start(&queue, OnLeaseLost::Drop);
    steal(&queue, &line, &running).await;
    sleep(Duration::from_secs(200)).await;
    assert_eq!(told.lock().unwrap()[0], (57, LeaseState::Suspect));
    let at = ended.lock().unwrap().unwrap();
    assert!((69..=76).contains(&at), "{at}");
    let report = running.shutdown(ShutdownMode::Drain).await.unwrap();
    assert_eq!((report.counters.completed_not_owned, report.counters.not_owned), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_handler_learns_that_its_receipt_is_lost() {
    let (queue, line) = queue().await;
    queue.send("mine, but who can tell").await.unwrap();
    let mut lose = true;
    line.script(move |kind| match kind {
        Kind::Update if std::mem::take(&mut lose) => Fate::AnswerLost,
        _ => Fate::Answered,
    });
    let (running, told, _) = start(&queue, OnLeaseLost::Notify);
    sleep(Duration::from_secs(250)).await;
    let (at, state) = told.lock().unwrap()[0];
    assert_eq!(state, LeaseState::Lost(LostCause::ReceiptLost));
    assert!((27..57).contains(&at), "{at}");
    running.shutdown(ShutdownMode::Drain).await.unwrap();
}
