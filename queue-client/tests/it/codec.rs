//! Codecs: what the text of a message means, and that programs agree on it.

use queue_client::codec::{Base64Bytes, Base64Text, CodecError};

use crate::support::queue;

#[tokio::test]
async fn programs_with_the_same_codec_understand_each_other() {
    let (queue, ..) = queue().await;
    let bytes = queue.clone().with_codec(Base64Bytes);
    bytes.send(vec![0, 159, 146, 150]).await.unwrap();
    let message = bytes.receive_one().await.unwrap().unwrap();
    assert_eq!(message.text(), "AJ+Slg==");
    assert_eq!(bytes.decode(&message).unwrap(), vec![0, 159, 146, 150]);
}

#[tokio::test]
async fn what_cannot_be_decoded_is_not_lost() {
    let (queue, ..) = queue().await;
    queue.send("plain").await.unwrap();
    queue.clone().with_codec(Base64Text).send("encoded").await.unwrap();

    let encoded = queue.with_codec(Base64Text);
    let messages = encoded.receive(2).await.unwrap();
    let values: Vec<_> = messages.iter().map(|message| encoded.decode(message)).collect();
    assert!(matches!(values[0], Err(CodecError::NotBase64 { .. })), "{values:?}");
    assert_eq!(messages[0].text(), "plain");
    assert_eq!(values[1].as_deref().unwrap(), "encoded");
    encoded.delete(&messages[0]).await.unwrap();
}

#[tokio::test]
async fn update_writes_with_the_codec() {
    let (queue, ..) = queue().await;
    let encoded = queue.with_codec(Base64Text);
    encoded.send("step 1").await.unwrap();
    let mut message = encoded.receive_one().await.unwrap().unwrap();
    encoded.update(&mut message, std::time::Duration::ZERO).value("step 2").await.unwrap();
    let again = encoded.receive_one().await.unwrap().unwrap();
    assert_eq!(encoded.decode(&again).unwrap(), "step 2");
    assert_eq!(message.text(), again.text());
}

#[tokio::test]
async fn the_size_counts_after_encoding() {
    let (queue, line, _) = queue().await;
    let bytes = queue.with_codec(Base64Bytes);
    bytes.send(vec![0; 49_152]).await.unwrap();
    line.next([]);
    let error = bytes.send(vec![0; 49_153]).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "message has 49153 bytes, 65540 as base64 of bytes: the limit is 65536"
    );
    assert!(line.sent().is_empty());
}
