//! [`Opened`]: a received text out of all its envelopes.

use std::sync::Arc;

use queue_proto::MessageText;

use super::{
    letter::{self, DeadLetter},
    message::{self, Content, Unwrapped},
    trace::TraceContext,
};

/// A message out of all its envelopes.
pub(in crate::processor) struct Opened {
    pub(in crate::processor) content: Content,
    pub(in crate::processor) trace: Option<TraceContext>,
    pub(in crate::processor) dead_letter: Option<DeadLetter>,
}

impl Opened {
    pub(in crate::processor) fn new(text: &Arc<MessageText>) -> Self {
        let dead_letter = letter::open(text.as_str());
        let text = match &dead_letter {
            Some(letter) => Arc::new(letter.text.clone()),
            None => Arc::clone(text),
        };
        match message::open(&text) {
            Some(Unwrapped { content, trace }) => Self { content, trace, dead_letter },
            None => Self { content: Content::Text(text), trace: None, dead_letter },
        }
    }
}
