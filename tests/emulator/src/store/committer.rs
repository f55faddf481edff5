//! The thread that writes: [`run`] takes what has come in, writes it in one transaction, and lets go
//! those who wait for it.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use rusqlite::{Connection, ErrorCode};

use super::batch::{Batch, Chore, Entry, Work};
use super::damage::{self, Damaged, Text};
use super::error::{StoreError, StoreErrorKind, is_corrupt};
use super::inner::Inner;
use super::schema::used_pages;
use super::statements::{Statements, grows, remains, removes};
use crate::lock::lock;
use crate::notice::Notice;
use crate::notice::set_aside::SetAside;

/// About how many bytes of records are written before the log is carried over into the database:
/// then it is written from its start again, so this is also about its size.
const LOG_BYTES: usize = 8 * 1024 * 1024;

/// Messages of queues that are gone are removed in pieces of this size, between what others wait
/// for; on a full disk, where a transaction must be short, in pieces of the second.
const PIECE: usize = 1_000;
const PIECE_WHEN_FULL: usize = 16;

/// Pages of the database that are given back to the file system at once, when nobody waits; and on
/// a full disk, where little may be written to that end.
const PAGES: usize = 256;
const PAGES_WHEN_FULL: usize = 16;

/// As many free pages are kept for what comes next: 4 MiB.
const SPARE_PAGES: i64 = 1_024;

/// Writes what comes in until it is told to stop.
pub(super) fn run(writer: &Connection, inner: &Arc<Inner>) {
    match Committer::new(writer, inner) {
        Ok(mut committer) => committer.run(),
        Err(error) => refuse(inner, error),
    }
}

struct Committer<'c> {
    writer: &'c Connection,
    inner: &'c Inner,
    statements: Statements<'c>,
    /// Messages that nobody can reach, to be removed when nobody waits.
    garbage: Vec<u64>,
    /// About how much the log holds.
    log_bytes: usize,
    /// Whether there are free pages to be given back.
    slack: bool,
    /// The limit on pages that SQLite was told.
    page_limit: Option<u64>,
}

impl<'c> Committer<'c> {
    fn new(writer: &'c Connection, inner: &'c Inner) -> rusqlite::Result<Self> {
        let mut committer = Self {
            writer,
            inner,
            statements: Statements::new(writer)?,
            garbage: Vec::new(),
            log_bytes: 0,
            slack: false,
            page_limit: None,
        };
        committer.slack = committer.has_slack();
        Ok(committer)
    }

    fn run(&mut self) {
        loop {
            let patient = self.garbage.is_empty() && !self.slack;
            let written = match self.inner.inbox.take(patient) {
                Work::Stop => break,
                Work::Nothing if self.garbage.is_empty() => self.give_back(),
                Work::Nothing => self.collect_garbage(),
                Work::Chores(chores) => self.do_chores(chores),
                Work::Write(entries, batch) => self.write(entries, &batch),
            };
            self.log_bytes += written;
            // On a full disk the log must do with the room that it has.
            let full = self.inner.room.is_full() && written > 0;
            if full || self.log_bytes > self.inner.room.log_limit(LOG_BYTES) {
                self.log_bytes = 0;
                self.checkpoint("PASSIVE");
                self.slack = self.has_slack();
            }
        }
        if !self.garbage.is_empty() {
            // What has expired last is at its end.
            self.collect_garbage();
        }
        // The next start then has no log to read.
        self.checkpoint("TRUNCATE");
        if self.inner.room.is_full() {
            // What was given back may do for the next start.
            let _ = self.inner.room.recover(used_pages(self.writer));
        }
    }

