//! [`HandedOn`]: a dead letter gets a body of its own, so that the message that it came from can still be
//! worked on, and its body deleted, if a crash keeps it alive.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use queue_proto::{MessageText, QueueName};

use crate::processor::{
    body_store::{BodyStore, discard, keep},
    dead_letter::SinkError,
    envelope::{
        letter::DeadLetter,
        message::{self, Content, Unwrapped},
        pointer::Pointer,
    },
    explanation::presentable,
};

/// The body of a message that becomes a dead letter, and how far that is.
#[derive(Clone)]
pub(super) struct HandedOn {
    store: Arc<dyn BodyStore>,
    pointer: Pointer,
    copied: Arc<AtomicBool>,
    deleted: Arc<AtomicBool>,
}

impl HandedOn {
    /// `None` if the body is in the message.
    pub(super) fn new(store: Option<&Arc<dyn BodyStore>>, text: &MessageText) -> Option<Self> {
        let store = Arc::clone(store?);
        match message::open(text)? {
            Unwrapped { content: Content::Stored(pointer), .. } => {
                Some(Self { store, pointer, copied: Arc::default(), deleted: Arc::default() })
            }
            Unwrapped { content: Content::Text(_), .. } => None,
        }
    }

    /// Stores the body once more, for this letter, and says where. A body that does not come is why
    /// many letters are written, so that refuses none: the letter then has the old pointer.
    pub(super) async fn copy(
        &self,
        queue: &QueueName,
        letter: &mut DeadLetter,
    ) -> Result<Option<Pointer>, SinkError> {
        let body = match self.store.get(self.pointer.key()).await {
            Ok(body) if self.pointer.check(&body).is_ok() => body,
            Ok(_) => return Ok(None),
            Err(error) => {
                tracing::warn!(
                    target: "queue_client::processor",
                    key = self.pointer.key(),
                    error = %presentable(&error.to_string()),
                    "the body of a dead letter did not come from its store"
                );
                return Ok(None);
            }
        };
        let own = keep(&*self.store, queue, body).await.map_err(SinkError::transient)?;
        if let Some(text) = message::repoint(&letter.text, |_| own.clone()) {
            letter.text = text;
        }
        Ok(Some(own))
    }

    /// The letter is stored, with its own body.
    pub(super) fn is_copied(&self) {
        self.copied.store(true, Ordering::Relaxed);
    }

    /// No letter points to this copy.
    pub(super) async fn discard(&self, copy: &Pointer) {
        discard(&*self.store, copy).await;
    }

    /// The message is known to be deleted.
    pub(super) fn is_deleted(&self) {
        self.deleted.store(true, Ordering::Relaxed);
    }

    /// Deletes the body of the message, if the letter has its own and the message is deleted.
    pub(super) async fn finish(self) {
        let over = self.copied.load(Ordering::Relaxed) && self.deleted.load(Ordering::Relaxed);
        if over && !self.pointer.is_shared() {
            discard(&*self.store, &self.pointer).await;
        }
    }
}
