//! A processor on the clock of tests, which moves only as far as somebody waits for.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::Response;
use queue_client::{
    QueueClient,
    processor::{Processor, ResultExt as _, ShutdownMode},
    runtime::{ManualRuntime, Runtime as _},
    testing::in_process,
};
use queue_emulator::Emulator;
use tokio::{sync::Notify, task::yield_now};

async fn queue() -> (QueueClient, ManualRuntime) {
    let (service, time) = in_process(Emulator::handler).unwrap();
    let queue = service.queue("orders").unwrap();
    queue.create().await.unwrap();
    (queue, time)
}

/// Lets all other tasks run until they only wait.
async fn turns() {
    for _ in 0..2_000 {
        yield_now().await;
    }
}

#[tokio::test]
async fn an_idle_processor_does_not_move_the_clock() {
    let (queue, time) = queue().await;
    queue.send("for a while").visibility_timeout(Duration::from_secs(60)).await.unwrap();
    let running = Processor::new(queue.clone())
        .sample_depth(Duration::from_secs(30))
        .spawn(|_| async { Ok(()) });
    turns().await;
    assert_eq!(time.elapsed(), Duration::ZERO);
    assert_eq!(queue.properties().await.unwrap().approximate_messages_count(), 1);

    // It polls when the time comes, and not before.
    time.sleep(Duration::from_secs(59)).await;
    assert_eq!(queue.properties().await.unwrap().approximate_messages_count(), 1);
    time.sleep(Duration::from_secs(12)).await;
    assert_eq!(time.elapsed(), Duration::from_secs(71));
    assert_eq!(queue.properties().await.unwrap().approximate_messages_count(), 0);

    // The clock can be moved beneath it, too.
    queue.send("and another").await.unwrap();
    time.advance(Duration::from_secs(3600));
    turns().await;
    assert_eq!(queue.properties().await.unwrap().approximate_messages_count(), 0);
    let report = running.shutdown(ShutdownMode::Drain).await.unwrap();
    assert_eq!(report.to_string(), "2 completed, 0 retried, 0 dead-lettered");
    assert_eq!(time.elapsed(), Duration::from_secs(3671));
}

#[tokio::test]
async fn a_handler_that_waits_for_something_else_does_not_move_the_clock() {
    let (queue, time) = queue().await;
    queue.send("17").await.unwrap();
    let news = Arc::new(Notify::new());
    let waits = news.clone();
    let running = Processor::new(queue.clone()).spawn(move |_| {
        let news = waits.clone();
        async move {
            news.notified().await;
            Ok(())
        }
    });
    turns().await;
    assert_eq!(time.elapsed(), Duration::ZERO);
    news.notify_one();
    let report = running.shutdown(ShutdownMode::Drain).await.unwrap();
    assert_eq!(report.to_string(), "1 completed, 0 retried, 0 dead-lettered");
    assert_eq!(time.elapsed(), Duration::ZERO);
}

/// On the way to the end of a long sleep, the clock stops where leases are renewed.
#[tokio::test]
async fn a_handler_that_sleeps_keeps_its_lease() {
    let (queue, time) = queue().await;
    queue.send("17").await.unwrap();
    let deliveries = Arc::new(AtomicU32::new(0));
    let (counts, clock) = (deliveries.clone(), time.clone());
    let report = Processor::new(queue)
        .drain_once(move |delivery| {
            counts.fetch_add(1, Ordering::Relaxed);
            let clock = clock.clone();
            async move {
                clock.sleep(Duration::from_secs(1800)).await;
                delivery.renew_now().await.or_dead_letter()?;
                Ok(())
            }
        })
        .await
        .unwrap();
    assert_eq!(report.to_string(), "1 completed, 0 retried, 0 dead-lettered");
    assert_eq!(deliveries.load(Ordering::Relaxed), 1);
    assert!((1800..1900).contains(&time.elapsed().as_secs()), "{:?}", time.elapsed());
}

/// Somebody waits for the end of this run, so the pauses of an outage pass by themselves.
#[tokio::test]
async fn a_run_to_the_end_waits_out_an_outage() {
    let failures = AtomicU32::new(0);
    let (service, time) = in_process(|clock| {
        let handle = Emulator::handler(clock);
        move |request| {
            let is_receive = request.method() == http::Method::GET;
            if is_receive && failures.fetch_add(1, Ordering::Relaxed) < 3 {
                return Response::builder().status(503).body(Bytes::new()).unwrap();
            }
            handle(request)
        }
    })
    .unwrap();
    let queue = service.queue("orders").unwrap();
    queue.create().await.unwrap();
    queue.send("17").await.unwrap();
    let report = Processor::new(queue).drain_once(|_| async { Ok(()) }).await.unwrap();
    assert_eq!(report.to_string(), "1 completed, 0 retried, 0 dead-lettered");
    assert!(time.elapsed() > Duration::from_millis(500), "{:?}", time.elapsed());
}

#[tokio::test]
async fn an_hour_passes_for_all_in_the_right_order() {
    let (_, time) = queue().await;
    let order = std::sync::Mutex::new(Vec::new());
    let wait = async |seconds, idle| {
        let pause = Duration::from_secs(seconds);
        if idle {
            time.idle(pause).await;
        } else {
            time.sleep(pause).await;
        }
        order.lock().unwrap().push((seconds, time.elapsed().as_secs()));
    };
    // One that is not polled any more holds nobody up, and neither does one that is dropped.
    let mut forgotten = time.sleep(Duration::from_secs(5));
    assert!(futures_util::poll!(&mut forgotten).is_pending());
    drop(time.sleep(Duration::from_secs(1)));
    tokio::select! {
        _ = futures_util::future::join5(
            wait(3600, false),
            wait(60, false),
            wait(7, true),
            wait(90, true),
            wait(7200, false),
        ) => {}
        () = time.idle(Duration::from_secs(100_000)) => panic!("it is over before"),
        () = pending() => {}
    }
    let order = order.into_inner().unwrap();
    assert_eq!(order, [(7, 7), (60, 60), (90, 90), (3600, 3600), (7200, 7200)]);
    forgotten.await;
}