    /// Writes a batch, and lets go those who wait for it.
    fn write(&mut self, entries: Vec<Entry>, batch: &Batch) -> usize {
        // Taken before the transaction: texts that come in while it runs belong to the next batch,
        // are not on disk when this one is, and must stay in memory
        // (texts.rs: what_is_not_written_stays_and_the_oldest_goes_first).
        let texts = lock(&self.inner.texts).end();
        self.limit_pages();
        match self.commit(&entries) {
            Ok(bytes) => {
                // Between the commit and the answer: a commit to a file that has lost its name
                // succeeds, and is gone with the process. After the answer it would be too late
                // (full.rs: files_that_are_removed_while_it_runs_are_told_of_and_nothing_is_taken).
                if let Some(file) = self.inner.files.missing() {
                    let error = self.inner.error.gone(file);
                    self.inner.gone.store(true, Ordering::Release);
                    self.inner.fail(batch, error);
                    return bytes;
                }
                // Only now may anybody be answered: a process that is killed before this line has
                // told nobody (crash.rs: what_was_answered_survives_being_killed).
                batch.finish(Ok(()));
                lock(&self.inner.texts).trim(texts);
                // After the commit that cut them off from their queue: a crash in between leaves
                // messages that the next start finds by their missing queue
                // (reopen.rs: a_cleared_queue_stays_empty_however_much_was_in_it).
                let piece = self.statements.piece;
                self.garbage.extend(entries.into_iter().flat_map(|entry| remains(entry, piece)));
                bytes
            }
            Err(error) => {
                self.inner.fail(batch, self.inner.error.write(error));
                0
            }
        }
    }

    /// Writes entries in one transaction, and makes room for it if there is none.
    fn commit(&mut self, entries: &[Entry]) -> rusqlite::Result<usize> {
        let none = HashSet::new();
        match self.attempt(entries, &none) {
            Err(error) if is_corrupt(&error) => {
                let removed = entries.iter().flat_map(removes).copied();
                let stuck = damage::stuck_texts(self.writer, removed);
                return if stuck.is_empty() { Err(error) } else { self.attempt(entries, &stuck) };
            }
            Err(error) if is_out_of_room(&error) => {}
            done => return done,
        }
        // The log may have room that this needs.
        self.checkpoint(if self.inner.room.is_full() { "RESTART" } else { "TRUNCATE" });
        self.log_bytes = 0;
        let error = match self.attempt(entries, &none) {
            Err(again) if is_out_of_room(&again) => again,
            done => return done,
        };
        let room = &self.inner.room;
        if room.is_full() || !(is_full(&error) || room.page_limit().is_some()) {
            return Err(error);
        }
        // The log is carried over before the reserve of the log is taken: what is in it may need
        // room in the database, and cutting it off gives room back
        // (full.rs: a_full_disk_can_be_emptied_and_started_on).
        self.inner.room.give_up(used_pages(self.writer));
        self.checkpoint("TRUNCATE");
        // From here on the log is not cut off, until there is room again.
        self.inner.room.hold_log();
        self.limit_pages();
        if entries.iter().any(grows) {
            // The reserve is for those who make room.
            return Err(error);
        }
        self.attempt(entries, &none)
    }

    fn attempt(&mut self, entries: &[Entry], stuck: &HashSet<u64>) -> rusqlite::Result<usize> {
        let statements = &mut self.statements;
        statements.piece = if self.inner.room.is_full() { PIECE_WHEN_FULL } else { PIECE };
        transaction(self.writer, || {
            entries.iter().try_fold(0, |bytes, entry| Ok(bytes + statements.write(entry, stuck)?))
        })
    }

    /// Does what nobody waits for. What fails is found again at the next start.
    fn do_chores(&mut self, chores: Vec<Chore>) -> usize {
        let mut expired = Vec::new();
        let mut damaged = Vec::new();
        for chore in chores {
            match chore {
                Chore::Remove(key) => expired.push(key),
                Chore::SetAside(found) => damaged.push(found),
            }
        }
        damaged.chunks(PIECE).for_each(|damaged| self.set_aside(damaged));
        let bytes = (expired.len() + damaged.len()) * 200;
        self.garbage.append(&mut expired);
        bytes
    }

    /// Sets rows aside, in one transaction if that succeeds.
    fn set_aside(&self, damaged: &[Damaged]) {
        match self.move_aside(damaged) {
            Ok(found) => {
                for found in found {
                    self.inner.notices.tell(&Notice::SetAside(found));
                }
            }
            // One that cannot be moved must not keep the others from being.
            Err(_) if damaged.len() > 1 => {
                damaged.iter().for_each(|damaged| self.set_aside(std::slice::from_ref(damaged)));
            }
            Err(error) => self.inner.tell(&self.inner.error.write(error)),
        }
    }

    fn move_aside(&self, damaged: &[Damaged]) -> rusqlite::Result<Vec<SetAside>> {
        let now = SystemTime::now();
        let texts = damaged.iter().map(|damaged| Text::of(self.writer, &damaged.place));
        let texts: Vec<Text> = texts.collect::<Result<_, _>>()?;
        transaction(self.writer, || {
            let rows = damaged.iter().zip(&texts);
            let moved = rows.map(|(row, text)| damage::set_aside(self.writer, row, text, now));
            moved.filter_map(Result::transpose).collect()
        })
    }

