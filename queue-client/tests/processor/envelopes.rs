//! Traces in envelopes, and bodies that are stored elsewhere.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use queue_client::{
    BoxFuture, OpFailure,
    codec::{Base64Bytes, Base64Text},
    processor::{
        BodyStore, BoxError, Delivery, HandlerError, OnAmbiguous, Outcome, Oversize, Processor,
        Producer, RetryDelay, TraceContext,
        dead_letter::{DeadLetterTo, redrive},
    },
};
use tokio::time::sleep;

use crate::support::{Fate, Kind, queue, service, texts};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn trace() -> TraceContext {
    TraceContext::new(PARENT).unwrap().with_tracestate("vendor=1")
}

/// Bodies in memory, and how many of the next calls fail.
#[derive(Debug, Default)]
struct Memory {
    bodies: Mutex<HashMap<String, Bytes>>,
    failures: AtomicU32,
}

impl Memory {
    fn len(&self) -> usize {
        self.bodies.lock().unwrap().len()
    }

    fn fail(&self) -> Result<(), BoxError> {
        let failing = |left: u32| left.checked_sub(1);
        match self.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, failing) {
            Ok(_) => Err("the store is away".into()),
            Err(_) => Ok(()),
        }
    }
}

impl BodyStore for Memory {
    fn put<'a>(&'a self, key: &'a str, body: Bytes) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            self.fail()?;
            self.bodies.lock().unwrap().insert(key.to_owned(), body);
            Ok(())
        })
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Bytes, BoxError>> {
        Box::pin(async move {
            self.fail()?;
            self.bodies.lock().unwrap().get(key).cloned().ok_or_else(|| "no such body".into())
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            // A store takes its time.
            sleep(Duration::from_millis(10)).await;
            self.bodies.lock().unwrap().remove(key);
            Ok(())
        })
    }
}

fn large() -> String {
    "é".repeat(100_000)
}

#[tokio::test(start_paused = true)]
async fn a_trace_goes_with_its_message() {
    let (queue, _) = queue().await;
    let queue = queue.with_codec(Base64Text);
    let traces = Arc::new(AtomicU32::new(0));
    let asked = Arc::clone(&traces);
    let current = move || (asked.fetch_add(1, Ordering::Relaxed) == 0).then(trace);
    let producer = Producer::new(queue.clone()).trace_context(current);
    producer.send(&"with".to_owned()).await.unwrap();
    producer.send(&"without".to_owned()).await.unwrap();
    queue.send("of somebody else".to_owned()).await.unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    Processor::new(queue)
        .concurrency(1)
        .drain_once(move |message| {
            let trace = message.trace_context().cloned();
            log.lock().unwrap().push((message.into_body(), trace));
            async { Ok(()) }
        })
        .await
        .unwrap();
    let seen = seen.lock().unwrap().clone();
    let expected = [("with", Some(trace())), ("without", None), ("of somebody else", None)];
    assert_eq!(seen, expected.map(|(body, trace)| (body.to_owned(), trace)));
}

#[tokio::test(start_paused = true)]
async fn the_limit_counts_for_body_and_trace_together() {
    let (queue, line) = queue().await;
    let plain = Producer::new(queue.clone());
    let traced = plain.clone().trace_context(|| Some(trace()));
    let body = "x".repeat(64 * 1024);
    plain.send(&body).await.unwrap();
    let error = traced.send(&body).await.unwrap_err();
    assert_eq!(*error.failure(), OpFailure::NotSent);
    assert!(error.to_string().contains("65536"), "{error}");
    assert_eq!(line.count(Kind::Put), 1);
}

