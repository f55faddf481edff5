//! [`Ids`]: the ids of many messages, in a third of the memory that their texts take.

use std::collections::HashSet;

use uuid::Uuid;

/// A set of ids of messages.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    guids: HashSet<u128>,
    /// Those that are no GUIDs as the service writes them.
    odd: HashSet<Box<str>>,
}

impl Ids {
    /// Adds an id; false if it was there before.
    pub(crate) fn insert(&mut self, id: &str) -> bool {
        match guid(id) {
            Some(guid) => self.guids.insert(guid),
            None => self.odd.insert(id.into()),
        }
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        match guid(id) {
            Some(guid) => self.guids.contains(&guid),
            None => self.odd.contains(id),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.guids.is_empty() && self.odd.is_empty()
    }
}

/// The number that a GUID is, if this is how the service writes it.
fn guid(id: &str) -> Option<u128> {
    let guid = Uuid::try_parse(id).ok()?;
    let mut written = Uuid::encode_buffer();
    (*guid.hyphenated().encode_lower(&mut written) == *id).then(|| guid.as_u128())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_text_is_the_same_id() {
        let id = "5f2c9a51-9d0b-4c7e-8a36-0f5b1c2d3e4f";
        let others = [id.to_uppercase(), id.replace('-', ""), format!("{{{id}}}"), "line 1".into()];
        let mut ids = Ids::default();
        assert!(ids.is_empty());
        assert!(ids.insert(id) && !ids.insert(id) && ids.contains(id) && !ids.is_empty());
        assert_eq!((ids.guids.len(), ids.odd.len()), (1, 0));
        for other in others {
            assert!(!ids.contains(&other), "{other}");
            assert!(ids.insert(&other) && !ids.insert(&other) && ids.contains(&other), "{other}");
        }
    }
}
