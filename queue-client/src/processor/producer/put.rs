//! From a value to a message in the queue.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use queue_proto::{
    InvalidText, MessageText, VisibilityTimeout, codec::CodecError, limits::MAX_MESSAGE_TEXT,
    ops::PutMessage,
};

use super::{OnAmbiguous, Producer, Sent};
use crate::{
    error::{Cause, Error},
    execute::anew::Anew,
    failure::OpFailure,
    message_codec::Step,
    payload::Payload,
    processor::{
        body_store::{BodyStore, Oversize, discard, keep},
        envelope::{message, pointer::Pointer, trace::TraceContext},
    },
};

/// A value as text, with the trace that it was sent in.
pub(super) struct Draft {
    text: Step<'static, Result<MessageText, CodecError>>,
    trace: Option<TraceContext>,
}

/// A draft as it can be sent.
enum Packed {
    Text(MessageText),
    Large { store: Arc<dyn BodyStore>, body: Bytes, trace: Option<TraceContext> },
}

impl<T: 'static> Producer<T> {
    /// Writes the value, and asks for the trace, at the place where it is sent.
    pub(super) fn draft(&self, value: &T) -> Draft {
        let text = match &self.oversize {
            Oversize::Fail => self.codec.write(Payload::Borrowed(value)),
            Oversize::ClaimCheck(_) => self.codec.write_any_size(value),
        };
        Draft { text, trace: self.trace_context.as_ref().and_then(|current| current()) }
    }

    pub(super) fn invalid(&self, error: Box<dyn std::error::Error + Send + Sync>) -> Error {
        self.not_sent(Cause::InvalidArgument(error))
    }

    fn not_sent(&self, cause: Cause) -> Error {
        let place = self.queue.shared.place(Some(&self.queue.name));
        let kind = queue_proto::OperationKind::PutMessage;
        Error::new(cause, kind, OpFailure::NotSent, 0, place)
    }

    pub(super) async fn put(&self, draft: Draft, delay: Duration) -> Result<Sent, Error> {
        let delay =
            VisibilityTimeout::try_from(delay).map_err(|error| self.invalid(Box::new(error)))?;
        let _slot = self.gate.enter(&self.queue).await;
        let put = |text| {
            let mut put = PutMessage::new(self.queue.name.clone(), text);
            if delay != VisibilityTimeout::ZERO {
                put = put.visibility_timeout(delay);
            }
            if let Some(time) = self.time_to_live {
                put = put.time_to_live(time);
            }
            put
        };
        match self.pack(draft).await? {
            Packed::Text(text) => {
                let resends = self.on_ambiguous == OnAmbiguous::Resend;
                let (answer, resends) = self.queue.insist(&put(text), resends).await?;
                Ok(Sent::new(answer.message, resends, None))
            }
            Packed::Large { store, body, trace } => {
                self.put_large(&*store, body, trace.as_ref(), put).await
            }
        }
    }

    /// Stores the body, and puts a message that points to it. After a lost answer the message may be
    /// there, so what is put again gets a body of its own: the first that is completed deletes its
    /// body.
    async fn put_large(
        &self,
        store: &dyn BodyStore,
        body: Bytes,
        trace: Option<&TraceContext>,
        put: impl Fn(MessageText) -> PutMessage,
    ) -> Result<Sent, Error> {
        let mut anew = Anew::begin(&self.queue);
        let mut lost: Option<Error> = None;
        loop {
            let kept = keep(store, &self.queue.name, body.clone()).await;
            let pointer = match kept.map_err(|error| self.not_sent(Cause::BodyStore(error))) {
                Ok(pointer) => pointer,
                // What an earlier attempt left open stays open.
                Err(error) => return Err(lost.unwrap_or(error)),
            };
            let text = message::seal_pointer(&pointer, trace);
            let text = text.map_err(|error| self.invalid(Box::new(error)))?;
            let error = match self.queue.execute_within(&put(text), anew.left()).await {
                Ok(answer) => {
                    return Ok(Sent::new(answer.message, anew.resends(), Some(pointer)));
                }
                Err(error) => error,
            };
            if !error.failure().may_be_applied() {
                discard(store, &pointer).await;
                return Err(lost.unwrap_or(error));
            }
            let again = self.on_ambiguous == OnAmbiguous::Resend && anew.again(&error).await;
            let error = lost.take().unwrap_or(error);
            if !again {
                return Err(error);
            }
            lost = Some(error);
        }
    }

    /// Deletes the body of a message that does not exist.
    pub(super) async fn discard(&self, stored: Option<&Pointer>) {
        if let (Some(pointer), Oversize::ClaimCheck(store)) = (stored, &self.oversize) {
            discard(&**store, pointer).await;
        }
    }

    /// The text of the message, the body in its envelope, or a body that does not fit.
    async fn pack(&self, draft: Draft) -> Result<Packed, Error> {
        let Draft { text, trace } = draft;
        let text = text.finish().await.map_err(|error| match error {
            CodecError::Encryption { cause, .. } => self.not_sent(Cause::Encryption(cause)),
            error => self.invalid(Box::new(error)),
        })?;
        if trace.is_none() && text.len() <= MAX_MESSAGE_TEXT {
            return Ok(Packed::Text(text));
        }
        let sealed = match &trace {
            Some(trace) => message::seal(&text, trace),
            // Too large, which it says itself.
            None => MessageText::new(text.as_str()),
        };
        match (sealed, &self.oversize) {
            (Ok(sealed), _) => Ok(Packed::Text(sealed)),
            (Err(InvalidText::TooLarge { .. }), Oversize::ClaimCheck(store)) => {
                let body = Bytes::from(text.into_string());
                Ok(Packed::Large { store: Arc::clone(store), body, trace })
            }
            (Err(error), _) => Err(self.invalid(Box::new(error))),
        }
    }
}
