//! Keeps the books: what became of every message, by what the processes said.

use std::collections::{BTreeMap, BTreeSet};

use crate::events::Event;

/// The fate of all messages.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    sent: BTreeSet<u32>,
    completed: BTreeSet<u32>,
    redelivered: BTreeSet<u32>,
    /// By process: what it received and has neither completed nor found taken.
    held: BTreeMap<usize, BTreeSet<u32>>,
    /// By process: what it asked the service to delete, without an answer yet.
    deleting: BTreeMap<usize, BTreeSet<u32>>,
    by_process: BTreeMap<usize, Counts>,
}

#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) sent: u32,
    pub(crate) received: u32,
    pub(crate) completed: u32,
    pub(crate) late: u32,
}

impl Tally {
    pub(crate) fn record(&mut self, process: usize, event: Event) {
        let counts = self.by_process.entry(process).or_default();
        let held = self.held.entry(process).or_default();
        let deleting = self.deleting.entry(process).or_default();
        match event {
            Event::Sent { number } => {
                counts.sent += 1;
                self.sent.insert(number);
            }
            Event::Received { number, dequeue_count } => {
                counts.received += 1;
                held.insert(number);
                if dequeue_count > 1 {
                    self.redelivered.insert(number);
                }
            }
            Event::Deleting { number } => {
                deleting.insert(number);
            }
            Event::Completed { number } => {
                counts.completed += 1;
                held.remove(&number);
                deleting.remove(&number);
                self.completed.insert(number);
            }
            Event::Late { number } => {
                counts.late += 1;
                held.remove(&number);
                deleting.remove(&number);
            }
        }
    }

    /// What a killed process was deleting is deleted or comes back: nobody heard the answer. If it
    /// does not come back although the queue is empty, the delete was applied.
    pub(crate) fn settle_unheard_deletes(&mut self, killed: usize) -> usize {
        let unheard = self.deleting.remove(&killed).unwrap_or_default();
        let before = self.completed.len();
        self.completed.extend(unheard);
        self.completed.len() - before
    }

    pub(crate) fn sent(&self) -> usize {
        self.sent.len()
    }

    pub(crate) fn completed(&self) -> usize {
        self.completed.len()
    }

    pub(crate) fn redelivered(&self) -> usize {
        self.redelivered.len()
    }

    pub(crate) fn lost(&self) -> usize {
        self.sent.difference(&self.completed).count()
    }

    pub(crate) fn held_by(&self, process: usize) -> BTreeSet<u32> {
        self.held.get(&process).cloned().unwrap_or_default()
    }

    /// How many of these were completed by now.
    pub(crate) fn completed_of(&self, numbers: &BTreeSet<u32>) -> usize {
        numbers.intersection(&self.completed).count()
    }

    pub(crate) fn counts(&self, process: usize) -> Counts {
        self.by_process.get(&process).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_lost_until_somebody_completes_it() {
        let mut tally = Tally::default();
        tally.record(0, Event::Sent { number: 1 });
        tally.record(1, Event::Received { number: 1, dequeue_count: 1 });
        assert_eq!((tally.lost(), tally.held_by(1).len()), (1, 1));
        tally.record(2, Event::Received { number: 1, dequeue_count: 2 });
        tally.record(2, Event::Deleting { number: 1 });
        tally.record(2, Event::Completed { number: 1 });
        assert_eq!((tally.lost(), tally.redelivered(), tally.completed()), (0, 1, 1));
    }

    #[test]
    fn a_delete_whose_answer_died_with_its_process_counts_once_settled() {
        let mut tally = Tally::default();
        tally.record(0, Event::Sent { number: 1 });
        tally.record(1, Event::Received { number: 1, dequeue_count: 1 });
        tally.record(1, Event::Deleting { number: 1 });
        assert_eq!(tally.lost(), 1);
        assert_eq!(tally.settle_unheard_deletes(1), 1);
        assert_eq!(tally.lost(), 0);
    }

    #[test]
    fn what_was_never_being_deleted_stays_lost() {
        let mut tally = Tally::default();
        tally.record(0, Event::Sent { number: 1 });
        tally.record(1, Event::Received { number: 1, dequeue_count: 1 });
        assert_eq!(tally.settle_unheard_deletes(1), 0);
        assert_eq!(tally.lost(), 1);
    }
}
