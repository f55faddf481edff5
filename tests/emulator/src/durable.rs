//! Setting up an emulator that keeps its queues on disk.

use std::fmt;
use std::path::PathBuf;

use crate::store::{OnFailure, Store};
use crate::{Durability, Emulator, EmulatorBuilder, StoreError};

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
/// goes on, and takes messages again as soon as they can be stored.
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
    on_failure: Option<OnFailure>,
}

impl DurableBuilder {
    pub(crate) fn new(builder: EmulatorBuilder, folder: PathBuf) -> Self {
        Self { builder, folder, durability: Durability::default(), on_failure: None }
    }

    /// When a change may be answered. The default is [`Durability::Disk`].
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Is told of every failure to store or to read. It must not call the emulator.
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
        let Self { builder, folder, durability, on_failure } = self;
        builder.build_on(Store::open(&folder, durability, on_failure)?)
    }
}

impl fmt::Debug for DurableBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DurableBuilder")
            .field("builder", &self.builder)
            .field("folder", &self.folder)
            .field("durability", &self.durability)
            .finish_non_exhaustive()
    }
}
