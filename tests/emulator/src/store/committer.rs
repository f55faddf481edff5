//! The thread that writes.

use std::sync::Arc;

use queue_proto::AccountName;
use rusqlite::{Connection, Statement, params};

use super::batch::{Batch, Work};
use super::{Inner, StoreErrorKind, codec, lock};
use crate::state::{Record, Row};

/// Messages of queues that are gone are removed in pieces of this size, between what others wait
/// for. Fewer go at once.
const PIECE: usize = 1_000;

/// About how many bytes of records are written before the log is carried over into the database:
/// then it is written from its start again, so this is also about its size.
const LOG_BYTES: usize = 8 * 1024 * 1024;

/// Pages of the database that are given back to the file system at once, when nobody waits.
const PAGES: usize = 256;

/// As many free pages are kept for what comes next: 4 MiB.
const SPARE_PAGES: i64 = 1_024;

/// Writes what comes in until it is told to stop.
pub(super) fn run(writer: &Connection, inner: &Arc<Inner>, orphans: Vec<u64>) {
    let mut statements = match Statements::new(writer) {
        Ok(statements) => statements,
        Err(error) => return refuse(inner, error),
    };
    let mut garbage = orphans;
    let mut log_bytes = 0;
    let mut slack = has_slack(writer);
    loop {
        let written = match inner.inbox.take(garbage.is_empty() && !slack) {
            Work::Stop => break,
            Work::Nothing if garbage.is_empty() => {
                slack = give_back(writer).is_ok() && has_slack(writer);
                if !slack {
                    // The file gets smaller when the log is carried over.
                    checkpoint(writer, "TRUNCATE");
                    log_bytes = 0;
                }
                PAGES * 4_096
            }
            Work::Nothing => {
                let piece = garbage.split_off(garbage.len().saturating_sub(PIECE));
                let removed = transaction(writer, |_| statements.remove(&piece));
                if removed.is_err() {
                    // They are found again at the next start.
                    garbage.clear();
                }
                if garbage.is_empty() {
                    slack = has_slack(writer);
                }
                piece.len() * 100
            }
            Work::Write(records, batch) => {
                // Texts that came in since may be waiting for the next batch.
                let texts = lock(&inner.texts).end();
                let written = transaction(writer, |_| {
                    records.iter().try_fold(0, |bytes, (account, record)| {
                        Ok(bytes + statements.write(account, record)?)
                    })
                });
                match written {
                    Ok(bytes) => {
                        batch.finish(Ok(()));
                        lock(&inner.texts).trim(texts);
                        garbage.extend(records.into_iter().flat_map(|(_, record)| remains(record)));
                        bytes
                    }
                    Err(error) => {
                        // The log may have room that others need.
                        checkpoint(writer, "TRUNCATE");
                        inner.fail(&batch, inner.error.write(error));
                        0
                    }
                }
            }
        };
        log_bytes += written;
        if log_bytes > LOG_BYTES {
            log_bytes = 0;
            checkpoint(writer, "PASSIVE");
            slack = has_slack(writer);
        }
    }
    // The next start then has no log to read.
    checkpoint(writer, "TRUNCATE");
}

/// Whether most of the database is free, and it is worth while to give some of it back.
fn has_slack(writer: &Connection) -> bool {
    let pages = |name| writer.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    match (pages("freelist_count"), pages("page_count")) {
        (Ok(free), Ok(all)) => free > SPARE_PAGES && free > all / 2,
        // Whatever is wrong shows when something has to be written.
        _ => false,
    }
}

/// Gives some of what is free back.
fn give_back(writer: &Connection) -> rusqlite::Result<()> {
    let mut vacuum = writer.prepare(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
    let mut pages = vacuum.query([])?;
    while pages.next()?.is_some() {}
    Ok(())
}

/// Carries the log over into the database. What cannot be carried over now is so later, and safe
/// in the log.
fn checkpoint(writer: &Connection, mode: &str) {
    let _ = writer.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()));
}

/// Lets nobody wait for what will not be written.
fn refuse(inner: &Inner, error: rusqlite::Error) {
    inner.fail(&Batch::new(), inner.error.write(error));
    loop {
        match inner.inbox.take(true) {
            Work::Write(_, batch) => {
                inner.fail(&batch, inner.error.error(StoreErrorKind::Write, None));
            }
            Work::Nothing => {}
            Work::Stop => return,
        }
    }
}

fn transaction<T>(
    writer: &Connection,
    write: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    // Rolled back when it is dropped.
    let transaction = writer.unchecked_transaction()?;
    let done = write(&transaction)?;
    transaction.commit()?;
    Ok(done)
}

/// Messages that nobody can reach after this record, and that it did not remove.
fn remains(record: Record) -> Vec<u64> {
    match record {
        Record::Cleared { messages, .. } | Record::QueueGone { messages, .. }
            if messages.len() > PIECE =>
        {
            messages
        }
        _ => Vec::new(),
    }
}

