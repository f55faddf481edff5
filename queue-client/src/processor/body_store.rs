//! [`BodyStore`]: where bodies are that are too large for a message, which is a pointer then.

#[cfg(feature = "object-store")]
mod object;
mod sweep;

use std::{error::Error as StdError, fmt, sync::Arc};

use bytes::Bytes;
use queue_auth::BoxFuture;
use queue_proto::{MessageText, QueueName};

#[cfg(feature = "object-store")]
pub use self::object::ObjectBodyStore;
pub use self::sweep::{ListBodies, StoredBody, Sweep, SweepError, SweepReport};
use super::{
    envelope::pointer::{OtherBody, Pointer},
    explanation::{BoxError, presentable},
};

/// A place for bodies that do not fit into a message: blobs, a database, a file system.
///
/// A [`Producer`](super::Producer) puts a body before it sends the message that points to it, and a
/// [`Processor`](super::Processor) deletes it after the message is known to be deleted. In doubt a
/// body stays, so the store should let bodies expire some time after the messages do.
///
/// Keys have 1 to 128 letters, digits, `-`, `_` and `.`, and start with a letter or digit. Those that a
/// producer makes are the name of the queue and 128 random bits, which nobody can guess. They come out
/// of messages: whoever can send to the queue can name any key, so a store should hold nothing else
/// than bodies. What comes out of the store is compared by size and digest with what was stored.
///
/// Each message has a body of its own: a producer that puts a message again after a lost answer stores
/// the body again, and so does a processor that makes the message a dead letter. So whatever crashes,
/// there is no message whose body was deleted, but there may be bodies that no message points to; a
/// [`Sweep`](super::Sweep) finds these. What [`redrive`](super::dead_letter::redrive) brings back says
/// that it may share its body, which then stays for the sweep. A program that copies messages with
/// [`copy_to`](crate::QueueClient::copy_to), or by hand, makes two that point to one body: the first
/// that is completed deletes the body of both.
pub trait BodyStore: fmt::Debug + Send + Sync + 'static {
    /// Stores a body durably. No body has this key yet.
    fn put<'a>(&'a self, key: &'a str, body: Bytes) -> BoxFuture<'a, Result<(), BoxError>>;

    /// Gets the body with this key. A body that is missing is an error too: the delivery is tried
    /// again, and in the end the message becomes a dead letter.
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Bytes, BoxError>>;

    /// Deletes the body with this key. An error is logged, and the body stays.
    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BoxError>>;
}

/// What a producer does with a body that does not fit into a message.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Oversize {
    /// The producer fails, and sends nothing.
    #[default]
    Fail,
    /// The producer puts the body into a store, and sends a pointer to it. The receivers need
    /// [the same store](super::Processor::body_store).
    ClaimCheck(Arc<dyn BodyStore>),
}

/// A body is not where a message says that it is, or is another one.
#[derive(Debug)]
pub(super) enum NoBody {
    NoStore,
    Store(BoxError),
    Other(OtherBody),
    NotText(BoxError),
}

impl fmt::Display for NoBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoStore => {
                f.write_str("the body of the message is in a store, and this processor has none")
            }
            Self::Store(_) => f.write_str("the body of the message did not come from its store"),
            Self::Other(OtherBody::Size { stored, found }) => write!(
                f,
                "the store has another body than the message's: one of {found} bytes, not {stored}"
            ),
            Self::Other(OtherBody::Content) => f.write_str(
                "the store has another body than the message's: of the same size, with another digest",
            ),
            Self::NotText(_) => f.write_str("the body of the message is no text"),
        }
    }
}

impl StdError for NoBody {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Store(cause) | Self::NotText(cause) => Some(&**cause),
            Self::NoStore | Self::Other(_) => None,
        }
    }
}

/// The text that a message points to.
pub(super) async fn fetch(
    store: Option<&dyn BodyStore>,
    pointer: &Pointer,
) -> Result<MessageText, NoBody> {
    let Some(store) = store else { return Err(NoBody::NoStore) };
    let body = store.get(pointer.key()).await.map_err(NoBody::Store)?;
    pointer.check(&body).map_err(NoBody::Other)?;
    // The error of the conversion has the body in it.
    let text = String::from_utf8(body.into())
        .map_err(|error| NoBody::NotText(error.utf8_error().into()))?;
    MessageText::of_any_size(text).map_err(|error| NoBody::NotText(error.into()))
}

/// Stores a body, and says where.
pub(super) async fn keep(
    store: &dyn BodyStore,
    queue: &QueueName,
    body: Bytes,
) -> Result<Pointer, BoxError> {
    let pointer = Pointer::unique(queue, &body)
        .map_err(|error| format!("the operating system gave no random numbers: {error}"))?;
    store.put(pointer.key(), body).await?;
    Ok(pointer)
}

/// Deletes what nobody needs any more.
pub(super) async fn discard(store: &dyn BodyStore, pointer: &Pointer) {
    if let Err(error) = store.delete(pointer.key()).await {
        tracing::warn!(
            target: "queue_client::processor",
            key = pointer.key(),
            error = %presentable(&error.to_string()),
            "a body that nobody needs any more stays in its store"
        );
    }
}
