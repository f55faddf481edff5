//! The files in the folder, and the tables in the database: [`open`].

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::condition::{self, Condition};
use super::error::Context;
use super::room::{self, Room};
use super::salvage::{self, Failure, Recovered};
use super::whereabouts::Whereabouts;
use super::{Durability, StoreError, StoreErrorKind, load, rows};

/// Marks the database as ours: "queu" in ASCII.
const APPLICATION_ID: i32 = 0x7175_6575;
/// The version of the tables below. 1 had no checksums.
pub(super) const SCHEMA_VERSION: i32 = 2;

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

/// What version 2 has beside. Columns that are added without a default rewrite no row, so that the
/// store of an older version opens as fast as any, and on a full disk too.
const CHECKSUMS: &str = "
ALTER TABLE accounts ADD COLUMN checksum INTEGER;
ALTER TABLE queues ADD COLUMN name_checksum INTEGER;
ALTER TABLE queues ADD COLUMN settings_checksum INTEGER;
ALTER TABLE deleted_queues ADD COLUMN checksum INTEGER;
ALTER TABLE messages ADD COLUMN changed_at INTEGER;
ALTER TABLE messages ADD COLUMN checksum INTEGER;
ALTER TABLE texts ADD COLUMN checksum INTEGER;
-- Messages up to this key are from a version without checksums, and may lack theirs.
CREATE TABLE unchecked (last_key INTEGER NOT NULL);
CREATE TABLE owners (
    object_id TEXT PRIMARY KEY,
    roles TEXT,
    until INTEGER NOT NULL,
    checksum INTEGER
) WITHOUT ROWID;
CREATE TABLE set_aside (
    id INTEGER PRIMARY KEY,
    found_at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    account TEXT NOT NULL,
    queue TEXT NOT NULL,
    message TEXT,
    number INTEGER,
    reason TEXT NOT NULL,
    content TEXT
);
";

/// The names of the files.
pub(super) struct Files {
    folder: PathBuf,
    pub(super) main: PathBuf,
    pub(super) log: PathBuf,
    /// A database that is being made: it takes its name when it is complete.
    pub(super) new: PathBuf,
    /// A database that is complete and takes the place of a damaged one.
    pub(super) recovered: PathBuf,
    /// Nothing is ever written to it; who has it locked has the folder.
    lock: PathBuf,
    reserve: PathBuf,
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

impl Files {
    fn of(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            main: folder.join("queues.sqlite"),
            log: folder.join("queues.sqlite-wal"),
            new: folder.join("queues.sqlite.new"),
            recovered: folder.join("queues.sqlite.recovered"),
            lock: folder.join("queues.lock"),
            reserve: folder.join("queues.reserve"),
        }
    }

    /// A name for a folder with damaged files.
    pub(super) fn unused_folder(&self) -> PathBuf {
        let names = (1..u32::MAX).map(|number| self.folder.join(format!("damaged-{number}")));
        let mut unused = names.filter(|folder| !folder.exists());
        unused.next().unwrap_or_else(|| self.folder.join("damaged"))
    }

    /// Puts a recovered database in the place of the damaged one. A crash before the end of it is
    /// made good by the next start, which finds the recovered one and comes here.
    pub(super) fn finish_recovery(&self) -> io::Result<()> {
        if !self.recovered.exists() {
            return Ok(());
        }
        // The log of the old one before the new one has the name that the log belongs to: SQLite
        // would take the one for the other's.
        remove(&self.log)?;
        remove(&self.folder.join("queues.sqlite-shm"))?;
        fs::rename(&self.recovered, &self.main)?;
        self.sync()
    }

    /// Makes changes of names last.
    fn sync(&self) -> io::Result<()> {
        if cfg!(unix) { fs::File::open(&self.folder)?.sync_all() } else { Ok(()) }
    }
}

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
            remove(&files.new).map_err(unusable)?;
            make(&files.new).map_err(|source| error.open(source))?;
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
        Err(found) if load::is_corrupt(&found) && version(&database).is_ok_and(is_ours) => {
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
    let migrated = migrate(&writer, version.1).map_err(open)?;
    let starts = count_start(&writer).map_err(open)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let reader = Connection::open_with_flags(&files.main, flags).map_err(open)?;
    reader.pragma_update(None, "temp_store", "memory").map_err(open)?;
    Ok(Opened { writer, reader, starts, migrated })
}

