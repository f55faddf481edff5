//! The layer, with a processor on the emulator in the time of a test.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use queue_client::{
    BoxFuture,
    processor::{
        BoxError, Delivery, Outcome, Processor, Report,
        once::{Begin, Claim, Finish, MemorySeen, Once, OnceError, Seen},
    },
    runtime::{ManualRuntime, Runtime as _},
    testing::in_process,
};
use queue_emulator::Emulator;

const HOLD: Duration = Duration::from_secs(60);

/// A queue with one message, `text`, whose work counts in `runs`.
struct Stage {
    queue: queue_client::QueueClient,
    time: ManualRuntime,
    seen: MemorySeen,
    runs: Arc<AtomicU32>,
}

impl Stage {
    async fn new(text: &str) -> Self {
        let (service, time) = in_process(Emulator::handler).unwrap();
        let queue = service.queue("orders").unwrap();
        queue.create().await.unwrap();
        queue.send(text).await.unwrap();
        let seen = MemorySeen::with_runtime(time.clone());
        Self { queue, time, seen, runs: Arc::default() }
    }

    fn processor(&self) -> Processor<String> {
        Processor::new(self.queue.clone())
    }

    async fn run(&self, processor: Processor<String>, seen: impl Seen) -> Report {
        let runs = Arc::clone(&self.runs);
        let handler = Once::new(seen)
            .key(|order: &Delivery<String>| Some(order.body().clone()))
            .around(move |_| {
                runs.fetch_add(1, Ordering::Relaxed);
                async { Ok(()) }
            });
        processor.drain_once_handler(handler).await.unwrap()
    }

    fn runs(&self) -> u32 {
        self.runs.load(Ordering::Relaxed)
    }

    async fn held_by_another(&self) {
        let other = Claim::new("order 17", "another");
        assert_eq!(self.seen.begin(&other, HOLD).await.unwrap(), Begin::Begun);
    }
}

#[tokio::test]
async fn a_second_message_with_the_same_key_is_completed_without_its_work() {
    let stage = Stage::new("order 17").await;
    stage.queue.send("order 17").await.unwrap();
    let report = stage.run(stage.processor().concurrency(1), stage.seen.clone()).await;
    assert_eq!((stage.runs(), report.counters.completed), (1, 2), "{report}");
}

#[tokio::test]
async fn a_message_that_meets_a_live_holder_comes_back_when_the_hold_ends() {
    let stage = Stage::new("order 17").await;
    stage.held_by_another().await;
    let report = stage.run(stage.processor(), stage.seen.clone()).await;
    assert_eq!((stage.runs(), report.counters.retried), (0, 1), "{report}");

    // The holder is dead, and its hold ends.
    stage.time.advance(HOLD + Duration::from_secs(1));
    let report = stage.run(stage.processor(), stage.seen.clone()).await;
    assert_eq!((stage.runs(), report.counters.completed), (1, 1), "{report}");
}

#[tokio::test]
async fn a_last_delivery_waits_for_the_holder() {
    let stage = Stage::new("order 17").await;
    stage.held_by_another().await;
    let before = stage.time.elapsed();
    let report = stage.run(stage.processor().max_deliveries(1), stage.seen.clone()).await;
    assert_eq!((stage.runs(), report.counters.completed), (1, 1), "{report}");
    assert_eq!(report.counters.dead_lettered, 0);
    assert!(stage.time.elapsed() - before >= HOLD);
}

#[tokio::test]
async fn a_hold_is_renewed_while_its_handler_runs() {
    let stage = Stage::new("order 17").await;
    let (time, seen) = (stage.time.clone(), stage.seen.clone());
    let handler = Once::new(stage.seen.clone()).hold(HOLD).around_claimed(
        move |_: Delivery<String>, claim: Claim| {
            let (time, seen) = (time.clone(), seen.clone());
            async move {
                let other = Claim::new(claim.key(), "another");
                for _ in 0..20 {
                    time.sleep(HOLD / 4).await;
                    let found = seen.begin(&other, HOLD).await?;
                    assert!(matches!(found, Begin::Held { .. }), "{found:?}");
                }
                Ok(())
            }
        },
    );
    let report = stage.processor().drain_once_handler(handler).await.unwrap();
    assert_eq!(report.counters.completed, 1, "{report}");
}

