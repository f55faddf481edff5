//! [`Event`]: what an event says, whatever its schema, and [`Blob`], what it says about a blob.

use std::{error::Error, fmt};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What Event Grid tells of something that happened.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// The schema that the event is written in.
    pub schema: Schema,
    /// The id of the event. An event that is delivered again has the same id.
    pub id: String,
    /// The type, such as `Microsoft.Storage.BlobCreated`.
    pub kind: String,
    /// The resource that the event is from: `topic` or `source`.
    pub source: String,
    /// The thing within the resource, such as a blob. It is empty if the event names none.
    pub subject: String,
    /// The time of the event as it was sent, in the format of RFC 3339. It is empty if the event has
    /// none.
    pub time: String,
    /// The data, which are different for each type.
    pub data: Value,
}

/// The schema that an event is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a subscription chooses one of these two")]
pub enum Schema {
    /// Event Grid's own: `eventType`, `topic`, `eventTime`.
    EventGrid,
    /// CloudEvents 1.0 in its structured form: `specversion`, `type`, `source`, `time`.
    CloudEvents,
}

/// What an event says about a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Blob {
    /// The name of the container.
    pub container: String,
    /// The name of the blob within its container.
    pub name: String,
    /// The address of the blob.
    pub url: Option<String>,
    /// The size in bytes.
    pub size: Option<u64>,
    /// The type of the content.
    pub content_type: Option<String>,
    /// What tells the order of the events of one blob: the later event has the greater text. Pad
    /// texts of different lengths with zeros in front before you compare them.
    pub sequencer: Option<String>,
}

/// The text is not an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoEvent {
    /// The text is not one JSON object.
    NotAnObject,
    /// The object has the fields of neither schema.
    UnknownSchema,
    /// The object is of CloudEvents, in another version than 1.0.
    Version,
    /// A field that each event has is missing, or is no text.
    Field(&'static str),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlobData {
    url: Option<String>,
    content_length: Option<u64>,
    content_type: Option<String>,
    sequencer: Option<String>,
}

impl Event {
    /// Reads an event from JSON.
    ///
    /// # Errors
    ///
    /// [`NoEvent`], which names what is missing and shows no piece of the text.
    pub fn from_json(text: &str) -> Result<Self, NoEvent> {
        // Some tools put a byte order mark in front.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let Ok(Value::Object(mut fields)) = serde_json::from_str(text) else {
            return Err(NoEvent::NotAnObject);
        };
        let data = |fields: &mut Map<String, Value>| fields.remove("data").unwrap_or_default();
        if let Some(version) = fields.get("specversion") {
            if version != "1.0" {
                return Err(NoEvent::Version);
            }
            return Ok(Self {
                schema: Schema::CloudEvents,
                id: required(&mut fields, "id")?,
                kind: required(&mut fields, "type")?,
                source: required(&mut fields, "source")?,
                subject: optional(&mut fields, "subject"),
                time: optional(&mut fields, "time"),
                data: data(&mut fields),
            });
        }
        if !fields.contains_key("eventType") {
            return Err(NoEvent::UnknownSchema);
        }
        Ok(Self {
            schema: Schema::EventGrid,
            id: required(&mut fields, "id")?,
            kind: required(&mut fields, "eventType")?,
            source: optional(&mut fields, "topic"),
            subject: required(&mut fields, "subject")?,
            time: optional(&mut fields, "eventTime"),
            data: data(&mut fields),
        })
    }

    /// Writes the event as JSON in its schema, for tests.
    #[must_use]
    pub fn to_json(&self) -> String {
        let Self { id, kind, source, subject, time, data, .. } = self;
        match self.schema {
            Schema::EventGrid => json!({
                "topic": source, "subject": subject, "eventType": kind, "id": id, "data": data,
                "dataVersion": "", "metadataVersion": "1", "eventTime": time,
            }),
            Schema::CloudEvents => json!({
                "source": source, "subject": subject, "type": kind, "id": id, "data": data,
                "specversion": "1.0", "time": time,
            }),
        }
        .to_string()
    }

    /// What the event says about a blob; `None` if it is about something else.
    #[must_use]
    pub fn blob(&self) -> Option<Blob> {
        let path = self.subject.strip_prefix("/blobServices/default/containers/")?;
        let (container, name) = path.split_once("/blobs/")?;
        let data = BlobData::deserialize(&self.data).ok()?;
        Some(Blob {
            container: container.to_owned(),
            name: name.to_owned(),
            url: data.url,
            size: data.content_length,
            content_type: data.content_type,
            sequencer: data.sequencer,
        })
    }
}

fn required(fields: &mut Map<String, Value>, name: &'static str) -> Result<String, NoEvent> {
    match fields.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        _ => Err(NoEvent::Field(name)),
    }
}

fn optional(fields: &mut Map<String, Value>, name: &str) -> String {
    match fields.remove(name) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    }
}

impl fmt::Display for NoEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject => f.write_str("the text is not a JSON object"),
            Self::UnknownSchema => {
                f.write_str("the object has neither `eventType` nor `specversion`: it is no event")
            }
            Self::Version => f.write_str("the event is of a version of CloudEvents other than 1.0"),
            Self::Field(name) => write!(f, "the event has no text in its field `{name}`"),
        }
    }
}

impl Error for NoEvent {}