struct Statements<'c> {
    set_properties: Statement<'c>,
    set_queue: Statement<'c>,
    remove_queue: Statement<'c>,
    renumber_queue: Statement<'c>,
    block_name: Statement<'c>,
    free_name: Statement<'c>,
    insert_message: Statement<'c>,
    insert_text: Statement<'c>,
    update_message: Statement<'c>,
    update_text: Statement<'c>,
    delete_message: Statement<'c>,
    delete_text: Statement<'c>,
}

impl<'c> Statements<'c> {
    fn new(writer: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            set_properties: writer.prepare("REPLACE INTO accounts VALUES (?1, ?2)")?,
            set_queue: writer.prepare("REPLACE INTO queues VALUES (?1, ?2, ?3, ?4, ?5)")?,
            remove_queue: writer.prepare("DELETE FROM queues WHERE number = ?1")?,
            renumber_queue: writer.prepare("UPDATE queues SET number = ?2 WHERE number = ?1")?,
            block_name: writer.prepare("REPLACE INTO deleted_queues VALUES (?1, ?2, ?3)")?,
            free_name: writer
                .prepare("DELETE FROM deleted_queues WHERE account = ?1 AND name = ?2")?,
            insert_message: writer
                .prepare("INSERT INTO messages VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?,
            insert_text: writer.prepare("INSERT INTO texts VALUES (?1, ?2)")?,
            update_message: writer.prepare(
                "UPDATE messages SET receipt = ?2, next_visible_at = ?3, turn = ?4, \
                 dequeue_count = ?5 WHERE key = ?1",
            )?,
            update_text: writer.prepare("UPDATE texts SET text = ?2 WHERE key = ?1")?,
            delete_message: writer.prepare("DELETE FROM messages WHERE key = ?1")?,
            delete_text: writer.prepare("DELETE FROM texts WHERE key = ?1")?,
        })
    }

    /// Writes a record, and returns about how many bytes it takes in the log.
    fn write(&mut self, account: &AccountName, record: &Record) -> rusqlite::Result<usize> {
        match record {
            Record::Put { queue, row, text } => {
                self.insert_message.execute(params![
                    row.key.cast_signed(),
                    queue.cast_signed(),
                    row.id.as_bytes(),
                    row.receipt.to_be_bytes(),
                    row.inserted_at.micros(),
                    row.expires_at.micros(),
                    row.next_visible_at.micros(),
                    row.turn.cast_signed(),
                    row.dequeue_count,
                ])?;
                self.insert_text.execute(params![row.key.cast_signed(), text.as_str()])?;
                return Ok(200 + text.len());
            }
            Record::Changed { row, text } => {
                self.update_row(row)?;
                if let Some(text) = text {
                    self.update_text.execute(params![row.key.cast_signed(), text.as_str()])?;
                    return Ok(200 + text.len());
                }
            }
            Record::Removed { key } => self.remove(&[*key])?,
            Record::Queue(queue) => {
                let (account, name) = (account.as_str(), queue.name.as_str());
                self.set_queue.execute(params![
                    queue.number.cast_signed(),
                    account,
                    name,
                    codec::metadata_text(&queue.metadata),
                    codec::policies_text(&queue.policies),
                ])?;
                self.free_name.execute([account, name])?;
            }
            Record::QueueGone { name, number, messages, free_at } => {
                self.remove_queue.execute([number.cast_signed()])?;
                if let Some(free_at) = free_at {
                    let until = free_at.micros();
                    self.block_name.execute(params![account.as_str(), name.as_str(), until])?;
                }
                return self.remove_few(messages);
            }
            Record::Cleared { number, new_number, messages } => {
                self.renumber_queue.execute([number.cast_signed(), new_number.cast_signed()])?;
                return self.remove_few(messages);
            }
            Record::Properties(properties) => {
                let text = codec::properties_text(properties);
                self.set_properties.execute([account.as_str(), &text])?;
            }
        }
        Ok(200)
    }

    fn update_row(&mut self, row: &Row) -> rusqlite::Result<()> {
        self.update_message.execute(params![
            row.key.cast_signed(),
            row.receipt.to_be_bytes(),
            row.next_visible_at.micros(),
            row.turn.cast_signed(),
            row.dequeue_count,
        ])?;
        Ok(())
    }

    /// Removes messages unless they are so many that others would have to wait.
    fn remove_few(&mut self, messages: &[u64]) -> rusqlite::Result<usize> {
        if messages.len() > PIECE {
            return Ok(200);
        }
        self.remove(messages)?;
        Ok(200 + messages.len() * 100)
    }

    fn remove(&mut self, messages: &[u64]) -> rusqlite::Result<()> {
        for key in messages {
            self.delete_message.execute([key.cast_signed()])?;
            self.delete_text.execute([key.cast_signed()])?;
        }
        Ok(())
    }
}
