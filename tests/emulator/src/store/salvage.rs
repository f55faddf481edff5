//! Going on after damage: [`salvage`] copies what can be read of a damaged database into a new one.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::SystemTime;

use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, params_from_iter};

use super::condition::{Damage, MAGIC};
use super::damage::{self, Damaged, Place, Text};
use super::error::is_corrupt;
use super::files::{self, Files};
use super::load;
use super::schema;
use crate::notice::recovered::Recovered;
use crate::notice::set_aside::{SetAside, SetAsideKind};

/// Attempts to read parts of a table, before what is left of it is given up.
const MAX_ATTEMPTS: u32 = 50_000;

/// Why a damaged store could not be salvaged.
#[derive(Debug)]
pub(super) enum Failure {
    Files(io::Error),
    Database(rusqlite::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Files(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// Puts a new database with what can be read in the place of a damaged one, whose files are kept
/// in a folder of their own.
pub(super) fn salvage(
    files: &Files,
    damage: Option<Damage>,
    found: String,
) -> Result<Recovered, Failure> {
    match damage {
        Some(Damage::NoDatabase | Damage::Empty) => first_page_from_log(files)?,
        Some(Damage::Header) => restore_magic(files)?,
        // SQLite refuses a file that is shorter than it should be, and passes over empty pages.
        Some(Damage::Cut { bytes, .. }) => {
            fs::OpenOptions::new().write(true).open(&files.main)?.set_len(bytes)?;
        }
        Some(Damage::Log) | None => {}
    }
    files::remove(&files.new)?;
    let mut recovered = Recovered {
        found,
        queues: 0,
        messages: 0,
        halves: 0,
        unreadable: false,
        kept_in: files.unused_folder(),
    };
    {
        let new = schema::make(&files.new)?;
        copy(files, &new, &mut recovered)?;
    }
    // The new one is complete. From here on every step can be done again after a crash.
    fs::create_dir(&recovered.kept_in)?;
    for file in [&files.main, &files.log] {
        if let Some(name) = file.file_name()
            && file.exists()
        {
            let kept = recovered.kept_in.join(name);
            fs::hard_link(file, &kept).or_else(|_| fs::copy(file, &kept).map(drop))?;
        }
    }
    fs::rename(&files.new, &files.recovered)?;
    files.finish_recovery()?;
    Ok(recovered)
}

/// Makes a database of one page beside a log, as far as that has it: then SQLite reads the log.
fn first_page_from_log(files: &Files) -> io::Result<()> {
    let log = match fs::read(&files.log) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        log => log?,
    };
    let Some(page) = super::wal::first_page(&log) else { return Ok(()) };
    fs::write(&files.main, page)
}

fn restore_magic(files: &Files) -> io::Result<()> {
    fs::OpenOptions::new().write(true).open(&files.main)?.write_all(MAGIC)
}

fn copy(files: &Files, new: &Connection, recovered: &mut Recovered) -> Result<(), Failure> {
    let transaction = new.unchecked_transaction()?;
    // A database that cannot even be opened has nothing to copy.
    match open_damaged(&files.main) {
        Ok(damaged) => {
            let mut copier = Copier { damaged, new, unreadable: false };
            for table in ["accounts", "queues", "deleted_queues", "owners", "set_aside"] {
                copier.copy_small(table)?;
            }
            let last = copier.last_key();
            for table in ["messages", "texts"] {
                copier.copy_large(table, last)?;
            }
            copier.copy_facts()?;
            recovered.unreadable = copier.unreadable;
        }
        Err(_) => recovered.unreadable = true,
    }
    recovered.halves = set_halves_aside(new, recovered.unreadable)?;
    let count = |table: &str| {
        let query = format!("SELECT count(*) FROM {table}");
        new.query_row(&query, [], |row| row.get(0)).map(i64::cast_unsigned)
    };
    (recovered.queues, recovered.messages) = (count("queues")?, count("messages")?);
    transaction.commit()?;
    Ok(())
}

/// Opens a damaged database without a change to it: its log stays as it is.
fn open_damaged(main: &Path) -> rusqlite::Result<Connection> {
    let damaged = Connection::open(main)?;
    damaged.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // Shows whether it can be read at all.
    damaged.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(damaged)
}

struct Copier<'c> {
    damaged: Connection,
    new: &'c Connection,
    unreadable: bool,
}

impl Copier<'_> {
    /// Copies a table from its start, as far as it can be read.
    fn copy_small(&mut self, table: &str) -> rusqlite::Result<()> {
        let read = self.copy_rows(table, &format!("SELECT * FROM {table}"), None, |_| {});
        self.unreadable |= failed(read)?;
        Ok(())
    }