#[tokio::test]
async fn work_that_is_not_completed_is_begun_again() {
    let stage = Stage::new("order 17").await;
    let runs = Arc::clone(&stage.runs);
    let handler = Once::new(stage.seen.clone()).around(move |order: Delivery<String>| {
        runs.fetch_add(1, Ordering::Relaxed);
        async move {
            match order.attempt() {
                1 => Err("the database is away".into()),
                2 => Ok(Outcome::Retry { after: None }),
                _ => Ok(Outcome::Complete),
            }
        }
    });
    let handler = Arc::new(handler);
    for runs in 1..=3 {
        let handler = Arc::clone(&handler);
        let report = stage.processor().drain_once_handler(Shared(handler)).await.unwrap();
        assert_eq!(stage.runs(), runs, "{report}");
        stage.time.advance(Duration::from_secs(30));
    }
}

struct Shared<H>(Arc<H>);

impl<H: queue_client::processor::Handler<String>> queue_client::processor::Handler<String>
    for Shared<H>
{
    async fn handle(
        &self,
        delivery: Delivery<String>,
    ) -> Result<Outcome, queue_client::processor::HandlerError> {
        self.0.handle(delivery).await
    }
}

/// A store that cannot be reached.
#[derive(Debug)]
struct Away;

impl Seen for Away {
    fn begin<'a>(&'a self, _: &'a Claim, _: Duration) -> BoxFuture<'a, Result<Begin, BoxError>> {
        Box::pin(async { Err("the store is away".into()) })
    }

    fn finish<'a>(&'a self, _: &'a Claim) -> BoxFuture<'a, Result<Finish, BoxError>> {
        Box::pin(async { Err("the store is away".into()) })
    }

    fn abandon<'a>(&'a self, _: &'a Claim) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async { Err("the store is away".into()) })
    }

    fn expire(&self, _: Duration) -> BoxFuture<'_, Result<(), BoxError>> {
        Box::pin(async { Err("the store is away".into()) })
    }
}

#[tokio::test]
async fn nothing_begins_without_the_store() {
    let stage = Stage::new("order 17").await;
    let report = stage.run(stage.processor(), Away).await;
    assert_eq!((stage.runs(), report.counters.retried), (0, 1), "{report}");
}

#[tokio::test]
async fn after_a_panic_the_next_delivery_begins_at_once() {
    let stage = Stage::new("order 17").await;
    let runs = Arc::clone(&stage.runs);
    let handler = Once::new(stage.seen.clone()).hold(HOLD).key(order_of).around(
        move |_: Delivery<String>| {
            let run = runs.fetch_add(1, Ordering::Relaxed);
            async move {
                assert!(run > 0, "the first run panics");
                Ok(())
            }
        },
    );
    let handler = Arc::new(handler);
    let report = stage.processor().drain_once_handler(Shared(handler.clone())).await.unwrap();
    assert_eq!((stage.runs(), report.counters.completed), (1, 0), "{report}");
    let next = stage.seen.begin(&Claim::new("order 17", "another"), HOLD).await.unwrap();
    assert_eq!(next, Begin::Begun, "nobody holds the key");
    stage.seen.abandon(&Claim::new("order 17", "another")).await.unwrap();
    stage.time.advance(HOLD / 2);
    let report = stage.processor().drain_once_handler(Shared(handler)).await.unwrap();
    assert_eq!((stage.runs(), report.counters.completed), (2, 1), "{report}");
}

#[tokio::test]
async fn after_a_handler_was_dropped_the_next_delivery_begins_at_once() {
    let stage = Stage::new("order 17").await;
    let runs = Arc::clone(&stage.runs);
    let handler = Once::new(stage.seen.clone()).hold(HOLD * 60).key(order_of).around(
        move |_: Delivery<String>| {
            let run = runs.fetch_add(1, Ordering::Relaxed);
            async move {
                if run == 0 {
                    std::future::pending::<()>().await;
                }
                Ok(())
            }
        },
    );
    let handler = Arc::new(handler);
    let processor = || stage.processor().handler_timeout(Duration::from_secs(10));
    let report = processor().drain_once_handler(Shared(handler.clone())).await.unwrap();
    assert_eq!((stage.runs(), report.counters.completed), (1, 0), "{report}");
    stage.time.advance(HOLD);
    let report = processor().drain_once_handler(Shared(handler)).await.unwrap();
    assert_eq!((stage.runs(), report.counters.completed), (2, 1), "{report}");
}

