//! Reading what is stored.
//!
//! Two kinds of faults are kept apart here. A row that does not fit its checksum is noted, and
//! everything else goes on. A table that SQLite cannot walk through is an error: nobody could tell
//! what is missing.

use std::collections::HashMap;

use queue_proto::{AccountName, MessageText, QueueName};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OptionalExtension as _};
use uuid::Uuid;

use super::damage::{Damaged, Place};
use super::error::is_corrupt;
use super::{codec, rows};
use crate::directory::Owner;
use crate::role::Roles;
use crate::state::{Moment, QueueSettings, Row, Service};

/// What was found beside what the services have now.
#[derive(Debug)]
pub(super) struct Loaded {
    /// The latest time at which anything that is stored changed.
    pub(super) latest: Moment,
    pub(super) damaged: Vec<Damaged>,
}

/// What is wrong with a row.
type Reason = &'static str;

const SUM: Reason = "it does not fit its checksum";
const SHAPE: Reason = "a column holds something else than it should";

/// The highest number that was given out.
pub(super) fn last_number(reader: &Connection) -> rusqlite::Result<u64> {
    // A text without its message may be there after damage, and its key is taken.
    let last = "SELECT max(ifnull((SELECT max(key) FROM messages), 0), \
                           ifnull((SELECT max(key) FROM texts), 0), \
                           ifnull((SELECT max(number) FROM queues), 0))";
    reader.query_row(last, [], |row| row.get(0)).map(i64::cast_unsigned)
}

/// Messages of queues that are gone, which there was no time to remove.
///
/// As long as a queue is set aside there are none: the number that its messages know it by may be
/// what is damaged.
pub(super) fn orphans(reader: &Connection) -> rusqlite::Result<Vec<u64>> {
    let mut query = reader.prepare(
        "SELECT key FROM messages WHERE queue NOT IN (SELECT number FROM queues) \
         AND NOT EXISTS (SELECT 1 FROM set_aside WHERE kind = 'queue')",
    )?;
    query.query_map([], |row| row.get(0).map(i64::cast_unsigned))?.collect()
}

/// The highest key of a message that may lack a checksum, since it was stored before there were
/// any.
fn last_unchecked(reader: &Connection) -> rusqlite::Result<i64> {
    reader.query_row("SELECT ifnull(max(last_key), 0) FROM unchecked", [], |row| row.get(0))
}

/// The texts of messages, all as they were at one time, and what is wrong with those that are
/// damaged.
pub(super) fn texts(
    reader: &Connection,
    keys: &[u64],
) -> rusqlite::Result<Vec<Result<MessageText, Reason>>> {
    let transaction = reader.unchecked_transaction()?;
    let unchecked = last_unchecked(reader)?;
    let texts = keys.iter().map(|key| text(reader, *key, unchecked)).collect::<Result<_, _>>()?;
    transaction.finish()?;
    Ok(texts)
}

/// The text of a message.
fn text(
    reader: &Connection,
    key: u64,
    unchecked: i64,
) -> rusqlite::Result<Result<MessageText, Reason>> {
    let mut query = reader.prepare_cached("SELECT text, checksum FROM texts WHERE key = ?1")?;
    let read = query.query_row([key.cast_signed()], |row| {
        let ValueRef::Text(text) = row.get_ref(0)? else { return Ok(Err(SHAPE)) };
        let Ok(text) = std::str::from_utf8(text) else { return Ok(Err("its text is not UTF-8")) };
        let fits = match row.get_ref(1)? {
            ValueRef::Integer(sum) => sum == rows::text(key, text),
            ValueRef::Null => key.cast_signed() <= unchecked,
            _ => false,
        };
        if !fits {
            return Ok(Err("its text does not fit its checksum"));
        }
        Ok(MessageText::new(text).map_err(|_| "its text is none that the service takes"))
    });
    match read {
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok(Err("its text is missing")),
        Err(error) if is_corrupt(&error) => Ok(Err("the page that its text is on is damaged")),
        read => read,
    }
}

/// Fills services, with the texts of messages if `texts`.
pub(super) fn load(
    reader: &Connection,
    services: &mut HashMap<AccountName, Service>,
    texts: bool,
) -> rusqlite::Result<Loaded> {
    // All as it was at one time.
    let transaction = reader.unchecked_transaction()?;
    let mut loaded = Loaded { latest: Moment::from_micros(0), damaged: Vec::new() };
    properties(reader, services, &mut loaded)?;
    deleted(reader, services, &mut loaded)?;
    let names = queues(reader, services, &mut loaded)?;
    messages(reader, services, &names, texts, &mut loaded)?;
    transaction.finish()?;
    Ok(loaded)
}

