//! Setting up an emulator that keeps its queues on disk: [`DurableBuilder`].

use std::fmt;
use std::path::PathBuf;

use crate::emulator::{Emulator, EmulatorBuilder};
use crate::notice::set_aside::SetAside;
use crate::store::database::Durability;
use crate::store::error::StoreError;
use crate::store::inner::OnFailure;
use crate::store::{Options, Store};

/// Sets up an [`Emulator`] that keeps its queues in a folder.
///
/// Nothing is answered before it is stored: neither the end of the process nor, with
/// [`Durability::Disk`], a loss of power undoes what a client was told. Messages keep their
/// receipts, their visibility and their expiry. Changes of many clients are written together, so
/// that they share one wait for the disk. Texts stay on disk; memory holds about 300 bytes for each
/// message.
///
/// If something cannot be stored, because the disk is full or broken, it is answered with 500
/// InternalError, whose `Reason` says why, and the state goes back to what is stored. The emulator
/// goes on, and takes messages again as soon as they can be stored. On a full disk a reserve of up
/// to 16 MiB makes it possible to receive, delete and clear messages all the same.
///
/// Every row has a checksum. A row that does not fit is set aside, so that everything else goes on:
/// [`EmulatorBuilder::on_notice`] is told, and [`Emulator::set_aside`] lists all of them. Files that
/// are damaged so that nobody can tell what is missing are refused; see
/// [`recover`](Self::recover).
///
/// A process whose files may not get longer than some limit (`ulimit -f`) must not die by SIGXFSZ:
/// it ignores or handles that signal, as the program does.
///
/// [`Emulator::handle`] blocks until its answer is stored; a `Server` does not.
///
/// Signatures, tokens and keys are never stored. User delegation keys are valid again after a restart:
/// they are derived from the account's key.
///
/// ```
/// use queue_emulator::Emulator;
///
/// let folder = std::env::temp_dir().join(format!("queues-{}", std::process::id()));
/// let emulator = Emulator::builder().location(&folder).open()?;
/// # drop(emulator);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a builder does nothing until `open` is called"]
pub struct DurableBuilder {
    builder: EmulatorBuilder,
    folder: PathBuf,
    durability: Durability,
    recover: bool,
    on_failure: Option<OnFailure>,
}

impl EmulatorBuilder {
    /// Keeps the queues in a folder, which is made if there is none; see [`DurableBuilder`].
    pub fn location(self, folder: impl Into<PathBuf>) -> DurableBuilder {
        DurableBuilder::new(self, folder.into())
    }
}

impl DurableBuilder {
    pub(crate) fn new(builder: EmulatorBuilder, folder: PathBuf) -> Self {
        Self {
            builder,
            folder,
            durability: Durability::default(),
            recover: false,
            on_failure: None,
        }
    }

    /// Sets when a change may be answered. Default: [`Durability::Disk`].
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Looks through the whole store first and, if it is damaged so that nobody can tell what is
    /// missing, goes on with what can be read of it. What was found is told to
    /// [`on_notice`](EmulatorBuilder::on_notice), and the damaged files are kept in a folder beside
    /// the new ones. Default: false, and then such a store is refused with
    /// [`StoreErrorKind::Damaged`](crate::StoreErrorKind::Damaged).
    pub fn recover(mut self, recover: bool) -> Self {
        self.recover = recover;
        self
    }

    /// Tells `tell` of every failure to store or to read. It must not call the emulator.
    ///
    /// If `tell` panics nothing is stored any more: it is told of that too, as
    /// [`StoreErrorKind::Stopped`](crate::StoreErrorKind::Stopped), and everything is answered with
    /// an error.
    pub fn on_failure(mut self, tell: impl Fn(&StoreError) + Send + Sync + 'static) -> Self {
        self.on_failure = Some(Box::new(tell));
        self
    }

    /// Starts with the queues that are in the folder. Queues of accounts that are not served stay
    /// there.
    ///
    /// With a [seed](EmulatorBuilder::seed) ids and receipts also depend on how often the folder
    /// was opened before, so that none is given out twice.
    ///
    /// # Errors
    /// [`StoreError`] if the folder cannot be used: it cannot be made or written to, another
    /// emulator uses it, or what is in it cannot be read.
    pub fn open(self) -> Result<Emulator, StoreError> {
        let Self { builder, folder, durability, recover, on_failure } = self;
        let notices = builder.notices();
        builder
            .build_on(Store::open(&folder, Options { durability, recover, on_failure, notices })?)
    }
}

impl Emulator {
    /// Looks at every stored row that was found damaged and set aside, the oldest first; none for
    /// an emulator that keeps its queues in memory.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub fn set_aside(&self) -> Result<Vec<SetAside>, StoreError> {
        self.store().map_or(Ok(Vec::new()), Store::damaged_rows)
    }
}

impl fmt::Debug for DurableBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DurableBuilder")
            .field("builder", &self.builder)
            .field("folder", &self.folder)
            .field("durability", &self.durability)
            .field("recover", &self.recover)
            .finish_non_exhaustive()
    }
}
