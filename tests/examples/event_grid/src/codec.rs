//! [`EventCodec`]: the codec for a queue of events.

use queue_client::{
    codec::{Auto, AutoText, Codec, CodecError, Encoding},
    proto::MessageText,
};

use crate::event::Event;

/// Reads events from a queue: base64 of JSON, as Event Grid writes it, and plain JSON, as tests and
/// other programs do. It writes base64.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct EventCodec;

impl EventCodec {
    const NAME: &str = "event of Event Grid";

    /// A codec for a queue of events.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Codec for EventCodec {
    type Value = Event;

    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn encode(&self, event: &Event) -> Result<MessageText, CodecError> {
        Auto.encode(&AutoText::new(event.to_json(), Encoding::Base64))
    }

    fn decode(&self, text: &MessageText) -> Result<Event, CodecError> {
        let text = Auto.decode(text)?;
        Event::from_json(&text.text).map_err(|error| CodecError::value(Self::NAME, error))
    }
}
