//! The tables of the database: how they are made, and how those of older versions become these.

use std::path::Path;

use rusqlite::Connection;

use super::rows;

/// Marks the database as ours: "queu" in ASCII.
pub(super) const APPLICATION_ID: i32 = 0x7175_6575;
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

/// What marks the database as ours, and the version of its tables.
pub(super) fn version(database: &Connection) -> rusqlite::Result<(i32, i32)> {
    let pragma = |name| database.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    Ok((pragma("application_id")?, pragma("user_version")?))
}

/// Whether these mark a database that this version can read.
pub(super) fn is_ours((id, version): (i32, i32)) -> bool {
    id == APPLICATION_ID && (1..=SCHEMA_VERSION).contains(&version)
}

/// Brings the tables of an older version up to date, and returns whether they were older.
pub(super) fn migrate(writer: &Connection, version: i32) -> rusqlite::Result<bool> {
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

/// How many pages of the database are in use; zero if it cannot be told.
pub(super) fn used_pages(database: &Connection) -> u64 {
    let pages = |name| database.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let free = pages("freelist_count").unwrap_or_default();
    pages("page_count").unwrap_or_default().saturating_sub(free).unsigned_abs()
}
