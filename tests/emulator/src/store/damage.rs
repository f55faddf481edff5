//! Moving damaged rows out of the way, into the table `set_aside`.

use std::collections::HashSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Params, params};
use uuid::Uuid;

use super::error::is_corrupt;
use super::{codec, rows};
use crate::notice::set_aside::{SetAside, SetAsideKind};

/// A row that is damaged, and why.
#[derive(Debug)]
pub(super) struct Damaged {
    pub(super) place: Place,
    pub(super) reason: &'static str,
}

/// Where a row is: its table and its key, which may be damaged too.
#[derive(Debug)]
pub(super) enum Place {
    /// A message, with its text.
    Message(u64),
    Queue(i64),
    QueueSettings(i64),
    Account(Value),
    /// The account and the name.
    DeletedQueue(Value, Value),
    Owner(Value),
}

/// The content of a row as SQL values, which hold every byte of it whatever that is.
const MESSAGE: &str = "SELECT quote(queue) || ',' || quote(key) || ',' || quote(id) || ',' || \
    quote(receipt) || ',' || quote(inserted_at) || ',' || quote(expires_at) || ',' || \
    quote(next_visible_at) || ',' || quote(turn) || ',' || quote(dequeue_count) || ',' || \
    quote(changed_at) || ',' || quote(checksum) FROM messages WHERE key = ?1";
const TEXT: &str = "SELECT quote(CAST(text AS BLOB)) || ',' || quote(checksum) \
    FROM texts WHERE key = ?1";
const QUEUE: &str = "SELECT quote(number) || ',' || quote(CAST(account AS BLOB)) || ',' || \
    quote(CAST(name AS BLOB)) || ',' || quote(CAST(metadata AS BLOB)) || ',' || \
    quote(CAST(policies AS BLOB)) FROM queues WHERE number = ?1";
const ACCOUNT: &str = "SELECT quote(CAST(name AS BLOB)) || ',' || \
    quote(CAST(properties AS BLOB)) FROM accounts WHERE CAST(name AS BLOB) = CAST(?1 AS BLOB)";
const DELETED_QUEUE: &str = "SELECT quote(CAST(account AS BLOB)) || ',' || \
    quote(CAST(name AS BLOB)) || ',' || quote(free_at) FROM deleted_queues \
    WHERE CAST(account AS BLOB) = CAST(?1 AS BLOB) AND CAST(name AS BLOB) = CAST(?2 AS BLOB)";
const OWNER: &str = "SELECT quote(CAST(object_id AS BLOB)) || ',' || \
    quote(CAST(roles AS BLOB)) || ',' || quote(until) FROM owners \
    WHERE CAST(object_id AS BLOB) = CAST(?1 AS BLOB)";

/// The content of the text of a message that is to be set aside; `Unreadable` if not even that can
/// be told.
///
/// Read before the transaction that moves it: after SQLite has met a damaged page in a transaction
/// it refuses everything else in it.
pub(super) enum Text {
    Content(String),
    Unreadable,
}

impl Text {
    pub(super) fn of(writer: &Connection, place: &Place) -> rusqlite::Result<Self> {
        let Place::Message(key) = place else { return Ok(Self::Content(String::new())) };
        match content_of_text(writer, key.cast_signed()) {
            Ok(content) => Ok(Self::Content(content.unwrap_or_default())),
            Err(error) if is_corrupt(&error) => Ok(Self::Unreadable),
            Err(error) => Err(error),
        }
    }
}

