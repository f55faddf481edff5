//! The producer: what it repeats, tells and bounds; and dead letters that come back.

use std::time::Duration;

use queue_client::{
    OpFailure,
    processor::{
        OnAmbiguous, Processor, Producer, Reason, ShutdownMode,
        dead_letter::{DeadLetterTo, redrive},
    },
    proto::TimeToLive,
    retry::RetryBudget,
};
use tokio::time::{Instant, sleep};

use crate::support::{Fate, Kind, builder, line, queue, service, texts};

#[tokio::test(start_paused = true)]
async fn an_ambiguous_put_is_repeated_and_told() {
    let (queue, line) = queue().await;
    let lose_one = || {
        let mut lose = true;
        move |kind| match kind {
            Kind::Put if std::mem::take(&mut lose) => Fate::AnswerLost,
            _ => Fate::Answered,
        }
    };
    line.script(lose_one());
    let producer = Producer::new(queue.clone());
    let sent = producer.send(&"twice".to_owned()).await.unwrap();
    assert_eq!(sent.resends(), 1);
    assert_eq!(texts(&queue).await, ["twice", "twice"]);

    line.script(lose_one());
    let careful = producer.clone().on_ambiguous(OnAmbiguous::Fail);
    let error = careful.send(&"once".to_owned()).await.unwrap_err();
    assert_eq!(*error.failure(), OpFailure::Ambiguous);
    assert_eq!(texts(&queue).await.len(), 3);
}

/// Calls that fail over and over, on a client that may spend one retry.
#[tokio::test(start_paused = true)]
async fn the_retry_budget_bounds_a_producer_as_it_bounds_the_client() {
    for failure in [Fate::Status(503), Fate::NotSent] {
        let mut requests = Vec::new();
        for by_producer in [false, true] {
            let (time, line) = line(|emulator| emulator);
            let queue = builder(time, &line)
                .retry_budget(RetryBudget::new(1).into())
                .build()
                .unwrap()
                .queue("orders")
                .unwrap();
            line.script(move |_| failure);
            let producer = Producer::new(queue.clone());
            let text = "a".to_owned();
            let mut counts = Vec::new();
            for _ in 0..3 {
                let before = line.count(Kind::Put);
                if by_producer {
                    producer.send(&text).await.unwrap_err();
                } else {
                    queue.send(&text).await.unwrap_err();
                }
                counts.push(line.count(Kind::Put) - before);
            }
            requests.push(counts);
        }
        assert_eq!(requests, [[2, 1, 1], [2, 1, 1]], "{failure:?}");
    }
}

