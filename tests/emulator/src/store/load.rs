//! Reading what is stored.

use std::collections::HashMap;

use queue_proto::{AccountName, MessageText, QueueName};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _};
use uuid::Uuid;

use super::codec;
use crate::state::{Moment, QueueSettings, Row, Service};

/// The highest number that was given out.
pub(super) fn last_number(reader: &Connection) -> rusqlite::Result<u64> {
    let last = "SELECT max(ifnull((SELECT max(key) FROM messages), 0), \
                           ifnull((SELECT max(number) FROM queues), 0))";
    reader.query_row(last, [], |row| row.get(0)).map(i64::cast_unsigned)
}

/// The latest time at which a message was put.
pub(super) fn latest(reader: &Connection) -> rusqlite::Result<Moment> {
    let latest = "SELECT ifnull(max(inserted_at), 0) FROM messages";
    reader.query_row(latest, [], |row| row.get(0)).map(Moment::from_micros)
}

/// Messages of queues that are gone, which there was no time to remove.
pub(super) fn orphans(reader: &Connection) -> rusqlite::Result<Vec<u64>> {
    let mut query = reader
        .prepare("SELECT key FROM messages WHERE queue NOT IN (SELECT number FROM queues)")?;
    query.query_map([], |row| row.get(0).map(i64::cast_unsigned))?.collect()
}

/// The texts of messages, all as they were at one time.
pub(super) fn texts(reader: &Connection, keys: &[u64]) -> rusqlite::Result<Vec<MessageText>> {
    let transaction = reader.unchecked_transaction()?;
    let texts = keys.iter().map(|key| text(reader, *key)).collect::<rusqlite::Result<_>>()?;
    transaction.finish()?;
    Ok(texts)
}

/// The text of a message.
fn text(reader: &Connection, key: u64) -> rusqlite::Result<MessageText> {
    let mut query = reader.prepare_cached("SELECT text FROM texts WHERE key = ?1")?;
    let text: String = query.query_row([key.cast_signed()], |row| row.get(0))?;
    MessageText::new(text).map_err(|_| codec::Damaged::error("the text of a message"))
}

/// Fills services, with the texts of messages if `texts`.
pub(super) fn load(
    reader: &Connection,
    services: &mut HashMap<AccountName, Service>,
    texts: bool,
    now: Moment,
) -> rusqlite::Result<()> {
    properties(reader, services)?;
    deleted(reader, services, now)?;
    let names = queues(reader, services)?;
    messages(reader, services, &names, texts)
}

/// Restores the settings of the accounts.
fn properties(
    reader: &Connection,
    services: &mut HashMap<AccountName, Service>,
) -> rusqlite::Result<()> {
    for (account, service) in services {
        let query = "SELECT properties FROM accounts WHERE name = ?1";
        let text = reader.query_row(query, [account.as_str()], |row| row.get(0)).optional()?;
        if let Some(text) = text {
            service.restore_properties(codec::read_properties(text)?);
        }
    }
    Ok(())
}

/// Restores the names that cannot be used yet.
fn deleted(
    reader: &Connection,
    services: &mut HashMap<AccountName, Service>,
    now: Moment,
) -> rusqlite::Result<()> {
    let mut query =
        reader.prepare("SELECT account, name, free_at FROM deleted_queues WHERE free_at > ?1")?;
    let mut rows = query.query([now.micros()])?;
    while let Some(row) = rows.next()? {
        let Some(service) = service(services, &row.get::<_, String>(0)?) else { continue };
        service.restore_deleted(queue_name(row.get(1)?)?, Moment::from_micros(row.get(2)?));
    }
    Ok(())
}

/// Restores the queues, and returns which number is which.
fn queues(
    reader: &Connection,
    services: &mut HashMap<AccountName, Service>,
) -> rusqlite::Result<HashMap<i64, (AccountName, QueueName)>> {
    let mut names = HashMap::new();
    let mut query =
        reader.prepare("SELECT number, account, name, metadata, policies FROM queues")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        let Ok(account) = AccountName::new(row.get::<_, String>(1)?) else { continue };
        let Some(service) = services.get_mut(&account) else { continue };
        let name = queue_name(row.get(2)?)?;
        service.restore_queue(QueueSettings {
            name: name.clone(),
            number: number.cast_unsigned(),
            metadata: codec::read_metadata(&row.get::<_, String>(3)?)?,
            policies: codec::read_policies(row.get(4)?)?,
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
) -> rusqlite::Result<()> {
    let mut query = reader.prepare(
        "SELECT queue, key, id, receipt, inserted_at, expires_at, next_visible_at, turn, \
                dequeue_count FROM messages",
    )?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let Some((account, name)) = names.get(&row.get(0)?) else { continue };
        let queue = services.get_mut(account).and_then(|service| service.queue(name).ok());
        let Some(queue) = queue else { continue };
        let message = Row {
            key: row.get(1).map(i64::cast_unsigned)?,
            id: row.get(2).map(Uuid::from_bytes)?,
            receipt: row.get(3).map(u128::from_be_bytes)?,
            inserted_at: Moment::from_micros(row.get(4)?),
            expires_at: Moment::from_micros(row.get(5)?),
            next_visible_at: Moment::from_micros(row.get(6)?),
            turn: row.get(7).map(i64::cast_unsigned)?,
            dequeue_count: row.get(8)?,
        };
        let held = if texts { Some(text(reader, message.key)?) } else { None };
        queue.restore(&message, held);
    }
    Ok(())
}

fn service<'a>(
    services: &'a mut HashMap<AccountName, Service>,
    account: &str,
) -> Option<&'a mut Service> {
    services.get_mut(&AccountName::new(account).ok()?)
}

fn queue_name(name: String) -> rusqlite::Result<QueueName> {
    QueueName::new(name)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}
