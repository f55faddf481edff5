//! A scan shows each message once and gives all back, whatever happens to its leases.

use std::{collections::HashMap, time::Duration};

use queue_client::{
    Cause, QueueClient,
    bulk::AttemptsReached,
    proto::{LeaseTimeout, MessageId},
};
use tokio::time::sleep;

use crate::support::{Fate, Kind, Line, VirtualTime, client, line, queue};

async fn filled(count: usize) -> (QueueClient, Line) {
    let (queue, line) = queue().await;
    fill(&queue, 0..count).await;
    (queue, line)
}

async fn fill(queue: &QueueClient, numbers: std::ops::Range<usize>) {
    for result in queue.send_all(numbers.map(|number| number.to_string())).await {
        result.unwrap();
    }
}

fn seconds(count: u64) -> LeaseTimeout {
    LeaseTimeout::from_secs(count).unwrap()
}

/// The dequeue counts of all messages that are visible, taken out of the queue.
async fn drained(queue: &QueueClient) -> HashMap<MessageId, u32> {
    let mut counts = HashMap::new();
    loop {
        let messages = queue.receive(32).visibility_timeout(Duration::from_secs(9)).await.unwrap();
        if messages.is_empty() {
            return counts;
        }
        for message in messages {
            let before = counts.insert(message.id().clone(), message.dequeue_count() - 1);
            assert_eq!(before, None);
            queue.delete(&message).await.unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_message_is_shown_once_and_given_back() {
    let (queue, line) = filled(1000).await;
    let mut scan = queue.scan();
    let mut texts = Vec::new();
    while let Some(message) = scan.next().await.unwrap() {
        assert_eq!(message.dequeue_count(), 1);
        texts.push(message.text().parse::<usize>().unwrap());
    }
    assert!(queue.peek(1).await.unwrap().is_empty(), "all are held");
    let report = scan.finish().await;
    assert_eq!(report.to_string(), "1000 seen, 1000 released");
    assert_eq!((report.highest_dequeue_count, report.still_hidden), (1, 0));
    texts.sort_unstable();
    assert!(texts.into_iter().eq(0..1000));
    assert!(line.count(Kind::Get) < 40, "{} receives", line.count(Kind::Get));
    let counts = drained(&queue).await;
    assert_eq!(counts.len(), 1000);
    assert!(counts.values().all(|count| *count == 1));
}

#[tokio::test(start_paused = true)]
async fn leases_are_renewed_while_the_caller_works() {
    let (queue, _) = filled(70).await;
    let mut scan = queue.scan().lease(seconds(10));
    let mut seen = 0;
    while let Some(message) = scan.next().await.unwrap() {
        seen += 1;
        if seen % 30 == 0 {
            let others = queue.clone();
            scan.while_renewing(async move {
                for _ in 0..60 {
                    sleep(Duration::from_secs(1)).await;
                    let (received, held) =
                        (others.receive(32).await.unwrap(), message.id().as_str());
                    assert!(received.iter().all(|message| message.id().as_str() != held));
                    for message in received {
                        // Not leased by the scan yet.
                        let mut message = message;
                        others.update(&mut message, Duration::ZERO).await.unwrap();
                    }
                }
            })
            .await;
        }
    }
    let report = scan.finish().await;
    assert_eq!((seen, report.released), (70, 70), "{report}");
}

/// The caller works without a word, and the leases end.
#[tokio::test(start_paused = true)]
async fn what_comes_back_is_not_shown_again() {
    let (time, line) = line(|emulator| emulator);
    let queue = client(time.clone(), &line).queue("orders").unwrap();
    queue.create().await.unwrap();
    fill(&queue, 0..200).await;
    let mut scan = queue.scan().lease(seconds(10));
    let mut seen = HashMap::new();
    while let Some(message) = scan.next().await.unwrap() {
        *seen.entry(message.into_parts().0).or_insert(0) += 1;
        if seen.len() % 50 == 0 {
            time.pass(Duration::from_secs(60));
        }
    }
    let report = scan.finish().await;
    assert_eq!((seen.len(), report.seen, report.released), (200, 200, 200));
    assert!(seen.values().all(|times| *times == 1));
    assert!(report.highest_dequeue_count > 1);
    assert_eq!(drained(&queue).await.len(), 200);
}

#[tokio::test(start_paused = true)]
async fn what_comes_in_meanwhile_is_not_shown() {
    let (queue, _) = filled(100).await;
    sleep(Duration::from_secs(2)).await;
    let mut scan = queue.scan();
    scan.next().await.unwrap().unwrap();
    sleep(Duration::from_secs(2)).await;
    fill(&queue, 100..600).await;
    let mut seen = 1;
    while let Some(message) = scan.next().await.unwrap() {
        assert!(message.text().parse::<usize>().unwrap() < 100);
        seen += 1;
    }
    let report = scan.finish().await;
    assert_eq!((seen, report.seen), (100, 100));
    assert!(report.newer > 0 && report.newer < 500, "{report}");
    assert_eq!(drained(&queue).await.len(), 600);
}

#[tokio::test(start_paused = true)]
async fn a_limit_leases_no_more_than_it_says() {
    for limit in [0, 1, 31, 32, 33, 70] {
        let (queue, _) = filled(100).await;
        let mut scan = queue.scan().limit(limit);
        while scan.next().await.unwrap().is_some() {}
        let report = scan.finish().await;
        assert_eq!((report.seen, report.released), (limit, limit));
        let counts = drained(&queue).await;
        assert_eq!(counts.values().filter(|count| **count == 1).count(), limit);
        assert_eq!(counts.len(), 100);
    }
}

/// Raises the dequeue counts of the first messages by this many.
async fn receive_again_and_again(queue: &QueueClient, count: u32, times: u32) {
    for _ in 0..times {
        for mut message in queue.receive(count).await.unwrap() {
            queue.update(&mut message, Duration::ZERO).await.unwrap();
        }
        // In front again: what is behind is hidden and shown after them.
    }
}

#[tokio::test(start_paused = true)]
async fn consumers_do_not_lose_their_attempts() {
    let (queue, line) = filled(3).await;
    receive_again_and_again(&queue, 3, 2).await;
    let before = line.count(Kind::Get);
    let error = queue.scan().next().await.unwrap_err();
    assert_eq!(line.count(Kind::Get), before + 1, "it peeks and does not receive");
    let Cause::InvalidArgument(cause) = error.cause() else { panic!("{error}") };
    let reached: &AttemptsReached = cause.downcast_ref().unwrap();
    assert_eq!((reached.dequeue_count, reached.max_attempt), (3, 3));
    assert!(error.to_string().contains("would have been received 3 times"), "{error}");

    let mut scan = queue.scan().max_attempt(4);
    while scan.next().await.unwrap().is_some() {}
    assert_eq!(scan.finish().await.highest_dequeue_count, 3);
}

/// Behind the first 32, nobody knows before the message is received.
#[tokio::test(start_paused = true)]
async fn a_message_far_behind_ends_the_scan_too() {
    let (queue, _) = filled(3).await;
    receive_again_and_again(&queue, 3, 2).await;
    // The others pass them by.
    let mut first = queue.receive(3).await.unwrap();
    fill(&queue, 3..100).await;
    for message in &mut first {
        queue.update(message, Duration::ZERO).await.unwrap();
    }
    let mut scan = queue.scan();
    let mut seen = 0;
    let error = loop {
        match scan.next().await {
            Ok(message) => seen += usize::from(message.is_some()),
            Err(error) => break error,
        }
    };
    assert_eq!(seen, 97);
    assert!(error.to_string().contains("max_attempt (3)"), "{error}");
    let report = scan.finish().await;
    assert_eq!((report.released, report.still_hidden), (100, 0), "{report}");
    assert_eq!(drained(&queue).await.len(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_scan_that_is_dropped_gives_back_in_the_background() {
    let (queue, _) = filled(100).await;
    let mut scan = queue.scan();
    for _ in 0..50 {
        scan.next().await.unwrap().unwrap();
    }
    drop(scan);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(drained(&queue).await.len(), 100, "long before a lease ends");
}

#[tokio::test(start_paused = true)]
async fn what_is_deleted_is_not_given_back() {
    let (queue, _) = filled(500).await;
    let mut scan = queue.scan();
    while let Some(message) = scan.next().await.unwrap() {
        if message.text().ends_with('7') {
            scan.delete(message.id());
        }
    }
    let report = scan.finish().await;
    assert_eq!((report.deleted, report.released), (50, 450), "{report}");
    assert!(report.undeleted.is_empty() && report.delete_error.is_none());
    assert_eq!(drained(&queue).await.len(), 450);
}

/// The receipts of some deletes are void, since another receiver got the messages meanwhile.
#[tokio::test(start_paused = true)]
async fn a_delete_that_came_too_late_is_named() {
    let (time, line) = line(|emulator| emulator);
    let queue = client(time.clone(), &line).queue("orders").unwrap();
    queue.create().await.unwrap();
    fill(&queue, 0..5).await;
    let mut scan = queue.scan().lease(seconds(10));
    let mut ids = Vec::new();
    while let Some(message) = scan.next().await.unwrap() {
        ids.push(message.id().clone());
    }
    time.pass(Duration::from_secs(60));
    let stolen = queue.receive(2).await.unwrap();
    for id in &ids {
        scan.delete(id);
    }
    let report = scan.finish().await;
    assert_eq!((report.deleted, report.undeleted.len()), (3, 2), "{report}");
    assert!(stolen.iter().all(|message| report.undeleted.contains(message.id())));
    assert!(report.delete_error.unwrap().is_not_owner());
    assert!(report.undeleted.iter().all(|id| ids.contains(id)));
}

#[tokio::test(start_paused = true)]
async fn lost_answers_are_counted_and_what_they_hid_comes_back() {
    let (queue, line) = filled(100).await;
    let mut receives = 0;
    line.script(move |kind| {
        receives += u32::from(kind == Kind::Get);
        // The first is the look at the front.
        if kind == Kind::Get && receives == 2 { Fate::AnswerLost } else { Fate::Answered }
    });
    let mut scan = queue.scan().lease(seconds(600));
    while scan.next().await.unwrap().is_some() {}
    let report = scan.finish().await;
    assert_eq!((report.seen, report.lost_answers), (68, 1), "{report}");
    sleep(Duration::from_secs(600)).await;
    assert_eq!(drained(&queue).await.len(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_is_missing_is_an_error() {
    let (time, line): (VirtualTime, Line) = line(|emulator| emulator);
    let queue = client(time, &line).queue("nowhere").unwrap();
    let mut scan = queue.scan();
    assert!(scan.next().await.unwrap_err().is_queue_not_found());
    assert_eq!(scan.finish().await.seen, 0);
}