/// Moves a row into the table of those that are set aside. `None` if it is gone already.
///
/// The caller has a transaction open.
pub(super) fn set_aside(
    writer: &Connection,
    damaged: &Damaged,
    text: &Text,
    now: SystemTime,
) -> rusqlite::Result<Option<SetAside>> {
    let mut found = SetAside {
        found_at: now,
        kind: SetAsideKind::Message,
        account: String::new(),
        queue: String::new(),
        message: None,
        reason: damaged.reason.to_owned(),
    };
    let mut number = None;
    let content = match &damaged.place {
        Place::Message(key) => {
            let key = key.cast_signed();
            let Some(content) = content(writer, MESSAGE, [key])? else { return Ok(None) };
            (found.account, found.queue) = names(writer, "messages.key = ?1", key)?;
            found.message = message_id(writer, key)?;
            writer.execute("DELETE FROM messages WHERE key = ?1", [key])?;
            match text {
                Text::Content(text) => {
                    writer.execute("DELETE FROM texts WHERE key = ?1", [key])?;
                    format!("{content}; {text}")
                }
                // It cannot be taken off its page, and stays there without its message.
                Text::Unreadable => content,
            }
        }
        Place::Queue(row) => {
            found.kind = SetAsideKind::Queue;
            number = Some(*row);
            let Some(content) = content(writer, QUEUE, [row])? else { return Ok(None) };
            writer.execute("DELETE FROM queues WHERE number = ?1", [row])?;
            content
        }
        Place::QueueSettings(row) => {
            found.kind = SetAsideKind::QueueSettings;
            let Some(content) = content(writer, QUEUE, [row])? else { return Ok(None) };
            (found.account, found.queue) = names(writer, "queues.number = ?1", *row)?;
            let metadata = codec::metadata_text(&queue_proto::Metadata::new());
            let policies = codec::policies_text(&queue_proto::SignedIdentifiers::default());
            let sum = rows::queue_settings(row.cast_unsigned(), &metadata, &policies);
            writer.execute(
                "UPDATE queues SET metadata = ?2, policies = ?3, settings_checksum = ?4 \
                 WHERE number = ?1",
                params![row, metadata, policies, sum],
            )?;
            content
        }
        Place::Account(name) => {
            found.kind = SetAsideKind::Account;
            found.account = lossy(name);
            let Some(content) = content(writer, ACCOUNT, [name])? else { return Ok(None) };
            let remove = "DELETE FROM accounts WHERE CAST(name AS BLOB) = CAST(?1 AS BLOB)";
            writer.execute(remove, [name])?;
            content
        }
        Place::DeletedQueue(account, name) => {
            found.kind = SetAsideKind::DeletedQueue;
            (found.account, found.queue) = (lossy(account), lossy(name));
            let key = [account, name];
            let Some(content) = content(writer, DELETED_QUEUE, key)? else { return Ok(None) };
            writer.execute(
                "DELETE FROM deleted_queues WHERE CAST(account AS BLOB) = CAST(?1 AS BLOB) \
                 AND CAST(name AS BLOB) = CAST(?2 AS BLOB)",
                key,
            )?;
            content
        }
        Place::Owner(object_id) => {
            found.kind = SetAsideKind::Owner;
            let Some(content) = content(writer, OWNER, [object_id])? else { return Ok(None) };
            let remove = "DELETE FROM owners WHERE CAST(object_id AS BLOB) = CAST(?1 AS BLOB)";
            writer.execute(remove, [object_id])?;
            content
        }
    };
    keep(writer, &found, number, &content)?;
    Ok(Some(found))
}

/// Writes a row that is set aside.
pub(super) fn keep(
    writer: &Connection,
    found: &SetAside,
    number: Option<i64>,
    content: &str,
) -> rusqlite::Result<()> {
    let found_at = found.found_at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    writer.execute(
        "INSERT INTO set_aside (found_at, kind, account, queue, message, number, reason, content) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            i64::try_from(found_at).unwrap_or(i64::MAX),
            found.kind.name(),
            found.account,
            found.queue,
            found.message,
            number,
            found.reason,
            content
        ],
    )?;
    Ok(())
}

/// Every row that is set aside, in the order in which they were found.
pub(super) fn all(reader: &Connection) -> rusqlite::Result<Vec<SetAside>> {
    let mut query = reader.prepare(
        "SELECT found_at, kind, account, queue, message, reason FROM set_aside ORDER BY id",
    )?;
    let rows = query.query_map([], |row| {
        let seconds = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
        let kind = SetAsideKind::named(&row.get::<_, String>(1)?);
        Ok(SetAside {
            found_at: UNIX_EPOCH + Duration::from_secs(seconds),
            kind: kind.unwrap_or(SetAsideKind::Message),
            account: row.get(2)?,
            queue: row.get(3)?,
            message: row.get(4)?,
            reason: row.get(5)?,
        })
    })?;
    rows.collect()
}

/// The messages among these whose texts cannot be removed, since they are on damaged pages.
pub(super) fn stuck_texts(writer: &Connection, keys: impl Iterator<Item = u64>) -> HashSet<u64> {
    let is_stuck = |key: &u64| {
        content_of_text(writer, key.cast_signed()).is_err_and(|error| is_corrupt(&error))
    };
    keys.filter(is_stuck).collect()
}

fn content(writer: &Connection, query: &str, key: impl Params) -> rusqlite::Result<Option<String>> {
    let content = writer.query_row(query, key, |row| row.get::<_, Option<String>>(0));
    content.optional().map(Option::flatten)
}

/// The content of the row with a text.
pub(super) fn content_of_text(writer: &Connection, key: i64) -> rusqlite::Result<Option<String>> {
    content(writer, TEXT, [key])
}

/// The names of the account and the queue that a row belongs to, as far as they are known.
fn names(writer: &Connection, row: &str, key: i64) -> rusqlite::Result<(String, String)> {
    let from = if row.starts_with("messages") {
        "messages JOIN queues ON messages.queue = queues.number"
    } else {
        "queues"
    };
    let query = format!("SELECT CAST(account AS BLOB), CAST(name AS BLOB) FROM {from} WHERE {row}");
    let names = writer.query_row(&query, [key], |row| {
        Ok((lossy(&row.get::<_, Value>(0)?), lossy(&row.get::<_, Value>(1)?)))
    });
    names.optional().map(Option::unwrap_or_default)
}

fn message_id(writer: &Connection, key: i64) -> rusqlite::Result<Option<String>> {
    let query = "SELECT id FROM messages WHERE key = ?1";
    let id = writer.query_row(query, [key], |row| row.get::<_, Value>(0)).optional()?;
    Ok(match id {
        Some(Value::Blob(bytes)) => Uuid::from_slice(&bytes).ok().map(|id| id.to_string()),
        _ => None,
    })
}

fn lossy(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    }
}
