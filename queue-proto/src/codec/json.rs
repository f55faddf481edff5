//! [`Json`], which writes values as JSON.

mod problem;

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use self::problem::Problem;
use crate::codec::{Codec, CodecError, binary, checked, unlimited};
use crate::message::MessageText;

/// JSON of a type that serde can write and read, as text or in base64.
///
/// A byte order mark in front of the JSON is passed over, since Windows programs write it.
///
/// An error says what does not fit and where, but does not show a piece of the message.
///
/// ```
/// use queue_proto::codec::{Codec, Json};
///
/// let codec = Json::<Vec<u32>>::new();
/// assert_eq!(codec.encode(&vec![1, 2])?.as_str(), "[1,2]");
///
/// // As Azure Functions read and write it by default.
/// let codec = Json::<Vec<u32>>::base64();
/// assert_eq!(codec.encode(&vec![1, 2])?.as_str(), "WzEsMl0=");
/// # Ok::<(), queue_proto::codec::CodecError>(())
/// ```
pub struct Json<T> {
    base64: bool,
    value: PhantomData<fn() -> T>,
}

const BYTE_ORDER_MARK: &str = "\u{feff}";

impl<T> Json<T> {
    /// The codec that writes JSON as text.
    #[must_use]
    pub const fn new() -> Self {
        Self { base64: false, value: PhantomData }
    }

    /// The codec that writes JSON in base64.
    #[must_use]
    pub const fn base64() -> Self {
        Self { base64: true, value: PhantomData }
    }

    fn label(&self) -> &'static str {
        if self.base64 { "base64 of JSON" } else { "JSON" }
    }

    fn json(&self, value: &T) -> Result<String, CodecError>
    where
        T: Serialize,
    {
        serde_json::to_string(value).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &serde_json::Error) -> CodecError {
        CodecError::Value { codec: self.label(), cause: Problem::of(error).into() }
    }
}

impl<T> Default for Json<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for Json<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Json<T> {}

impl<T> fmt::Debug for Json<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Json").field("base64", &self.base64).finish()
    }
}

impl<T: Serialize + DeserializeOwned> Codec for Json<T> {
    type Value = T;

    fn name(&self) -> &'static str {
        self.label()
    }

    fn encode(&self, value: &T) -> Result<MessageText, CodecError> {
        let json = self.json(value)?;
        if self.base64 {
            binary::encode(self.label(), json.as_bytes())
        } else {
            checked(self.label(), json.len(), json)
        }
    }

    fn encode_any_size(&self, value: &T) -> Result<MessageText, CodecError> {
        let json = self.json(value)?;
        if self.base64 { binary::encode_any_size(json.as_bytes()) } else { unlimited(json) }
    }

    fn decode(&self, text: &MessageText) -> Result<T, CodecError> {
        if self.base64 {
            let json = binary::decode(self.label(), text.as_str())?;
            let json = json.strip_prefix(BYTE_ORDER_MARK.as_bytes()).unwrap_or(&json);
            serde_json::from_slice(json).map_err(|error| self.failed(&error))
        } else {
            let json = text.as_str();
            let json = json.strip_prefix(BYTE_ORDER_MARK).unwrap_or(json);
            serde_json::from_str(json).map_err(|error| self.failed(&error))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn codec_of<T>(like: &Json<T>) -> Json<Vec<String>> {
        if like.base64 { Json::base64() } else { Json::new() }
    }

    #[test]
    fn values_and_what_is_none() {
        let order: BTreeMap<String, u32> = [("péa\u{1}r\r\n".to_owned(), 7)].into();
        for codec in [Json::new(), Json::base64()] {
            let text = codec.encode(&order).unwrap();
            assert_eq!(codec.decode(&text).unwrap(), order);
            let large = vec!["é".repeat(70_000)];
            let text = codec_of(&codec).encode_any_size(&large).unwrap();
            assert_eq!(codec_of(&codec).decode(&text).unwrap(), large);
            let other = MessageText::new("[not json").unwrap();
            assert!(codec.decode(&other).is_err());
        }
        let wrong = MessageText::new("[1]").unwrap();
        let error = Json::<BTreeMap<String, u32>>::new().decode(&wrong).unwrap_err();
        assert_eq!(error.to_string(), "message does not fit the type that the codec JSON expects");
    }
}
