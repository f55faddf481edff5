//! [`MessageCodec`]: how a queue's messages are written and read, at once or after some waiting.

use std::fmt;

use queue_auth::BoxFuture;
use queue_proto::{
    MessageText,
    codec::{Codec, CodecError},
};

use crate::payload::Payload;

/// What a [`QueueClient`](crate::QueueClient) writes and reads its messages by: any [`Codec`], and
/// what has to wait for something before it can write or read, as a codec that asks a key vault.
///
/// Every [`Codec`] is one: implement that unless your codec has to wait.
pub trait MessageCodec: fmt::Debug + Send + Sync {
    /// The type of the values that the text stands for.
    type Value;

    /// The name of the codec in errors.
    fn name(&self) -> &'static str;

    /// Writes a value as the text of a message. The step fails when the value cannot be written, or
    /// its text cannot be the text of a message.
    fn write(
        &self,
        value: Payload<'_, Self::Value>,
    ) -> Step<'static, Result<MessageText, CodecError>>;

    /// Writes a value as text of any size, for what is stored elsewhere when it does not fit into a
    /// message.
    fn write_any_size(&self, value: &Self::Value)
    -> Step<'static, Result<MessageText, CodecError>>;

    /// Reads a value from text. The step fails when the text is not one that the codec writes, with
    /// an error that [is temporary](CodecError::is_temporary) if it may be read later.
    fn read<'a>(&'a self, text: &'a MessageText) -> Step<'a, Result<Self::Value, CodecError>>;
}

/// What is there at once, or has to be waited for.
#[expect(clippy::exhaustive_enums, reason = "something is there, or it is not")]
#[must_use = "a step that waits does nothing until it is finished"]
pub enum Step<'a, T> {
    /// It is there.
    Done(T),
    /// It is what comes out of this future.
    Waiting(BoxFuture<'a, T>),
}

impl<T> Step<'_, T> {
    /// Waits, if that is needed.
    pub async fn finish(self) -> T {
        match self {
            Self::Done(value) => value,
            Self::Waiting(future) => future.await,
        }
    }
}

impl<T> fmt::Debug for Step<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done(_) => "Step::Done(..)",
            Self::Waiting(_) => "Step::Waiting(..)",
        })
    }
}

impl<C: Codec + ?Sized> MessageCodec for C {
    type Value = C::Value;

    fn name(&self) -> &'static str {
        Codec::name(self)
    }

    fn write(
        &self,
        value: Payload<'_, C::Value>,
    ) -> Step<'static, Result<MessageText, CodecError>> {
        Step::Done(match value {
            Payload::Owned(value) => self.encode_owned(value),
            Payload::Borrowed(value) => self.encode(value),
        })
    }

    fn write_any_size(&self, value: &C::Value) -> Step<'static, Result<MessageText, CodecError>> {
        Step::Done(self.encode_any_size(value))
    }

    fn read<'a>(&'a self, text: &'a MessageText) -> Step<'a, Result<C::Value, CodecError>> {
        Step::Done(self.decode(text))
    }
}
