//! What may be around the text of a message: the trace that it belongs to, or a pointer in its
//! place.

use std::sync::Arc;

use queue_proto::{InvalidText, MessageText};
use serde_json::{Map, Value};

use super::{
    pointer::Pointer,
    schema::{SCHEMA, object},
    trace::TraceContext,
};

const NAME: &str = "azure-queue-message/";
const VERSION: &str = "1";

/// What an envelope holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::processor) enum Content {
    Text(Arc<MessageText>),
    /// The text is in a [`BodyStore`](crate::processor::BodyStore).
    Stored(Pointer),
}

/// What came out of an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::processor) struct Unwrapped {
    pub(in crate::processor) content: Content,
    pub(in crate::processor) trace: Option<TraceContext>,
}

/// A text with the trace that it belongs to.
pub(in crate::processor) fn seal(
    text: &MessageText,
    trace: &TraceContext,
) -> Result<MessageText, InvalidText> {
    let mut object = Map::new();
    object.insert("encoding".to_owned(), "text".into());
    object.insert("body".to_owned(), text.as_str().into());
    finish(object, Some(trace))
}

/// A pointer to a text.
pub(in crate::processor) fn seal_pointer(
    pointer: &Pointer,
    trace: Option<&TraceContext>,
) -> Result<MessageText, InvalidText> {
    let mut object = Map::new();
    object.insert("stored".to_owned(), fields(pointer).into());
    finish(object, trace)
}

fn fields(pointer: &Pointer) -> Map<String, Value> {
    let mut stored = Map::new();
    stored.insert("key".to_owned(), pointer.key().into());
    stored.insert("bytes".to_owned(), pointer.bytes().into());
    if let Some(digest) = pointer.digest() {
        stored.insert("sha256".to_owned(), digest.into());
    }
    if pointer.is_shared() {
        stored.insert("shared".to_owned(), true.into());
    }
    stored
}

fn finish(
    mut object: Map<String, Value>,
    trace: Option<&TraceContext>,
) -> Result<MessageText, InvalidText> {
    object.insert(SCHEMA.to_owned(), format!("{NAME}{VERSION}").into());
    if let Some(trace) = trace {
        object.insert("traceparent".to_owned(), trace.traceparent().into());
        if let Some(state) = trace.tracestate() {
            object.insert("tracestate".to_owned(), state.into());
        }
    }
    // JSON escapes what XML cannot carry.
    MessageText::new(Value::Object(object).to_string())
}

/// The same text with a pointer to another place, if it is one with a pointer. Fields that are not
/// known stay.
pub(in crate::processor) fn repoint(
    text: &MessageText,
    change: impl FnOnce(Pointer) -> Pointer,
) -> Option<MessageText> {
    let Content::Stored(pointer) = open(text)?.content else { return None };
    let mut object = object(text.as_str(), NAME)?;
    let stored = object.get_mut("stored")?.as_object_mut()?;
    for known in ["key", "bytes", "sha256", "shared"] {
        stored.remove(known);
    }
    stored.extend(fields(&change(pointer)));
    MessageText::new(Value::Object(object).to_string()).ok()
}

