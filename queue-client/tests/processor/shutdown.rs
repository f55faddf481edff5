//! The ends of a run: draining, releasing, aborting, pausing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use queue_client::processor::{
    End, LeaseState, Processor, ShutdownMode, StopCause, observe::LoopState,
};
use tokio::time::{Instant, sleep};

use crate::support::{Fate, Kind, client, line, queue, texts};

#[tokio::test(start_paused = true)]
async fn draining_lets_handlers_finish() {
    let (queue, _) = queue().await;
    queue.send("slow").await.unwrap();
    let running = Processor::new(queue.clone()).spawn(|_| async {
        sleep(Duration::from_secs(20)).await;
        Ok(())
    });
    sleep(Duration::from_secs(5)).await;
    let began = Instant::now();
    let report = running.shutdown(ShutdownMode::Drain).await.unwrap();
    assert_eq!(report.counters.completed, 1);
    assert!(began.elapsed() < Duration::from_secs(16));
    assert_eq!(queue.properties().await.unwrap().approximate_messages_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_finish_is_told_dropped_and_released() {
    let (queue, _) = queue().await;
    queue.send("endless").await.unwrap();
    let told = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&told);
    let running = Processor::new(queue.clone()).spawn(move |message| {
        let count = Arc::clone(&count);
        async move {
            assert_eq!(message.lease().stop().await, StopCause::Shutdown);
            count.fetch_add(1, Ordering::Relaxed);
            std::future::pending::<()>().await;
            Ok(())
        }
    });
    sleep(Duration::from_secs(5)).await;
    let began = Instant::now();
    let report = running.shutdown(ShutdownMode::Drain).await.unwrap();
    let taken = began.elapsed().as_secs_f64();
    assert!((28.0..=30.0).contains(&taken), "{taken}");
    assert_eq!(report.counters.released, 1);
    assert_eq!(told.load(Ordering::Relaxed), 1);
    assert_eq!(texts(&queue).await, ["endless"], "it can be received at once");
}

#[tokio::test(start_paused = true)]
async fn release_is_quicker_and_abort_at_once() {
    let (time, line) = line(|emulator| emulator);
    let queue = client(time.clone(), &line).queue("orders").unwrap();
    queue.create().await.unwrap();
    queue.send("endless").await.unwrap();
    let endless = |queue| {
        Processor::new(queue).spawn(|_| async {
            std::future::pending::<()>().await;
            Ok(())
        })
    };
    let running = endless(queue.clone());
    sleep(Duration::from_secs(1)).await;
    let began = Instant::now();
    running.shutdown(ShutdownMode::Release).await.unwrap();
    assert!(began.elapsed() <= Duration::from_secs(6));
    assert_eq!(texts(&queue).await, ["endless"]);

    let running = endless(queue.clone());
    sleep(Duration::from_secs(1)).await;
    let began = Instant::now();
    let report = running.shutdown(ShutdownMode::Abort).await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(report.end, End::Shutdown(ShutdownMode::Abort));
    assert_eq!(report.left.len(), 1);
    // A lease of 60 s that began a second ago.
    let hidden = report.left[0].visible_in;
    assert!((58.0..=59.5).contains(&hidden.as_secs_f64()), "{hidden:?}");
    assert!(texts(&queue).await.is_empty());
    sleep(Duration::from_secs(60)).await;
    assert_eq!(texts(&queue).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_receive_under_way_is_waited_for_and_what_it_brings_released() {
    let (queue, line) = queue().await;
    line.script(|kind| match kind {
        Kind::Get => Fate::Slow(Duration::from_secs(10)),
        _ => Fate::Answered,
    });
    for number in 0..32 {
        queue.send(number.to_string()).await.unwrap();
    }
    let running = Processor::new(queue.clone()).concurrency(64).spawn(|_| async {
        panic!("nothing starts");
        #[expect(unreachable_code, reason = "it says what the handler returns")]
        Ok(())
    });
    sleep(Duration::from_secs(5)).await;
    let report = running.shutdown(ShutdownMode::Drain).await.unwrap();
    assert_eq!((report.counters.released, report.counters.started), (32, 0));
    line.script(|_| Fate::Answered);
    assert_eq!(texts(&queue).await.len(), 32);
}

#[tokio::test(start_paused = true)]
async fn a_future_ends_the_run() {
    let (queue, _) = queue().await;
    let report = Processor::new(queue)
        .stop_when(sleep(Duration::from_secs(100)))
        .run(|_| async { Ok(()) })
        .await
        .unwrap();
    assert_eq!(report.end, End::Shutdown(ShutdownMode::Drain));
}

#[tokio::test(start_paused = true)]
async fn pausing_leaves_messages_where_they_are() {
    let (queue, line) = queue().await;
    let running = Processor::new(queue.clone()).spawn(|message| async move {
        assert!(matches!(message.lease().state(), LeaseState::Held { .. }));
        Ok(())
    });
    sleep(Duration::from_secs(1)).await;
    running.pause();
    sleep(Duration::from_secs(1)).await;
    let before = line.count(Kind::Get);
    queue.send("waits").await.unwrap();
    sleep(Duration::from_secs(100)).await;
    assert_eq!(line.count(Kind::Get), before);
    assert_eq!(running.health().state, LoopState::Paused);
    running.resume();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(running.shutdown(ShutdownMode::Drain).await.unwrap().counters.completed, 1);
}

#[tokio::test(start_paused = true)]
async fn an_idle_hour_costs_few_requests() {
    let (queue, line) = queue().await;
    let running = Processor::new(queue).spawn(|_| async { Ok(()) });
    sleep(Duration::from_secs(3600)).await;
    let receives = line.count(Kind::Get);
    assert!((360..=460).contains(&receives), "{receives}");
    running.shutdown(ShutdownMode::Drain).await.unwrap();
}
