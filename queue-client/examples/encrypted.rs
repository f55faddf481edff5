//! Sends and receives messages that only those can read who have a key.
//!
//! `QUEUE_KEY` is base64 of 32 random bytes, and `QUEUE_KEY_ID` what the key is called. A program with
//! `QUEUE_RSA_KEY`, the name of a file with a private key of RSA (PKCS #8 in DER), encrypts with that,
//! under the id `QUEUE_RSA_KEY_ID`, and reads what was encrypted with either.
//!
//! ```sh
//! export AZURE_STORAGE_CONNECTION_STRING="UseDevelopmentStorage=true"
//! export QUEUE_KEY=$(openssl rand -base64 32) QUEUE_KEY_ID=orders-1
//! cargo run --package queue-client --features encryption-rsa --example encrypted -- send orders "17 bottles"
//! cargo run --package queue-client --features encryption-rsa --example encrypted -- receive orders
//! ```

use std::{env, error::Error};

use queue_client::{
    QueueServiceClient,
    encryption::{AesKey, Encrypted, KeyRing, RsaKey},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut words = env::args().skip(1);
    let (verb, queue) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let codec = codec()?;
    let service = QueueServiceClient::from_env()?;
    match verb.as_str() {
        "send" => send(&service, &queue, codec, words.collect()).await,
        "receive" => {
            for text in receive(&service, &queue, codec).await? {
                println!("{text}");
            }
            Ok(())
        }
        _ => Err("use `send QUEUE TEXT ...` or `receive QUEUE`".into()),
    }
}

fn codec() -> Result<Encrypted, Box<dyn Error>> {
    let aes = AesKey::from_base64(&env::var("QUEUE_KEY_ID")?, &env::var("QUEUE_KEY")?)?;
    let Ok(file) = env::var("QUEUE_RSA_KEY") else { return Ok(Encrypted::new(aes)) };
    let rsa = RsaKey::from_pkcs8(&env::var("QUEUE_RSA_KEY_ID")?, &std::fs::read(file)?)?;
    Ok(Encrypted::new(rsa).resolver(KeyRing::new().with(aes)))
}

pub(crate) async fn send(
    service: &QueueServiceClient,
    queue: &str,
    codec: Encrypted,
    texts: Vec<String>,
) -> Result<(), Box<dyn Error>> {
    let queue = service.queue(queue)?.with_codec(codec);
    queue.create_if_missing().await?;
    for text in texts {
        queue.send(text).await?;
    }
    Ok(())
}

pub(crate) async fn receive(
    service: &QueueServiceClient,
    queue: &str,
    codec: Encrypted,
) -> Result<Vec<String>, Box<dyn Error>> {
    let queue = service.queue(queue)?.with_codec(codec);
    let mut texts = Vec::new();
    for message in queue.receive(32).await? {
        // What cannot be decrypted stays: it comes back after 30 seconds.
        texts.push(queue.read(&message).await?);
        queue.delete(&message).await?;
    }
    Ok(texts)
}
