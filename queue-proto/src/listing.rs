//! What List Queues answers with: [`ListQueuesResponse`], a page of [`QueueItem`]s, and the texts that
//! ask for one: [`QueuePrefix`] and [`Marker`].

use std::fmt;

use crate::characters::first_illegal;
use crate::error::InvalidValue;
use crate::metadata::Metadata;
use crate::name::QueueName;

/// The answer to [`ListQueues`](crate::ops::ListQueues): one page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListQueuesResponse {
    /// The base URL of the service; empty when the answer has none.
    pub service_endpoint: String,
    /// The prefix of the request.
    pub prefix: Option<QueuePrefix>,
    /// The marker of the request.
    pub marker: Option<Marker>,
    /// The limit of the request.
    pub max_results: Option<u32>,
    /// The queues of the page.
    pub queues: Vec<QueueItem>,
    /// The place where the next page starts; `None` when this page is the last.
    pub next_marker: Option<Marker>,
}

/// A queue in a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueItem {
    pub(crate) name: QueueName,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) invalid_metadata_names: Vec<String>,
}

/// The start of the names of listed queues: 1 to 1,024 bytes of UTF-8 that XML can carry.
///
/// A prefix may have characters that no queue name has; it finds nothing then.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QueuePrefix(String);

/// The place where a page starts, which only the service understands: 1 to 8,192 bytes of UTF-8 that
/// XML can carry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Marker(String);

macro_rules! opaque_text {
    ($name:ident, $what:literal, $max:literal, $rule:literal) => {
        impl $name {
            /// Checks the characters and the size of a text.
            ///
            /// # Errors
            ///
            /// When `text` is empty, too long, or has a character that XML cannot carry.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidValue> {
                let text = text.into();
                if text.is_empty() || text.len() > $max || first_illegal(&text).is_some() {
                    return Err(InvalidValue::new($what, $rule));
                }
                Ok(Self(text))
            }

            /// The value as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidValue;

            fn try_from(text: &str) -> Result<Self, InvalidValue> {
                Self::new(text)
            }
        }
    };
}

opaque_text!(
    QueuePrefix,
    "prefix",
    1024,
    "must have 1 to 1024 bytes of characters that XML can carry"
);
opaque_text!(Marker, "marker", 8192, "must have 1 to 8192 bytes of characters that XML can carry");

impl ListQueuesResponse {
    /// An empty page of the service at `service_endpoint`.
    #[must_use]
    pub fn new(service_endpoint: impl Into<String>) -> Self {
        Self { service_endpoint: service_endpoint.into(), ..Self::default() }
    }
}

impl QueueItem {
    /// A queue without metadata.
    #[must_use]
    pub fn new(name: QueueName) -> Self {
        Self { name, metadata: None, invalid_metadata_names: Vec::new() }
    }

    /// Sets the metadata.
    #[must_use]
    pub fn with_metadata(mut self, metadata: impl Into<Option<Metadata>>) -> Self {
        self.metadata = metadata.into();
        self
    }

    /// Sets the names of metadata that cannot stand in XML.
    #[must_use]
    pub fn with_invalid_metadata_names(mut self, names: Vec<String>) -> Self {
        self.invalid_metadata_names = names;
        self
    }

    /// The name of the queue.
    #[must_use]
    pub const fn name(&self) -> &QueueName {
        &self.name
    }

    /// The metadata of the queue; `None` when the request did not ask for it.
    #[must_use]
    pub const fn metadata(&self) -> Option<&Metadata> {
        self.metadata.as_ref()
    }

    /// The names of metadata that cannot stand in XML; the service returns these names without values.
    #[must_use]
    pub fn invalid_metadata_names(&self) -> &[String] {
        &self.invalid_metadata_names
    }

    /// Takes the name and the metadata out of the item.
    #[must_use]
    pub fn into_parts(self) -> (QueueName, Option<Metadata>) {
        (self.name, self.metadata)
    }
}
