//! What handlers return, and what becomes of their messages.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use queue_client::{
    codec::Base64Bytes,
    processor::{
        HandlerError, LeaseState, Outcome, Processor, ResultExt, RetryDelay, Undecodable,
        dead_letter::DeadLetterTo,
    },
};
use tokio::time::{Instant, sleep};

use crate::support::{Kind, queue, service, texts};

#[tokio::test(start_paused = true)]
async fn what_completes_is_deleted() {
    let (queue, line) = queue().await;
    for number in 0..100 {
        queue.send(format!("order {number}")).await.unwrap();
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let report = Processor::new(queue.clone())
        .concurrency(8)
        .drain_once(move |order| {
            log.lock().unwrap().push(order.body().clone());
            async move {
                sleep(Duration::from_millis(100)).await;
                assert!(matches!(order.lease().state(), LeaseState::Held { .. }));
                Ok(())
            }
        })
        .await
        .unwrap();
    assert_eq!(report.to_string(), "100 completed, 0 retried, 0 dead-lettered");
    let mut seen = seen.lock().unwrap().clone();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 100);
    assert_eq!(line.count(Kind::Delete), 100);
    assert_eq!(queue.properties().await.unwrap().approximate_messages_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_always_fails_ends_as_a_dead_letter() {
    let (service, _) = service();
    let queue = service.queue("orders").unwrap();
    queue.create().await.unwrap();
    queue.send("bad").await.unwrap();
    let runs = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&runs);
    let began = Instant::now();
    let running = Processor::new(queue.clone())
        .retry(RetryDelay::new(Duration::from_secs(5), Duration::from_secs(600)).jitter(0.0))
        .spawn(move |message| {
            let last = message.is_last_attempt();
            log.lock().unwrap().push((message.attempt(), last, began.elapsed().as_secs()));
            async move { Err::<(), _>(HandlerError::from("out of order")) }
        });
    sleep(Duration::from_secs(200)).await;
    let report = running.shutdown(queue_client::processor::ShutdownMode::Drain).await.unwrap();
    assert_eq!(report.counters.dead_lettered, 1);
    assert_eq!(report.counters.retried, 4);
    let runs = runs.lock().unwrap().clone();
    assert_eq!(runs.iter().map(|(attempt, ..)| *attempt).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(
        runs.iter().map(|(_, last, _)| *last).collect::<Vec<_>>(),
        [false, false, false, false, true]
    );
    // 5, 10, 20, 40 seconds, and up to 10 s until the queue is looked at.
    assert!(runs[4].2 >= 75 && runs[4].2 <= 120, "{runs:?}");
    let poison = service.queue("orders-poison").unwrap();
    assert_eq!(texts(&poison).await, ["bad"]);
    assert_eq!(poison.peek(1).await.unwrap()[0].expires_at(), None);
    assert_eq!(texts(&queue).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_envelope_tells_why() {
    let (service, _) = service();
    let queue = service.queue("orders").unwrap();
    queue.create().await.unwrap();
    queue.send("{\"order\":17}").await.unwrap();
    let report = Processor::new(queue)
        .dead_letter(DeadLetterTo::poison_queue().in_envelope())
        .instance("worker-7")
        .drain_once(|message| async move {
            let number: u32 = message.body().parse().or_dead_letter()?;
            println!("{number}");
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(report.counters.dead_lettered, 1);
    let poison = service.queue("orders-poison").unwrap();
    let text = texts(&poison).await.remove(0);
    for part in [
        "\"reason\":\"handler_failed\"",
        "\"error\":\"invalid digit found in string\"",
        "\"queue\":\"orders\"",
        "\"attempt\":1",
        "\"host\":\"worker-7\"",
        "\"body\":\"{\\\"order\\\":17}\"",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    // A processor of that queue sees the message that died, and what it died of.
    let report = Processor::new(poison)
        .drain_once(|message| async move {
            assert_eq!(message.body(), "{\"order\":17}");
            let info = message.dead_letter_info().unwrap();
            assert_eq!((info.queue.as_str(), info.attempt), ("orders", 1));
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(report.counters.completed, 1);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failure() {
    let (service, _) = service();
    let queue = service.queue("orders").unwrap();
    queue.create().await.unwrap();
    queue.send("boom").await.unwrap();
    let report = Processor::new(queue)
        .max_deliveries(1)
        .dead_letter(DeadLetterTo::poison_queue().in_envelope())
        .drain_once(|message| async move {
            if message.body() == "boom" {
                panic!("the handler says {}", message.body());
            }
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(report.counters.dead_lettered, 1);
    let text = texts(&service.queue("orders-poison").unwrap()).await.remove(0);
    assert!(text.contains("handler_panicked") && text.contains("the handler says boom"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_takes_too_long_is_dropped() {
    let (queue, _) = queue().await;
    queue.send("slow").await.unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let ends = Arc::new(AtomicU32::new(0));
    let (count, end) = (Arc::clone(&runs), Arc::clone(&ends));
    let running = Processor::new(queue).handler_timeout(Duration::from_secs(30)).spawn(move |_| {
        let end = Arc::clone(&end);
        let first = count.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            if first {
                sleep(Duration::from_secs(1000)).await;
                end.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        }
    });
    sleep(Duration::from_secs(2000)).await;
    let report = running.shutdown(queue_client::processor::ShutdownMode::Drain).await.unwrap();
    assert_eq!((report.counters.retried, report.counters.completed), (1, 1));
    assert_eq!(ends.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn a_long_handler_keeps_its_message() {
    let (queue, line) = queue().await;
    queue.send("long").await.unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let processor = |runs: &Arc<AtomicU32>| {
        let runs = Arc::clone(runs);
        Processor::new(queue.clone()).spawn(move |message| {
            runs.fetch_add(1, Ordering::Relaxed);
            async move {
                for _ in 0..2400 {
                    sleep(Duration::from_secs(1)).await;
                    assert!(matches!(message.lease().state(), LeaseState::Held { .. }));
                }
                Ok(())
            }
        })
    };
    let (one, two) = (processor(&runs), processor(&runs));
    sleep(Duration::from_secs(2500)).await;
    let one = one.shutdown(queue_client::processor::ShutdownMode::Drain).await.unwrap();
    let two = two.shutdown(queue_client::processor::ShutdownMode::Drain).await.unwrap();
    assert_eq!(one.counters.completed + two.counters.completed, 1);
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    // Forty minutes with leases that double from one minute to five.
    let renewals = line.count(Kind::Update);
    assert!((18..=24).contains(&renewals), "{renewals}");
}

#[tokio::test(start_paused = true)]
async fn text_that_the_codec_cannot_read_is_put_aside() {
    let (service, _) = service();
    let queue = service.queue("orders").unwrap();
    queue.create().await.unwrap();
    queue.send("not base64!").await.unwrap();
    let bytes = queue.clone().with_codec(Base64Bytes);
    bytes.send(vec![1, 2, 3]).await.unwrap();
    let report = Processor::new(bytes.clone())
        .drain_once(|message| async move {
            assert_eq!(message.body(), &vec![1, 2, 3]);
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!((report.counters.completed, report.counters.dead_lettered), (1, 1));
    assert_eq!(texts(&service.queue("orders-poison").unwrap()).await, ["not base64!"]);

    queue.send("not base64!").await.unwrap();
    let report = Processor::new(bytes)
        .undecodable(Undecodable::Abandon)
        .drain_once(|_| async { Ok(()) })
        .await
        .unwrap();
    assert_eq!(report.counters.lapsed, 1);
}

#[tokio::test(start_paused = true)]
async fn progress_survives_a_failure() {
    let (queue, _) = queue().await;
    queue.send("step 0").await.unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let running = Processor::new(queue).spawn(move |message| {
        log.lock().unwrap().push((message.body().clone(), message.fencing_token().to_string()));
        async move {
            let step: u32 = message.body().trim_start_matches("step ").parse()?;
            if step < 2 {
                message.checkpoint(&format!("step {}", step + 1)).await?;
                return Err("crash".into());
            }
            assert!(message.renew_now().await? > Duration::from_secs(100));
            Ok(())
        }
    });
    sleep(Duration::from_secs(60)).await;
    let report = running.shutdown(queue_client::processor::ShutdownMode::Drain).await.unwrap();
    assert_eq!(report.counters.completed, 1);
    let seen = seen.lock().unwrap().clone();
    assert_eq!(
        seen.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>(),
        ["step 0", "step 1", "step 2"]
    );
    assert!(seen[2].1.ends_with("#3"), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn outcomes_settle() {
    let (service, _) = service();
    let queue = service.queue("orders").unwrap();
    queue.create().await.unwrap();
    for text in ["retry", "dead", "abandon", "complete"] {
        queue.send(text).await.unwrap();
    }
    let report = Processor::new(queue.clone())
        .drain_once(|message| async move {
            Ok(match message.body().as_str() {
                "retry" => Outcome::Retry { after: Some(Duration::from_secs(90)) },
                "dead" => Outcome::DeadLetter { reason: "of age".into() },
                "abandon" => Outcome::Abandon,
                _ => Outcome::Complete,
            })
        })
        .await
        .unwrap();
    assert_eq!(report.to_string(), "1 completed, 1 retried, 1 dead-lettered, 1 left to lapse");
    assert_eq!(texts(&queue).await, [""; 0]);
    sleep(Duration::from_secs(61)).await;
    assert_eq!(texts(&queue).await, ["abandon"]);
    sleep(Duration::from_secs(30)).await;
    assert_eq!(texts(&queue).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_handler_can_say_when_its_message_is_tried_again() {
    let (queue, _) = queue().await;
    queue.send("later").await.unwrap();
    let began = Instant::now();
    let times = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&times);
    let report = Processor::new(queue)
        .stop_when(sleep(Duration::from_secs(700)))
        .run(move |message| {
            log.lock().unwrap().push(began.elapsed().as_secs());
            async move {
                match message.attempt() {
                    1 => Err(HandlerError::retry_after("not yet", Duration::from_secs(100))),
                    2 => Err("not yet").or_retry_after(Duration::from_secs(200)),
                    3 => Ok(Outcome::Retry { after: Some(Duration::from_secs(300)) }),
                    _ => Ok(Outcome::Complete),
                }
            }
        })
        .await
        .unwrap();
    assert_eq!(report.counters.completed, 1);
    // And up to 12 s until the queue is looked at, each time.
    let times = times.lock().unwrap().clone();
    let expected = [0..1, 100..113, 300..326, 600..639];
    assert_eq!(times.len(), expected.len());
    assert!(times.iter().zip(&expected).all(|(time, range)| range.contains(time)), "{times:?}");
}
