//! [`Events`]: the ring of what happened to messages.

use std::collections::VecDeque;

use queue_proto::AccountName;

use super::author::{Author, Clients};
use super::event::{Entry, What};
use super::plan::Plan;
use crate::state::Moment;

/// The newest events, in the order in which they happened.
#[derive(Debug)]
pub(super) struct Events {
    entries: VecDeque<Entry>,
    limit: usize,
    /// The number of the newest event.
    last: u64,
    clients: Clients,
}

impl Events {
    pub(super) fn new(limit: usize) -> Self {
        Self { entries: VecDeque::new(), limit, last: 0, clients: Clients::default() }
    }

    pub(super) fn push(
        &mut self,
        author: &Author<'_>,
        account: &AccountName,
        plan: &Plan,
        what: What,
        at: Moment,
    ) {
        let Some(queue) = plan.queue() else { return };
        self.last += 1;
        if self.limit == 0 {
            return;
        }
        if self.entries.len() >= self.limit {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            number: self.last,
            at,
            account: account.clone(),
            queue: queue.clone(),
            request: author.request,
            client: self.clients.find(author),
            what,
        });
    }

    pub(super) fn entries(&self, mut wanted: impl FnMut(&Entry) -> bool) -> Vec<Entry> {
        self.entries.iter().filter(|entry| wanted(entry)).cloned().collect()
    }

    #[cfg(feature = "control")]
    pub(super) fn after(&self, number: u64, limit: usize) -> (Vec<Entry>, u64) {
        let behind = self.last.saturating_sub(number);
        let newer = usize::try_from(behind).unwrap_or(usize::MAX).min(self.entries.len());
        let taken = newer.min(limit);
        let entries: Vec<_> = self.entries.range(self.entries.len() - taken..).cloned().collect();
        (entries, behind.saturating_sub(taken as u64))
    }

    #[cfg(feature = "control")]
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Forgets the events, but not how many there were: numbers are not given twice.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }
}
