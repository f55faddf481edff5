//! One queue over several: spreading, receiving from all, and what belongs to which stripe.

use std::{collections::BTreeSet, time::Duration};

use queue_client::{
    InvalidStripes, QueueClient, QueueServiceClient, Striped, VisibleCount, testing::in_process,
};
use queue_emulator::Emulator;

fn service() -> QueueServiceClient {
    in_process(Emulator::handler).unwrap().0
}

async fn striped(stripes: usize) -> (QueueServiceClient, Striped) {
    let service = service();
    let orders = service.striped("orders", stripes).unwrap();
    assert_eq!(orders.create_if_missing().await.unwrap(), stripes);
    (service, orders)
}

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("order {number}")).collect()
}

/// Receives and deletes until nothing comes any more.
async fn take_all(orders: &Striped) -> Vec<(usize, String)> {
    let mut taken = Vec::new();
    loop {
        let messages = orders.receive(32).await.unwrap();
        if messages.is_empty() {
            return taken;
        }
        for result in orders.delete_all(&messages).await {
            result.unwrap();
        }
        taken.extend(messages.iter().map(|message| (message.stripe(), message.text().to_owned())));
    }
}

#[tokio::test]
async fn messages_are_spread_in_turn_and_taken_from_all() {
    let (_, orders) = striped(4).await;
    for text in texts(10) {
        orders.send(text).await.unwrap();
    }
    let results = orders.send_all(texts(30)).concurrency(2).await;
    assert!(results.len() == 30 && results.iter().all(Result::is_ok));
    assert_eq!(orders.counts().await.unwrap(), [10; 4]);
    assert_eq!(orders.approximate_count().await.unwrap(), 40);
    assert_eq!(orders.count_visible().await.unwrap(), VisibleCount::Exact(40));
    assert!(orders.backlogs().await.unwrap().iter().all(|backlog| backlog.visible() == 10));

    let taken = take_all(&orders).await;
    assert_eq!(taken.len(), 40);
    assert_eq!(taken.iter().map(|(_, text)| text).collect::<BTreeSet<_>>().len(), 30);
    assert_eq!(orders.approximate_count().await.unwrap(), 0);
}

#[tokio::test]
async fn a_count_is_as_exact_as_those_of_all_stripes() {
    let (_, orders) = striped(2).await;
    orders.send_all(texts(80)).await;
    orders.receive(4).await.unwrap();
    let count = orders.count_visible().await.unwrap();
    assert_eq!(count, VisibleCount::Between { at_least: 64, at_most: 80 });
}

#[tokio::test]
async fn a_key_has_one_stripe() {
    let (_, orders) = striped(4).await;
    let keyed = (0..60).map(|number| (format!("customer-{}", number % 6), number.to_string()));
    for result in orders.send_all_by_key(keyed).await {
        result.unwrap();
    }
    orders.send_by_key("customer-1", "61").await.unwrap();
    for (stripe, text) in take_all(&orders).await {
        let customer = text.parse::<usize>().unwrap() % 6;
        assert_eq!(stripe, orders.stripe_of(format!("customer-{customer}")), "{text}");
    }
}

#[tokio::test]
async fn updates_and_deletes_go_to_the_stripe_of_the_message() {
    let (service, orders) = striped(3).await;
    orders.send_all(texts(6)).await;
    let mut messages =
        orders.receive(32).visibility_timeout(Duration::from_secs(60)).await.unwrap();
    assert_eq!(messages.len(), 6);
    for message in &mut messages {
        let text = format!("{} of {}", message.text(), message.stripe());
        orders.update(message, Duration::from_secs(90)).value(&text).await.unwrap();
        assert_eq!(message.text(), text);
        assert_eq!(message.queue().as_str(), format!("orders-{}", message.stripe()));
    }
    // A client that knows fewer stripes deletes what it is given.
    let fewer = service.striped("orders", 1).unwrap();
    for message in &messages {
        fewer.delete(message).await.unwrap();
    }
    assert!(fewer.delete(&messages[0]).await.unwrap_err().is_not_owner());
    assert_eq!(orders.counts().await.unwrap(), [0; 3]);
}

#[tokio::test]
async fn a_receive_asks_no_more_stripes_than_it_needs_and_begins_with_the_next_one() {
    let (_, orders) = striped(4).await;
    orders.send_all(texts(16)).await;
    let mut firsts = BTreeSet::new();
    for _ in 0..4 {
        let messages = orders.receive(4).await.unwrap();
        let stripes: BTreeSet<_> = messages.iter().map(|message| message.stripe()).collect();
        assert_eq!((messages.len(), stripes.len()), (4, 1));
        firsts.extend(stripes);
    }
    assert_eq!(firsts.len(), 4);
    assert!(orders.receive_one().await.unwrap().is_none());
}

