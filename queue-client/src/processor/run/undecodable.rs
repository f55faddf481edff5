//! [`Undecodable`]: the setting that says what becomes of messages that the codec of the queue cannot
//! read.

use std::{fmt, future::Future, sync::Arc};

use queue_auth::BoxFuture;
use queue_proto::codec::{CodecError, Text};

use super::{
    delivery::{Delivery, Facts},
    handler::{HandlerError, HandlerResult, Verdict},
};
use crate::processor::{
    core::{Outcome, Reason},
    explanation::Explanation,
};

/// What becomes of a message that the codec of the queue cannot read.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Undecodable {
    /// It becomes a dead letter at once.
    #[default]
    DeadLetter,
    /// It is tried again, as if its handler had failed: another version of the program may read it.
    Retry,
    /// It is left alone until its lease ends.
    Abandon,
    /// It is handed to a handler of its own, which settles it by what it returns:
    /// [`Processor::hand_undecodable_to`](super::processor::Processor::hand_undecodable_to).
    Hand(TextHandler),
}

/// A handler of texts that the codec of the queue cannot read.
#[derive(Clone)]
pub struct TextHandler(Arc<HandleText>);

type HandleText = dyn Fn(Delivery<String>, CodecError) -> BoxFuture<'static, Result<Outcome, HandlerError>>
    + Send
    + Sync;

impl TextHandler {
    /// A function that gets the text of a message, and what the codec said of it.
    pub fn new<F, Fut>(handler: F) -> Self
    where
        F: Fn(Delivery<String>, CodecError) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: HandlerResult,
    {
        Self(Arc::new(move |delivery, error| {
            let handled = handler(delivery, error);
            Box::pin(async move { handled.await.into_outcome() })
        }))
    }
}

impl fmt::Debug for TextHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TextHandler").finish_non_exhaustive()
    }
}

impl Undecodable {
    /// Deals with a text that the codec cannot read for this reason.
    pub(super) async fn settle(&self, text: &str, facts: Facts, error: CodecError) -> Verdict {
        let outcome = match self {
            Self::DeadLetter => Outcome::DeadLetter { reason: "undecodable".into() },
            Self::Retry => Outcome::Retry { after: None },
            Self::Abandon => Outcome::Abandon,
            Self::Hand(TextHandler(handler)) => {
                let delivery = Delivery::new(text.to_owned(), Arc::new(Text), facts);
                return handler(delivery, error).await.into();
            }
        };
        Verdict::failed(outcome, Reason::Undecodable, Explanation::new(&error.to_string()))
    }
}
