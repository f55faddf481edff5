//! Encrypted messages through a queue.

use std::time::Duration;

use queue_client::{
    Cause, MessageCodec as _, OpFailure,
    codec::{Base64Text, CodecError},
    encryption::{Encrypted, EncryptionError, KeyRing},
};

use crate::support::{key, queue, seal};

#[tokio::test]
async fn sent_updated_peeked_and_read() {
    let plain = queue().await;
    let orders = plain.clone().with_codec(Encrypted::new(key()).over(Base64Text));
    orders.send("17 bottles").await.unwrap();
    let mut message = orders.receive_one().await.unwrap().unwrap();
    assert!(!message.text().contains("bottles"));
    assert_eq!(orders.read(&message).await.unwrap(), "17 bottles");
    orders.update(&mut message, Duration::ZERO).value("16 bottles").await.unwrap();
    assert_eq!(orders.read(&message).await.unwrap(), "16 bottles");
    let peeked = plain.peek(1).await.unwrap().remove(0);
    assert!(!peeked.text().contains("bottles"));
    assert_eq!(orders.codec().read(peeked.message_text()).finish().await.unwrap(), "16 bottles");
    for result in orders.send_all(["a", "b", "c"]).await {
        result.unwrap();
    }
    let mut read = Vec::new();
    for message in orders.receive(32).await.unwrap() {
        read.push(orders.read(&message).await.unwrap());
    }
    assert_eq!(read, ["16 bottles", "a", "b", "c"]);
}

#[cfg(feature = "json")]
#[tokio::test]
async fn around_json() {
    use queue_client::codec::Json;

    let values = queue().await.with_codec(Encrypted::new(key()).over(Json::<Vec<u32>>::new()));
    values.send(vec![17, 3]).await.unwrap();
    let message = values.receive_one().await.unwrap().unwrap();
    assert_eq!(values.read(&message).await.unwrap(), [17, 3]);
    // The inner codec's own error stays what it is.
    let texts = values.clone().with_codec(Encrypted::new(key()));
    texts.send("no list").await.unwrap();
    let message = texts.receive_one().await.unwrap().unwrap();
    let error = values.read(&message).await.unwrap_err();
    assert!(matches!(error, CodecError::Value { .. }), "{error:?}");
}

#[tokio::test]
async fn the_size_counts_after_encryption() {
    let orders = queue().await.with_codec(Encrypted::new(key()));
    let around = seal(orders.codec(), "").await.len();
    // The content is nonce, text and tag in base64; 28 bytes of it are there in any case.
    let limit = 65_536;
    let most = (0..limit).rev().find(|size| {
        around - 28_usize.div_ceil(3) * 4 + (size + 28_usize).div_ceil(3) * 4 <= limit
    });
    let most = most.unwrap();
    assert!(most > 48_000, "{most}");
    orders.send("x".repeat(most)).await.unwrap();
    let error = orders.send("x".repeat(most + 1)).await.unwrap_err();
    assert_eq!(*error.failure(), OpFailure::NotSent);
    assert_eq!(error.attempts(), 0);
    let Cause::InvalidArgument(cause) = error.cause() else { panic!("{error:?}") };
    let Some(CodecError::TooLarge { raw, encoded, .. }) = cause.downcast_ref() else {
        panic!("{cause:?}")
    };
    assert!(*raw == most + 1 && *encoded > limit && *encoded <= limit + 4);
    assert_eq!(orders.count_visible().await.unwrap().to_string(), "1 visible");
}

#[tokio::test]
async fn without_a_key_nothing_is_sent() {
    let orders = queue().await.with_codec(Encrypted::reader(KeyRing::new().with(key())));
    let error = orders.send("17 bottles").await.unwrap_err();
    let Cause::Encryption(cause) = error.cause() else { panic!("{error:?}") };
    assert!(matches!(cause.downcast_ref(), Some(EncryptionError::NoKey)));
    assert_eq!(*error.failure(), OpFailure::NotSent);
    assert_eq!(
        error.to_string(),
        "the message was not encrypted, nor sent: there is no key to encrypt with, only a resolver \
         to decrypt"
    );
}

#[cfg(feature = "blocking")]
#[test]
fn without_async() {
    let emulator = queue_emulator::Emulator::new();
    let builder = queue_client::QueueServiceClient::builder_from_connection_string(
        "UseDevelopmentStorage=true",
    );
    let orders = builder
        .unwrap()
        .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
        .build_blocking()
        .unwrap()
        .queue("orders")
        .unwrap()
        .with_codec(Encrypted::new(key()));
    orders.create().unwrap();
    orders.send("17 bottles").run().unwrap();
    let message = orders.receive_one().unwrap().unwrap();
    assert_eq!(orders.read(&message).unwrap(), "17 bottles");
}
