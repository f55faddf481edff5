//! [`Completed`]: the memory of work that was done and whose delete is not confirmed.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use queue_proto::MessageId;

use super::time::Tick;

/// The ids of messages whose work is done but whose delete is not known to have succeeded. When one
/// comes back, it is deleted instead of being worked on again.
///
/// The service gives every message an id of its own, so the time limit only bounds the memory.
#[derive(Debug)]
pub(super) struct Completed {
    capacity: usize,
    time: Duration,
    ids: BTreeMap<MessageId, Tick>,
    order: VecDeque<(Tick, MessageId)>,
}

impl Completed {
    pub(super) const fn new(capacity: usize, time: Duration) -> Self {
        Self { capacity, time, ids: BTreeMap::new(), order: VecDeque::new() }
    }

    pub(super) fn insert(&mut self, now: Tick, id: &MessageId) {
        self.forget_old(now);
        if self.capacity == 0 {
            return;
        }
        self.ids.insert(id.clone(), now);
        self.order.push_back((now, id.clone()));
        // An id that is inserted again has an older entry too, so it is the order that is bounded.
        while self.order.len() > self.capacity {
            self.forget_first();
        }
    }

    pub(super) fn contains(&mut self, now: Tick, id: &MessageId) -> bool {
        self.forget_old(now);
        self.ids.contains_key(id)
    }

    /// The message is known to be gone.
    pub(super) fn remove(&mut self, id: &MessageId) {
        self.ids.remove(id);
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    fn forget_old(&mut self, now: Tick) {
        while self.order.front().is_some_and(|(at, _)| now.since(*at) >= self.time) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some((at, id)) = self.order.pop_front()
            && self.ids.get(&id) == Some(&at)
        {
            self.ids.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> MessageId {
        MessageId::new(number.to_string()).unwrap()
    }

    fn at(seconds: u64) -> Tick {
        Tick::new(Duration::from_secs(seconds))
    }

    #[test]
    fn it_is_bounded_in_number_and_time() {
        let mut set = Completed::new(3, Duration::from_secs(10));
        for number in 0..5 {
            set.insert(at(number), &id(u32::try_from(number).unwrap()));
        }
        assert!(!set.contains(at(4), &id(1)));
        assert!(set.contains(at(4), &id(2)));
        assert!(!set.contains(at(12), &id(2)));
        assert!(set.contains(at(12), &id(3)));
        assert_eq!(set.len(), 2);
    }

    #[test]
    fn a_second_insert_counts_from_anew() {
        let mut set = Completed::new(10, Duration::from_secs(10));
        set.insert(at(0), &id(1));
        set.insert(at(5), &id(1));
        assert!(set.contains(at(12), &id(1)));
        set.remove(&id(1));
        assert!(!set.contains(at(12), &id(1)));
    }
}
