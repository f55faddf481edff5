//! The durable store behind the state: a folder with an SQLite database.
//!
//! The state hands over a [`Record`] of every change. One thread writes all that have come in
//! since it last looked in one transaction, and with one wait for the disk; whoever must not answer
//! before that holds a [`Ticket`]. Texts stay on disk, but for those used last.

mod batch;
mod codec;
mod committer;
mod database;
mod error;
mod load;
mod texts;

use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use queue_proto::{AccountName, MessageText};
use rusqlite::Connection;

pub(crate) use self::batch::Ticket;
use self::batch::{Batch, Inbox};
use self::database::{Database, Lock};
pub use self::error::{StoreError, StoreErrorKind};
use self::texts::Texts;
use crate::state::{Journal, Moment, Record, Service};

/// When a change that is answered is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Durability {
    /// On disk: what was answered survives the loss of power.
    #[default]
    Disk,
    /// With the operating system: what was answered survives the end of the process, however it
    /// comes, but the last of it not a crash of the machine. Nothing waits for the disk.
    OperatingSystem,
}

/// What is told of each failure to write.
pub(crate) type OnFailure = Box<dyn Fn(&StoreError) + Send + Sync>;

/// An open store. Dropping it writes what is still to be written and closes it.
pub(crate) struct Store {
    inner: Arc<Inner>,
    committer: Option<JoinHandle<()>>,
    /// How often the folder was opened before.
    starts: u64,
    _lock: Lock,
}

/// What the state, the committer and those who wait share.
struct Inner {
    inbox: Inbox,
    texts: Mutex<Texts>,
    reader: Mutex<Connection>,
    /// The last number that was given out.
    number: AtomicU64,
    error: error::Context,
    on_failure: Option<OnFailure>,
}

/// One account's way into the store.
struct AccountJournal {
    account: AccountName,
    inner: Arc<Inner>,
}

impl Store {
    /// Opens the store in a folder, which is made if there is none.
    pub(crate) fn open(
        folder: &Path,
        durability: Durability,
        on_failure: Option<OnFailure>,
    ) -> Result<Self, StoreError> {
        let Database { lock, writer, reader, starts, error } = database::open(folder, durability)?;
        let orphans = load::orphans(&reader).map_err(|source| error.read(source))?;
        let number = load::last_number(&reader).map_err(|source| error.read(source))?;
        let inner = Arc::new(Inner {
            inbox: Inbox::new(),
            texts: Mutex::new(Texts::new()),
            reader: Mutex::new(reader),
            number: AtomicU64::new(number),
            error,
            on_failure,
        });
        let committer = {
            let inner = Arc::clone(&inner);
            let run = move || {
                // Nothing of it is used after a panic but the inbox, which is whole whenever its
                // lock is free.
                let run = AssertUnwindSafe(|| committer::run(&writer, &inner, orphans));
                if catch_unwind(run).is_err() {
                    inner.stopped();
                }
            };
            std::thread::Builder::new().name("queue-store".to_owned()).spawn(run)
        };
        let committer = committer.map_err(|source| StoreError::folder_of(folder, source))?;
        Ok(Self { inner, committer: Some(committer), starts, _lock: lock })
    }

    /// How often the folder was opened before.
    pub(crate) fn starts(&self) -> u64 {
        self.starts
    }

    /// The latest time that the store knows to have been.
    pub(crate) fn latest(&self) -> Result<Moment, StoreError> {
        let reader = lock(&self.inner.reader);
        load::latest(&reader).map_err(|source| self.inner.error.read(source))
    }

    /// Fills empty services with what is stored. They tell the store of every change from then on.
    pub(crate) fn load(
        &self,
        services: &mut HashMap<AccountName, Service>,
        now: Moment,
    ) -> Result<(), StoreError> {
        for (account, service) in &mut *services {
            let journal = AccountJournal { account: account.clone(), inner: self.inner.clone() };
            service.keep_in(Arc::new(journal));
        }
        self.read_into(services, false, now)
    }