/// Makes an empty database.
pub(super) fn make(file: &Path) -> rusqlite::Result<Connection> {
    let new = Connection::open(file)?;
    // What messages leave behind can be given back. It must come first.
    new.pragma_update(None, "auto_vacuum", "incremental")?;
    new.execute_batch(&format!(
        "BEGIN; {SCHEMA} {CHECKSUMS} PRAGMA application_id = {APPLICATION_ID}; \
         PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
    ))?;
    Ok(new)
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

/// What marks the database as ours, and the version of its tables.
pub(super) fn version(database: &Connection) -> rusqlite::Result<(i32, i32)> {
    let pragma = |name| database.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    Ok((pragma("application_id")?, pragma("user_version")?))
}

fn is_ours((id, version): (i32, i32)) -> bool {
    id == APPLICATION_ID && (1..=SCHEMA_VERSION).contains(&version)
}

/// Brings the tables of an older version up to date, and returns whether they were older.
fn migrate(writer: &Connection, version: i32) -> rusqlite::Result<bool> {
    if version == SCHEMA_VERSION {
        return Ok(false);
    }
    let transaction = writer.unchecked_transaction()?;
    writer.execute_batch(CHECKSUMS)?;
    add_checksums(writer)?;
    writer.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    transaction.commit()?;
    Ok(true)
}

/// Gives checksums to all rows of the small tables of a version that had none. Messages get theirs
/// when they change next.
pub(super) fn add_checksums(database: &Connection) -> rusqlite::Result<()> {
    database.execute(
        "INSERT INTO unchecked SELECT max(ifnull((SELECT max(key) FROM messages), 0), \
                                          ifnull((SELECT max(key) FROM texts), 0))",
        [],
    )?;
    let mut accounts = database.prepare("SELECT name, properties FROM accounts")?;
    let mut rows_found = accounts.query([])?;
    while let Some(row) = rows_found.next()? {
        let (name, properties): (String, String) = (row.get(0)?, row.get(1)?);
        let sum = rows::account(&name, &properties);
        let set = "UPDATE accounts SET checksum = ?2 WHERE name = ?1";
        database.execute(set, rusqlite::params![name, sum])?;
    }
    let mut queues =
        database.prepare("SELECT number, account, name, metadata, policies FROM queues")?;
    let mut rows_found = queues.query([])?;
    while let Some(row) = rows_found.next()? {
        let number: i64 = row.get(0)?;
        let text = |index| row.get::<_, String>(index);
        let name = rows::queue_name(number.cast_unsigned(), &text(1)?, &text(2)?);
        let settings = rows::queue_settings(number.cast_unsigned(), &text(3)?, &text(4)?);
        let set = "UPDATE queues SET name_checksum = ?2, settings_checksum = ?3 WHERE number = ?1";
        database.execute(set, [number, name, settings])?;
    }
    let mut deleted = database.prepare("SELECT account, name, free_at FROM deleted_queues")?;
    let mut rows_found = deleted.query([])?;
    while let Some(row) = rows_found.next()? {
        let (account, name): (String, String) = (row.get(0)?, row.get(1)?);
        let sum = rows::deleted_queue(&account, &name, row.get(2)?);
        let set = "UPDATE deleted_queues SET checksum = ?3 WHERE account = ?1 AND name = ?2";
        database.execute(set, rusqlite::params![account, name, sum])?;
    }
    Ok(())
}

/// Counts a start, which shows that the database can be written, too.
fn count_start(writer: &Connection) -> rusqlite::Result<u64> {
    let starts = load::starts(writer)?;
    writer.execute("UPDATE starts SET count = ?1", [starts.wrapping_add(1)])?;
    Ok(starts.cast_unsigned())
}

/// How many pages of the database are in use; zero if it cannot be told.
pub(super) fn used_pages(database: &Connection) -> u64 {
    let pages = |name| database.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let free = pages("freelist_count").unwrap_or_default();
    pages("page_count").unwrap_or_default().saturating_sub(free).unsigned_abs()
}

/// Removes a file, if there is one.
pub(super) fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
