//! What probes are told, what handles can do, and how a processor ends whose loop is gone.

use std::{sync::Arc, time::Duration};

use queue_client::{
    QueueName,
    processor::{
        Isolation, Processor, ShutdownMode, Stopped, Trouble,
        observe::{Event, Health, LoopState, Observer},
    },
};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

use crate::support::{Fate, Kind, client, line, queue, real_queue, texts};

const MINUTE: Duration = Duration::from_secs(60);

/// One handler for ten minutes, and nothing to ask for but a renewal every two and a half.
#[tokio::test(start_paused = true)]
async fn a_processor_with_a_long_handler_is_healthy() {
    let (queue, line) = queue().await;
    queue.send("long").await.unwrap();
    let running = Processor::new(queue).concurrency(1).spawn(|_| async {
        sleep(11 * MINUTE).await;
        Ok(())
    });
    let mut longest = Duration::ZERO;
    for _ in 0..600 {
        sleep(Duration::from_secs(1)).await;
        let health = running.health();
        assert!(health.is_healthy(Duration::from_secs(1)), "{health:?}");
        longest = longest.max(health.last_success.unwrap());
    }
    assert!((MINUTE..3 * MINUTE).contains(&longest), "{longest:?}");
    assert!(line.count(Kind::Update) >= 4);
    assert_eq!(running.since_last_success(), running.health().last_success);
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_seen_and_a_pause_is_none() {
    let (queue, line) = queue().await;
    let running = Processor::new(queue).spawn(|_| async { Ok(()) });
    sleep(MINUTE).await;
    line.script(|_| Fate::Lost);
    sleep(MINUTE).await;
    let health = running.health();
    assert!(health.is_healthy(MINUTE) && !health.is_healthy(MINUTE / 2), "{health:?}");
    sleep(5 * MINUTE).await;
    let health = running.health();
    assert!(!health.is_healthy(5 * MINUTE), "{health:?}");
    assert_eq!(health.state, LoopState::BackingOff(Trouble::Network));
    line.script(|_| Fate::Answered);
    sleep(MINUTE).await;
    assert!(running.health().is_healthy(Duration::from_secs(11)));
    running.pause();
    sleep(60 * MINUTE).await;
    let health = running.health();
    assert!(health.is_healthy(Duration::ZERO), "{health:?}");
    assert!(health.last_success.unwrap() > 59 * MINUTE);
}

/// The loop gets no turn, which the loop itself cannot notice.
#[tokio::test(start_paused = true)]
async fn a_loop_that_does_not_run_is_seen() {
    let (time, line) = line(|emulator| emulator);
    let queue = client(time.clone(), &line).queue("orders").unwrap();
    queue.create().await.unwrap();
    let running = Processor::new(queue).spawn(|_| async { Ok(()) });
    time.pass(MINUTE);
    let health = running.health();
    assert!(!health.is_healthy(MINUTE / 2), "it has not begun: {health:?}");
    sleep(MINUTE).await;
    assert!(running.health().is_healthy(Duration::from_secs(1)));
    time.pass(5 * MINUTE);
    let health = running.health();
    assert!(!health.is_healthy(4 * MINUTE), "{health:?}");
}

#[tokio::test(start_paused = true)]
async fn a_handle_sees_and_steers_from_elsewhere() {
    let (queue, _) = queue().await;
    for text in ["1", "2", "3"] {
        queue.send(text).await.unwrap();
    }
    let go = Arc::new(Notify::new());
    let gate = Arc::clone(&go);
    let running = Processor::new(queue.clone()).concurrency(1).spawn(move |_| {
        let gate = Arc::clone(&gate);
        async move {
            gate.notified().await;
            Ok(())
        }
    });
    let handle = running.handle();
    sleep(Duration::from_secs(1)).await;
    assert_eq!((handle.health().in_flight, handle.health().counters.started), (1, 1));
    handle.set_concurrency(2);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(handle.health().counters.started, 2);
    handle.pause();
    go.notify_waiters();
    sleep(Duration::from_secs(20)).await;
    assert_eq!((handle.health().counters.completed, texts(&queue).await), (2, vec!["3".into()]));
    let other = handle.clone();
    other.resume();
    sleep(Duration::from_secs(1)).await;
    go.notify_waiters();
    sleep(Duration::from_secs(60)).await;
    queue.send("4").await.unwrap();
    sleep(Duration::from_millis(10)).await;
    assert_eq!(handle.health().counters.started, 3, "it waits, for the queue was empty");
    handle.nudge();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(handle.health().counters.started, 4);
    handle.begin_shutdown(ShutdownMode::Release);
    let report = running.join().await.unwrap();
    let health = handle.health();
    assert_eq!((health.counters, health.state), (report.counters, LoopState::Finished));
    assert!(!health.is_healthy(MINUTE));
    // Nobody hears these any more.
    handle.nudge();
    handle.begin_shutdown(ShutdownMode::Drain);
}

#[test]
fn a_processor_ends_with_its_runtime() {
    for isolation in [Isolation::Shared, Isolation::OwnThread] {
        let runtime =
            || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (first, second) = (runtime(), runtime());
        let running = first.block_on(async {
            let queue = real_queue("gone").await;
            queue.send("endless").await.unwrap();
            let started = Arc::new(Notify::new());
            let tell = Arc::clone(&started);
            let processor = Processor::new(queue).isolation(isolation).concurrency(1);
            let running = processor.spawn(move |_| {
                let tell = Arc::clone(&tell);
                async move {
                    tell.notify_one();
                    std::future::pending::<()>().await;
                    Ok(())
                }
            });
            started.notified().await;
            running
        });
        let handle = running.handle();
        drop(first);
        let ended = second.block_on(async { timeout(MINUTE, running.join()).await });
        let ended = ended.expect("it comes to an end");
        assert!(matches!(ended, Err(Stopped::RuntimeGone)), "{ended:?}");
        if isolation == Isolation::Shared {
            assert!(!handle.health().is_healthy(Duration::MAX));
        }
    }
}

#[derive(Debug)]
struct Panics;

impl Observer for Panics {
    fn event(&self, _: &QueueName, _: &Event) {
        panic!("an observer's panic");
    }

    fn health(&self, _: &QueueName, _: &Health) {}
}

#[tokio::test]
async fn a_panic_of_the_loop_goes_on_where_it_is_waited_for() {
    for isolation in [Isolation::Shared, Isolation::OwnThread] {
        let queue = real_queue("panics").await;
        let running =
            Processor::new(queue).isolation(isolation).observer(Panics).spawn(|_| async { Ok(()) });
        let join = tokio::spawn(async { running.join().await.map(drop) });
        let ended = timeout(MINUTE, join).await.expect("it comes to an end");
        assert!(ended.is_err_and(|error| error.is_panic()), "{isolation:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn health_says_what_waits_runs_and_is_settled() {
    let (queue, line) = queue().await;
    for number in 0..6 {
        queue.send(number.to_string()).await.unwrap();
    }
    let running = Processor::new(queue).concurrency(2).prefetch(3).spawn(|message| async move {
        let waits = if message.body() == "0" { 1 } else { 1000 };
        sleep(Duration::from_secs(waits)).await;
        Ok(())
    });
    let handle = running.handle();
    sleep(Duration::from_millis(500)).await;
    let health = handle.health();
    assert_eq!((health.waiting, health.running, health.settling), (3, 2, 0), "{health:?}");
    assert_eq!((health.in_flight, health.free, health.typical), (5, 0, None), "{health:?}");
    line.script(|kind| if kind == Kind::Delete { Fate::Lost } else { Fate::Answered });
    sleep(Duration::from_secs(1)).await;
    // The place of the first handler has another already, while its message is being deleted.
    let health = handle.health();
    assert_eq!((health.waiting, health.running, health.settling), (3, 2, 1), "{health:?}");
    assert!(!health.settling_full);
    let typical = health.typical.unwrap();
    assert_eq!(typical.handler.as_secs(), 1);
    assert!(typical.receive < Duration::from_secs(1), "{typical:?}");
    line.script(|_| Fate::Answered);
    sleep(Duration::from_secs(60)).await;
    let health = handle.health();
    assert_eq!((health.in_flight, health.settling, health.counters.completed), (5, 0, 1));
    running.shutdown(ShutdownMode::Release).await.unwrap();
}
