//! Processors of several queues with one pool of handlers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use queue_client::{
    QueueServiceClient,
    processor::{Processor, Processors, QueueMissing, ShutdownMode, Stopped},
    testing::in_process,
};
use queue_emulator::Emulator;

async fn service(queues: &[&str], messages: usize) -> QueueServiceClient {
    let (service, _) = in_process(Emulator::handler).unwrap();
    for name in queues {
        let queue = service.queue(*name).unwrap();
        queue.create().await.unwrap();
        for number in 0..messages {
            queue.send(number.to_string()).await.unwrap();
        }
    }
    service
}

#[tokio::test]
async fn no_more_handlers_run_than_there_are_places_for_all_queues() {
    let names = ["one", "two", "three"];
    let service = service(&names, 20).await;
    let running = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let mut processors = Processors::new().concurrency(2);
    for (name, weight) in names.into_iter().zip(1..) {
        processors = processors.add(service.queue(name).unwrap(), weight);
    }
    let (now, peak) = (Arc::clone(&running), Arc::clone(&most));
    let reports = processors
        .drain_once(move |_| {
            let (now, peak) = (Arc::clone(&now), Arc::clone(&peak));
            async move {
                peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                now.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            }
        })
        .await
        .unwrap();
    for name in names {
        assert_eq!(reports.get(name).unwrap().counters.completed, 20, "{reports}");
    }
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_queue_that_ends_by_itself_ends_the_others_and_is_named() {
    let service = service(&["there"], 3).await;
    let missing = Processor::new(service.queue("missing").unwrap());
    let stopped = Processors::new()
        .add(service.queue("there").unwrap(), 1)
        .add(missing.queue_missing(QueueMissing::Fail), 1)
        .run(|_| async { Ok(()) })
        .await
        .unwrap_err();
    assert_eq!(stopped.queue().unwrap().as_str(), "missing");
    assert!(matches!(stopped.cause(), Stopped::QueueMissing { .. }), "{stopped:?}");
    assert!(stopped.others().get("there").is_some());
}

#[tokio::test]
async fn one_shutdown_ends_all_queues() {
    let service = service(&["one", "two"], 1).await;
    let running = Processors::new()
        .add(service.queue("one").unwrap(), 1)
        .add(service.queue("two").unwrap(), 1)
        .spawn(|_| async { Ok(()) });
    let handles: Vec<_> = running.queues().map(|(_, handle)| handle.clone()).collect();
    while handles.iter().any(|handle| handle.health().counters.completed == 0) {
        tokio::task::yield_now().await;
    }
    let reports = running.shutdown(ShutdownMode::Drain).await.unwrap();
    assert_eq!(reports.iter().map(|(_, report)| report.counters.completed).sum::<u64>(), 2);
    assert!(!handles.iter().any(|handle| handle.health().is_healthy(Duration::from_secs(60))));
}
