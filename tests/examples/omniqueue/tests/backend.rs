//! The backend on the emulator: what omniqueue promises about acknowledging, delays and JSON.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

use std::time::Duration;

use omniqueue::{QueueError, QueueProducer as _, ScheduledQueueProducer as _};
use queue_client::{QueueClient, runtime::ManualRuntime, testing::in_process};
use queue_emulator::Emulator;
use queue_example_omniqueue::{
    AzureQueueBackend, AzureQueueConfig, AzureQueueConsumer, AzureQueueProducer,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    bottles: u32,
}

const RECEIVE_TIMEOUT: Duration = Duration::from_secs(180);

async fn pair() -> (AzureQueueProducer, AzureQueueConsumer, QueueClient, ManualRuntime) {
    let (service, time) = in_process(Emulator::handler).unwrap();
    let queue = service.queue("orders").unwrap();
    queue.create().await.unwrap();
    let config = AzureQueueConfig::new(queue.clone());
    let (producer, consumer) = AzureQueueBackend::builder(config).build_pair().await.unwrap();
    (producer, consumer, queue, time)
}

#[tokio::test]
async fn what_is_acknowledged_is_gone() {
    let (producer, mut consumer, queue, time) = pair().await;
    producer.send_raw("17 bottles").await.unwrap();
    producer.send_serde_json(&Order { bottles: 17 }).await.unwrap();
    let mut plain = consumer.receive().await.unwrap();
    assert_eq!(plain.borrow_payload(), Some(&b"17 bottles"[..]));
    assert_eq!(plain.take_payload(), Some(b"17 bottles".to_vec()));
    assert_eq!(plain.borrow_payload(), None);
    plain.ack().await.unwrap();
    let json = consumer.receive().await.unwrap();
    assert_eq!(json.payload_serde_json().unwrap(), Some(Order { bottles: 17 }));
    json.ack().await.unwrap();
    time.advance(RECEIVE_TIMEOUT);
    assert!(matches!(consumer.receive().await, Err(QueueError::NoData)));
    assert_eq!(queue.properties().await.unwrap().approximate_messages_count(), 0);
}

#[tokio::test]
async fn what_is_not_acknowledged_comes_back() {
    let (producer, mut consumer, _, time) = pair().await;
    producer.send_raw("17 bottles").await.unwrap();
    consumer.receive().await.unwrap().nack().await.unwrap();
    let forgotten = consumer.receive().await.unwrap();
    assert!(matches!(consumer.receive().await, Err(QueueError::NoData)));
    time.advance(RECEIVE_TIMEOUT);

    let mut again = consumer.receive().await.unwrap();
    let (_, forgotten) = forgotten.ack().await.unwrap_err();
    assert_eq!(forgotten.borrow_payload(), Some(&b"17 bottles"[..]), "the delivery is kept");
    again.set_ack_deadline(RECEIVE_TIMEOUT * 2).await.unwrap();
    time.advance(RECEIVE_TIMEOUT);
    assert!(matches!(consumer.receive().await, Err(QueueError::NoData)));
    again.ack().await.unwrap();
}

#[tokio::test]
async fn a_scheduled_message_waits_for_its_time() {
    let (producer, mut consumer, _, time) = pair().await;
    let minute = Duration::from_secs(60);
    producer.send_serde_json_scheduled(&Order { bottles: 3 }, minute).await.unwrap();
    assert!(matches!(consumer.receive().await, Err(QueueError::NoData)));
    time.advance(minute);
    consumer.receive().await.unwrap();
}

#[tokio::test]
async fn a_producer_is_used_as_any_other() {
    let (producer, mut consumer, _, _) = pair().await;
    let dynamic = producer.into_dyn_scheduled();
    dynamic.send_bytes(b"17 bottles").await.unwrap();
    dynamic.send_serde_json(&Order { bottles: 17 }).await.unwrap();
    assert_eq!(consumer.receive_all(64, Duration::ZERO).await.unwrap().len(), 2);
    assert_eq!(consumer.max_messages().map(std::num::NonZero::get), Some(32));
    assert!(matches!(dynamic.redrive_dlq().await, Err(QueueError::Unsupported(_))));
}

#[tokio::test(start_paused = true)]
async fn an_empty_queue_is_asked_until_the_deadline() {
    let (producer, mut consumer, _, _) = pair().await;
    let second = Duration::from_secs(1);
    let started = tokio::time::Instant::now();
    assert!(consumer.receive_all(5, second).await.unwrap().is_empty());
    assert_eq!(started.elapsed().as_secs(), 1);

    let (sent, received) = tokio::join!(
        async {
            tokio::time::sleep(second).await;
            producer.send_raw("late").await
        },
        consumer.receive_all(5, second * 60)
    );
    sent.unwrap();
    assert_eq!(received.unwrap().len(), 1);
    assert!(started.elapsed() < second * 5);
}

#[tokio::test]
async fn what_is_too_large_is_refused_with_its_size() {
    let (producer, ..) = pair().await;
    let error = producer.send_raw(&"x".repeat(70_000)).await.unwrap_err();
    assert!(
        matches!(error, QueueError::PayloadTooLarge { actual: 70_000, limit: 65_536 }),
        "{error}"
    );
}

#[test]
fn a_connection_string_is_enough() {
    let config = AzureQueueConfig::from_connection_string("UseDevelopmentStorage=true", "orders");
    assert!(!format!("{:?}", config.unwrap()).contains("Eby8vdM02"), "no key is shown");
    AzureQueueConfig::from_connection_string("AccountName=x", "orders").unwrap_err();
    AzureQueueConfig::from_connection_string("UseDevelopmentStorage=true", "Orders").unwrap_err();
}
