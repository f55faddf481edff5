//! Opening the database in a folder: [`open`], which refuses or recovers what is damaged.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::condition::{self, Condition};
use super::error::{Context, StoreError, StoreErrorKind, is_corrupt};
use super::files::{self, Files};
use super::load;
use super::room::{self, Room};
use super::salvage::{self, Failure};
use super::schema::{self, APPLICATION_ID, is_ours, used_pages, version};
use super::whereabouts::Whereabouts;
use crate::notice::recovered::Recovered;

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

/// An open database.
pub(super) struct Database {
    pub(super) lock: Lock,
    pub(super) writer: Connection,
    pub(super) reader: Connection,
    /// How often it was opened before.
    pub(super) starts: u64,
    pub(super) room: Room,
    pub(super) files: Whereabouts,
    pub(super) found: Found,
}

/// What whoever starts the store should know.
#[derive(Default)]
pub(super) struct Found {
    /// The log ended in a change that was never finished.
    pub(super) unfinished: bool,
    /// The store was made by a version without checksums.
    pub(super) migrated: bool,
    pub(super) recovered: Option<Recovered>,
}

/// Keeps other emulators away. The operating system takes it back when the process ends, however
/// it does.
pub(super) struct Lock(#[expect(dead_code, reason = "held, not used")] Mutex<Connection>);

/// Opens the database in a folder, and makes what is missing. With `recover` a damaged one is
/// replaced by what can be read of it.
pub(super) fn open(
    folder: &Path,
    durability: Durability,
    recover: bool,
) -> Result<Database, StoreError> {
    fs::create_dir_all(folder).map_err(|source| StoreError::folder_of(folder, source))?;
    let error = Context::new(folder);
    let files = Files::of(folder);
    let lock = lock(&files).map_err(|source| error.open(source))?;
    let found = put_in_order(&files, &error, recover)?;
    match open_files(&files, durability, &error) {
        // Even to read the log SQLite needs some room beside it.
        Err(full) if matches!(full.kind(), StoreErrorKind::Full | StoreErrorKind::Unusable) => {
            room::release(&files.reserve);
            open_files(&files, durability, &error)
        }
        opened => opened,
    }
    .map(|opened| {
        let Opened { writer, reader, starts, migrated } = opened;
        let room = Room::new(files.reserve, files.log.clone(), used_pages(&reader));
        let known = [files.main, files.log, files.lock];
        let found = Found { migrated, ..found };
        Database { lock, writer, reader, starts, room, files: Whereabouts::of(known), found }
    })
}

fn lock(files: &Files) -> rusqlite::Result<Lock> {
    let lock = Connection::open(&files.lock)?;
    lock.busy_timeout(Duration::ZERO)?;
    lock.execute_batch("BEGIN EXCLUSIVE")?;
    Ok(Lock(Mutex::new(lock)))
}

/// Makes a database where there is none, and refuses or recovers one that is damaged.
fn put_in_order(files: &Files, error: &Context, recover: bool) -> Result<Found, StoreError> {
    let unusable = |source: io::Error| error.error(StoreErrorKind::Unusable, Some(source.into()));
    files.finish_recovery().map_err(unusable)?;
    let condition =
        condition::examine(&files.main, &files.log, APPLICATION_ID).map_err(unusable)?;
    let (damage, what) = match condition {
        Condition::New => {
            files::remove(&files.new).map_err(unusable)?;
            schema::make(&files.new).map_err(|source| error.open(source))?;
            fs::rename(&files.new, &files.main).and_then(|()| files.sync()).map_err(unusable)?;
            return Ok(Found::default());
        }
        Condition::Damaged(damage) => (Some(damage), damage.to_string()),
        Condition::Openable { unfinished } => {
            let wrong = if recover { structure(&files.main) } else { Ok(None) };
            match wrong.map_err(|source| error.open(source))? {
                Some(wrong) => (None, wrong),
                None => return Ok(Found { unfinished, ..Found::default() }),
            }
        }
    };
    if !recover {
        return Err(error.damaged(what));
    }
    match salvage::salvage(files, damage, what) {
        Ok(recovered) => Ok(Found { recovered: Some(recovered), ..Found::default() }),
        Err(Failure::Files(source)) => Err(unusable(source)),
        Err(Failure::Database(source)) => Err(error.open(source)),
    }
}

/// Looks through the whole database, and returns what is wrong with it.
fn structure(main: &Path) -> rusqlite::Result<Option<String>> {
    let database = Connection::open(main)?;
    let check = database.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    match check {
        Ok(found) if found == "ok" => Ok(None),
        // It may have several lines.
        Ok(found) => Ok(Some(found.replace('\n', " "))),
        Err(found) if is_corrupt(&found) && version(&database).is_ok_and(is_ours) => {
            Ok(Some(found.to_string()))
        }
        Err(error) => Err(error),
    }
}

struct Opened {
    writer: Connection,
    reader: Connection,
    starts: u64,
    migrated: bool,
}

fn open_files(
    files: &Files,
    durability: Durability,
    error: &Context,
) -> Result<Opened, StoreError> {
    let open = |source| error.open(source);
    let writer = Connection::open(&files.main).map_err(open)?;
    let version = version(&writer).map_err(open)?;
    if !is_ours(version) {
        return Err(error.error(StoreErrorKind::NotAStore, None));
    }
    prepare(&writer, durability).map_err(open)?;
    let migrated = schema::migrate(&writer, version.1).map_err(open)?;
    let starts = count_start(&writer).map_err(open)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let reader = Connection::open_with_flags(&files.main, flags).map_err(open)?;
    reader.pragma_update(None, "temp_store", "memory").map_err(open)?;
    Ok(Opened { writer, reader, starts, migrated })
}

fn prepare(writer: &Connection, durability: Durability) -> rusqlite::Result<()> {
    // With a write-ahead log a commit is one append and one wait for the disk.
    writer.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    let synchronous = match durability {
        Durability::Disk => "full",
        Durability::OperatingSystem => "normal",
    };
    writer.pragma_update(None, "synchronous", synchronous)?;
    // The committer does it when nobody waits; this is the bound if it never comes to it.
    writer.pragma_update_and_check(None, "wal_autocheckpoint", 16_384, |_| Ok(()))?;
    writer.pragma_update(None, "cache_size", -8 * 1024)?;
    writer.pragma_update(None, "temp_store", "memory")
}

/// Counts a start, which shows that the database can be written, too.
fn count_start(writer: &Connection) -> rusqlite::Result<u64> {
    let starts = load::starts(writer)?;
    writer.execute("UPDATE starts SET count = ?1", [starts.wrapping_add(1)])?;
    Ok(starts.cast_unsigned())
}