#[tokio::test]
async fn what_was_received_is_not_lost_when_another_stripe_fails() {
    let (service, orders) = striped(2).await;
    orders.send_all(texts(2)).await;
    service.queue("orders-1").unwrap().delete_queue().await.unwrap();
    for _ in 0..2 {
        // Whichever stripe comes first.
        if let Ok(messages) = orders.receive(32).await {
            assert_eq!(messages.len(), 1);
        }
    }
    let error = orders.receive(32).await.unwrap_err();
    assert!(error.is_queue_not_found() && error.to_string().contains("orders-1"), "{error}");
    let error = orders.receive(0).await.unwrap_err();
    assert!(!error.is_queue_not_found(), "{error}");
}

#[tokio::test]
async fn a_look_shows_the_front_of_all_stripes() {
    let (service, time) = in_process(Emulator::handler).unwrap();
    let orders = service.striped("orders", 3).unwrap();
    orders.create_if_missing().await.unwrap();
    for text in texts(9) {
        orders.send(text).await.unwrap();
        time.advance(Duration::from_secs(1));
    }
    let seen = orders.peek(5).await.unwrap();
    let seen: Vec<_> = seen.iter().map(|(_, message)| message.text()).collect();
    assert_eq!(seen, ["order 0", "order 1", "order 2", "order 3", "order 4"]);
    orders.clear().await.unwrap();
    assert!(orders.peek(32).await.unwrap().is_empty());
    assert_eq!(orders.delete_queues_if_exist().await.unwrap(), 3);
    assert_eq!(orders.delete_queues_if_exist().await.unwrap(), 0);
}

#[tokio::test]
async fn progress_counts_the_calls_of_all_stripes() {
    let (_, orders) = striped(3).await;
    let mut seen = Vec::new();
    orders.send_all(texts(7)).on_progress(|done, all| seen.push((done, all))).await;
    assert_eq!(seen, (1..=7).map(|done| (done, 7)).collect::<Vec<_>>());
}

#[tokio::test]
async fn receivers_that_grow_first_miss_nothing() {
    let (service, old) = striped(2).await;
    let new = service.striped("orders", 4).unwrap();
    // The receivers know four stripes, and nobody sends to the new ones.
    assert_eq!(new.create_if_missing().await.unwrap(), 2);
    old.send_all(texts(10)).await;
    assert_eq!(take_all(&new).await.len(), 10);
    // One sender after the other grows.
    old.send_all(texts(10)).await;
    new.send_all(texts(10)).await;
    assert_eq!(take_all(&new).await.len(), 20);
}

#[tokio::test]
async fn what_senders_that_grow_first_send_waits() {
    let (service, old) = striped(2).await;
    let new = service.striped("orders", 4).unwrap();
    let failed = new.send_all(texts(4)).await;
    let failed: Vec<_> = failed.into_iter().filter_map(Result::err).collect();
    assert_eq!(failed.len(), 2, "the stripes that are not there");
    assert!(failed.iter().all(queue_client::Error::is_queue_not_found));

    new.create_if_missing().await.unwrap();
    new.send_all(texts(8)).await;
    assert_eq!(take_all(&old).await.len(), 2 + 4);
    assert_eq!(take_all(&new).await.len(), 4, "they waited");
}

#[cfg(feature = "bulk")]
#[tokio::test]
async fn the_stripes_that_go_are_drained_into_those_that_stay() {
    let (_, orders) = striped(4).await;
    orders.send_all(texts(40)).await;
    let stripes = orders.stripes();
    for gone in &stripes[2..] {
        let report = gone.move_to(&stripes[0]).await.unwrap();
        assert_eq!(report.moved, 10);
    }
    assert_eq!(orders.counts().await.unwrap(), [30, 10, 0, 0]);
}

#[test]
fn what_cannot_be_stripes_is_refused() {
    let service = service();
    let queue = |name: &str| service.queue(name).unwrap();
    for (stripes, expected) in [
        (service.striped("orders", 0), "the number of stripes must be from 1 to 1000"),
        (service.striped("orders", 1001), "the number of stripes must be from 1 to 1000"),
        (service.striped("Orders", 2), "a name of the stripes is not valid"),
        (service.striped("a".repeat(62), 2), "a name of the stripes is not valid"),
        (
            Striped::new("orders", [queue("one"), queue("two"), queue("one")]),
            "the queue one is there twice among the stripes",
        ),
        (
            Striped::new("orders", Vec::<QueueClient>::new()),
            "the number of stripes must be from 1 to 1000",
        ),
    ] {
        assert_eq!(stripes.unwrap_err().to_string(), expected);
    }
    assert!(matches!(service.striped("", 1), Err(InvalidStripes::Name(_))));
    assert_eq!(service.striped("orders", 1000).unwrap().stripes().len(), 1000);
}
