//! [`Pointer`]: where a body is that did not fit into its message.

use queue_proto::QueueName;

/// Where a body is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::processor) struct Pointer {
    key: String,
    bytes: u64,
}

impl Pointer {
    /// `None` when that is no key.
    pub(in crate::processor) fn new(key: impl Into<String>, bytes: u64) -> Option<Self> {
        let key = key.into();
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let start = key.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        (start && key.len() <= 128 && key.bytes().all(legal)).then_some(Self { key, bytes })
    }

    /// A place that nothing else has.
    pub(in crate::processor) fn unique(queue: &QueueName, random: [u64; 2], bytes: u64) -> Self {
        let [high, low] = random;
        Self { key: format!("{queue}-{high:016x}{low:016x}"), bytes }
    }

    pub(in crate::processor) fn key(&self) -> &str {
        &self.key
    }

    /// The size of the body, for whoever looks at the message.
    pub(in crate::processor) const fn bytes(&self) -> u64 {
        self.bytes
    }
}
