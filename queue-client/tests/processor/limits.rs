//! Ends that come by themselves, rates, answers that are not the service's, and how much waits in
//! the queue.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::Response;
use queue_client::{
    QueueName, QueueServiceClient,
    processor::{
        Processor, QueueMissing, Stopped, Trouble,
        observe::LoopState,
        observe::{Depth, Observer},
    },
    transport::from_fn,
};
use queue_emulator::Emulator;
use tokio::time::{Instant, sleep, timeout};

use crate::support::{Fate, Kind, VirtualTime, queue, service};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_drain_of_a_missing_queue_ends_at_once() {
    let (service, _) = service();
    let queue = service.queue("missing").unwrap();
    let start = Instant::now();
    let stopped = Processor::new(queue.clone()).drain_once(|_| async { Ok(()) }).await.unwrap_err();
    assert!(matches!(stopped, Stopped::QueueMissing { .. }), "{stopped:?}");
    assert!(start.elapsed() < SECOND);
    // Told to wait, it waits, and not for ever.
    let processor = || Processor::new(queue.clone()).queue_missing(QueueMissing::Wait);
    let stopped = processor().drain_once(|_| async { Ok(()) }).await.unwrap_err();
    let Stopped::GaveUp { trouble: Trouble::QueueMissing, error, .. } = &stopped else {
        panic!("{stopped:?}");
    };
    assert!(error.as_ref().unwrap().contains("does not exist"), "{error:?}");
    let drain = tokio::spawn(processor().drain_once(|_| async { Ok(()) }));
    sleep(10 * SECOND).await;
    queue.create().await.unwrap();
    queue.send("late").await.unwrap();
    assert_eq!(drain.await.unwrap().unwrap().counters.completed, 1);
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_when_the_service_is_down() {
    for fate in [Fate::NotSent, Fate::Lost, Fate::Status(503), Fate::Status(500)] {
        let (queue, line) = queue().await;
        queue.send("done before").await.unwrap();
        let mut receives = 0;
        line.script(move |kind| {
            receives += u32::from(kind == Kind::Get);
            if receives > 1 && kind == Kind::Get { fate } else { Fate::Answered }
        });
        let start = Instant::now();
        let stopped = Processor::new(queue).drain_once(|_| async { Ok(()) }).await.unwrap_err();
        // One answer may be waited for beyond the 30 s.
        assert!(start.elapsed() <= 66 * SECOND, "{fate:?}: {:?}", start.elapsed());
        let Stopped::GaveUp { report, .. } = &stopped else { panic!("{fate:?}: {stopped:?}") };
        assert_eq!(report.counters.completed, 1);
        assert!(stopped.to_string().contains("1 completed"), "{stopped}");
    }
}

#[tokio::test(start_paused = true)]
async fn how_long_failures_are_borne_can_be_set() {
    let (queue, line) = queue().await;
    line.script(|_| Fate::Status(503));
    let run = |processor: Processor<String>| processor.run(|_| async { Ok(()) });
    let start = Instant::now();
    let at_once = Processor::new(queue.clone()).give_up_after(Duration::ZERO);
    assert!(matches!(run(at_once).await, Err(Stopped::GaveUp { .. })));
    assert!(start.elapsed() < SECOND);
    let hour = Processor::new(queue.clone()).give_up_after(3600 * SECOND);
    assert!(matches!(run(hour).await, Err(Stopped::GaveUp { .. })));
    assert!((3500..=3600).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    let never = Processor::new(queue.clone()).give_up_after(Duration::MAX);
    let day = Duration::from_secs(24 * 3600);
    assert!(timeout(day, never.drain_once(|_| async { Ok(()) })).await.is_err());
    assert!(timeout(day, run(Processor::new(queue))).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn handlers_start_no_faster_than_the_rate() {
    let (queue, _) = queue().await;
    for number in 0..40 {
        queue.send(number.to_string()).await.unwrap();
    }
    let starts = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&starts);
    let report = Processor::new(queue)
        .rate(4.0)
        .drain_once(move |_| {
            log.lock().unwrap().push(Instant::now());
            async { Ok(()) }
        })
        .await
        .unwrap();
    assert_eq!((report.counters.completed, report.counters.redelivered_while_running), (40, 0));
    let starts = starts.lock().unwrap();
    let gaps: Vec<_> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Evenly: none sooner than a quarter of a second after the one before, less a tenth.
    assert!(gaps.iter().all(|gap| gap.as_millis() >= 140), "{gaps:?}");
    let all = starts[39] - starts[0];
    assert!((9650..=9900).contains(&all.as_millis()), "{all:?}");
}

#[tokio::test]
async fn a_rate_outside_its_limits_is_refused() {
    let (queue, _) = queue().await;
    let stopped = Processor::new(queue).rate(0.0).run(|_| async { Ok(()) }).await.unwrap_err();
    let Stopped::Config(error) = &stopped else { panic!("{stopped:?}") };
    assert_eq!(error.setting(), "rate");
}

/// 2,000 messages where 16 were asked for, again and again.
#[tokio::test(start_paused = true)]
async fn a_flood_of_messages_makes_no_flood_of_requests() {
    let message = |number: u32| {
        format!(
            "<QueueMessage><MessageId>{number:08x}-0000-0000-0000-000000000000</MessageId>\
             <InsertionTime>Fri, 15 Jan 2027 08:00:00 GMT</InsertionTime>\
             <ExpirationTime>Fri, 22 Jan 2027 08:00:00 GMT</ExpirationTime>\
             <PopReceipt>receipt{number}</PopReceipt>\
             <TimeNextVisible>Fri, 15 Jan 2027 08:01:00 GMT</TimeNextVisible>\
             <DequeueCount>1</DequeueCount><MessageText>x</MessageText></QueueMessage>"
        )
    };
    let messages: String = (0..2000).map(message).collect();
    let body = format!("<?xml version=\"1.0\"?><QueueMessagesList>{messages}</QueueMessagesList>");
    let requests = Arc::new(Mutex::new(0));
    let count = Arc::clone(&requests);
    let queue = QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")
        .unwrap()
        .transport(from_fn(move |_| {
            *count.lock().unwrap() += 1;
            Ok(Response::new(Bytes::from(body.clone())))
        }))
        .runtime(VirtualTime::new())
        .build()
        .unwrap()
        .queue("orders")
        .unwrap();
    let running = Processor::new(queue).spawn(|_| async { Ok(()) });
    sleep(20 * SECOND).await;
    let health = running.health();
    assert_eq!(health.state, LoopState::BackingOff(Trouble::NotTheService), "{health:?}");
    assert_eq!((health.counters.started, health.in_flight), (0, 0));
    let requests = *requests.lock().unwrap();
    assert!((3..10).contains(&requests), "{requests} requests");
    assert!(!health.is_healthy(15 * SECOND), "{health:?}");
}

#[derive(Debug, Default, Clone)]
struct Depths(Arc<Mutex<Vec<Depth>>>);

impl Observer for Depths {
    fn depth(&self, queue: &QueueName, depth: &Depth) {
        assert_eq!(queue.as_str(), "orders");
        self.0.lock().unwrap().push(*depth);
    }
}

#[tokio::test(start_paused = true)]
async fn how_much_waits_and_for_how_long_is_sampled() {
    let (queue, line) = queue().await;
    for number in 0..3 {
        queue.send(number.to_string()).await.unwrap();
        sleep(10 * SECOND).await;
    }
    let depths = Depths::default();
    let start = |queue: queue_client::QueueClient, depths: &Depths| {
        let processor = Processor::new(queue).observer(depths.clone()).concurrency(1);
        processor.sample_depth(60 * SECOND).spawn(|_| async {
            sleep(SECOND * 100).await;
            Ok(())
        })
    };
    let _running = start(queue.clone(), &depths);
    sleep(5 * SECOND).await;
    for number in 0..40 {
        queue.send(number.to_string()).await.unwrap();
    }
    sleep(60 * SECOND).await;
    line.script(|_| Fate::NotSent);
    sleep(120 * SECOND).await;
    let seen = depths.0.lock().unwrap().clone();
    let [first, second] = seen[..] else { panic!("{seen:?}") };
    // The oldest is worked on, and not visible.
    let age = first.backlog.oldest_age().unwrap().as_secs();
    assert_eq!((first.messages, first.backlog.visible(), first.backlog.is_capped()), (3, 2, false));
    assert!((19..=21).contains(&age), "{first:?}");
    assert_eq!(
        (second.messages, second.backlog.visible(), second.backlog.is_capped()),
        (43, 32, true)
    );
    let age = second.backlog.oldest_age().unwrap().as_secs();
    assert!((78..=82).contains(&age), "{second:?}");

    let emulator = Emulator::new();
    let empty = QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")
        .unwrap()
        .transport(from_fn(move |request| Ok(emulator.handle(request))))
        .build()
        .unwrap()
        .queue("orders")
        .unwrap();
    empty.create().await.unwrap();
    let depths = Depths::default();
    let _running = start(empty, &depths);
    sleep(SECOND).await;
    let seen = depths.0.lock().unwrap().clone();
    assert_eq!(
        (seen[0].messages, seen[0].backlog.visible(), seen[0].backlog.oldest_age()),
        (0, 0, None)
    );
}
