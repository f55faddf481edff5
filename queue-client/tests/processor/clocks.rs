//! What the loop does with time: from when leases count, what happens to clocks that jump or are
//! wrong, and how long answers are waited for.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use queue_client::{
    BoxFuture, QueueName,
    processor::{
        LeaseGrowth, LeaseState, Outcome, Processor, Reason, RetryDelay,
        dead_letter::{DeadLetter, DeadLetterSink, DeadLetterTo, SinkError},
        observe::Event,
        observe::Observer,
    },
};
use tokio::time::sleep;

use crate::support::{Fate, Kind, client, line, queue};

const SECOND: Duration = Duration::from_secs(1);

/// What a handler saw of its lease, in whole seconds.
type Seen = Arc<Mutex<Vec<u64>>>;

#[tokio::test(start_paused = true)]
async fn a_lease_counts_from_the_instant_at_which_it_was_asked_for() {
    let (queue, line) = queue().await;
    queue.send("slow line").await.unwrap();
    line.script(|kind| match kind {
        Kind::Get => Fate::Slow(20 * SECOND),
        Kind::Update => Fate::Slow(10 * SECOND),
        _ => Fate::Answered,
    });
    let seen = Seen::default();
    let log = Arc::clone(&seen);
    Processor::new(queue)
        .lease_growth(LeaseGrowth::None)
        .drain_once(move |message| {
            let log = Arc::clone(&log);
            async move {
                let note = || log.lock().unwrap().push(message.lease().remaining().as_secs());
                note();
                // Renewed half a lease after it was received, which is 10 s from now, and answered
                // another 10 s later.
                sleep(25 * SECOND).await;
                note();
                Ok(())
            }
        })
        .await
        .unwrap();
    let seen = seen.lock().unwrap().clone();
    // 60 s less a twentieth, less the 20 s on the way.
    assert!((36..=37).contains(&seen[0]), "{seen:?}");
    // Sent 7 s to 10 s after the start, it counts from then.
    assert!((37..=42).contains(&seen[1]), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_handler_sees_the_end_of_its_lease_when_the_loop_does_not_run() {
    let (time, line) = line(|emulator| emulator);
    let queue = client(time.clone(), &line).queue("orders").unwrap();
    queue.create().await.unwrap();
    queue.send("blocking").await.unwrap();
    let report = Processor::new(queue)
        .drain_once(move |message| {
            let time = time.clone();
            async move {
                let lease = message.lease();
                assert!(matches!(lease.state(), LeaseState::Held { .. }));
                // Nobody else gets to run here.
                time.pass(58 * SECOND);
                assert_eq!(
                    (lease.state(), lease.remaining()),
                    (LeaseState::Suspect, Duration::ZERO)
                );
                Ok(())
            }
        })
        .await
        .unwrap();
    assert_eq!(report.counters.completed, 1);
}

#[derive(Debug, Default, Clone)]
struct Events(Arc<Mutex<Vec<Event>>>);

impl Observer for Events {
    fn event(&self, _: &QueueName, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_was_suspended_does_not_trust_its_leases() {
    let (time, line) = line(|emulator| emulator);
    let queue = client(time.clone(), &line).queue("orders").unwrap();
    queue.create().await.unwrap();
    queue.send("interrupted").await.unwrap();
    let events = Events::default();
    let report = Processor::new(queue)
        .observer(events.clone())
        .drain_once(move |message| {
            let time = time.clone();
            async move {
                let lease = message.lease();
                sleep(2 * SECOND).await;
                time.suspend(600 * SECOND);
                // Nothing happens by the monotonic clock, so the loop has to look at both.
                let lost = tokio::time::timeout(15 * SECOND, lease.lost()).await;
                assert_eq!(lost.expect("it is told"), LeaseState::Suspect);
                sleep(SECOND).await;
                // Nobody had received it.
                assert!(matches!(lease.state(), LeaseState::Held { .. }));
                Ok(())
            }
        })
        .await
        .unwrap();
    assert_eq!((report.counters.started, report.counters.completed), (1, 1));
    let events = events.0.lock().unwrap();
    let jump = events.iter().find_map(|event| match event {
        Event::ClockJump { by } => Some(by.as_secs()),
        _ => None,
    });
    assert_eq!(jump, Some(600));
}

/// Whether a message survives a delay is asked of the service's clock, not of this machine's.
#[tokio::test(start_paused = true)]
async fn a_wrong_time_of_day_does_not_change_what_expires() {
    let (time, line) = line(|emulator| emulator);
    let off = 600 * SECOND;
    for (name, time) in
        [("right", time.clone()), ("behind", time.behind(off)), ("ahead", time.ahead(off))]
    {
        let service = client(time, &line);
        let queue = service.queue(name).unwrap();
        queue.create().await.unwrap();
        queue.send("survives 200 s").time_to_live(240 * SECOND).await.unwrap();
        queue.send("does not").time_to_live(190 * SECOND).await.unwrap();
        let report = Processor::new(queue.clone())
            .retry(RetryDelay::new(200 * SECOND, 200 * SECOND).jitter(0.0))
            .dead_letter(DeadLetterTo::poison_queue().in_envelope())
            .drain_once(|_| async { Err::<(), _>("no".into()) })
            .await
            .unwrap();
        assert_eq!((report.counters.retried, report.counters.dead_lettered), (1, 1), "{name}");
        sleep(205 * SECOND).await;
        let back = queue.receive(32).await.unwrap();
        assert_eq!((back.len(), back[0].text()), (1, "survives 200 s"), "{name}");
        let poison = service.queue(format!("{name}-poison").as_str()).unwrap();
        let report = Processor::new(poison)
            .drain_once(|letter| async move {
                let info = letter.dead_letter_info().unwrap();
                assert!(info.died_of(Reason::WouldExpire), "{info:?}");
                assert_eq!(letter.body(), "does not");
                Ok(())
            })
            .await
            .unwrap();
        assert_eq!(report.counters.completed, 1, "{name}");
    }
}

/// Forgets to answer the first time.
#[derive(Debug, Default)]
struct Forgetful(AtomicU32);

impl DeadLetterSink for Forgetful {
    fn store(&self, _: DeadLetter) -> BoxFuture<'_, Result<(), SinkError>> {
        let first = self.0.fetch_add(1, Ordering::Relaxed) == 0;
        Box::pin(async move { if first { std::future::pending().await } else { Ok(()) } })
    }
}

#[tokio::test(start_paused = true)]
async fn a_place_for_dead_letters_that_does_not_answer_is_asked_again() {
    let (queue, _) = queue().await;
    queue.send("dead").await.unwrap();
    let run = Processor::new(queue)
        .dead_letter(DeadLetterTo::sink(Forgetful::default()))
        .drain_once(|_| async { Ok(Outcome::DeadLetter { reason: "dead".into() }) });
    let report = tokio::time::timeout(60 * SECOND, run).await.expect("it comes to an end").unwrap();
    assert_eq!(report.counters.dead_lettered, 1);
}