/// A producer that sends again says so even when the answer to the last attempt is a refusal: the
/// message may be there by the first one.
#[tokio::test(start_paused = true)]
async fn a_refusal_after_a_lost_answer_leaves_the_send_open() {
    let (queue, line) = queue().await;
    let mut fates = vec![Fate::Status(403), Fate::AnswerLost];
    line.script(move |_| fates.pop().unwrap_or(Fate::Answered));
    let error = Producer::new(queue.clone()).send(&"a".to_owned()).await.unwrap_err();
    assert_eq!((error.failure(), error.attempts()), (&OpFailure::Ambiguous, 2));
    assert_eq!(texts(&queue).await, ["a"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_is_not_sent() {
    let (queue, line) = queue().await;
    let producer = Producer::new(queue.with_codec(queue_client::codec::Base64Bytes));
    let error = producer.send(&vec![0; 49_153].into()).await.unwrap_err();
    assert!(error.to_string().contains("49153 bytes, 65540 as base64"), "{error}");
    assert_eq!(line.count(Kind::Put), 0);
    producer.send(&vec![0; 49_152].into()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_sent_with_a_result_for_each() {
    let (queue, line) = queue().await;
    let producer = Producer::new(queue.clone()).max_in_flight(4);
    let mut items: Vec<_> = (0..50).map(|number: u32| number.to_string()).collect();
    items[20] = "\0".into();
    let began = Instant::now();
    let summary = producer.send_all(futures_util::stream::iter(items)).await;
    assert_eq!((summary.results.len(), summary.sent(), summary.resent()), (50, 49, 0));
    assert!(summary.results[20].is_err());
    assert_eq!(line.count(Kind::Put), 49);
    // Four at a time, four milliseconds each.
    assert!(began.elapsed() >= Duration::from_millis(48), "{:?}", began.elapsed());
    producer.flush().await;
}

#[tokio::test(start_paused = true)]
async fn results_are_in_the_order_of_the_items() {
    let (queue, line) = queue().await;
    let mut puts = 0;
    line.script(move |kind| {
        puts += u32::from(kind == Kind::Put);
        if puts == 1 { Fate::Slow(Duration::from_secs(5)) } else { Fate::Answered }
    });
    let items = ["first", "second", "third"].map(str::to_owned);
    let sent = Producer::new(queue.clone()).send_all(futures_util::stream::iter(items)).await;
    let there = queue.peek(32).await.unwrap();
    let texts: Vec<_> = there.iter().map(|message| message.text()).collect();
    assert_eq!(texts, ["second", "third", "first"]);
    let ids: Vec<_> = sent.results.iter().map(|sent| sent.as_ref().unwrap().id()).collect();
    assert_eq!(ids, [there[2].id(), there[0].id(), there[1].id()]);
}

#[tokio::test(start_paused = true)]
async fn messages_live_as_long_as_the_producer_says() {
    let (queue, _) = queue().await;
    let producer = Producer::new(queue.clone());
    let text = "mortal".to_owned();
    let life = |sent: queue_client::processor::Sent| {
        Some(sent.expires_at()?.duration_since(sent.inserted_at()).unwrap().as_secs())
    };
    assert_eq!(life(producer.send(&text).await.unwrap()), Some(7 * 24 * 3600));
    assert_eq!(life(producer.clone().never_expires().send(&text).await.unwrap()), None);
    let hour = producer.time_to_live(TimeToLive::from_secs(3600).unwrap());
    assert_eq!(life(hour.send(&text).await.unwrap()), Some(3600));
}

#[tokio::test(start_paused = true)]
async fn what_is_prepared_appears_when_it_is_revealed_or_its_time_is_over() {
    let (queue, line) = queue().await;
    let producer = Producer::new(queue.clone()).never_expires();
    let hidden = Duration::from_secs(600);
    let revealed = producer.prepare(&"revealed".to_owned(), hidden).await.unwrap();
    let cancelled = producer.prepare(&"cancelled".to_owned(), hidden).await.unwrap();
    let forgotten = producer.prepare(&"forgotten".to_owned(), hidden).await.unwrap();
    assert!(texts(&queue).await.is_empty());
    // The answer is lost, and what a second try finds means that the first has worked.
    let mut lose = true;
    line.script(move |kind| match kind {
        Kind::Update if std::mem::take(&mut lose) => Fate::AnswerLost,
        _ => Fate::Answered,
    });
    revealed.reveal().await.unwrap();
    cancelled.cancel().await.unwrap();
    drop(forgotten);
    assert_eq!(texts(&queue).await, ["revealed"]);
    sleep(hidden).await;
    assert_eq!(texts(&queue).await, ["revealed", "forgotten"]);

    let sent = producer.send_after(&"later".to_owned(), hidden).await.unwrap();
    producer.cancel(&sent).await.unwrap();
    assert!(producer.cancel(&sent).await.unwrap_err().is_not_owner());
}

#[tokio::test(start_paused = true)]
async fn a_send_wakes_the_processor_of_the_same_process() {
    let (queue, _) = queue().await;
    let (sender, mut received) = tokio::sync::mpsc::unbounded_channel();
    let running = Processor::new(queue.clone()).spawn(move |message| {
        sender.send(message.into_body()).unwrap();
        async { Ok(()) }
    });
    sleep(Duration::from_secs(300)).await;
    let producer = Producer::new(queue);
    for _ in 0..20 {
        sleep(Duration::from_millis(7777)).await;
        let began = Instant::now();
        producer.send(&"now".to_owned()).await.unwrap();
        received.recv().await.unwrap();
        assert!(began.elapsed() < Duration::from_millis(50), "{:?}", began.elapsed());
    }
    let prepared =
        producer.prepare(&"revealed".to_owned(), Duration::from_secs(600)).await.unwrap();
    sleep(Duration::from_secs(300)).await;
    let began = Instant::now();
    prepared.reveal().await.unwrap();
    received.recv().await.unwrap();
    assert!(began.elapsed() < Duration::from_millis(50), "{:?}", began.elapsed());
    running.shutdown(ShutdownMode::Drain).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn dead_letters_come_back() {
    let (service, line) = service();
    let queue = service.queue("orders").unwrap();
    let poison = service.queue("orders-poison").unwrap();
    queue.create().await.unwrap();
    for number in 0..40 {
        queue.send(number.to_string()).await.unwrap();
    }
    let report = Processor::new(queue.clone())
        .max_deliveries(1)
        .dead_letter(DeadLetterTo::poison_queue().in_envelope())
        .drain_once(|message| async move {
            if message.body().ends_with('7') {
                panic!("seven");
            }
            Err::<(), _>("no".into())
        })
        .await
        .unwrap();
    assert_eq!(report.counters.dead_lettered, 40);

    let dry = redrive(&poison, &queue).dry_run().await.unwrap();
    assert_eq!((dry.moved, dry.skipped), (40, 0));
    assert_eq!(texts(&poison).await.len(), 32, "they are still there");

    let report = redrive(&poison, &queue).reason(Reason::HandlerPanicked).await.unwrap();
    assert_eq!((report.moved, report.skipped, report.perhaps_in_both), (4, 36, 0));
    let mut back = texts(&queue).await;
    back.sort();
    assert_eq!(back, ["17", "27", "37", "7"]);

    // A put whose answer is lost leaves the message where it is, unless duplicates are allowed.
    let mut puts = 0;
    line.script(move |kind| {
        puts += u32::from(kind == Kind::Put);
        if kind == Kind::Put && puts % 10 == 0 { Fate::AnswerLost } else { Fate::Answered }
    });
    let report = redrive(&poison, &queue).await.unwrap();
    assert_eq!((report.moved, report.unknown), (33, 3));
    assert_eq!(poison.properties().await.unwrap().approximate_messages_count(), 3);
    line.script(|_| Fate::Answered);
    // A delete that is refused leaves the message where it was, too.
    line.script(|kind| if kind == Kind::Delete { Fate::Status(403) } else { Fate::Answered });
    let report = redrive(&poison, &queue).max(1).await.unwrap();
    assert_eq!((report.moved, report.perhaps_in_both), (1, 1));
    line.script(|_| Fate::Answered);
    sleep(Duration::from_secs(600)).await;
    let report = redrive(&poison, &queue).max(2).rate(10.0).await.unwrap();
    assert_eq!((report.moved, report.perhaps_in_both), (2, 0));
    assert_eq!(poison.properties().await.unwrap().approximate_messages_count(), 1);
    assert!(
        redrive(&poison, &service.queue("missing").unwrap())
            .await
            .unwrap_err()
            .error()
            .is_queue_not_found()
    );
}
