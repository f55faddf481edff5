//! The durable store behind the state: a folder with an SQLite database.
//!
//! The state hands over a [`Record`] of every change. One thread writes all that have come in
//! since it last looked in one transaction, and with one wait for the disk; whoever must not answer
//! before that holds a [`Ticket`]. Texts stay on disk, but for those used last.

mod batch;
mod checksum;
mod codec;
mod committer;
mod condition;
mod damage;
mod database;
mod error;
mod load;
mod room;
mod rows;
mod salvage;
mod set_aside;
mod statements;
mod texts;
mod wal;
mod whereabouts;

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use queue_proto::AccountName;
use rusqlite::Connection;

pub(crate) use self::batch::Ticket;
use self::batch::{Batch, Chore, Entry, Inbox};
use self::damage::{Damaged, Place};
use self::database::{Database, Lock};
pub use self::error::{StoreError, StoreErrorKind};
use self::room::Room;
pub use self::salvage::Recovered;
pub use self::set_aside::{SetAside, SetAsideKind};
use self::texts::Texts;
use self::whereabouts::Whereabouts;
use crate::directory::Owner;
use crate::notice::{Notice, Notices};
use crate::settle::Effect;
use crate::state::{Journal, Kept, Moment, Record, Service};

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
    room: Room,
    files: Whereabouts,
    /// Whether the files were not where they should be when something was written last.
    gone: AtomicBool,
    error: error::Context,
    on_failure: Option<OnFailure>,
    notices: Notices,
}

/// How to open a store.
pub(crate) struct Options {
    pub(crate) durability: Durability,
    /// Whether to go on with what can be read of a damaged one.
    pub(crate) recover: bool,
    pub(crate) on_failure: Option<OnFailure>,
    pub(crate) notices: Notices,
}

/// One account's way into the store.
struct AccountJournal {
    account: AccountName,
    inner: Arc<Inner>,
}

impl Store {
    /// Opens the store in a folder, which is made if there is none.
    pub(crate) fn open(folder: &Path, options: Options) -> Result<Self, StoreError> {
        let Options { durability, recover, on_failure, notices } = options;
        let Database { lock, writer, reader, starts, room, files, found } =
            database::open(folder, durability, recover)?;
        let error = error::Context::new(folder);
        let number = load::last_number(&reader).map_err(|source| error.read(source))?;
        let inner = Arc::new(Inner {
            inbox: Inbox::new(),
            texts: Mutex::new(Texts::new()),
            reader: Mutex::new(reader),
            number: AtomicU64::new(number),
            room,
            files,
            gone: AtomicBool::new(false),
            error,
            on_failure,
            notices,
        });
        inner.announce(found);
        let committer = {
            let inner = Arc::clone(&inner);
            let run = move || {
                // Nothing of it is used after a panic but the inbox, which is whole whenever its
                // lock is free.
                let run = AssertUnwindSafe(|| committer::run(&writer, &inner));
                if let Err(panic) = catch_unwind(run) {
                    inner.stopped(&*panic);
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

    /// Fills empty services with what is stored, which tell the store of every change from then
    /// on. Returns the latest time at which anything changed.
    pub(crate) fn load(
        &self,
        services: &mut HashMap<AccountName, Service>,
    ) -> Result<Moment, StoreError> {
        let latest = self.load_again(services)?;
        // When everything that is damaged is known: messages are not garbage if it is their queue.
        let orphans = load::orphans(&lock(&self.inner.reader));
        let orphans = orphans.map_err(|source| self.inner.error.read(source))?;
        self.inner.inbox.push_chores(orphans.into_iter().map(Chore::Remove));
        Ok(latest)
    }

    fn load_again(
        &self,
        services: &mut HashMap<AccountName, Service>,
    ) -> Result<Moment, StoreError> {
        for (account, service) in &mut *services {
            let journal = AccountJournal { account: account.clone(), inner: self.inner.clone() };
            service.keep_in(Arc::new(journal));
        }
        self.read_into(services, false)
    }

    /// Fills empty services with what is stored, texts included, which then live on their own.
    pub(crate) fn copy(
        &self,
        services: &mut HashMap<AccountName, Service>,
    ) -> Result<(), StoreError> {
        self.read_into(services, true).map(drop)
    }

    fn read_into(
        &self,
        services: &mut HashMap<AccountName, Service>,
        texts: bool,
    ) -> Result<Moment, StoreError> {
        let loaded = load::load(&lock(&self.inner.reader), services, texts);
        let loaded = loaded.map_err(|source| self.inner.error.read(source))?;
        self.inner.set_aside(loaded.damaged);
        // A damaged queue is in its place no more before anybody asks for messages without one.
        self.inner.inbox.wait_for_chores();
        Ok(loaded.latest)
    }

    /// The owners of user delegation keys that are valid at `now`.
    pub(crate) fn owners(&self, now: Moment) -> Result<Vec<Owner>, StoreError> {
        let owners = load::owners(&lock(&self.inner.reader), now);
        let (owners, damaged) = owners.map_err(|source| self.inner.error.read(source))?;
        self.inner.set_aside(damaged);
        Ok(owners)
    }

    /// Keeps the owner of a user delegation key.
    #[cfg(feature = "bearer")]
    pub(crate) fn remember(&self, owner: Owner) {
        self.inner.inbox.push(Entry::Owner(owner));
    }

    /// Every row that was found damaged and set aside.
    pub(crate) fn damaged_rows(&self) -> Result<Vec<SetAside>, StoreError> {
        self.inner.inbox.wait_for_chores();
        let found = damage::all(&lock(&self.inner.reader));
        found.map_err(|source| self.inner.error.read(source))
    }

    /// Whether an operation with this effect can be stored, as far as that is known before it
    /// changes anything: what is refused here does not have to be undone.
    pub(crate) fn admit(&self, effect: Effect) -> Result<(), StoreError> {
        let inner = &*self.inner;
        if effect == Effect::Nothing {
            return Ok(());
        }
        if inner.gone.load(Ordering::Acquire) {
            if let Some(file) = inner.files.missing() {
                return Err(inner.error.gone(file));
            }
            inner.gone.store(false, Ordering::Release);
        }
        if effect == Effect::Growth && inner.room.is_full() {
            let used = database::used_pages(&lock(&inner.reader));
            if !inner.room.recover(used) {
                return Err(inner.error.error(StoreErrorKind::Full, None));
            }
        }
        Ok(())
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
    ) -> Result<(), StoreError> {
        self.inner.inbox.wait_until_rested();
        if self.inner.inbox.is_abandoned() {
            return Err(self.inner.error.error(StoreErrorKind::Stopped, None));
        }
        self.load_again(services)?;
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
        // Before whoever listens is told, so that a listener that panics keeps nobody waiting.
        batch.finish(Err(Arc::clone(&error)));
        self.tell(&error);
    }

    fn tell(&self, error: &StoreError) {
        if let Some(tell) = &self.on_failure {
            tell(error);
        }
    }

    /// Lets nobody wait for a committer that is gone, since it or whoever it told of a failure
    /// panicked.
    fn stopped(&self, panic: &(dyn Any + Send)) {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        let source = text.unwrap_or("a panic without a text").to_owned();
        let error = self.error.error(StoreErrorKind::Stopped, Some(source.into()));
        let error = Arc::new(error);
        self.inbox.abandon(&error);
        // One who panicked may do so again, and has been heard.
        let _ = catch_unwind(AssertUnwindSafe(|| self.tell(&error)));
    }

    fn announce(&self, found: database::Found) {
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

    fn set_aside(&self, damaged: Vec<Damaged>) {
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

/// What is guarded is whole between any two statements, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
