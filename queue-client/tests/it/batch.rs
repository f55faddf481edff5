//! Batches: many calls at once, with a result for each in the order of the items.

use std::time::Duration;

use crate::support::{Fate, queue};

#[tokio::test]
async fn results_come_in_the_order_of_the_items() {
    let (queue, line, _) = queue().await;
    line.next([Fate::Answered, Fate::AnswerLost]);
    let values = (0..50).map(|number| number.to_string());
    let results = queue.send_all(values).concurrency(1).await;
    assert_eq!(results.len(), 50);
    let failed: Vec<_> = results.iter().map(Result::is_err).collect();
    assert!(failed[1] && failed.iter().filter(|failed| **failed).count() == 1, "{failed:?}");
}

#[tokio::test]
async fn progress_counts_every_call() {
    let (queue, ..) = queue().await;
    let mut seen = Vec::new();
    let results =
        queue.send_all(["a", "b", "c"]).on_progress(|done, all| seen.push((done, all))).await;
    assert_eq!(results.len(), 3);
    assert_eq!(seen, [(1, 3), (2, 3), (3, 3)]);
}

#[tokio::test]
async fn delete_all_deletes_what_is_still_ours() {
    let (queue, _, time) = queue().await;
    for result in queue.send_all((0..10).map(|number| number.to_string())).await {
        result.unwrap();
    }
    let early = queue.receive(3).await.unwrap();
    time.advance(Duration::from_secs(31));
    let all = queue.receive(32).await.unwrap();
    assert_eq!(all.len(), 10);
    let stale = queue.delete_all(&early).await;
    assert!(stale.iter().all(|result| result.as_ref().is_err_and(|error| error.is_not_owner())));
    let fresh = queue.delete_all(&all).await;
    assert!(fresh.iter().all(Result::is_ok));
    assert_eq!(queue.properties().await.unwrap().approximate_messages_count(), 0);
}

#[tokio::test]
async fn nothing_to_do_is_done_at_once() {
    let (queue, line, _) = queue().await;
    assert!(queue.send_all(Vec::<String>::new()).await.is_empty());
    assert!(line.sent().is_empty());
}
