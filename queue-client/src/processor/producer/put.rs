//! From a value to a message in the queue.

use std::time::Duration;

use bytes::Bytes;
use queue_proto::{
    InvalidText, MessageText, VisibilityTimeout,
    codec::CodecError,
    limits::MAX_MESSAGE_TEXT,
    ops::{PutMessage, SentMessage},
};

use super::{OnAmbiguous, Producer, Sent};
use crate::{
    error::{Cause, Error},
    failure::OpFailure,
    message_codec::Step,
    payload::Payload,
    processor::{
        body_store::{BodyStore, Oversize, discard},
        envelope::{message, pointer::Pointer, trace::TraceContext},
    },
};

/// A value as text, with the trace that it was sent in.
pub(super) struct Draft {
    text: Step<'static, Result<MessageText, CodecError>>,
    trace: Option<TraceContext>,
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
        let (text, stored) = self.pack(draft).await?;
        let mut put = PutMessage::new(self.queue.name.clone(), text);
        if delay != VisibilityTimeout::ZERO {
            put = put.visibility_timeout(delay);
        }
        if let Some(time) = self.time_to_live {
            put = put.time_to_live(time);
        }
        match self.transmit(&put).await {
            Ok((message, resends)) => Ok(Sent::new(message, resends, stored)),
            Err(error) => {
                if !error.failure().may_be_applied() {
                    self.discard(stored.as_ref()).await;
                }
                Err(error)
            }
        }
    }

    /// Deletes the body of a message that does not exist.
    pub(super) async fn discard(&self, stored: Option<&Pointer>) {
        if let (Some(pointer), Oversize::ClaimCheck(store)) = (stored, &self.oversize) {
            discard(&**store, pointer).await;
        }
    }

    /// The text of the message: the body in its envelope, or a pointer to where it is stored now.
    async fn pack(&self, draft: Draft) -> Result<(MessageText, Option<Pointer>), Error> {
        let Draft { text, trace } = draft;
        let text = text.finish().await.map_err(|error| match error {
            CodecError::Encryption { cause, .. } => self.not_sent(Cause::Encryption(cause)),
            error => self.invalid(Box::new(error)),
        })?;
        if trace.is_none() && text.len() <= MAX_MESSAGE_TEXT {
            return Ok((text, None));
        }
        let sealed = match &trace {
            Some(trace) => message::seal(&text, trace),
            // Too large, which it says itself.
            None => MessageText::new(text.as_str()),
        };
        match (sealed, &self.oversize) {
            (Ok(sealed), _) => Ok((sealed, None)),
            (Err(InvalidText::TooLarge { .. }), Oversize::ClaimCheck(store)) => {
                let pointer = self.store(&**store, text).await?;
                let sealed = message::seal_pointer(&pointer, trace.as_ref());
                let sealed = sealed.map_err(|error| self.invalid(Box::new(error)))?;
                Ok((sealed, Some(pointer)))
            }
            (Err(error), _) => Err(self.invalid(Box::new(error))),
        }
    }

    async fn store(&self, store: &dyn BodyStore, text: MessageText) -> Result<Pointer, Error> {
        let random = || self.queue.shared.runtime.random();
        let body = Bytes::from(text.into_string());
        let pointer = Pointer::unique(&self.queue.name, [random(), random()], body.len() as u64);
        match store.put(pointer.key(), body).await {
            Ok(()) => Ok(pointer),
            Err(error) => Err(self.not_sent(Cause::BodyStore(error))),
        }
    }

    /// Puts, and puts again as the settings say. How often after a lost answer is returned too.
    async fn transmit(&self, put: &PutMessage) -> Result<(SentMessage, u32), Error> {
        let resends = self.on_ambiguous == OnAmbiguous::Resend;
        let (answer, resends) = self.queue.insist(put, resends).await?;
        Ok((answer.message, resends))
    }
}
