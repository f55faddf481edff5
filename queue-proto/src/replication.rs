//! [`GeoReplicationStatus`]: how the copy of an account in another region does.

/// The state of the secondary, the copy of an account in another region.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GeoReplicationStatus {
    /// The secondary is active and in operation.
    Live,
    /// The secondary is being filled for the first time.
    Bootstrap,
    /// The secondary cannot be read.
    Unavailable,
    /// The service said a word that this version of the crate does not know.
    Other(Box<str>),
}

impl GeoReplicationStatus {
    /// The state as the word in the answer.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Live => "live",
            Self::Bootstrap => "bootstrap",
            Self::Unavailable => "unavailable",
            Self::Other(word) => word,
        }
    }
}

impl From<&str> for GeoReplicationStatus {
    fn from(word: &str) -> Self {
        match word {
            "live" => Self::Live,
            "bootstrap" => Self::Bootstrap,
            "unavailable" => Self::Unavailable,
            other => Self::Other(other.into()),
        }
    }
}
