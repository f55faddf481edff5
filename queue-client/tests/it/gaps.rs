//! What is refused before it is sent, what can be sent, and what a queue says about its messages.

use std::time::Duration;

use queue_client::{OpFailure, QueueName, codec::Base64Bytes, runtime::Runtime};

use crate::support::queue;

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn what_would_never_be_seen_is_refused_before_it_is_sent() {
    let (orders, line, _) = queue().await;
    let hour = Duration::from_secs(3600);
    for call in [
        orders.send("a").visibility_timeout(hour).time_to_live(hour),
        orders.send("a").visibility_timeout(hour * 2).time_to_live(hour),
        orders.send("a").visibility_timeout(7 * DAY),
    ] {
        let error = call.await.unwrap_err();
        assert_eq!((error.failure(), error.attempts()), (&OpFailure::NotSent, 0));
        assert!(error.to_string().contains("must be shorter than the time to live"), "{error}");
    }
    assert_eq!(line.sent(), []);

    orders.send("a").visibility_timeout(hour).never_expires().await.unwrap();
    orders.send("a").visibility_timeout(7 * DAY).time_to_live(8 * DAY).await.unwrap();
    orders.send("a").time_to_live(hour).await.unwrap();
    let mut message = orders.receive_one().await.unwrap().unwrap();
    line.next([]);
    let error = orders.update(&mut message, hour).await.unwrap_err();
    assert!(error.to_string().contains("must be shorter than the time to live"), "{error}");
    assert_eq!(line.sent(), []);
    orders.update(&mut message, hour / 2).await.unwrap();
}

#[tokio::test]
async fn an_endless_time_to_live_points_to_never_expires() {
    let (orders, ..) = queue().await;
    for time in [Duration::MAX, Duration::from_secs(1 << 31), Duration::from_millis(u64::MAX)] {
        let error = orders.send("a").time_to_live(time).await.unwrap_err();
        assert!(error.to_string().contains("or never (`never_expires`)"), "{error}");
    }
    let error = orders.send("a").time_to_live(Duration::from_millis(1500)).await.unwrap_err();
    assert!(error.to_string().contains("must be whole seconds"), "{error}");
}

#[tokio::test]
async fn a_message_knows_its_end() {
    let (orders, _, time) = queue().await;
    orders.send("a").time_to_live(Duration::from_secs(60)).await.unwrap();
    let message = orders.receive_one().await.unwrap().unwrap();
    assert_eq!(message.expires_at(), Some(message.inserted_at() + Duration::from_secs(60)));
    orders.send("b").never_expires().await.unwrap();
    assert_eq!(orders.receive_one().await.unwrap().unwrap().expires_at(), None);
    drop(time);
}

#[tokio::test]
async fn the_backlog_is_what_can_be_received() {
    let (orders, _, time) = queue().await;
    let backlog = orders.backlog().await.unwrap();
    assert_eq!((backlog.visible(), backlog.oldest_age()), (0, None));
    assert_eq!(backlog.to_string(), "0 visible");

    orders.send("a").await.unwrap();
    time.advance(Duration::from_secs(90));
    orders.send("b").await.unwrap();
    orders.send("later").visibility_timeout(DAY).await.unwrap();
    let backlog = orders.backlog().await.unwrap();
    assert_eq!((backlog.visible(), backlog.is_capped()), (2, false));
    assert_eq!(backlog.oldest_age(), Some(Duration::from_secs(90)));
    assert_eq!(backlog.to_string(), "2 visible, the oldest for 90 s");
    // The age is taken from the service's time, so a clock that is behind gives none below zero.
    assert!(time.elapsed() >= Duration::from_secs(90));

    for _ in 0..32 {
        orders.send("c").await.unwrap();
    }
    let backlog = orders.backlog().await.unwrap();
    assert_eq!((backlog.visible(), backlog.is_capped()), (32, true));
    assert!(backlog.to_string().starts_with("32 or more visible"), "{backlog}");
}

#[tokio::test]
async fn names_and_values_can_be_borrowed() {
    let (orders, ..) = queue().await;
    let name = "orders".to_owned();
    let (service, ..) = crate::support::service();
    service.queue(&name).unwrap();
    service.queue(name.as_str()).unwrap();
    let checked = QueueName::new(name.clone()).unwrap();
    service.queue(&checked).unwrap();
    service.queue(checked).unwrap();
    service.queue(std::borrow::Cow::from(&name)).unwrap();
    service.queue(name).unwrap();

    let text = "17 bottles".to_owned();
    orders.send(&text).await.unwrap();
    orders.send(&*text).await.unwrap();
    for text in [&text.as_str()] {
        orders.send(text).await.unwrap();
    }
    orders.send(text.clone()).await.unwrap();
    orders.send_all(&[text.clone(), text.clone()]).await;
    orders.send_all(["a", "b"]).await;
    let mut message = orders.receive_one().await.unwrap().unwrap();
    orders.update(&mut message, Duration::ZERO).value(&text).await.unwrap();
    assert_eq!(message.text(), text);
    assert_eq!(orders.properties().await.unwrap().approximate_messages_count(), 8);
    orders.clear().await.unwrap();

    let bytes = orders.with_codec(Base64Bytes);
    let vector = vec![0_u8, 1, 2];
    bytes.send(&vector).await.unwrap();
    bytes.send(vector.as_slice()).await.unwrap();
    bytes.send(b"\x00\x01\x02").await.unwrap();
    bytes.send(vector).await.unwrap();
    for message in bytes.receive(32).await.unwrap() {
        assert_eq!(bytes.decode(&message).unwrap(), &b"\x00\x01\x02"[..]);
    }
}

#[cfg(feature = "json")]
#[tokio::test]
async fn a_typed_value_can_be_borrowed() {
    use queue_client::codec::Json;

    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Order {
        bottles: u32,
    }

    let (orders, ..) = queue().await;
    let orders = orders.with_codec(Json::<Order>::new());
    let order = Order { bottles: 17 };
    orders.send(&order).await.unwrap();
    orders.send_all([&order]).await;
    let mut message = orders.receive_one().await.unwrap().unwrap();
    orders.update(&mut message, Duration::ZERO).value(&order).await.unwrap();
    assert_eq!(orders.decode(&message).unwrap(), order);
    orders.send(order).await.unwrap();
}
