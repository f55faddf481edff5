//! The texts in memory: those not written yet, and as many others as there is room for.

use std::collections::{HashMap, VecDeque};

use queue_proto::MessageText;

use crate::state::Record;

/// Room for texts that are on disk too.
const MAX_BYTES: usize = 8 * 1024 * 1024;
const MAX_ENTRIES: usize = 64 * 1024;

/// Texts by the key of their message, the oldest thrown out first.
#[derive(Default)]
pub(super) struct Texts {
    /// Each with its place in the order in which they came.
    texts: HashMap<u64, (u64, MessageText)>,
    /// Keys in that order. A key whose place in `texts` is another has been replaced or removed.
    order: VecDeque<u64>,
    /// The place of the first in `order`.
    first: u64,
    bytes: usize,
}

impl Texts {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Follows what happens to the messages.
    pub(super) fn note(&mut self, record: &Record) {
        match record {
            Record::Put { row, text, .. } | Record::Changed { row, text: Some(text), .. } => {
                self.remove(row.key);
                self.bytes += text.len();
                self.texts.insert(row.key, (self.end(), text.clone()));
                self.order.push_back(row.key);
            }
            Record::Removed { key } | Record::Expired { key } => self.remove(*key),
            Record::Cleared { messages, .. } | Record::QueueGone { messages, .. } => {
                messages.iter().for_each(|key| self.remove(*key));
            }
            Record::Changed { text: None, .. } | Record::Queue(_) | Record::Properties(_) => {}
        }
    }

    pub(super) fn get(&self, key: u64) -> Option<MessageText> {
        self.texts.get(&key).map(|(_, text)| text.clone())
    }

    /// The place behind the last text.
    pub(super) fn end(&self) -> u64 {
        self.first + self.order.len() as u64
    }

    /// Throws out what there is no room for. Texts from place `written` on are not on disk, and
    /// stay.
    pub(super) fn trim(&mut self, written: u64) {
        while self.first < written && (self.bytes > MAX_BYTES || self.order.len() > MAX_ENTRIES) {
            let Some(key) = self.order.pop_front() else { return };
            if self.texts.get(&key).is_some_and(|(place, _)| *place == self.first) {
                self.remove(key);
            }
            self.first += 1;
        }
    }

    /// Forgets everything. Places go on.
    pub(super) fn clear(&mut self) {
        self.first = self.end();
        self.order.clear();
        self.texts.clear();
        self.bytes = 0;
    }

    fn remove(&mut self, key: u64) {
        if let Some((_, text)) = self.texts.remove(&key) {
            self.bytes -= text.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Moment, Row};

    fn put(key: u64, length: usize) -> Record {
        let moment = Moment::from_micros(0);
        let row = Row {
            key,
            id: uuid::Uuid::nil(),
            receipt: 0,
            inserted_at: moment,
            expires_at: moment,
            next_visible_at: moment,
            turn: 0,
            dequeue_count: 0,
        };
        Record::Put { queue: 1, row, text: MessageText::new("x".repeat(length)).unwrap() }
    }

    #[test]
    fn what_is_not_written_stays_and_the_oldest_goes_first() {
        let mut texts = Texts::new();
        let count = 2 * MAX_BYTES as u64 / 65_536;
        (0..count).for_each(|key| texts.note(&put(key, 65_536)));
        texts.trim(0);
        assert!((0..count).all(|key| texts.get(key).is_some()));
        texts.trim(10);
        assert!((0..10).all(|key| texts.get(key).is_none()) && texts.get(10).is_some());
        texts.trim(texts.end());
        assert_eq!(texts.bytes, MAX_BYTES);
        assert!(texts.get(count / 2).is_some() && texts.get(count / 2 - 1).is_none());
    }

    #[test]
    fn a_text_that_was_replaced_keeps_the_place_of_the_new_one() {
        let mut texts = Texts::new();
        texts.note(&put(1, 10));
        let written = texts.end();
        texts.note(&put(1, MAX_BYTES / 128));
        (2..200).for_each(|key| texts.note(&put(key, MAX_BYTES / 128)));
        texts.trim(written);
        assert_eq!(texts.get(1).unwrap().len(), MAX_BYTES / 128);
        (1..200).for_each(|key| texts.note(&Record::Removed { key }));
        assert_eq!(texts.bytes, 0);
    }

    #[test]
    fn the_order_does_not_grow_with_what_comes_and_goes() {
        let mut texts = Texts::new();
        texts.note(&put(u64::MAX, 1));
        for key in 0..3 * MAX_ENTRIES as u64 {
            texts.note(&put(key, 1));
            texts.note(&Record::Removed { key });
            texts.trim(texts.end());
        }
        assert!(texts.order.len() <= MAX_ENTRIES && texts.texts.len() <= 1);
    }
}
