//! [`ShortText`]: what message ids and pop receipts consist of. Come here to learn why receiving a
//! message allocates for its text alone.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrayvec::ArrayString;

/// The bytes that a text keeps inside itself. A GUID has 36 and a receipt of the service 28; 40 make
/// the type no larger than 36 do. The well-known types for short strings keep 23 or 24.
const INSIDE: usize = 40;

/// A text that is cheap to clone and allocates only when it is longer than usual.
#[derive(Clone)]
pub(super) enum ShortText {
    Inside(ArrayString<INSIDE>),
    Shared(Arc<str>),
}

impl ShortText {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Inside(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl From<&str> for ShortText {
    fn from(text: &str) -> Self {
        ArrayString::from(text).map_or_else(|_| Self::Shared(text.into()), Self::Inside)
    }
}

impl fmt::Debug for ShortText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl PartialEq for ShortText {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for ShortText {}

impl PartialOrd for ShortText {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ShortText {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for ShortText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher as _, RandomState};

    use super::*;

    #[test]
    fn a_text_is_the_same_wherever_it_is_kept() {
        let hashes = RandomState::new();
        for length in [0, 1, 28, 36, INSIDE, INSIDE + 1, 1024] {
            let text = "b".repeat(length);
            let short = ShortText::from(text.as_str());
            assert_eq!(short.as_str(), text);
            assert_eq!(matches!(short, ShortText::Inside(_)), length <= INSIDE);
            assert_eq!(short.clone(), short);
            let shared = ShortText::Shared(text.as_str().into());
            assert_eq!(short, shared);
            assert_eq!(hashes.hash_one(&short), hashes.hash_one(&shared));
            assert_eq!(format!("{short:?}"), format!("{text:?}"));
        }
    }

    #[test]
    fn the_order_is_that_of_the_texts() {
        let long = "b".repeat(INSIDE + 1);
        let texts = ["a", "b", &long, "c"].map(ShortText::from);
        assert!(texts.is_sorted());
    }
}
