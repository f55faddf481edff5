//! Lost answers, outages, refused credentials, missing queues: what a processor makes of them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use queue_client::{
    QueueClient,
    processor::{LeaseState, Processor, Running, ShutdownMode, Trouble, observe::LoopState},
};
use tokio::time::sleep;

use crate::support::{Fate, Kind, Line, queue, service};

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_a_delete_is_no_second_run() {
    let (queue, line) = queue().await;
    queue.send("once").await.unwrap();
    let mut lose = true;
    line.script(move |kind| match kind {
        Kind::Delete if std::mem::take(&mut lose) => Fate::AnswerLost,
        _ => Fate::Answered,
    });
    let report = Processor::new(queue).drain_once(|_| async { Ok(()) }).await.unwrap();
    assert_eq!(report.counters.started, 1);
    assert_eq!((report.counters.completed, report.counters.ambiguous_success), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_a_receive_delays_by_one_lease() {
    let (queue, line) = queue().await;
    queue.send("late").await.unwrap();
    let mut lose = true;
    line.script(move |kind| match kind {
        Kind::Get if std::mem::take(&mut lose) => Fate::AnswerLost,
        _ => Fate::Answered,
    });
    let attempts = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&attempts);
    let running = Processor::new(queue).spawn(move |message| {
        log.lock().unwrap().push(message.attempt());
        async { Ok(()) }
    });
    sleep(Duration::from_secs(75)).await;
    assert_eq!(*attempts.lock().unwrap(), [2], "{:?}", running.health());
    running.shutdown(ShutdownMode::Drain).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_survived_and_shows() {
    let (queue, line) = queue().await;
    let running = Processor::new(queue.clone()).spawn(|_| async { Ok(()) });
    sleep(Duration::from_secs(5)).await;
    assert_eq!(running.health().state, LoopState::Working);
    line.script(|_| Fate::NotSent);
    sleep(Duration::from_secs(300)).await;
    let health = running.health();
    assert_eq!(health.state, LoopState::BackingOff(Trouble::Network));
    assert!(health.last_success.unwrap() > Duration::from_secs(290), "{health:?}");
    assert!(health.last_error.is_some());
    line.script(|_| Fate::Answered);
    queue.send("after").await.unwrap();
    sleep(Duration::from_secs(40)).await;
    assert_eq!(running.health().state, LoopState::Working);
    let report = running.shutdown(ShutdownMode::Drain).await.unwrap();
    assert_eq!(report.counters.completed, 1);
}

/// A role that is taken away, a key that is changed: everything is refused for ten minutes.
#[tokio::test(start_paused = true)]
async fn a_credential_that_is_refused_for_a_while_is_waited_for_and_shows() {
    let (queue, line) = queue().await;
    let running = Processor::new(queue.clone()).max_deliveries(None).spawn(|_| async {
        sleep(Duration::from_secs(3)).await;
        Ok(())
    });
    queue.send("in hand").await.unwrap();
    sleep(Duration::from_secs(12)).await;
    assert!(running.health().last_error.is_none());
    queue.send("in hand, too").await.unwrap();
    sleep(Duration::from_secs(12)).await;
    queue.send("interrupted").await.unwrap();
    // Until it is received, after the longest pause of an idle queue.
    while running.health().in_flight == 0 {
        sleep(Duration::from_millis(100)).await;
    }
    line.script(|_| Fate::Status(403));
    let before = line.count(Kind::Get);
    sleep(Duration::from_secs(600)).await;
    let health = running.health();
    assert_eq!(health.state, LoopState::BackingOff(Trouble::Unauthorized));
    assert!(health.since > Duration::from_secs(580), "{health:?}");
    assert!(health.last_error.unwrap().contains("403"));
    // 10 s, 20 s, 40 s, ... 5 min, each with half of it by chance.
    let receives = line.count(Kind::Get) - before;
    assert!((4..=12).contains(&receives), "{receives}");
    assert!(!running.is_finished());

    line.script(|_| Fate::Answered);
    queue.send("after").await.unwrap();
    sleep(Duration::from_secs(400)).await;
    assert_eq!(running.health().state, LoopState::Working);
    let report = running.shutdown(ShutdownMode::Drain).await.unwrap();
    assert_eq!(left(&queue).await, 0);
    // What was done when its delete was refused is not done again.
    assert_eq!((report.counters.started, report.counters.duplicates_suppressed), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_is_missing_is_waited_for_made_or_reported() {
    use queue_client::processor::{QueueMissing, Stopped};
    let (service, _) = service();
    let queue = service.queue("later").unwrap();
    let running = Processor::new(queue.clone()).spawn(|_| async { Ok(()) });
    sleep(Duration::from_secs(30)).await;
    assert_eq!(running.health().state, LoopState::BackingOff(Trouble::QueueMissing));
    queue.create().await.unwrap();
    queue.send("now").await.unwrap();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(running.shutdown(ShutdownMode::Drain).await.unwrap().counters.completed, 1);

    let made = service.queue("made").unwrap();
    let report = Processor::new(made.clone())
        .queue_missing(QueueMissing::Create)
        .drain_once(|_| async { Ok(()) })
        .await
        .unwrap();
    assert_eq!(report.counters.received, 0);
    assert!(made.exists().await.unwrap());

    let result = Processor::new(service.queue("never").unwrap())
        .queue_missing(QueueMissing::Fail)
        .run(|_| async { Ok(()) })
        .await;
    assert!(matches!(result, Err(Stopped::QueueMissing { .. })), "{result:?}");
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_is_refused_ends_the_run_at_once() {
    let (queue, line) = queue().await;
    line.script(|_| Fate::Status(403));
    let error = Processor::new(queue).run(|_| async { Ok(()) }).await.unwrap_err();
    assert!(error.to_string().starts_with("the processor cannot receive"), "{error}");
    // A `main` that returns it prints the sentence.
    assert_eq!(format!("{error:?}"), error.to_string());
}

/// The same kind of scenario as the simulator's, through driver, client and emulator.
#[tokio::test(start_paused = true)]
async fn nothing_is_lost_on_a_bad_line_with_processors_that_are_dropped() {
    for seed in 0..12 {
        bad_line(seed).await;
    }
}

async fn bad_line(seed: u64) {
    const MESSAGES: u32 = 120;
    let (queue, line) = queue().await;
    for number in 0..MESSAGES {
        queue.send(number.to_string()).await.unwrap();
    }
    let done = Arc::new(Mutex::new(BTreeMap::<u32, u32>::new()));
    let holders = Arc::new(Mutex::new(BTreeMap::<u32, u32>::new()));
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut fates = rng.fork();
    line.script(move |_| match fates.u32(..100) {
        0..2 => Fate::Lost,
        2..4 => Fate::AnswerLost,
        4..6 => Fate::NotSent,
        6..8 => Fate::Status(503),
        8..10 => Fate::Slow(Duration::from_millis(fates.u64(..15_000))),
        _ => Fate::Answered,
    });
    let mut processors: Vec<Option<Running>> = Vec::new();
    let begin =
        |queue: &QueueClient, rng: &mut fastrand::Rng| start(queue, rng.fork(), &done, &holders);
    for _ in 0..3 {
        processors.push(Some(begin(&queue, &mut rng)));
    }
    // Processes come and go: some drain, some release, some stop at once.
    for _ in 0..30 {
        sleep(Duration::from_millis(rng.u64(1000..30_000))).await;
        let which = rng.usize(..processors.len());
        let mode = match rng.u32(..3) {
            0 => ShutdownMode::Drain,
            1 => ShutdownMode::Release,
            _ => ShutdownMode::Abort,
        };
        if let Some(running) = processors[which].take() {
            running.shutdown(mode).await.unwrap();
        }
        processors[which] = Some(begin(&queue, &mut rng));
    }
    line.script(|_| Fate::Answered);
    sleep(Duration::from_secs(3600)).await;
    for running in processors.into_iter().flatten() {
        let report = running.shutdown(ShutdownMode::Drain).await.unwrap();
        assert!(report.left.is_empty(), "{report:?}");
    }
    let distinct = done.lock().unwrap().len() as u32;
    assert_eq!(distinct, MESSAGES, "seed {seed}");
    assert_eq!(left(&queue).await, 0, "seed {seed}");
}

fn start(
    queue: &QueueClient,
    rng: fastrand::Rng,
    done: &Arc<Mutex<BTreeMap<u32, u32>>>,
    holders: &Arc<Mutex<BTreeMap<u32, u32>>>,
) -> Running {
    let (done, holders) = (Arc::clone(done), Arc::clone(holders));
    let rng = Mutex::new(rng);
    Processor::new(queue.clone()).concurrency(4).max_deliveries(None).spawn(move |message| {
        let number: u32 = message.body().parse().unwrap();
        let time = Duration::from_millis(rng.lock().unwrap().u64(..40_000));
        let (done, holders) = (Arc::clone(&done), Arc::clone(&holders));
        async move {
            let token = message.fencing_token();
            let newest = *holders
                .lock()
                .unwrap()
                .entry(number)
                .and_modify(|held| *held = (*held).max(token.attempt()))
                .or_insert(token.attempt());
            assert_eq!(newest, token.attempt(), "an older delivery starts after a newer one");
            sleep(time).await;
            let overtaken = holders.lock().unwrap()[&number] > token.attempt();
            let held = matches!(message.lease().state(), LeaseState::Held { .. });
            assert!(!(overtaken && held), "message {number}: two leases are held");
            *done.lock().unwrap().entry(number).or_insert(0) += 1;
            Ok(())
        }
    })
}

async fn left(queue: &QueueClient) -> u64 {
    queue.properties().await.unwrap().approximate_messages_count()
}

/// Dropping the future of a processor anywhere loses nothing.
#[tokio::test(start_paused = true)]
async fn a_processor_can_be_dropped_at_any_moment() {
    let (queue, _): (QueueClient, Line) = queue().await;
    for number in 0..40 {
        queue.send(number.to_string()).await.unwrap();
    }
    let done = Arc::new(Mutex::new(BTreeMap::new()));
    for step in 0..60 {
        let holders = Arc::default();
        let running = start(&queue, fastrand::Rng::with_seed(step), &done, &holders);
        drop(holders);
        let future = running.join();
        let _ = tokio::time::timeout(Duration::from_micros(step * step * 700), future).await;
    }
    let log = Arc::clone(&done);
    for _ in 0..60 {
        let log = Arc::clone(&log);
        let run = Processor::new(queue.clone()).max_deliveries(None).run(move |message| {
            let log = Arc::clone(&log);
            async move {
                sleep(Duration::from_millis(50)).await;
                *log.lock().unwrap().entry(message.body().parse().unwrap()).or_insert(0) += 1;
                Ok(())
            }
        });
        let _ = tokio::time::timeout(Duration::from_millis(77), run).await;
    }
    sleep(Duration::from_secs(400)).await;
    let log = Arc::clone(&done);
    Processor::new(queue.clone())
        .max_deliveries(None)
        .drain_once(move |message| {
            *log.lock().unwrap().entry(message.body().parse().unwrap()).or_insert(0) += 1;
            async { Ok(()) }
        })
        .await
        .unwrap();
    assert_eq!(done.lock().unwrap().len(), 40);
    assert_eq!(left(&queue).await, 0);
}
