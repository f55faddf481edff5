//! Encrypted messages through producer and processor.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use queue_client::{
    BoxFuture, MessageCodec as _,
    encryption::{ContentKey, Encrypted, KeyEncryptionKey, KeyError},
    processor::{
        BodyStore, BoxError, Outcome, Oversize, Processor, Producer, RetryDelay,
        dead_letter::{DeadLetter, DeadLetterSink, DeadLetterTo, SinkError},
    },
};

use crate::support::{key, other, queue, text};

#[derive(Debug, Default)]
struct Memory(Mutex<HashMap<String, Bytes>>);

impl BodyStore for Memory {
    fn put<'a>(&'a self, key: &'a str, body: Bytes) -> BoxFuture<'a, Result<(), BoxError>> {
        self.0.lock().unwrap().insert(key.to_owned(), body);
        Box::pin(async { Ok(()) })
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Bytes, BoxError>> {
        let body = self.0.lock().unwrap().get(key).cloned();
        Box::pin(async { body.ok_or_else(|| "there is no such body".into()) })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        self.0.lock().unwrap().remove(key);
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn a_stored_body_is_encrypted_too() {
    let queue = queue().await.with_codec(Encrypted::new(key()));
    let store = Arc::new(Memory::default());
    let producer = Producer::new(queue.clone()).oversize(Oversize::ClaimCheck(store.clone()));
    let body = "bottle ".repeat(100_000);
    producer.send(&body).await.unwrap();
    {
        let bodies = store.0.lock().unwrap();
        let stored = std::str::from_utf8(bodies.values().next().unwrap()).unwrap();
        assert!(stored.len() > 900_000 && !stored.contains("bottle"));
    }
    let report = Processor::new(queue)
        .body_store(store.clone())
        .drain_once(move |message| {
            let whole = *message.body() == body;
            async move { if whole { Ok(()) } else { Err("another body".into()) } }
        })
        .await
        .unwrap();
    assert_eq!(report.counters.completed, 1);
    assert!(store.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_checkpoint_and_a_dead_letter_stay_encrypted() {
    let plain = queue().await;
    let queue = plain.clone().with_codec(Encrypted::new(key()));
    Producer::new(queue.clone()).send(&"17 bottles".to_owned()).await.unwrap();
    let letters = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&letters);
    let sink = DeadLetterTo::sink(Letters(seen));
    Processor::new(queue.clone())
        .dead_letter(sink)
        .drain_once(|message| async move {
            assert_eq!(message.body(), "17 bottles");
            message.checkpoint(&"16 bottles".to_owned()).await?;
            Ok(Outcome::DeadLetter { reason: "no more".into() })
        })
        .await
        .unwrap();
    let letter = letters.lock().unwrap().pop().unwrap();
    assert!(!letter.contains("bottles"), "{letter}");
    assert_eq!(queue.codec().read(&text(letter)).finish().await.unwrap(), "16 bottles");
}

#[derive(Debug)]
struct Letters(Arc<Mutex<Vec<String>>>);

impl DeadLetterSink for Letters {
    fn store(&self, letter: DeadLetter) -> BoxFuture<'_, Result<(), SinkError>> {
        self.0.lock().unwrap().push(letter.text.as_str().to_owned());
        Box::pin(async { Ok(()) })
    }
}

/// A key in a vault that is away for the first calls.
#[derive(Debug)]
struct Away(AtomicU32);

impl KeyEncryptionKey for Away {
    fn id(&self) -> &str {
        "local:key1"
    }

    fn algorithm(&self) -> &str {
        "A256KW"
    }

    fn wrap_key<'a>(&'a self, content: &'a ContentKey) -> BoxFuture<'a, Result<Vec<u8>, KeyError>> {
        Box::pin(async { key().wrap_key(content).await })
    }

    fn unwrap_key<'a>(
        &'a self,
        wrapped: &'a [u8],
        algorithm: &'a str,
    ) -> BoxFuture<'a, Result<ContentKey, KeyError>> {
        Box::pin(async move {
            let left = |left: u32| left.checked_sub(1);
            if self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_ok() {
                return Err(KeyError::Unavailable("no route to the vault".into()));
            }
            key().unwrap_key(wrapped, algorithm).await
        })
    }
}

#[tokio::test]
async fn a_vault_that_is_away_kills_no_message_and_a_wrong_key_does() {
    let plain = queue().await;
    let queue = plain.clone().with_codec(Encrypted::new(Away(AtomicU32::new(3))));
    queue.send("17 bottles").await.unwrap();
    plain.clone().with_codec(Encrypted::new(other("local:key1"))).send("x").await.unwrap();
    let (mut completed, mut retried, mut dead) = (0, 0, 0);
    for _ in 0..5 {
        let report = Processor::new(queue.clone())
            .retry(RetryDelay::new(Duration::ZERO, Duration::ZERO))
            .drain_once(|message| async move {
                assert_eq!(message.body(), "17 bottles");
                Ok(())
            })
            .await
            .unwrap();
        completed += report.counters.completed;
        retried += report.counters.retried;
        dead += report.counters.dead_lettered;
        if completed + dead == 2 {
            break;
        }
    }
    assert_eq!((completed, retried, dead), (1, 3, 1));
}