/// Restores the settings of the accounts.
fn properties(
    reader: &Connection,
    services: &mut HashMap<AccountName, Service>,
    loaded: &mut Loaded,
) -> rusqlite::Result<()> {
    let mut query = reader.prepare("SELECT name, properties, checksum FROM accounts")?;
    let mut stored = query.query([])?;
    while let Some(row) = stored.next()? {
        let read = (|| {
            let (name, text) = (str_of(row, 0)?, str_of(row, 1)?);
            fits(row, 2, rows::account(name, text))?;
            Ok((name.to_owned(), codec::read_properties(text).ok_or("it holds no settings")?))
        })();
        match read {
            Ok((name, properties)) => {
                if let Some(service) = service(services, &name) {
                    service.restore_properties(properties);
                }
            }
            Err(reason) => loaded.note(Place::Account(value(row, 0)), reason),
        }
    }
    Ok(())
}

/// Restores the names that cannot be used yet.
fn deleted(
    reader: &Connection,
    services: &mut HashMap<AccountName, Service>,
    loaded: &mut Loaded,
) -> rusqlite::Result<()> {
    let mut query =
        reader.prepare("SELECT account, name, free_at, checksum FROM deleted_queues")?;
    let mut stored = query.query([])?;
    while let Some(row) = stored.next()? {
        let read = (|| {
            let (account, name, free_at) = (str_of(row, 0)?, str_of(row, 1)?, integer(row, 2)?);
            fits(row, 3, rows::deleted_queue(account, name, free_at))?;
            let name = QueueName::new(name).map_err(|_| "it holds no name of a queue")?;
            Ok((account.to_owned(), name, Moment::from_micros(free_at)))
        })();
        match read {
            Ok((account, name, free_at)) => {
                if let Some(service) = service(services, &account) {
                    service.restore_deleted(name, free_at);
                }
            }
            Err(reason) => {
                loaded.note(Place::DeletedQueue(value(row, 0), value(row, 1)), reason);
            }
        }
    }
    Ok(())
}

/// Restores the queues, and returns which number is which.
fn queues(
    reader: &Connection,
    services: &mut HashMap<AccountName, Service>,
    loaded: &mut Loaded,
) -> rusqlite::Result<HashMap<i64, (AccountName, QueueName)>> {
    let mut names = HashMap::new();
    let mut query = reader.prepare(
        "SELECT number, account, name, metadata, policies, name_checksum, settings_checksum \
         FROM queues",
    )?;
    let mut stored = query.query([])?;
    while let Some(row) = stored.next()? {
        let number: i64 = row.get(0)?;
        let read = (|| {
            let (account, name) = (str_of(row, 1)?, str_of(row, 2)?);
            fits(row, 5, rows::queue_name(number.cast_unsigned(), account, name))?;
            let name = QueueName::new(name).map_err(|_| "it holds no name of a queue")?;
            Ok((account.to_owned(), name))
        })();
        let (account, name) = match read {
            Ok(names) => names,
            Err(reason) => {
                loaded.note(Place::Queue(number), reason);
                continue;
            }
        };
        let settings = (|| {
            let (metadata, policies) = (str_of(row, 3)?, str_of(row, 4)?);
            fits(row, 6, rows::queue_settings(number.cast_unsigned(), metadata, policies))?;
            let metadata = codec::read_metadata(metadata).ok_or("it holds no metadata")?;
            Ok((metadata, codec::read_policies(policies).ok_or("it holds no policies")?))
        })();
        let (metadata, policies) = settings.unwrap_or_else(|reason| {
            loaded.note(Place::QueueSettings(number), reason);
            Default::default()
        });
        let Ok(account) = AccountName::new(account) else { continue };
        let Some(service) = services.get_mut(&account) else { continue };
        service.restore_queue(QueueSettings {
            name: name.clone(),
            number: number.cast_unsigned(),
            metadata,
            policies,
        });
        names.insert(number, (account, name));
    }
    Ok(names)
}

/// Restores the messages, but not those of queues that are gone or of accounts not served.
fn messages(
    reader: &Connection,
    services: &mut HashMap<AccountName, Service>,
    names: &HashMap<i64, (AccountName, QueueName)>,
    texts: bool,
    loaded: &mut Loaded,
) -> rusqlite::Result<()> {
    let unchecked = last_unchecked(reader)?;
    let mut query = reader.prepare(
        "SELECT queue, key, id, receipt, inserted_at, expires_at, next_visible_at, turn, \
                dequeue_count, changed_at, checksum FROM messages",
    )?;
    let mut stored = query.query([])?;
    while let Some(row) = stored.next()? {
        let key = row.get::<_, i64>(1)?.cast_unsigned();
        let (queue, message) = match read_message(row, key, unchecked, &mut loaded.latest) {
            Ok(read) => read,
            Err(reason) => {
                loaded.note(Place::Message(key), reason);
                continue;
            }
        };
        let Some((account, name)) = names.get(&queue) else { continue };
        let queue = services.get_mut(account).and_then(|service| service.queue(name).ok());
        let Some(queue) = queue else { continue };
        let held = match texts.then(|| text(reader, key, unchecked)).transpose()? {
            None => None,
            Some(Ok(text)) => Some(text),
            // It is set aside when it is read where it is served.
            Some(Err(_)) => continue,
        };
        queue.restore(&message, held);
    }
    Ok(())
}

