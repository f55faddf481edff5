//! [`BodyStore`]: where bodies are that are too large for a message, which is a pointer then.

use std::{error::Error as StdError, fmt, sync::Arc};

use bytes::Bytes;
use queue_auth::BoxFuture;
use queue_proto::MessageText;

use super::{
    envelope::pointer::Pointer,
    explanation::{BoxError, presentable},
};

/// A place for bodies that do not fit into a message: blobs, a database, a file system.
///
/// A [`Producer`](super::Producer) puts a body before it sends the message that points to it, and a
/// [`Processor`](super::Processor) deletes it after the message is known to be deleted. In doubt a
/// body stays, so the store should let bodies expire some time after the messages do.
///
/// Keys have 1 to 128 letters, digits, `-`, `_` and `.`, and start with a letter or digit. They come
/// out of messages: whoever can send to the queue can name any key, so a store should hold nothing
/// else than bodies.
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

/// A body is not where a message says that it is.
#[derive(Debug)]
pub(super) struct NoBody(Option<BoxError>);

impl fmt::Display for NoBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Some(_) => "the body of the message did not come from its store",
            None => "the body of the message is in a store, and this processor has none",
        })
    }
}

impl StdError for NoBody {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.as_ref().map(|cause| &**cause as _)
    }
}

/// The text that a message points to.
pub(super) async fn fetch(
    store: Option<&dyn BodyStore>,
    pointer: &Pointer,
) -> Result<MessageText, NoBody> {
    let Some(store) = store else { return Err(NoBody(None)) };
    let body = store.get(pointer.key()).await.map_err(|error| NoBody(Some(error)))?;
    let text = String::from_utf8(body.into()).map_err(|error| NoBody(Some(error.into())))?;
    MessageText::of_any_size(text).map_err(|error| NoBody(Some(error.into())))
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
