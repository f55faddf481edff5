//! What is tried again, what is not, and what the error says.

use std::time::Duration;

use crate::support::{Fate, queue, service};
use queue_client::{OpFailure, Refusal, runtime::Runtime};

#[tokio::test]
async fn every_attempt_is_dated_and_signed_afresh() {
    let (queue, line, _) = queue().await;
    line.next([Fate::NoConnection, Fate::Status(503, 7)]);
    queue.send("a").await.unwrap();

    let sent = line.sent();
    assert_eq!(sent.len(), 3);
    assert_ne!(sent[1].date, sent[2].date, "seven seconds lie between them");
    assert_ne!(sent[1].signature, sent[2].signature);
    assert_eq!(queue.peek(32).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_send_whose_answer_was_lost_is_not_repeated() {
    let (queue, line, _) = queue().await;
    line.next([Fate::AnswerLost]);
    let error = queue.send("a").await.unwrap_err();
    assert_eq!(error.failure(), &OpFailure::Ambiguous);
    assert_eq!((error.attempts(), line.sent().len()), (1, 1));
    assert!(error.to_string().ends_with("it may have been done all the same"), "{error}");
    assert_eq!(queue.peek(32).await.unwrap().len(), 1, "it was done, in fact");
}

#[tokio::test]
async fn a_delete_that_was_applied_before_its_answer_was_lost_is_a_success() {
    let (queue, line, _) = queue().await;
    queue.send("a").await.unwrap();
    let message = queue.receive_one().await.unwrap().unwrap();
    line.next([Fate::AnswerLost]);
    queue.delete(&message).await.unwrap();
    assert_eq!(line.sent().len(), 2);
    // Without a lost answer the same refusal is an error.
    assert!(queue.delete(&message).await.unwrap_err().is_not_owner());
}

#[tokio::test]
async fn deleting_a_queue_whose_answer_was_lost_is_a_success() {
    let (queue, line, _) = queue().await;
    line.next([Fate::AnswerLost]);
    queue.delete_queue().await.unwrap();
    assert!(queue.delete_queue().await.unwrap_err().is_queue_not_found());
}

#[tokio::test]
async fn an_update_whose_answer_was_lost_stays_ambiguous() {
    let (queue, line, _) = queue().await;
    queue.send("a").await.unwrap();
    let mut message = queue.receive_one().await.unwrap().unwrap();
    line.next([Fate::AnswerLost]);
    let error = queue.update(&mut message, Duration::from_secs(60)).await.unwrap_err();
    // The receipt that the second attempt carries died with the first.
    assert_eq!(error.failure(), &OpFailure::Ambiguous);
    assert_eq!(line.sent().len(), 2);
}

#[tokio::test]
async fn an_unreadable_answer_may_stand_for_success() {
    let (queue, line, _) = queue().await;
    line.next([Fate::Garbage]);
    let error = queue.send("a").await.unwrap_err();
    assert_eq!(error.failure(), &OpFailure::Ambiguous);
    let text = error.to_string();
    assert!(text.contains("cannot be read: answer has no element <QueueMessagesList>"), "{text}");
}

#[tokio::test]
async fn retry_after_is_waited_for() {
    let (queue, line, time) = queue().await;
    line.next([Fate::Status(503, 20)]);
    let before = time.elapsed();
    queue.send("a").await.unwrap();
    assert_eq!(time.elapsed() - before, Duration::from_secs(20));
}

#[tokio::test]
async fn a_busy_service_is_tried_four_times_and_then_reported() {
    let (queue, line, _) = queue().await;
    line.next([Fate::Status(503, 0); 10]);
    let error = queue.send("a").await.unwrap_err();
    assert_eq!((error.attempts(), line.sent().len()), (4, 4));
    let OpFailure::Refused { kind, .. } = error.failure() else { panic!("{error:?}") };
    assert_eq!(*kind, Refusal::Throttled);
    assert!(error.to_string().contains("(tried 4 times)"), "{error}");
}

#[tokio::test]
async fn a_call_without_an_answer_ends_at_its_deadline() {
    let (queue, line, time) = queue().await;
    line.next([Fate::NoAnswer; 10]);
    let before = time.elapsed();
    let error = queue.peek(1).await.unwrap_err();
    assert_eq!(error.failure(), &OpFailure::Ambiguous);
    let taken = time.elapsed() - before;
    assert!(taken <= Duration::from_secs(120), "{taken:?}");
    assert_eq!(error.attempts(), 4);
    assert_eq!(line.sent().len(), 4);

    line.next([Fate::NoAnswer]);
    let before = time.elapsed();
    queue.send("a").await.unwrap_err();
    assert_eq!(time.elapsed() - before, Duration::from_secs(35), "one attempt, not repeated");
}

#[tokio::test]
async fn an_earlier_ambiguity_is_not_forgotten() {
    let (queue, line, _) = queue().await;
    queue.send("a").await.unwrap();
    line.next([Fate::AnswerLost, Fate::Status(403, 0)]);
    let error = queue.clear().await.unwrap_err();
    assert_eq!(error.failure(), &OpFailure::Ambiguous, "the first attempt cleared the queue");
    assert_eq!(error.attempts(), 2);
}

#[tokio::test]
async fn a_refusal_is_not_repeated() {
    let (service, line, _) = service();
    let error = service.queue("missing").unwrap().send("a").await.unwrap_err();
    assert_eq!(line.sent().len(), 1);
    let OpFailure::Refused { kind, .. } = error.failure() else { panic!("{error:?}") };
    assert_eq!(*kind, Refusal::QueueNotFound);
}
