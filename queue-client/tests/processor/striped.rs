//! Processors of all stripes of a queue, and the way back of their dead letters.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use queue_client::{
    QueueClient, QueueServiceClient, Striped,
    processor::{
        Processors, ShutdownMode,
        dead_letter::{DeadLetter, redrive_striped},
    },
    testing::in_process,
    transport::from_fn,
};
use queue_emulator::Emulator;

use crate::support;

fn service() -> QueueServiceClient {
    in_process(Emulator::handler).unwrap().0
}

async fn texts_of(queue: &QueueClient) -> BTreeSet<String> {
    let messages = queue.peek(32).await.unwrap();
    messages.into_iter().map(|message| message.text().to_owned()).collect()
}

/// Every message fails once and for all.
async fn kill_all(orders: &Striped) {
    let reports = Processors::new()
        .add_striped(orders, 1, |stripe| stripe.max_deliveries(1))
        .drain_once(|_| async { Err::<(), _>("no glass left".into()) })
        .await
        .unwrap();
    for (name, report) in reports.iter() {
        assert_eq!(report.counters.dead_lettered, 2, "{name}: {report}");
    }
}

#[tokio::test(start_paused = true)]
async fn stripes_are_added_under_load_and_nothing_is_lost() {
    let (service, _) = support::service();
    let (old, new) = (service.striped("orders", 2).unwrap(), service.striped("orders", 4).unwrap());
    old.create_if_missing().await.unwrap();
    let done = Arc::new(Mutex::new(BTreeMap::<String, usize>::new()));
    let receivers = |stripes: &Striped| {
        let done = Arc::clone(&done);
        Processors::new().add_striped(stripes, 1, |stripe| stripe).concurrency(8).spawn(
            move |order| {
                *done.lock().unwrap().entry(order.body().clone()).or_default() += 1;
                async { Ok(()) }
            },
        )
    };
    let send = |sender: Striped, numbers: std::ops::Range<usize>| async move {
        for result in sender.send_all(numbers.map(|number| number.to_string())).await {
            result.unwrap();
        }
    };
    let reach = |count: usize| {
        let done = Arc::clone(&done);
        async move {
            while done.lock().unwrap().len() < count {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    };
    let first = receivers(&old);
    let load = tokio::spawn(send(old.clone(), 0..400));
    reach(50).await;
    // In the order of the documentation: queues, receivers, senders.
    new.create_if_missing().await.unwrap();
    let before = first.shutdown(ShutdownMode::Drain).await.unwrap();
    let second = receivers(&new);
    load.await.unwrap();
    send(new.clone(), 400..800).await;
    reach(800).await;
    let after = second.shutdown(ShutdownMode::Drain).await.unwrap();

    assert_eq!(*done.lock().unwrap(), (0..800).map(|number| (number.to_string(), 1)).collect());
    let completed = |reports: &queue_client::processor::Reports| -> Vec<(String, u64)> {
        let each = reports.iter();
        each.map(|(name, report)| (name.to_string(), report.counters.completed)).collect()
    };
    let (before, after) = (completed(&before), completed(&after));
    assert_eq!(before.len(), 2);
    let names: Vec<_> = after.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["orders-0", "orders-1", "orders-2", "orders-3"]);
    assert!(after.iter().all(|(_, completed)| *completed >= 100), "{after:?}");
    let all = before.iter().chain(&after).map(|(_, completed)| completed).sum::<u64>();
    assert_eq!((all, new.approximate_count().await.unwrap()), (800, 0));
}

#[tokio::test]
async fn dead_letters_go_into_one_queue_and_back_to_their_own_stripes() {
    let service = service();
    let orders = service.striped("orders", 3).unwrap();
    let poison = service.queue("orders-poison").unwrap();
    orders.create_if_missing().await.unwrap();
    orders.send_all((0..6).map(|number| number.to_string())).await;
    let mut homes = Vec::new();
    for stripe in orders.stripes() {
        homes.push(texts_of(stripe).await);
    }
    kill_all(&orders).await;
    let letters = poison.peek(32).await.unwrap();
    for letter in &letters {
        let letter = DeadLetter::from_text(letter.text()).unwrap();
        let stripe = letter.queue.strip_prefix("orders-").unwrap().parse::<usize>().unwrap();
        assert!(homes[stripe].contains(letter.text.as_str()), "{letter:?}");
        assert_eq!(letter.account.as_deref(), Some("devstoreaccount1"));
    }
    assert_eq!(letters.len(), 6);

    // One letter has no envelope, and another one names a stripe that this client does not know.
    poison.send("no envelope").await.unwrap();
    let fewer = service.striped("orders", 2).unwrap();
    let report = redrive_striped(&poison, &fewer).await.unwrap();
    assert_eq!((report.moved, report.skipped), (4, 3), "{report}");
    let report = redrive_striped(&poison, &orders).await.unwrap();
    assert_eq!((report.moved, report.skipped), (2, 1), "{report}");
    for (stripe, home) in orders.stripes().iter().zip(&homes) {
        assert_eq!(&texts_of(stripe).await, home, "{}", stripe.name());
    }
    let report = redrive_striped(&poison, &orders).strays_to(&orders.stripes()[1]).await.unwrap();
    assert_eq!((report.moved, report.skipped), (1, 0), "{report}");
    assert!(texts_of(&orders.stripes()[1]).await.contains("no envelope"));
}

#[tokio::test]
async fn stripes_of_two_accounts_share_a_name_and_a_queue_of_dead_letters() {
    const KEY: &str = queue_client::proto::DEVSTORE_KEY;
    let account = |name: &str| {
        let account = queue_emulator::Account::new(name, &[KEY]).unwrap();
        let emulator = Emulator::builder().account(account).build();
        let connection = format!(
            "AccountName={name};AccountKey={KEY};QueueEndpoint=http://127.0.0.1:10001/{name}"
        );
        QueueServiceClient::builder_from_connection_string(&connection)
            .unwrap()
            .transport(from_fn(move |request| Ok(emulator.handle(request))))
            .build()
            .unwrap()
    };
    let (east, west) = (account("east"), account("west"));
    let queues = [east.queue("orders").unwrap(), west.queue("orders").unwrap()];
    let orders = Striped::new("orders", queues).unwrap();
    orders.create_if_missing().await.unwrap();
    orders.send_all((0..4).map(|number| number.to_string())).await;
    let before = [texts_of(&orders.stripes()[0]).await, texts_of(&orders.stripes()[1]).await];
    kill_all(&orders).await;
    let poison = east.queue("orders-poison").unwrap();
    assert_eq!(texts_of(&poison).await.len(), 4);
    assert!(!west.queue("orders-poison").unwrap().exists().await.unwrap());
    let report = redrive_striped(&poison, &orders).await.unwrap();
    assert_eq!(report.moved, 4, "{report}");
    let after = [texts_of(&orders.stripes()[0]).await, texts_of(&orders.stripes()[1]).await];
    assert_eq!(after, before);
}

#[tokio::test]
async fn letters_cannot_go_back_into_their_own_queue_by_a_stripe_of_that_name() {
    let service = service();
    let queues = ["orders-0", "orders-poison"].map(|name| service.queue(name).unwrap());
    let poison = queues[1].clone();
    let orders = Striped::new("orders", queues).unwrap();
    orders.create_if_missing().await.unwrap();
    let error = redrive_striped(&poison, &orders).await.unwrap_err();
    assert!(error.to_string().contains("from a queue to itself"), "{error}");
}
