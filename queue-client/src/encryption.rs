//! Client-side encryption: what nobody can read who has no key, neither in the queue nor on the way.
//!
//! [`Encrypted`] is a codec around any other one. What that writes is encrypted with a key of its
//! own for each message (AES-256-GCM, version 2 of the format of Microsoft's SDKs), and that key is
//! wrapped by a [`KeyEncryptionKey`]: one of AES or RSA in this process, or one in a key vault.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = queue_emulator::Emulator::new();
//! # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
//! #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
//! #     .build()?;
//! use queue_client::{codec::Text, encryption::{AesKey, Encrypted, KeyRing}};
//!
//! # let secret = [7; 32];
//! let key = AesKey::new("orders-2026", &secret); // 32 random bytes
//! let orders = service.queue("orders")?;
//! # orders.create().await?;
//! let sender = orders.clone().with_codec(Encrypted::new(key.clone()).over(Text));
//! sender.send("17 bottles").await?;
//!
//! let peeked = orders.peek(1).await?.remove(0);
//! assert!(!peeked.text().contains("bottles"));
//!
//! // Rotation: write with a new key, and still read what the old one wrote.
//! # let secret = [8; 32];
//! let new = AesKey::new("orders-2027", &secret);
//! let receiver = orders.with_codec(Encrypted::new(new).resolver(KeyRing::new().with(key)));
//! let message = receiver.receive_one().await?.ok_or("no message")?;
//! assert_eq!(receiver.read(&message).await?, "17 bottles");
//! receiver.delete(&message).await?;
//! # Ok(())
//! # }
//! ```
//!
//! A key may have to be waited for, so a message is read with
//! [`QueueClient::read`](crate::QueueClient::read), and what was peeked with the codec itself
//! ([`MessageCodec::read`](crate::MessageCodec::read)). Producers and processors use the codec as
//! any other: a body in a body store is encrypted, and so is the text inside of a dead letter, while
//! the trace of a message and what is known about a dead letter are not.
//!
//! # What is protected
//!
//! * Who has no key cannot read a message, nor change one, nor make one.
//! * Who can send to the queue can delete, hide and repeat messages, and exchange one for another that
//!   was encrypted with the same key: nothing ties a text to its message, to its queue or to its place
//!   in time. Put into the value what must be tied.
//! * The id of the key, the algorithm and the size of the text are not secret.
//! * Messages of **version 1** (AES-256-CBC) are read and never written. Nothing protects them from
//!   changes, and who can try texts on a receiver and see how it fails may find out what they say. Call
//!   [`refuse_version_1`](Encrypted::refuse_version_1) when none is left.
//!
//! Each message costs one call of its key to write and one to read, which counts if the key is in a
//! vault. The text grows by a third and about 500 bytes: 48,000 bytes fit into a message. What is
//! larger fails before anything is sent.
//!
//! # What fails
//!
//! Every failure is an [`EncryptionError`], as the source of a
//! [`CodecError::Encryption`](queue_proto::codec::CodecError::Encryption) on reading and of a
//! [`Cause::Encryption`](crate::Cause::Encryption) on sending. A processor makes the message a dead
//! letter, still encrypted, unless the failure is temporary
//! ([`KeyError::Unavailable`]): then the delivery is tried again.
//!
//! # Who reads and writes what
//!
//! | Written by | This crate | Python 12.18 | .NET 12 |
//! | --- | --- | --- | --- |
//! | this crate, version 2 | reads | reads | reads, by its documentation |
//! | Python 12.18, version 1 or 2 | reads | reads | – |
//! | .NET 12, version 1 or 2 | reads, by its documentation | – | reads |
//! | any, version 2.1 | reads | reads | reads, by its documentation |
//!
//! Python encrypts what its message encoding made of the text, so the inner codec has to be the one
//! that fits: [`Base64Text`](crate::codec::Base64Text) for `TextBase64EncodePolicy`. An empty text it
//! sends as it is, so that is refused here, unless encryption is not required. .NET encrypts the
//! text itself, and its `MessageEncoding.Base64` goes around all: [`Encrypted::in_base64`]. JavaScript
//! and the official Rust crate cannot encrypt.

mod aes_key;
mod content;
mod encrypted;
mod envelope;
mod error;
mod key;
#[cfg(feature = "encryption-rsa")]
mod rsa_key;

#[cfg(feature = "encryption-rsa")]
pub use self::rsa_key::RsaKey;
pub use self::{
    aes_key::{AesKey, InvalidKey},
    encrypted::Encrypted,
    error::{EncryptionError, KeyError},
    key::{ContentKey, KeyEncryptionKey, KeyResolver, KeyRing},
};
