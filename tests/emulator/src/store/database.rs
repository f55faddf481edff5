//! The files in the folder.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::Context;
use super::{Durability, StoreError, StoreErrorKind};

/// The database.
const FILE: &str = "queues.sqlite";
/// Nothing is ever written to it; who has it locked has the folder.
const LOCK_FILE: &str = "queues.lock";

/// Marks the database as ours: "queu" in ASCII.
const APPLICATION_ID: i32 = 0x7175_6575;
/// The version of the tables below.
const SCHEMA_VERSION: i32 = 1;

const SCHEMA: &str = "
CREATE TABLE starts (count INTEGER NOT NULL);
INSERT INTO starts VALUES (0);
CREATE TABLE accounts (
    name TEXT PRIMARY KEY,
    properties TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE queues (
    number INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    metadata TEXT NOT NULL,
    policies TEXT NOT NULL
);
CREATE TABLE deleted_queues (
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    free_at INTEGER NOT NULL,
    PRIMARY KEY (account, name)
) WITHOUT ROWID;
CREATE TABLE messages (
    key INTEGER PRIMARY KEY,
    queue INTEGER NOT NULL,
    id BLOB NOT NULL,
    receipt BLOB NOT NULL,
    inserted_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    next_visible_at INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    dequeue_count INTEGER NOT NULL
);
-- Apart, since handing a message out changes its row and not its text.
CREATE TABLE texts (
    key INTEGER PRIMARY KEY,
    text TEXT NOT NULL
);
";

/// An open database.
pub(super) struct Database {
    pub(super) lock: Lock,
    pub(super) writer: Connection,
    pub(super) reader: Connection,
    /// How often it was opened before.
    pub(super) starts: u64,
    pub(super) error: Context,
}

/// Keeps other emulators away. The operating system takes it back when the process ends, however
/// it does.
pub(super) struct Lock(#[expect(dead_code, reason = "held, not used")] Mutex<Connection>);

/// Opens the database in a folder, and makes what is missing.
pub(super) fn open(folder: &Path, durability: Durability) -> Result<Database, StoreError> {
    std::fs::create_dir_all(folder).map_err(|source| StoreError::folder_of(folder, source))?;
    let error = Context::new(folder);
    let lock = lock(folder).map_err(|source| error.open(source))?;
    let file = folder.join(FILE);
    let writer = Connection::open(&file).map_err(|source| error.open(source))?;
    prepare(&writer, durability).map_err(|source| error.open(source))?;
    if !migrate(&writer).map_err(|source| error.open(source))? {
        return Err(error.error(StoreErrorKind::NotAStore, None));
    }
    let starts = count_start(&writer).map_err(|source| error.open(source))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let reader = Connection::open_with_flags(&file, flags).map_err(|source| error.open(source))?;
    Ok(Database { lock, writer, reader, starts, error })
}

fn lock(folder: &Path) -> rusqlite::Result<Lock> {
    let lock = Connection::open(folder.join(LOCK_FILE))?;
    lock.busy_timeout(Duration::ZERO)?;
    lock.execute_batch("BEGIN EXCLUSIVE")?;
    Ok(Lock(Mutex::new(lock)))
}

fn prepare(writer: &Connection, durability: Durability) -> rusqlite::Result<()> {
    // What messages leave behind can be given back. It counts for a new database only, and must
    // come first.
    writer.pragma_update(None, "auto_vacuum", "incremental")?;
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

/// Makes the tables of a new database; false if it is another program's or a newer version's.
fn migrate(writer: &Connection) -> rusqlite::Result<bool> {
    let pragma = |name| writer.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (id, version) = (pragma("application_id")?, pragma("user_version")?);
    let tables: i64 =
        writer.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if (id, version, tables) != (0, 0, 0) {
        return Ok((id, version) == (APPLICATION_ID, SCHEMA_VERSION));
    }
    writer.execute_batch(&format!(
        "BEGIN; {SCHEMA} PRAGMA application_id = {APPLICATION_ID}; \
         PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
    ))?;
    Ok(true)
}

/// Shows that the database can be written, too.
fn count_start(writer: &Connection) -> rusqlite::Result<u64> {
    writer
        .query_row("UPDATE starts SET count = count + 1 RETURNING count - 1", [], |row| row.get(0))
        .map(i64::cast_unsigned)
}