    /// Removes a piece of what nobody can reach.
    fn collect_garbage(&mut self) -> usize {
        let piece = if self.inner.room.is_full() { PIECE_WHEN_FULL } else { PIECE };
        let piece = self.garbage.split_off(self.garbage.len().saturating_sub(piece));
        let statements = &mut self.statements;
        let mut remove = |stuck| transaction(self.writer, || statements.remove(&piece, stuck));
        let removed = match remove(&HashSet::new()) {
            Err(error) if is_corrupt(&error) => {
                remove(&damage::stuck_texts(self.writer, piece.iter().copied()))
            }
            removed => removed,
        };
        if removed.is_err() {
            // They are found again at the next start.
            self.garbage.clear();
        }
        if self.garbage.is_empty() {
            self.slack = self.has_slack();
        }
        piece.len() * 100
    }

    /// Gives some of what is free back to the file system.
    fn give_back(&mut self) -> usize {
        let pages = if self.inner.room.is_full() { PAGES_WHEN_FULL } else { PAGES };
        let before = self.pages("freelist_count");
        let given = vacuum(self.writer, pages).is_ok() && self.pages("freelist_count") < before;
        self.slack = given && self.has_slack();
        let full = self.inner.room.is_full();
        if !self.slack || full {
            // The file gets smaller when the log is carried over.
            self.checkpoint(if full { "PASSIVE" } else { "TRUNCATE" });
            self.log_bytes = 0;
        }
        pages * 4_096
    }

    /// Whether most of the database is free, and it is worth while to give some of it back; on a
    /// full disk everything is.
    fn has_slack(&self) -> bool {
        let (free, all) = (self.pages("freelist_count"), self.pages("page_count"));
        if self.inner.room.is_full() { free > 0 } else { free > SPARE_PAGES && free > all / 2 }
    }

    /// A number of pages; zero if it cannot be told, and then what is wrong shows when something
    /// has to be written.
    fn pages(&self, name: &str) -> i64 {
        self.writer.pragma_query_value(None, name, |row| row.get(0)).unwrap_or_default()
    }

    /// Tells SQLite how long the database may get, if that has changed.
    fn limit_pages(&mut self) {
        let limit = self.inner.room.page_limit();
        if limit == self.page_limit {
            return;
        }
        if let Some(pages) = limit {
            let pages = i64::try_from(pages).unwrap_or(i64::MAX);
            // One that is longer already stays as it is.
            let told =
                self.writer.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()));
            if told.is_err() {
                return;
            }
        }
        self.page_limit = limit;
    }

    /// Carries the log over into the database. What cannot be carried over now is so later, and
    /// safe in the log.
    fn checkpoint(&self, mode: &str) {
        let checkpoint = format!("PRAGMA wal_checkpoint({mode})");
        let _ = self.writer.query_row(&checkpoint, [], |_| Ok(()));
    }
}

fn vacuum(writer: &Connection, pages: usize) -> rusqlite::Result<()> {
    let mut vacuum = writer.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
    let mut freed = vacuum.query([])?;
    while freed.next()?.is_some() {}
    Ok(())
}

/// Lets nobody wait for what will not be written.
fn refuse(inner: &Inner, error: rusqlite::Error) {
    inner.fail(&Batch::new(), inner.error.write(error));
    loop {
        match inner.inbox.take(true) {
            Work::Write(_, batch) => {
                let error: StoreError = inner.error.error(StoreErrorKind::Write, None);
                inner.fail(&batch, error);
            }
            Work::Nothing | Work::Chores(_) => {}
            Work::Stop => return,
        }
    }
}

fn transaction<T>(
    writer: &Connection,
    write: impl FnOnce() -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    // Rolled back when it is dropped.
    let transaction = writer.unchecked_transaction()?;
    let done = write()?;
    transaction.commit()?;
    Ok(done)
}

fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
}

/// Whether more room might help: the disk is full, or the file may not get longer, which the
/// operating system reports as any other failure to write.
fn is_out_of_room(error: &rusqlite::Error) -> bool {
    is_full(error) || error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure)
}