#[tokio::test(start_paused = true)]
async fn a_trace_survives_checkpoints_and_death() {
    let (service, _) = service();
    let queue = service.queue("orders").unwrap();
    queue.create().await.unwrap();
    Producer::new(queue.clone())
        .trace_context(|| Some(trace()))
        .send(&"first".to_owned())
        .await
        .unwrap();
    let second = Duration::from_secs(1);
    let report = Processor::new(queue.clone())
        .max_deliveries(2)
        .retry(RetryDelay::new(second, second))
        .dead_letter(DeadLetterTo::poison_queue().in_envelope())
        .stop_when(sleep(Duration::from_secs(30)))
        .run(|message| async move {
            assert_eq!(message.trace_context(), Some(&trace()));
            if message.attempt() == 1 {
                message.checkpoint(&"second".to_owned()).await?;
            } else {
                assert_eq!(message.body(), "second");
            }
            Err::<(), _>("never".into())
        })
        .await
        .unwrap();
    assert_eq!(report.counters.dead_lettered, 1);
    let poison = service.queue("orders-poison").unwrap();
    let examine = |message: Delivery<String>| async move {
        let letter = message.dead_letter_info().unwrap();
        assert_eq!(letter.traceparent.as_deref(), Some(PARENT));
        // Not "panicked", as a failed assertion would.
        assert_eq!(letter.error.as_deref(), Some("never"));
        assert_eq!((message.body().as_str(), message.trace_context()), ("second", Some(&trace())));
        Ok(Outcome::Retry { after: Some(Duration::ZERO) })
    };
    let report = Processor::new(poison.clone())
        .stop_when(sleep(Duration::from_secs(1)))
        .concurrency(1)
        .max_deliveries(None)
        .run(examine)
        .await
        .unwrap();
    assert!(report.counters.retried > 0 && report.counters.dead_lettered == 0, "{report}");
    redrive(&poison, &queue).await.unwrap();
    let report = Processor::new(queue)
        .drain_once(|message| async move {
            assert_eq!(message.trace_context(), Some(&trace()));
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(report.counters.completed, 1);
}

#[tokio::test(start_paused = true)]
async fn a_large_body_is_stored_until_its_message_is_deleted() {
    let (queue, line) = queue().await;
    let store = Arc::new(Memory::default());
    let producer = Producer::new(queue.clone())
        .oversize(Oversize::ClaimCheck(store.clone()))
        .trace_context(|| Some(trace()));
    producer.send(&large()).await.unwrap();
    producer.send(&"small".to_owned()).await.unwrap();
    assert_eq!(store.len(), 1);
    assert!(texts(&queue).await.iter().all(|text| text.len() < 400));

    // The first delete is refused for a while: the body must still be there.
    let watched = Arc::clone(&store);
    let mut refused = 0;
    line.script(move |kind| match kind {
        Kind::Delete if refused < 3 => {
            assert_eq!(watched.len(), 1);
            refused += 1;
            Fate::Status(503)
        }
        _ => Fate::Answered,
    });
    let report = Processor::new(queue)
        .body_store(store.clone())
        .drain_once(|message| async move {
            assert_eq!(message.trace_context(), Some(&trace()));
            if message.body() == "small" {
                return Ok(());
            }
            assert_eq!(message.body(), &large());
            assert!(message.raw_text().len() < 400);
            // It would not fit.
            message.checkpoint(message.body()).await.unwrap_err();
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!((report.counters.completed, report.counters.retried), (2, 0));
    assert_eq!(store.len(), 0, "also when it was the last thing to do");
}

#[tokio::test(start_paused = true)]
async fn a_body_stays_unless_its_message_is_known_to_be_deleted() {
    let (queue, line) = queue().await;
    let store = Arc::new(Memory::default());
    let producer = Producer::new(queue.clone()).oversize(Oversize::ClaimCheck(store.clone()));
    let processor = || Processor::new(queue.clone()).body_store(store.clone());
    producer.send(&large()).await.unwrap();
    let failing = |_| async { Err::<(), _>("no".into()) };
    let report = processor().drain_once(failing).await.unwrap();
    assert_eq!((report.counters.retried, store.len()), (1, 1));
    sleep(Duration::from_secs(10)).await;
    let report = processor().max_deliveries(2).drain_once(failing).await.unwrap();
    assert_eq!((report.counters.dead_lettered, store.len()), (1, 1));

    // Most likely it is gone, but another receiver may have it.
    producer.send(&large()).await.unwrap();
    let mut lose = true;
    line.script(move |kind| match kind {
        Kind::Delete if std::mem::take(&mut lose) => Fate::AnswerLost,
        _ => Fate::Answered,
    });
    let report = processor().drain_once(|_| async { Ok(()) }).await.unwrap();
    assert_eq!((report.counters.ambiguous_success, store.len()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_body_of_any_codec_comes_back() {
    let (queue, _) = queue().await;
    let queue = queue.with_codec(Base64Bytes);
    let store = Arc::new(Memory::default());
    let producer = Producer::new(queue.clone()).oversize(Oversize::ClaimCheck(store.clone()));
    let body = Bytes::from(vec![0xff; 100_000]);
    producer.send(&body).await.unwrap();
    assert_eq!(store.len(), 1);
    let report = Processor::new(queue)
        .body_store(store)
        .drain_once(move |message| {
            assert_eq!(*message.body(), body);
            async { Ok(()) }
        })
        .await
        .unwrap();
    assert_eq!(report.counters.completed, 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_a_failure_of_the_delivery() {
    let (service, _) = service();
    let queue = service.queue("orders").unwrap();
    queue.create().await.unwrap();
    let store = Arc::new(Memory::default());
    let producer = Producer::new(queue.clone()).oversize(Oversize::ClaimCheck(store.clone()));
    producer.send(&large()).await.unwrap();
    let second = Duration::from_secs(1);
    let processor = || {
        Processor::new(queue.clone())
            .retry(RetryDelay::new(second, second))
            .max_deliveries(3)
            .dead_letter(DeadLetterTo::poison_queue().in_envelope())
    };
    store.failures.store(2, Ordering::Relaxed);
    let report = processor()
        .body_store(store.clone())
        .stop_when(sleep(Duration::from_secs(30)))
        .run(|message| async move {
            assert_eq!(message.attempt(), 3);
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!((report.counters.retried, report.counters.completed), (2, 1));
    assert_eq!(store.len(), 0);

    // A processor without the store does not take the pointer for the body.
    producer.send(&large()).await.unwrap();
    let report = processor()
        .stop_when(sleep(Duration::from_secs(30)))
        .run(|_| async { Ok(()) })
        .await
        .unwrap();
    assert_eq!((report.counters.completed, report.counters.dead_lettered), (0, 1));
    assert_eq!(store.len(), 1, "the dead letter points to it");
    let poison = service.queue("orders-poison").unwrap();
    assert!(texts(&poison).await[0].contains("this processor has none"));
    redrive(&poison, &queue).await.unwrap();
    let report =
        processor().body_store(store.clone()).drain_once(|_| async { Ok(()) }).await.unwrap();
    // What was redriven may not be the only message with this body: that is for a sweep.
    assert_eq!((report.counters.completed, store.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_body_without_a_message_is_not_left_behind() {
    let (queue, line) = queue().await;
    let store = Arc::new(Memory::default());
    let producer = Producer::new(queue.clone())
        .oversize(Oversize::ClaimCheck(store.clone()))
        .on_ambiguous(OnAmbiguous::Fail);
    let sent = producer.send(&large()).await.unwrap();
    producer.cancel(&sent).await.unwrap();
    assert_eq!(store.len(), 0);

    line.script(|kind| if kind == Kind::Put { Fate::Status(403) } else { Fate::Answered });
    producer.send(&large()).await.unwrap_err();
    assert_eq!(store.len(), 0);
    // Here the message may be there.
    line.script(|kind| if kind == Kind::Put { Fate::AnswerLost } else { Fate::Answered });
    producer.send(&large()).await.unwrap_err();
    assert_eq!((store.len(), texts(&queue).await.len()), (1, 1));

    store.failures.store(1, Ordering::Relaxed);
    let before = line.count(Kind::Put);
    let error = producer.send(&large()).await.unwrap_err();
    assert_eq!(*error.failure(), OpFailure::NotSent);
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the store is away");
    assert_eq!(line.count(Kind::Put), before);
}

#[tokio::test(start_paused = true)]
async fn what_the_codec_cannot_read_is_handed_over() {
    let (queue, line) = queue().await;
    for text in ["Z29vZA==", "repair me!", "retry me!"] {
        queue.send(text).await.unwrap();
    }
    let report = Processor::new(queue.with_codec(Base64Text))
        .max_deliveries(2)
        .hand_undecodable_to(|message, error| async move {
            assert!(error.to_string().contains("not base64"), "{error}");
            match message.body().as_str() {
                "retry me!" => Err(HandlerError::from("later")),
                _ => Ok(Outcome::Complete),
            }
        })
        .drain_once(|message| async move {
            assert_eq!(message.body(), "good");
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!((report.counters.completed, report.counters.retried), (2, 1));
    assert_eq!(line.count(Kind::Delete), 2);
}