fn read_message(
    row: &rusqlite::Row<'_>,
    key: u64,
    unchecked: i64,
    latest: &mut Moment,
) -> Result<(i64, Row), Reason> {
    let moment = |index| integer(row, index).map(Moment::from_micros);
    let queue = integer(row, 0)?;
    let message = Row {
        key,
        id: row.get(2).map(Uuid::from_bytes).map_err(|_| SHAPE)?,
        receipt: row.get(3).map(u128::from_be_bytes).map_err(|_| SHAPE)?,
        inserted_at: moment(4)?,
        expires_at: moment(5)?,
        next_visible_at: moment(6)?,
        turn: integer(row, 7)?.cast_unsigned(),
        dequeue_count: row.get(8).map_err(|_| SHAPE)?,
    };
    let changed_at = match value(row, 9) {
        Value::Null if key.cast_signed() <= unchecked => message.inserted_at,
        _ => moment(9)?,
    };
    if value(row, 10) != Value::Null || key.cast_signed() > unchecked {
        fits(row, 10, rows::message(queue.cast_unsigned(), &message, changed_at))?;
    }
    *latest = changed_at.max(*latest);
    Ok((queue, message))
}

/// Reads the owners of user delegation keys that are still valid at `now`.
pub(super) fn owners(
    reader: &Connection,
    now: Moment,
) -> rusqlite::Result<(Vec<Owner>, Vec<Damaged>)> {
    let (mut owners, mut damaged) = (Vec::new(), Vec::new());
    let mut query = reader.prepare("SELECT object_id, roles, until, checksum FROM owners")?;
    let mut stored = query.query([])?;
    while let Some(row) = stored.next()? {
        let read = (|| {
            let (object_id, until) = (str_of(row, 0)?, integer(row, 2)?);
            let roles = match value(row, 1) {
                Value::Null => None,
                _ => Some(str_of(row, 1)?),
            };
            fits(row, 3, rows::owner(object_id, roles, until))?;
            let roles = match roles {
                None => None,
                Some(text) => Some(Roles::read(text).ok_or("it holds no roles")?),
            };
            let until = Moment::from_micros(until);
            Ok(Owner { object_id: object_id.to_owned(), roles, until })
        })();
        match read {
            Ok(owner) if owner.until > now => owners.push(owner),
            Ok(_) => {}
            Err(reason) => damaged.push(Damaged { place: Place::Owner(value(row, 0)), reason }),
        }
    }
    Ok((owners, damaged))
}

/// How often the folder was opened before, as far as it is known.
pub(super) fn starts(reader: &Connection) -> rusqlite::Result<i64> {
    let count = reader.query_row("SELECT count FROM starts", [], |row| Ok(value(row, 0)));
    match count.optional()? {
        Some(Value::Integer(count)) => Ok(count),
        _ => Ok(0),
    }
}

impl Loaded {
    fn note(&mut self, place: Place, reason: Reason) {
        self.damaged.push(Damaged { place, reason });
    }
}

fn fits(row: &rusqlite::Row<'_>, index: usize, expected: i64) -> Result<(), Reason> {
    if integer(row, index) == Ok(expected) { Ok(()) } else { Err(SUM) }
}

fn integer(row: &rusqlite::Row<'_>, index: usize) -> Result<i64, Reason> {
    row.get(index).map_err(|_| SHAPE)
}

fn str_of<'a>(row: &'a rusqlite::Row<'_>, index: usize) -> Result<&'a str, Reason> {
    row.get_ref(index).ok().and_then(|value| value.as_str().ok()).ok_or(SHAPE)
}

/// Whatever a column holds.
pub(super) fn value(row: &rusqlite::Row<'_>, index: usize) -> Value {
    let value = row.get_ref(index).unwrap_or(ValueRef::Null);
    match value {
        // Not every text that is stored is UTF-8, once it is damaged.
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => Value::Blob(text.to_owned()),
        },
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_owned()),
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Real(real) => Value::Real(real),
    }
}

fn service<'a>(
    services: &'a mut HashMap<AccountName, Service>,
    account: &str,
) -> Option<&'a mut Service> {
    services.get_mut(&AccountName::new(account).ok()?)
}
