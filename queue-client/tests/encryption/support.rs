//! Keys, and the file of vectors.

use std::{error::Error, sync::LazyLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use queue_client::{
    MessageCodec, Payload, QueueClient, QueueServiceClient,
    codec::{CodecError, Text},
    encryption::{AesKey, Encrypted, EncryptionError},
    proto::MessageText,
    transport::from_fn,
};
use queue_emulator::Emulator;
use serde_json::Value;

pub(crate) static FILE: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("vectors.json")).unwrap());

pub(crate) fn field(name: &str) -> &'static str {
    FILE[name].as_str().unwrap()
}

#[cfg(feature = "encryption-rsa")]
pub(crate) fn der(name: &str) -> Vec<u8> {
    STANDARD.decode(field(name)).unwrap()
}

pub(crate) fn key() -> AesKey {
    AesKey::from_base64(field("key_id"), field("key")).unwrap()
}

/// Another key, of this id.
pub(crate) fn other(id: &str) -> AesKey {
    AesKey::from_base64(id, &STANDARD.encode([9; 32])).unwrap()
}

pub(crate) fn text(text: impl Into<String>) -> MessageText {
    MessageText::of_any_size(text).unwrap()
}

/// What a codec of text makes of this.
pub(crate) async fn open(
    codec: &impl MessageCodec<Value = String>,
    envelope: &str,
) -> Result<String, CodecError> {
    codec.read(&text(envelope)).finish().await
}

pub(crate) async fn seal(codec: &Encrypted<Text>, value: &str) -> String {
    let value = value.to_owned();
    codec.write(Payload::Borrowed(&value)).finish().await.unwrap().into_string()
}

/// The reason why a codec that encrypts failed, and whether it is temporary. Nothing that it says has
/// any of the secrets in it.
pub(crate) fn reason(error: &CodecError) -> (&EncryptionError, bool) {
    let CodecError::Encryption { cause, temporary, .. } = error else { panic!("{error:?}") };
    (cause.downcast_ref().unwrap(), *temporary)
}

/// All that an error says, in any way.
pub(crate) fn said(error: &dyn Error) -> String {
    let mut said = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(cause) = source {
        said.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    said
}

/// A queue on an emulator in this process.
pub(crate) async fn queue() -> QueueClient {
    let emulator = Emulator::new();
    let builder =
        QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true").unwrap();
    let builder = builder.transport(from_fn(move |request| Ok(emulator.handle(request))));
    let queue = builder.build().unwrap().queue("orders").unwrap();
    queue.create().await.unwrap();
    queue
}