/// The content of a text, if it is an envelope. Later versions and fields that are not known are
/// tolerated, and so is a trace that cannot be read.
pub(in crate::processor) fn open(text: &MessageText) -> Option<Unwrapped> {
    let object = object(text.as_str(), NAME)?;
    let string = |name: &str| object.get(name)?.as_str();
    let content = match object.get("stored").and_then(Value::as_object) {
        Some(stored) => {
            let bytes = stored.get("bytes").and_then(Value::as_u64).unwrap_or_default();
            let shared = stored.get("shared").and_then(Value::as_bool).unwrap_or_default();
            let pointer = Pointer::new(stored.get("key")?.as_str()?, bytes)?;
            let digest = stored.get("sha256").and_then(Value::as_str);
            Content::Stored(pointer.with_digest(digest).sharing(shared))
        }
        None if string("encoding")? == "text" => {
            Content::Text(Arc::new(MessageText::new(string("body")?).ok()?))
        }
        None => return None,
    };
    let trace = string("traceparent").and_then(|parent| TraceContext::new(parent).ok());
    let trace = trace.map(|trace| match string("tracestate") {
        Some(state) => trace.with_tracestate(state),
        None => trace,
    });
    Some(Unwrapped { content, trace })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn text(text: &str) -> MessageText {
        MessageText::new(text).unwrap()
    }

    fn trace() -> TraceContext {
        TraceContext::new(PARENT).unwrap().with_tracestate("vendor=1")
    }

    #[test]
    fn what_is_sealed_opens_equal() {
        let body = text("{\"a\": \"ü\"}\n");
        let sealed = seal(&body, &trace()).unwrap();
        let content = Content::Text(Arc::new(body));
        assert_eq!(open(&sealed), Some(Unwrapped { content, trace: Some(trace()) }));
        let queue = "orders".parse().unwrap();
        let pointer = Pointer::unique(&queue, b"body").unwrap();
        let sealed = seal_pointer(&pointer, Some(&trace())).unwrap();
        let shared = repoint(&sealed, |pointer| pointer.sharing(true)).unwrap();
        let content = Content::Stored(pointer.clone().sharing(true));
        assert_eq!(open(&shared), Some(Unwrapped { content, trace: Some(trace()) }));
        assert_eq!(repoint(&text("{}"), |pointer| pointer), None);
        let later = sealed.into_string().replace("{\"", "{\"new\":[1],\"");
        let shared = repoint(&text(&later), |pointer| pointer.sharing(true)).unwrap();
        assert_eq!(shared.as_str().matches("\"new\":[1]").count(), 2, "{shared:?}");
        let old = Pointer::new("orders-5f0c", 70_000).unwrap();
        let sealed = seal_pointer(&old, None).unwrap();
        assert_eq!(open(&sealed), Some(Unwrapped { content: Content::Stored(old), trace: None }));
        for trace in [None, Some(trace())] {
            let sealed = seal_pointer(&pointer, trace.as_ref()).unwrap();
            let content = Content::Stored(pointer.clone());
            assert_eq!(open(&sealed), Some(Unwrapped { content, trace }));
        }
    }

    #[test]
    fn later_versions_open_and_other_texts_do_not() {
        let sealed = seal(&text("x"), &trace()).unwrap().into_string();
        let later = sealed.replace("message/1", "message/2").replace("{\"", "{\"new\":[1],\"");
        let content = Content::Text(Arc::new(text("x")));
        let expected = Unwrapped { content: content.clone(), trace: Some(trace()) };
        assert_eq!(open(&text(&later)), Some(expected));
        let unreadable = sealed.replace("00-0af", "00-xyz");
        assert_eq!(open(&text(&unreadable)), Some(Unwrapped { content, trace: None }));
        for other in [
            "",
            "hello",
            "{}",
            "{\"schema\":\"azure-queue-message/1\"}",
            "{\"schema\":\"azure-queue-message/1\",\"stored\":{\"key\":\"../secret\"}}",
            "{\"schema\":\"other\",\"encoding\":\"text\",\"body\":\"azure-queue-message/1\"}",
            "{azure-queue-message/1",
        ] {
            assert_eq!(open(&text(other)), None, "{other}");
        }
    }

    #[test]
    fn the_size_counts_with_the_envelope() {
        let limit = queue_proto::limits::MAX_MESSAGE_TEXT;
        let around = seal(&text(""), &trace()).unwrap().len();
        let fits = "x".repeat(limit - around);
        assert_eq!(seal(&text(&fits), &trace()).unwrap().len(), limit);
        assert!(seal(&text(&(fits + "x")), &trace()).is_err());
    }
}