#[tokio::test]
async fn a_mark_that_the_store_does_not_take_is_tried_again() {
    let stage = Stage::new("order 17").await;
    let report = stage.run(stage.processor(), Refusing::new(&stage.seen, 5)).await;
    assert_eq!((stage.runs(), report.counters.completed), (1, 1), "{report}");
    let again = stage.seen.begin(&Claim::new("order 17", "another"), HOLD).await.unwrap();
    assert_eq!(again, Begin::Finished);
}

#[tokio::test]
async fn work_that_is_done_and_cannot_be_marked_is_not_done_again() {
    let stage = Stage::new("order 17").await;
    let refusing = Refusing::new(&stage.seen, u32::MAX);
    let tries = Arc::clone(&refusing.tries);
    let report = stage.run(stage.processor(), refusing).await;
    assert_eq!((stage.runs(), report.counters.completed), (1, 1), "{report}");
    assert_eq!(tries.load(Ordering::Relaxed), 6);
}

#[tokio::test]
async fn a_mark_that_was_committed_is_found_when_the_store_is_back() {
    let stage = Stage::new("order 17").await;
    let (seen, runs) = (stage.seen.clone(), Arc::clone(&stage.runs));
    let store = Refusing::new(&stage.seen, 6);
    let handler =
        Once::new(store).key(order_of).around_claimed(move |_: Delivery<String>, claim: Claim| {
            let seen = seen.clone();
            runs.fetch_add(1, Ordering::Relaxed);
            async move {
                // Together with the effect.
                assert_eq!(seen.finish(&claim).await?, Finish::Finished);
                Ok(())
            }
        });
    let handler = Arc::new(handler);
    let report = stage.processor().drain_once_handler(Shared(handler.clone())).await.unwrap();
    assert_eq!((stage.runs(), report.counters.retried), (1, 1), "{report}");
    stage.time.advance(HOLD);
    let report = stage.processor().drain_once_handler(Shared(handler)).await.unwrap();
    assert_eq!((stage.runs(), report.counters.completed), (1, 1), "{report}");
}

#[tokio::test]
async fn what_failed_is_said_with_its_cause() {
    let error = OnceError::NotMarked("the store is away".into());
    assert_eq!(error.to_string(), "the work is done, and could not be marked as finished");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the store is away");
    assert!(std::error::Error::source(&OnceError::Overtaken).is_none());
}

fn order_of(order: &Delivery<String>) -> Option<String> {
    Some(order.body().clone())
}

/// A store that refuses the mark so often.
#[derive(Debug)]
struct Refusing {
    seen: MemorySeen,
    refusals: u32,
    tries: Arc<AtomicU32>,
}

impl Refusing {
    fn new(seen: &MemorySeen, refusals: u32) -> Self {
        Self { seen: seen.clone(), refusals, tries: Arc::default() }
    }
}

impl Seen for Refusing {
    fn begin<'a>(
        &'a self,
        claim: &'a Claim,
        hold: Duration,
    ) -> BoxFuture<'a, Result<Begin, BoxError>> {
        self.seen.begin(claim, hold)
    }

    fn finish<'a>(&'a self, claim: &'a Claim) -> BoxFuture<'a, Result<Finish, BoxError>> {
        if self.tries.fetch_add(1, Ordering::Relaxed) < self.refusals {
            return Box::pin(async { Err("the store is away".into()) });
        }
        self.seen.finish(claim)
    }

    fn abandon<'a>(&'a self, claim: &'a Claim) -> BoxFuture<'a, Result<(), BoxError>> {
        self.seen.abandon(claim)
    }

    fn expire(&self, older_than: Duration) -> BoxFuture<'_, Result<(), BoxError>> {
        self.seen.expire(older_than)
    }
}
