//! Transfers in good weather and with single failures: what is moved, how long it lives, and that the
//! report adds up.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use queue_client::{
    QueueClient,
    bulk::{Doubt, FileJournal, Journal as _, JournalStep, Lifetime, TransferReport},
    proto::{LeaseTimeout, MessageId, TimeToLive},
};
use tokio::time::{Instant, sleep};

use crate::support::{Fate, Kind, Line, service};

async fn two_queues(count: usize) -> (QueueClient, QueueClient, Line) {
    let (service, line) = service();
    let (from, to) = (service.queue("orders").unwrap(), service.queue("archive").unwrap());
    from.create().await.unwrap();
    to.create().await.unwrap();
    for result in from.send_all((0..count).map(|number| number.to_string())).await {
        result.unwrap();
    }
    (from, to, line)
}

async fn count(queue: &QueueClient) -> u64 {
    queue.properties().await.unwrap().approximate_messages_count()
}

#[track_caller]
fn adds_up(report: &TransferReport) {
    assert_eq!(report.moved + report.failed + report.left(), report.seen, "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn texts_stay_the_same_and_lives_go_on() {
    let (from, to, _) = two_queues(0).await;
    let odd = [" a <b> & \"c\" \r\n\t ", "", "ü\u{10FFFF}", "SGFsbG8=", "{\"a\":1}"];
    for text in odd {
        from.send(text).time_to_live(Duration::from_secs(1000)).await.unwrap();
    }
    from.send("for ever").never_expires().await.unwrap();
    sleep(Duration::from_secs(400)).await;
    let report = from.move_to(&to).await.unwrap();
    assert_eq!((report.moved, report.seen), (6, 6), "{report}");
    assert_eq!(count(&from).await, 0);
    let moved = to.peek(32).await.unwrap();
    let mut texts: Vec<_> = moved.iter().map(|message| message.text()).collect();
    texts.sort_unstable();
    let mut expected: Vec<_> = odd.into_iter().chain(["for ever"]).collect();
    expected.sort_unstable();
    assert_eq!(texts, expected);
    for message in &moved {
        let life =
            message.expires_at().map(|end| end.duration_since(message.inserted_at()).unwrap());
        match message.text() {
            "for ever" => assert_eq!(life, None),
            _ => assert!((598..=600).contains(&life.unwrap().as_secs()), "{life:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn lives_can_be_set() {
    let week = Duration::from_secs(7 * 24 * 3600);
    let minute = TimeToLive::from_secs(60).unwrap();
    for (lifetime, life) in [
        (Lifetime::ServiceDefault, Some(week)),
        (Lifetime::Set(TimeToLive::Never), None),
        (Lifetime::Set(minute), Some(Duration::from_secs(60))),
    ] {
        let (from, to, _) = two_queues(1).await;
        sleep(Duration::from_secs(3)).await;
        assert_eq!(from.move_to(&to).lifetime(lifetime).await.unwrap().moved, 1);
        let message = to.peek(1).await.unwrap().pop().unwrap();
        let end =
            message.expires_at().map(|end| end.duration_since(message.inserted_at()).unwrap());
        assert_eq!(end, life);
    }
}

#[tokio::test(start_paused = true)]
async fn only_what_matches_is_moved() {
    let (from, to, _) = two_queues(300).await;
    let report = from.move_to(&to).matching(|message| message.text().ends_with('3')).await.unwrap();
    adds_up(&report);
    assert_eq!(report.to_string(), "30 moved, 270 skipped");
    assert_eq!((count(&from).await, count(&to).await), (270, 30));
    assert_eq!(from.peek(32).await.unwrap().len(), 32, "the others are visible again");
}

#[tokio::test(start_paused = true)]
async fn at_most_so_many_are_moved() {
    for max in [0, 1, 40, 300] {
        let (from, to, _) = two_queues(200).await;
        let report = from.move_to(&to).max(max).await.unwrap();
        adds_up(&report);
        assert_eq!(report.moved, max.min(200));
        assert_eq!(count(&to).await, max.min(200) as u64);
        assert_eq!(count(&from).await, 200 - max.min(200) as u64);
    }
}

#[tokio::test(start_paused = true)]
async fn copies_leave_the_originals() {
    let (from, to, _) = two_queues(100).await;
    let report = from.copy_to(&to).await.unwrap();
    adds_up(&report);
    assert_eq!((report.moved, count(&from).await, count(&to).await), (100, 100, 100));
    let shown = from.peek(32).await.unwrap();
    assert!(shown.len() == 32 && shown.iter().all(|message| message.dequeue_count() == 1));
    let report = from.copy_to(&to).await.unwrap();
    assert_eq!(report.highest_dequeue_count, 2);
    let error = from.copy_to(&to).await.unwrap_err();
    assert!(error.to_string().contains("max_attempt (3)"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_changes_nothing_but_counts() {
    let (from, to, _) = two_queues(50).await;
    let journal = std::env::temp_dir().join("queue-client-no-such-folder/journal");
    let report = from
        .move_to(&to)
        .matching(|message| message.text().len() == 1)
        .journal(FileJournal::new(journal))
        .dry_run()
        .await
        .unwrap();
    adds_up(&report);
    assert_eq!((report.moved, report.skipped), (10, 40));
    assert_eq!((count(&from).await, count(&to).await), (50, 0));
}

#[tokio::test(start_paused = true)]
async fn the_rate_is_kept() {
    let (from, to, _) = two_queues(100).await;
    let began = Instant::now();
    let report = from.move_to(&to).rate(20.0).await.unwrap();
    assert_eq!(report.moved, 100);
    let took = began.elapsed().as_secs_f64();
    assert!((4.8..5.5).contains(&took), "{took} s");
}

/// 20 ms from the service, with each request on a line of its own.
#[tokio::test(start_paused = true)]
async fn many_are_moved_at_once() {
    let (from, to, line) = two_queues(6000).await;
    // The line itself takes 4 ms.
    line.script(|_| Fate::Slow(Duration::from_millis(16)));
    let began = Instant::now();
    let report = from.move_to(&to).await.unwrap();
    assert_eq!(report.moved, 6000);
    let rate = 6000.0 / began.elapsed().as_secs_f64();
    assert!(rate > 1500.0, "{rate:.0} messages a second");
}

#[tokio::test(start_paused = true)]
async fn a_stop_finishes_what_is_begun() {
    let (from, to, _) = two_queues(500).await;
    let stop = sleep(Duration::from_millis(2500));
    let calls = Arc::new(Mutex::new(0));
    let called = Arc::clone(&calls);
    let report = from
        .move_to(&to)
        .rate(50.0)
        .stop_when(stop)
        .on_progress(move |_| *called.lock().unwrap() += 1)
        .await
        .unwrap();
    adds_up(&report);
    assert!((100..150).contains(&report.moved), "{report}");
    assert!(report.doubtful.is_empty() && report.still_hidden == 0);
    assert!(*calls.lock().unwrap() > report.moved);
    assert_eq!(count(&from).await + count(&to).await, 500);
    assert_eq!(from.peek(32).await.unwrap().len(), 32, "visible again");
}

#[tokio::test(start_paused = true)]
async fn a_put_whose_answer_was_lost_is_left_and_named() {
    let (from, to, line) = two_queues(50).await;
    let mut puts = 0;
    line.script(move |kind| {
        puts += u32::from(kind == Kind::Put);
        if kind == Kind::Put && puts == 7 { Fate::AnswerLost } else { Fate::Answered }
    });
    let report = from.move_to(&to).await.unwrap();
    adds_up(&report);
    assert_eq!((report.moved, report.failed, report.unknown), (49, 1, 1));
    let named = &report.doubtful[..];
    let [(id, Doubt::PerhapsPut)] = named else { panic!("{named:?}") };
    assert_eq!((count(&from).await, count(&to).await), (1, 50));
    assert_eq!(from.peek(1).await.unwrap()[0].id(), id);
}

#[tokio::test(start_paused = true)]
async fn a_put_whose_answer_was_lost_is_repeated_if_allowed() {
    let (from, to, line) = two_queues(50).await;
    let mut puts = 0;
    line.script(move |kind| {
        puts += u32::from(kind == Kind::Put);
        if kind == Kind::Put && puts == 7 { Fate::AnswerLost } else { Fate::Answered }
    });
    let report = from.move_to(&to).allow_duplicates().await.unwrap();
    adds_up(&report);
    assert_eq!(report.to_string(), "50 moved, 0 skipped, 1 perhaps put twice");
    assert!(matches!(report.doubtful[..], [(_, Doubt::PutAgain)]), "{:?}", report.doubtful);
    assert_eq!((count(&from).await, count(&to).await), (0, 51));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_the_destination_refuses_stays() {
    let (from, to, line) = two_queues(50).await;
    let mut puts = 0;
    line.script(move |kind| {
        puts += u32::from(kind == Kind::Put);
        if kind == Kind::Put && puts % 10 == 0 { Fate::Status(413) } else { Fate::Answered }
    });
    let report = from.move_to(&to).await.unwrap();
    adds_up(&report);
    assert_eq!(report.to_string(), "45 moved, 0 skipped, 5 failed");
    assert_eq!((count(&from).await, count(&to).await), (5, 45));
    assert_eq!(from.peek(32).await.unwrap().len(), 5, "visible again");
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_is_missing_shows_before_anything_is_received() {
    let (from, to, line) = two_queues(5).await;
    to.delete_queue().await.unwrap();
    let before = line.count(Kind::Get);
    let error = from.move_to(&to).await.unwrap_err();
    assert!(error.error().is_queue_not_found());
    assert_eq!(line.count(Kind::Get), before);
    assert!(from.move_to(&from).await.unwrap_err().to_string().contains("to itself"));
}

/// Its receipts are void: what was put is deleted when it comes back, in the same run.
#[tokio::test(start_paused = true)]
async fn what_could_not_be_deleted_is_named_or_deleted_later() {
    let (from, to, line) = two_queues(50).await;
    let mut deletes = 0;
    line.script(move |kind| {
        deletes += u32::from(kind == Kind::Delete);
        if kind == Kind::Delete && deletes <= 4 { Fate::Status(409) } else { Fate::Answered }
    });
    let report = from.move_to(&to).in_flight(4).await.unwrap();
    adds_up(&report);
    assert_eq!((report.moved, report.perhaps_in_both), (50, 0), "{report}");
    assert_eq!((count(&from).await, count(&to).await), (0, 50));

    let (from, to, line) = two_queues(50).await;
    line.script(|kind| if kind == Kind::Delete { Fate::Status(409) } else { Fate::Answered });
    let report = from.move_to(&to).await.unwrap();
    assert_eq!((report.moved, report.perhaps_in_both, report.doubtful.len()), (50, 50, 50));
    assert_eq!((count(&from).await, count(&to).await), (50, 50));
}

#[tokio::test(start_paused = true)]
async fn what_dies_again_ends_a_transfer_that_watches() {
    let (from, to, _) = two_queues(200).await;
    let again = from.clone();
    let consumer = to.clone();
    tokio::spawn(async move {
        loop {
            for message in consumer.receive(1).await.unwrap() {
                again.send(message.text()).await.unwrap();
                consumer.delete(&message).await.unwrap();
            }
            sleep(Duration::from_millis(100)).await;
        }
    });
    let report = from.move_to(&to).rate(20.0).stop_on_return().await.unwrap();
    adds_up(&report);
    assert!(report.came_back && report.moved < 60, "{report}");
}

/// A folder that goes when the test ends.
pub(crate) struct Folder(pub(crate) std::path::PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let unique = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
        let name = format!("queue-client-{name}-{}-{unique}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

#[test]
fn a_journal_in_a_file_remembers_what_is_pending() {
    let folder = Folder::new("journal");
    let path = folder.0.join("state");
    let id = |number: u32| MessageId::new(format!("m{number}")).unwrap();
    let begin = |job: &str| FileJournal::new(&path).begin(job);

    let mut journal = FileJournal::new(&path);
    assert!(journal.begin("move a to b").unwrap().is_empty());
    for number in 0..4 {
        journal.record(&id(number), JournalStep::Putting).unwrap();
    }
    journal.record(&id(1), JournalStep::Put).unwrap();
    journal.record(&id(2), JournalStep::PutAgain).unwrap();
    journal.record(&id(2), JournalStep::Put).unwrap();
    journal.record(&id(2), JournalStep::Deleted).unwrap();
    journal.record(&id(3), JournalStep::NotPut).unwrap();
    drop(journal);
    let mut pending = begin("move a to b").unwrap();
    pending.sort_by_key(|(id, _)| id.clone());
    let expected = [(0, JournalStep::Putting), (1, JournalStep::Put), (2, JournalStep::PutAgain)];
    assert_eq!(pending, expected.map(|(number, step)| (id(number), step)));
    let other = begin("move a to c").unwrap_err().to_string();
    assert!(other.contains("another job, \"move a to b\": name another file"), "{other}");

    // Cut at every byte: each line counts when it is whole.
    let whole = std::fs::read(&path).unwrap();
    for end in 0..whole.len() {
        std::fs::write(&path, &whole[..end]).unwrap();
        let lines = whole[..end].iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(begin("move a to b").unwrap().len(), lines.saturating_sub(1), "{end}");
    }
    std::fs::write(&path, "something else\n").unwrap();
    assert!(begin("move a to b").unwrap_err().to_string().contains("is not a journal"));
    std::fs::write(&path, b"\xff").unwrap();
    assert!(begin("move a to b").unwrap_err().to_string().contains("is not a journal"));
    let names: Vec<_> = std::fs::read_dir(&folder.0).unwrap().collect();
    assert_eq!(names.len(), 1, "nothing is left beside it: {names:?}");
}

#[cfg(any(unix, windows))]
#[test]
fn a_journal_that_another_run_uses_is_refused() {
    let folder = Folder::new("journal-in-use");
    let path = folder.0.join("state");
    let mut first = FileJournal::new(&path);
    first.begin("move a to b").unwrap();
    let mut second = FileJournal::new(&path);
    let error = second.begin("move a to b").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    assert!(error.to_string().contains("is in use by another run: wait for its end"), "{error}");
    // The first does not notice, and the second may begin when it is over.
    let id = MessageId::new("m1").unwrap();
    first.record(&id, JournalStep::Put).unwrap();
    drop(first);
    assert_eq!(second.begin("move a to b").unwrap(), [(id, JournalStep::Put)]);
    second.finish().unwrap();
    assert!(FileJournal::new(&path).begin("copy a to c").unwrap().is_empty());
}

/// Threads that begin at the same time: one of them has the file.
#[cfg(unix)]
#[test]
fn of_many_runs_that_begin_at_once_one_has_the_journal() {
    let folder = Folder::new("journal-race");
    for round in 0..50 {
        let path = folder.0.join(round.to_string());
        let barrier = std::sync::Barrier::new(4);
        let begun: Vec<_> = std::thread::scope(|scope| {
            let begin = || {
                let mut journal = FileJournal::new(&path);
                barrier.wait();
                journal.begin("move a to b").is_ok().then_some(journal)
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(begin)).collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        assert!(begun.len() <= 1, "{} have it", begun.len());
        drop(begun);
        FileJournal::new(&path).begin("move a to b").unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_cannot_be_written_ends_the_transfer() {
    let folder = Folder::new("unwritable");
    let (from, to, _) = two_queues(10).await;
    let path = folder.0.join("no/such/folder");
    let error = from.move_to(&to).journal(FileJournal::new(path)).await.unwrap_err();
    assert!(error.to_string().contains("the journal cannot be used"), "{error}");
    assert_eq!((count(&from).await, count(&to).await), (10, 0));
}

#[tokio::test(start_paused = true)]
async fn a_long_lease_can_be_asked_for() {
    let (from, to, _) = two_queues(10).await;
    let lease = LeaseTimeout::from_secs(600).unwrap();
    let report = from.move_to(&to).lease(lease).rate(5.0).await.unwrap();
    assert_eq!(report.moved, 10);
}
