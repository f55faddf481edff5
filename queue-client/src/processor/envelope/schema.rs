//! The field by which an envelope is recognized.

use serde_json::{Map, Value};

/// The field that says what an object is.
pub(super) const SCHEMA: &str = "schema";

/// The object in a text, if it is one of this schema.
pub(super) fn object(text: &str, name: &str) -> Option<Map<String, Value>> {
    // Most messages are none, and need not be parsed to find out.
    if !text.starts_with('{') || !text.contains(name) {
        return None;
    }
    let object: Map<String, Value> = serde_json::from_str(text).ok()?;
    object.get(SCHEMA)?.as_str()?.starts_with(name).then_some(object)
}
