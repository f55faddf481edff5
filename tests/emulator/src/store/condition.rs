//! The files as they are found before SQLite opens them: [`examine`].
//!
//! SQLite makes the best of what it finds: beside an empty database it removes a log, and it takes a
//! log up to the first fault in it. That would be a start with less than was stored, and not a word
//! about it.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use super::wal::{self, Log, State};

/// What every SQLite database starts with.
pub(super) const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const PAGE_BYTES: u32 = 4_096;

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// There is nothing: a store can be made.
    New,
    /// There is a file, and nothing speaks against opening it. With `unfinished` the log ends in a
    /// change that was never finished.
    Openable {
        unfinished: bool,
    },
    Damaged(Damage),
}

/// What is wrong with the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Damage {
    /// There is a log without the database that it belongs to.
    NoDatabase,
    /// The database is a file without content.
    Empty,
    /// The first bytes of the database are not its own any more.
    Header,
    /// The end of the database is missing.
    Cut { pages: u32, there: u32, bytes: u64 },
    /// There are changes in the log behind others that cannot be read.
    Log,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoDatabase => f.write_str("there is a log, but not the database it belongs to"),
            Self::Empty => f.write_str("the database is an empty file"),
            Self::Header => f.write_str("the header of the database is damaged"),
            Self::Cut { pages, there, .. } => {
                write!(f, "of {pages} pages of the database {there} are there")
            }
            Self::Log => f.write_str("the log is damaged before changes that were answered"),
        }
    }
}

/// Looks at a database and its log. `application_id` is what marks the database as ours.
pub(super) fn examine(database: &Path, log: &Path, application_id: i32) -> io::Result<Condition> {
    let main = Main::read(database)?;
    let page_bytes = main.as_ref().map_or(PAGE_BYTES, |main| main.page_bytes());
    let log = wal::examine(&read_if_there(log)?, page_bytes);
    Ok(judge(main.as_ref(), &log, application_id))
}

/// The start of a database, and its length.
struct Main {
    header: [u8; 100],
    bytes: u64,
}

impl Main {
    /// `None` if there is no such file.
    fn read(database: &Path) -> io::Result<Option<Self>> {
        let file = match File::open(database) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut start = Vec::new();
        let bytes = file.metadata()?.len();
        file.take(100).read_to_end(&mut start)?;
        start.resize(100, 0);
        let header = start.try_into().unwrap_or([0; 100]);
        Ok(Some(Self { header, bytes }))
    }

    fn page_bytes(&self) -> u32 {
        match self.number::<2>(16).unwrap_or_default() {
            1 => 65_536,
            bytes => bytes,
        }
    }

    fn number<const N: usize>(&self, at: usize) -> Option<u32> {
        let bytes: &[u8; N] = self.header.get(at..at + N)?.try_into().ok()?;
        Some(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    fn has_magic(&self) -> bool {
        self.header.starts_with(MAGIC)
    }

    fn is_ours(&self, application_id: i32) -> bool {
        self.number::<4>(68) == Some(application_id.cast_unsigned())
    }
}

fn judge(main: Option<&Main>, log: &Log, application_id: i32) -> Condition {
    let has_log = log.database_pages > 0 || log.state == State::Damaged;
    let Some(main) = main else {
        return if has_log { Condition::Damaged(Damage::NoDatabase) } else { Condition::New };
    };
    if main.bytes == 0 {
        return Condition::Damaged(Damage::Empty);
    }
    let ours = main.is_ours(application_id);
    if !main.has_magic() && ours {
        return Condition::Damaged(Damage::Header);
    }
    // What is not ours is refused by who opens it.
    if main.has_magic() && ours {
        // The length that the header has counts, but for what the log changes.
        let pages = match log.database_pages {
            0 => main.number::<4>(28).unwrap_or_default(),
            pages => pages,
        };
        let there = u32::try_from(main.bytes / u64::from(main.page_bytes().max(1)));
        let there = there.unwrap_or(u32::MAX);
        let log_has = |page: &u32| log.pages.contains(page);
        if !(there.saturating_add(1)..=pages).all(|page| log_has(&page)) {
            let bytes = u64::from(pages) * u64::from(main.page_bytes());
            return Condition::Damaged(Damage::Cut { pages, there, bytes });
        }
    }
    match log.state {
        State::Damaged => Condition::Damaged(Damage::Log),
        State::Unfinished => Condition::Openable { unfinished: true },
        State::Whole => Condition::Openable { unfinished: false },
    }
}

fn read_if_there(file: &Path) -> io::Result<Vec<u8>> {
    match fs::read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}