    /// Copies a table whose rows have numbers up to `last`: where it cannot be read, from behind
    /// the fault on.
    fn copy_large(&mut self, table: &str, last: i64) -> rusqlite::Result<()> {
        // The largest parts first, so that what can be read is read before patience ends with what
        // cannot.
        let mut parts = VecDeque::from([(1, last)]);
        for _ in 0..MAX_ATTEMPTS {
            let Some((first, last)) = parts.pop_front() else { return Ok(()) };
            let mut next = first;
            let query = format!("SELECT * FROM {table} WHERE key BETWEEN ?1 AND ?2 ORDER BY key");
            let read = self.copy_rows(table, &query, Some([first, last]), |key| next = key + 1);
            if failed(read)? {
                self.unreadable = true;
                if next < last {
                    let middle = next + (last - next) / 2;
                    parts.extend([(next, middle), (middle + 1, last)]);
                }
            }
        }
        Ok(())
    }

    /// Copies the rows of a query until one cannot be read. `done` is told of their numbers.
    fn copy_rows(
        &self,
        table: &str,
        query: &str,
        keys: Option<[i64; 2]>,
        mut done: impl FnMut(i64),
    ) -> rusqlite::Result<()> {
        let mut query = self.damaged.prepare_cached(query)?;
        let columns = query.column_names().join(", ");
        let places = vec!["?"; query.column_count()].join(", ");
        let insert = format!("REPLACE INTO {table} ({columns}) VALUES ({places})");
        let mut insert = self.new.prepare_cached(&insert)?;
        let mut rows = match keys {
            Some(keys) => query.query(keys)?,
            None => query.query([])?,
        };
        while let Some(row) = rows.next()? {
            let width = row.as_ref().column_count();
            let values: Vec<Value> = (0..width).map(|index| load::value(row, index)).collect();
            let written = insert.execute(params_from_iter(&values));
            // A row that the tables of today do not take is one that damage has made.
            if written.is_err_and(|error| !is_constraint(&error)) {
                return Err(rusqlite::Error::InvalidQuery);
            }
            if let Some(Value::Integer(key)) = values.first() {
                done(*key);
            }
        }
        Ok(())
    }

    /// The highest number of a row, or a guess where that cannot be read.
    fn last_key(&self) -> i64 {
        let last = |table: &str| {
            let query = format!("SELECT ifnull(max(key), 0) FROM {table}");
            self.damaged.query_row(&query, [], |row| row.get::<_, i64>(0)).ok()
        };
        match (last("messages"), last("texts")) {
            (None, None) => 1 << 32,
            // Keys are given out in turn: what one table lacks at its end is not much.
            (Some(last), None) | (None, Some(last)) => last.saturating_add(1 << 16),
            (Some(messages), Some(texts)) => messages.max(texts),
        }
    }

    /// Copies what the store knows about itself.
    fn copy_facts(&mut self) -> rusqlite::Result<()> {
        let starts = load::starts(&self.damaged).unwrap_or_default();
        self.new.execute("UPDATE starts SET count = ?1", [starts])?;
        self.copy_small("unchecked")?;
        match schema::version(&self.damaged) {
            Ok((_, version)) if version < schema::SCHEMA_VERSION => schema::add_checksums(self.new),
            _ => Ok(()),
        }
    }
}

/// True if a table could not be read to its end; an error if what was read could not be written.
fn failed(read: rusqlite::Result<()>) -> rusqlite::Result<bool> {
    match read {
        Ok(()) => Ok(false),
        Err(error) if is_corrupt(&error) => Ok(true),
        // A table that an older version did not have.
        Err(rusqlite::Error::SqliteFailure(_, Some(text))) if text.contains("no such table") => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn is_constraint(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}

/// Sets aside messages without a text, texts without a message and, if the queues could not all be
/// read, messages without a queue. Returns how many there are.
fn set_halves_aside(new: &Connection, unreadable: bool) -> rusqlite::Result<u64> {
    let keys = |query: &str| -> rusqlite::Result<Vec<i64>> {
        new.prepare(query)?.query_map([], |row| row.get(0))?.collect()
    };
    let now = SystemTime::now();
    let mut halves = 0;
    let mut messages = keys("SELECT key FROM messages WHERE key NOT IN (SELECT key FROM texts)")?;
    if unreadable {
        let lost = "SELECT key FROM messages WHERE queue NOT IN (SELECT number FROM queues) \
                    AND key IN (SELECT key FROM texts)";
        messages.extend(keys(lost)?);
    }
    for key in messages {
        let place = Place::Message(key.cast_unsigned());
        let damaged = Damaged { place, reason: "a part of it could not be read" };
        let text = Text::of(new, &damaged.place)?;
        halves += u64::from(damage::set_aside(new, &damaged, &text, now)?.is_some());
    }
    for key in keys("SELECT key FROM texts WHERE key NOT IN (SELECT key FROM messages)")? {
        let found = SetAside {
            found_at: now,
            kind: SetAsideKind::Message,
            account: String::new(),
            queue: String::new(),
            message: None,
            reason: "nothing but its text could be read".to_owned(),
        };
        let content = damage::content_of_text(new, key)?.unwrap_or_default();
        damage::keep(new, &found, None, &content)?;
        new.execute("DELETE FROM texts WHERE key = ?1", [key])?;
        halves += 1;
    }
    Ok(halves)
}
