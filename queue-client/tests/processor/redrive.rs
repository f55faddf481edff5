//! The way back of dead letters ends, whatever comes in meanwhile.

use std::time::Duration;

use queue_client::{
    OpFailure, QueueClient,
    processor::{
        Polling, Processor, Reason, ShutdownMode,
        dead_letter::{DeadLetterTo, redrive},
    },
};
use tokio::time::{sleep, timeout};

use crate::support::{Fate, Kind, client, line, queue, service, texts};

/// A queue with dead letters, and the queue for them to go back to.
async fn letters(count: u32, to: DeadLetterTo) -> (QueueClient, QueueClient, crate::support::Line) {
    let (service, line) = service();
    let (orders, poison) = (service.queue("orders"), service.queue("orders-poison"));
    let (orders, poison) = (orders.unwrap(), poison.unwrap());
    orders.create().await.unwrap();
    for number in 0..count {
        orders.send(number.to_string()).await.unwrap();
    }
    let report = Processor::new(orders.clone())
        .max_deliveries(1)
        .dead_letter(to)
        .drain_once(|_| async { Err::<(), _>("no".into()) })
        .await
        .unwrap();
    assert_eq!(report.counters.dead_lettered, u64::from(count));
    (orders, poison, line)
}

/// Moves letters back to a processor whose handler fails at once, each time.
async fn against_a_handler_that_fails(to: DeadLetterTo, rate: Option<f64>, named: bool) {
    let (orders, poison, _) = letters(40, to.clone()).await;
    let running = Processor::new(orders.clone())
        .max_deliveries(1)
        .polling(Polling::new(Duration::from_millis(5), Duration::from_millis(5)))
        .dead_letter(to)
        .spawn(|_| async { Err::<(), _>("no".into()) });
    let call = redrive(&poison, &orders);
    let call = match rate {
        Some(rate) => call.rate(rate),
        None => call,
    };
    let report = timeout(Duration::from_secs(3600), call).await.expect("it ends").unwrap();
    assert_eq!((report.moved, report.skipped, report.unknown), (40, 0, 0), "{report}");
    let back = if named { report.returned } else { report.newer };
    assert!(back > 0, "{report}");
    assert!(report.returned + report.newer <= 40, "{report}");
    sleep(Duration::from_secs(5)).await;
    running.shutdown(ShutdownMode::Drain).await.unwrap();
    assert_eq!(poison.properties().await.unwrap().approximate_messages_count(), 40, "none is lost");
}

#[tokio::test(start_paused = true)]
async fn letters_that_die_again_are_not_taken_again() {
    against_a_handler_that_fails(DeadLetterTo::poison_queue(), Some(5.0), false).await;
    against_a_handler_that_fails(DeadLetterTo::poison_queue().in_envelope(), Some(5.0), true).await;
    // All within a second, which is as fine as the service tells the time.
    against_a_handler_that_fails(DeadLetterTo::poison_queue(), None, false).await;
    against_a_handler_that_fails(DeadLetterTo::poison_queue().in_envelope(), None, true).await;
}

#[tokio::test(start_paused = true)]
async fn what_others_put_meanwhile_is_left() {
    let (orders, poison, _) = letters(4, DeadLetterTo::poison_queue()).await;
    let puts = poison.clone();
    let others = tokio::spawn(async move {
        sleep(Duration::from_secs(2)).await;
        for _ in 0..100 {
            puts.send("new").await.unwrap();
        }
    });
    let report = redrive(&poison, &orders).rate(1.0).await.unwrap();
    others.await.unwrap();
    assert_eq!((report.moved, report.returned), (4, 0), "{report}");
    assert!(report.newer > 0 && report.to_string().contains("newer and left"), "{report}");
    assert_eq!(texts(&poison).await.len(), 32, "they are visible again");
    assert_eq!(poison.properties().await.unwrap().approximate_messages_count(), 100);
}

#[tokio::test(start_paused = true)]
async fn from_a_queue_to_itself_is_refused() {
    let (queue, line) = queue().await;
    queue.send("17").await.unwrap();
    let before = (line.count(Kind::Other), line.count(Kind::Get));
    let again = queue.clone();
    let error = redrive(&queue, &again).await.unwrap_err();
    assert!(error.to_string().contains("from a queue to itself"), "{error}");
    assert_eq!(*error.error().failure(), OpFailure::NotSent);
    assert_eq!((line.count(Kind::Other), line.count(Kind::Get)), before, "nothing is sent");
}

/// One queue under two addresses is not seen to be one, and is bounded all the same.
#[tokio::test(start_paused = true)]
async fn a_circle_that_is_not_seen_ends() {
    let (time, line) = line(|emulator| emulator);
    let queue = client(time.clone(), &line).queue("orders").unwrap();
    queue.create().await.unwrap();
    for number in 0..40 {
        queue.send(number.to_string()).await.unwrap();
    }
    let elsewhere = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=\
                     Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;\
                     QueueEndpoint=http://localhost:10001/devstoreaccount1";
    let same = queue_client::QueueServiceClient::builder_from_connection_string(elsewhere)
        .unwrap()
        .transport(line)
        .runtime(time)
        .build()
        .unwrap()
        .queue("orders")
        .unwrap();
    let report = timeout(Duration::from_secs(3600), redrive(&queue, &same)).await;
    let report = report.expect("it ends").unwrap();
    assert_eq!(report.moved, 40, "{report}");
    assert_eq!(queue.properties().await.unwrap().approximate_messages_count(), 40);
}

#[tokio::test(start_paused = true)]
async fn a_failure_keeps_the_report() {
    let (orders, poison, line) = letters(10, DeadLetterTo::poison_queue().in_envelope()).await;
    let mut puts = 0;
    line.script(move |kind| {
        puts += u32::from(kind == Kind::Put);
        if kind == Kind::Put && puts > 7 { Fate::Status(403) } else { Fate::Answered }
    });
    let error = redrive(&poison, &orders).reason(Reason::HandlerFailed).await.unwrap_err();
    assert_eq!(error.report().moved, 7);
    assert!(error.to_string().contains("(7 moved, 0 skipped, 3 not reached)"), "{error}");
    let shown = format!("{error:?}");
    assert!(
        shown.contains("(7 moved, 0 skipped, 3 not reached)\n") && shown.contains("attempts: 1"),
        "{shown}"
    );
    assert_eq!(*error.error().cause().to_string(), *error.into_error().cause().to_string());
    assert_eq!(texts(&poison).await.len(), 3, "what was not moved is visible again");
}

/// A signature that may only process the source cannot ask how many messages it has.
#[tokio::test(start_paused = true)]
async fn the_source_need_not_be_readable() {
    let (orders, poison, line) = letters(3, DeadLetterTo::poison_queue()).await;
    let mut asked = 0;
    line.script(move |kind| {
        asked += u32::from(kind == Kind::Other);
        if kind == Kind::Other && asked == 2 { Fate::Status(403) } else { Fate::Answered }
    });
    assert_eq!(redrive(&poison, &orders).await.unwrap().moved, 3);
}
