//! The durable store behind the state, a folder with an SQLite database: [`Store`].
//!
//! The state hands over a [`Record`] of every change. One thread writes all that have come in
//! since it last looked in one transaction, and with one wait for the disk; whoever must not answer
//! before that holds a [`Ticket`]. Texts stay on disk, but for those used last.

pub(crate) mod batch;
mod checksum;
mod codec;
mod committer;
mod condition;
mod damage;
pub(crate) mod database;
pub(crate) mod error;
mod files;
pub(crate) mod inner;
mod load;
mod room;
mod rows;
mod salvage;
mod schema;
mod statements;
mod texts;
mod wal;
mod whereabouts;

use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use queue_proto::AccountName;

#[cfg(feature = "bearer")]
use self::batch::Entry;
use self::batch::{Chore, Inbox, Ticket};
use self::database::{Database, Durability, Lock};
use self::error::{Context, StoreError, StoreErrorKind};
use self::inner::{AccountJournal, Inner, OnFailure};
use self::schema::used_pages;
use self::texts::Texts;
use crate::directory::Owner;
use crate::effect::Effect;
use crate::lock::lock;
use crate::notice::Notices;
use crate::notice::set_aside::SetAside;
use crate::state::{Moment, Service};

/// An open store. Dropping it writes what is still to be written and closes it.
pub(crate) struct Store {
    inner: Arc<Inner>,
    committer: Option<JoinHandle<()>>,
    /// How often the folder was opened before.
    starts: u64,
    _lock: Lock,
}

/// How to open a store.
pub(crate) struct Options {
    pub(crate) durability: Durability,
    /// Whether to go on with what can be read of a damaged one.
    pub(crate) recover: bool,
    pub(crate) on_failure: Option<OnFailure>,
    pub(crate) notices: Notices,
}

impl Store {
    /// Opens the store in a folder, which is made if there is none.
    pub(crate) fn open(folder: &Path, options: Options) -> Result<Self, StoreError> {
        let Options { durability, recover, on_failure, notices } = options;
        let Database { lock, writer, reader, starts, room, files, found } =
            database::open(folder, durability, recover)?;
        let error = Context::new(folder);
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
            let used = used_pages(&lock(&inner.reader));
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
        // The last batch is over, so that what is read is what stays; and records are taken again
        // only when the state is what was read (model.rs: the_disk_remembers_what_memory_does).
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
