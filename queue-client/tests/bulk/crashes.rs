//! Whatever is lost or killed at whatever moment, each message is in one place in the end, or the
//! report names it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use queue_client::{
    QueueClient,
    bulk::{FileJournal, Transfer},
    proto::{LeaseTimeout, MessageId},
};
use tokio::time::{sleep, timeout};

use crate::{
    support::{Fate, Line, service},
    transfers::Folder,
};

const MESSAGES: usize = 100;

struct Scene {
    from: QueueClient,
    to: QueueClient,
    line: Line,
    /// The texts, by the ids in the source.
    texts: HashMap<MessageId, String>,
}

async fn scene() -> Scene {
    let (service, line) = service();
    let (from, to) = (service.queue("orders").unwrap(), service.queue("archive").unwrap());
    from.create().await.unwrap();
    to.create().await.unwrap();
    let mut texts = HashMap::new();
    for number in 0..MESSAGES {
        let text = number.to_string();
        texts.insert(from.send(&text).await.unwrap().into_parts().0, text);
    }
    Scene { from, to, line, texts }
}

/// How often each text is in either queue, hidden ones included.
async fn places(scene: &Scene) -> BTreeMap<String, usize> {
    sleep(Duration::from_secs(3600)).await;
    let mut places = BTreeMap::new();
    for queue in [&scene.from, &scene.to] {
        let mut scan = queue.scan().max_attempt(u32::MAX);
        while let Some(message) = scan.next().await.unwrap() {
            *places.entry(message.text().to_owned()).or_insert(0) += 1;
        }
        drop(scan.finish().await);
    }
    places
}

fn lease() -> LeaseTimeout {
    LeaseTimeout::from_secs(5).unwrap()
}

type Plan = fn(&Scene) -> Transfer;

/// Runs until it is killed, again until it is killed, and then to its end.
async fn killed_twice(seed: u64, plan: Plan, copies: usize) -> usize {
    let folder = Folder::new("crash");
    let journal = || FileJournal::new(folder.0.join("state"));
    let scene = scene().await;
    let mut random = fastrand::Rng::with_seed(seed);
    let mut named: BTreeMap<String, usize> = BTreeMap::new();
    let mut ended = None;
    for _ in 0..2 {
        let dead = Arc::new(AtomicBool::new(false));
        let cut = Arc::clone(&dead);
        // Nothing leaves a killed process.
        scene.line.script(
            move |_| {
                if cut.load(Ordering::Relaxed) { Fate::Lost } else { Fate::Answered }
            },
        );
        let run = plan(&scene).lease(lease()).in_flight(8).journal(journal());
        let life = Duration::from_millis(random.u64(1..150));
        ended = timeout(life, run.into_future()).await.ok();
        dead.store(true, Ordering::Relaxed);
        // What it gives back in the background is not heard by anybody.
        sleep(Duration::from_secs(3600)).await;
        if ended.is_some() {
            break;
        }
    }
    scene.line.script(|_| Fate::Answered);
    let report = match ended {
        Some(report) => report,
        None => plan(&scene).lease(lease()).journal(journal()).await,
    }
    .unwrap();
    assert_eq!(report.moved + report.failed + report.left(), report.seen, "{report:?}");
    for (id, _) in &report.doubtful {
        *named.entry(scene.texts[id].clone()).or_default() += 1;
    }
    let places = places(&scene).await;
    assert_eq!(places.len(), MESSAGES, "seed {seed}: a message is lost: {report}");
    for (text, count) in places {
        let expected = 1 + copies;
        let fine = count == expected || named.contains_key(&text);
        assert!(fine, "seed {seed}: {text} is there {count} times: {report}");
    }
    report.doubtful.len()
}

#[tokio::test(start_paused = true)]
async fn a_move_that_is_killed_goes_on() {
    let mut named = 0;
    for seed in 0..24 {
        named += killed_twice(seed, |scene| scene.from.move_to(&scene.to), 0).await;
    }
    assert!(named > 0, "some were killed while a put was under way");
}

#[tokio::test(start_paused = true)]
async fn a_move_that_may_double_leaves_nothing_behind() {
    for seed in 0..10 {
        let plan: Plan = |scene| scene.from.move_to(&scene.to).allow_duplicates();
        killed_twice(seed, plan, 0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_killed_goes_on() {
    for seed in 0..10 {
        killed_twice(seed, |scene| scene.from.copy_to(&scene.to).max_attempt(u32::MAX), 1).await;
    }
}

/// Lost answers, broken connections and busy servers, and no journal: one run.
#[tokio::test(start_paused = true)]
async fn faults_lose_nothing() {
    for (seed, duplicates) in (0..24).zip([false, true].into_iter().cycle()) {
        let scene = scene().await;
        let mut random = fastrand::Rng::with_seed(seed);
        scene.line.script(move |_| match random.u8(..40) {
            0 => Fate::AnswerLost,
            1 => Fate::NotSent,
            2 => Fate::Status(503),
            3 => Fate::Status(500),
            4 => Fate::Slow(Duration::from_secs(7)),
            _ => Fate::Answered,
        });
        let plan = scene.from.move_to(&scene.to).lease(lease()).in_flight(8);
        let plan = if duplicates { plan.allow_duplicates() } else { plan };
        let (report, error) = match plan.await {
            Ok(report) => (report, None),
            Err(error) => (error.report().clone(), Some(error.into_error())),
        };
        scene.line.script(|_| Fate::Answered);
        assert_eq!(report.moved + report.failed + report.left(), report.seen, "{report:?}");
        let named: Vec<_> = report.doubtful.iter().map(|(id, _)| &scene.texts[id]).collect();
        let places = places(&scene).await;
        assert_eq!(places.len(), MESSAGES, "seed {seed}: a message is lost: {report} {error:?}");
        for (text, count) in places {
            let fine = count == 1 || named.contains(&&text);
            assert!(fine, "seed {seed}: {text} is there {count} times: {report}");
        }
    }
}
