//! What the state, the thread that writes and those who wait share: [`Inner`].

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use queue_proto::AccountName;
use rusqlite::Connection;

use super::batch::{Batch, Chore, Entry, Inbox};
use super::damage::{Damaged, Place};
use super::database::Found;
use super::error::{Context, StoreError, StoreErrorKind};
use super::load;
use super::room::Room;
use super::texts::Texts;
use super::whereabouts::Whereabouts;
use crate::lock::lock;
use crate::notice::{Notice, Notices};
use crate::state::{Journal, Kept, Record};

/// What is told of each failure to write.
pub(crate) type OnFailure = Box<dyn Fn(&StoreError) + Send + Sync>;

/// What the state, the committer and those who wait share.
pub(super) struct Inner {
    pub(super) inbox: Inbox,
    pub(super) texts: Mutex<Texts>,
    pub(super) reader: Mutex<Connection>,
    /// The last number that was given out.
    pub(super) number: AtomicU64,
    pub(super) room: Room,
    pub(super) files: Whereabouts,
    /// Whether the files were not where they should be when something was written last.
    pub(super) gone: AtomicBool,
    pub(super) error: Context,
    pub(super) on_failure: Option<OnFailure>,
    pub(super) notices: Notices,
}

/// One account's way into the store.
pub(super) struct AccountJournal {
    pub(super) account: AccountName,
    pub(super) inner: Arc<Inner>,
}

impl Inner {
    /// Puts an end to everything that has not been written: nobody is answered with it.
    pub(super) fn fail(&self, batch: &Batch, error: StoreError) {
        let error = Arc::new(error);
        // Closed before anybody learns of it: who asks again because of the error must find that
        // the state has to be put right, and not the change that was never stored
        // (full.rs: a_file_that_may_not_grow_refuses_messages_and_keeps_what_it_has).
        self.inbox.close(&error);
        // Before whoever listens is told, so that a listener that is slow or panics keeps nobody
        // waiting (refusals.rs: a_store_that_has_stopped_keeps_nobody_waiting).
        batch.finish(Err(Arc::clone(&error)));
        self.tell(&error);
    }

    pub(super) fn tell(&self, error: &StoreError) {
        if let Some(tell) = &self.on_failure {
            tell(error);
        }
    }

    /// Lets nobody wait for a committer that is gone, since it or whoever it told of a failure
    /// panicked.
    pub(super) fn stopped(&self, panic: &(dyn Any + Send)) {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        let source = text.unwrap_or("a panic without a text").to_owned();
        let error = self.error.error(StoreErrorKind::Stopped, Some(source.into()));
        let error = Arc::new(error);
        self.inbox.abandon(&error);
        // One who panicked may do so again, and has been heard.
        let _ = catch_unwind(AssertUnwindSafe(|| self.tell(&error)));
    }

    pub(super) fn announce(&self, found: Found) {
        if let Some(recovered) = found.recovered {
            self.notices.tell(&Notice::Recovered(recovered));
        }
        if found.migrated {
            self.notices.tell(&Notice::Migrated);
        }
        if found.unfinished {
            self.notices.tell(&Notice::Unfinished);
        }
        if self.room.is_full() {
            self.tell(&self.error.error(StoreErrorKind::Full, None));
        }
    }

    pub(super) fn set_aside(&self, damaged: Vec<Damaged>) {
        if !damaged.is_empty() {
            self.inbox.push_chores(damaged.into_iter().map(Chore::SetAside));
        }
    }

    /// Reads texts that are not in memory.
    fn read_texts(&self, keys: &[u64]) -> Vec<Kept> {
        let read = load::texts(&lock(&self.reader), keys);
        let texts = match read {
            Ok(texts) => texts,
            // One that cannot be read must not keep the others from being read.
            Err(_) if keys.len() > 1 => {
                return keys.iter().flat_map(|key| self.read_texts(&[*key])).collect();
            }
            Err(source) => {
                self.tell(&self.error.read(source));
                return vec![Kept::Unreadable; keys.len()];
            }
        };
        let mut damaged = Vec::new();
        let kept = keys.iter().zip(texts).map(|(key, text)| match text {
            Ok(text) => Kept::Text(text),
            Err(reason) => {
                damaged.push(Damaged { place: Place::Message(*key), reason });
                Kept::Damaged
            }
        });
        let kept = kept.collect();
        self.set_aside(damaged);
        kept
    }
}

impl Journal for AccountJournal {
    fn record(&self, record: Record) {
        lock(&self.inner.texts).note(&record);
        match record {
            Record::Expired { key } => self.inner.inbox.push_chores([Chore::Remove(key)]),
            record => self.inner.inbox.push(Entry::Change(self.account.clone(), record)),
        }
    }

    fn texts(&self, keys: &[u64]) -> Vec<Kept> {
        let at_hand: Vec<_> = {
            let texts = lock(&self.inner.texts);
            keys.iter().map(|key| texts.get(*key)).collect()
        };
        let absent = keys.iter().zip(&at_hand).filter(|(_, text)| text.is_none());
        let absent: Vec<u64> = absent.map(|(key, _)| *key).collect();
        if absent.is_empty() {
            return at_hand.into_iter().flatten().map(Kept::Text).collect();
        }
        let mut read = self.inner.read_texts(&absent).into_iter();
        at_hand
            .into_iter()
            .filter_map(|text| text.map(Kept::Text).or_else(|| read.next()))
            .collect()
    }

    fn next_number(&self) -> u64 {
        self.inner.number.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl fmt::Debug for AccountJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountJournal").field("account", &self.account).finish_non_exhaustive()
    }
}