    /// Fills empty services with what is stored, texts included, which then live on their own.
    pub(crate) fn copy(
        &self,
        services: &mut HashMap<AccountName, Service>,
        now: Moment,
    ) -> Result<(), StoreError> {
        self.read_into(services, true, now)
    }

    fn read_into(
        &self,
        services: &mut HashMap<AccountName, Service>,
        texts: bool,
        now: Moment,
    ) -> Result<(), StoreError> {
        let reader = lock(&self.inner.reader);
        load::load(&reader, services, texts, now).map_err(|source| self.inner.error.read(source))
    }

    /// What an answer given now has to wait for, if for anything: it may tell of every change up
    /// to now. The caller lets nobody change the state meanwhile.
    pub(crate) fn ticket(&self) -> Option<Ticket> {
        self.inner.inbox.ticket()
    }

    /// Whether the state has changes in it that could not be written, and must be loaded again.
    pub(crate) fn has_failed(&self) -> bool {
        self.inner.inbox.is_closed()
    }

    /// Loads the state again after a failure, and takes records again. The caller lets nobody
    /// change the state meanwhile.
    pub(crate) fn recover(
        &self,
        services: &mut HashMap<AccountName, Service>,
        now: Moment,
    ) -> Result<(), StoreError> {
        self.inner.inbox.wait_until_rested();
        if self.inner.inbox.is_abandoned() {
            return Err(self.inner.error.error(StoreErrorKind::Stopped, None));
        }
        self.load(services, now)?;
        lock(&self.inner.texts).clear();
        self.inner.inbox.reopen();
        Ok(())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.inner.inbox.stop();
        if let Some(committer) = self.committer.take() {
            // A panic in it has been told of.
            let _ = committer.join();
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("folder", &self.inner.error.folder()).finish_non_exhaustive()
    }
}

impl Inner {
    /// Puts an end to everything that has not been written: nobody is answered with it.
    fn fail(&self, batch: &Batch, error: StoreError) {
        let error = Arc::new(error);
        // Before anybody learns of it, so that who asks again finds the state put right.
        self.inbox.close(&error);
        if let Some(tell) = &self.on_failure {
            tell(&error);
        }
        batch.finish(Err(error));
    }

    /// Lets nobody wait for a committer that is gone.
    fn stopped(&self) {
        let error = Arc::new(self.error.error(StoreErrorKind::Stopped, None));
        self.inbox.abandon(&error);
        if let Some(tell) = &self.on_failure {
            tell(&error);
        }
    }

    /// Reads texts in one transaction.
    fn read_texts(&self, keys: &[u64]) -> Result<Vec<MessageText>, StoreError> {
        let reader = lock(&self.reader);
        load::texts(&reader, keys).map_err(|source| self.error.read(source))
    }
}

impl Journal for AccountJournal {
    fn record(&self, record: Record) {
        lock(&self.inner.texts).note(&record);
        self.inner.inbox.push(self.account.clone(), record);
    }

    fn texts(&self, keys: &[u64]) -> Vec<MessageText> {
        let at_hand: Vec<_> = {
            let texts = lock(&self.inner.texts);
            keys.iter().map(|key| texts.get(*key)).collect()
        };
        let absent = keys.iter().zip(&at_hand).filter(|(_, text)| text.is_none());
        let absent: Vec<u64> = absent.map(|(key, _)| *key).collect();
        if absent.is_empty() {
            return at_hand.into_iter().flatten().collect();
        }
        let read = self.inner.read_texts(&absent).unwrap_or_else(|error| {
            // The answer that was to have the texts is replaced by an error.
            self.inner.fail(&Batch::new(), error);
            vec![MessageText::default(); absent.len()]
        });
        let mut read = read.into_iter();
        at_hand.into_iter().filter_map(|text| text.or_else(|| read.next())).collect()
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

/// What is guarded is whole between any two statements, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
