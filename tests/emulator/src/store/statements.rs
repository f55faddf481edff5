//! Records as SQL: what each of them changes in the tables.

use std::collections::HashSet;

use queue_proto::AccountName;
use rusqlite::{Connection, Statement, params};

use super::batch::Entry;
use super::{codec, rows};
use crate::directory::Owner;
use crate::state::{Moment, QueueSettings, Record, Row};

/// The statements of the thread that writes.
pub(super) struct Statements<'c> {
    /// How many messages are removed at once. If more go with a queue they stay at first, and are
    /// removed in pieces between what others wait for.
    pub(super) piece: usize,
    set_properties: Statement<'c>,
    set_queue: Statement<'c>,
    remove_queue: Statement<'c>,
    renumber_queue: Statement<'c>,
    queue_texts: Statement<'c>,
    block_name: Statement<'c>,
    free_name: Statement<'c>,
    set_owner: Statement<'c>,
    insert_message: Statement<'c>,
    insert_text: Statement<'c>,
    update_message: Statement<'c>,
    update_text: Statement<'c>,
    delete_message: Statement<'c>,
    delete_text: Statement<'c>,
}

impl<'c> Statements<'c> {
    pub(super) fn new(writer: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            piece: 0,
            set_properties: writer.prepare("REPLACE INTO accounts VALUES (?1, ?2, ?3)")?,
            set_queue: writer.prepare("REPLACE INTO queues VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?,
            remove_queue: writer.prepare("DELETE FROM queues WHERE number = ?1")?,
            renumber_queue: writer.prepare(
                "UPDATE queues SET number = ?2, name_checksum = ?3, settings_checksum = ?4 \
                 WHERE number = ?1",
            )?,
            queue_texts: writer.prepare(
                "SELECT account, name, metadata, policies FROM queues WHERE number = ?1",
            )?,
            block_name: writer.prepare("REPLACE INTO deleted_queues VALUES (?1, ?2, ?3, ?4)")?,
            free_name: writer
                .prepare("DELETE FROM deleted_queues WHERE account = ?1 AND name = ?2")?,
            set_owner: writer.prepare("REPLACE INTO owners VALUES (?1, ?2, ?3, ?4)")?,
            insert_message: writer.prepare(
                "INSERT INTO messages VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?,
            insert_text: writer.prepare("INSERT INTO texts VALUES (?1, ?2, ?3)")?,
            update_message: writer.prepare(
                "UPDATE messages SET receipt = ?2, next_visible_at = ?3, turn = ?4, \
                 dequeue_count = ?5, changed_at = ?6, checksum = ?7 WHERE key = ?1",
            )?,
            update_text: writer
                .prepare("UPDATE texts SET text = ?2, checksum = ?3 WHERE key = ?1")?,
            delete_message: writer.prepare("DELETE FROM messages WHERE key = ?1")?,
            delete_text: writer.prepare("DELETE FROM texts WHERE key = ?1")?,
        })
    }

    /// Writes an entry, and returns about how many bytes it takes in the log. Texts of the messages
    /// in `stuck` are left where they are.
    pub(super) fn write(&mut self, entry: &Entry, stuck: &HashSet<u64>) -> rusqlite::Result<usize> {
        match entry {
            Entry::Change(account, record) => self.write_record(account, record, stuck),
            Entry::Owner(owner) => self.write_owner(owner),
        }
    }

    fn write_record(
        &mut self,
        account: &AccountName,
        record: &Record,
        stuck: &HashSet<u64>,
    ) -> rusqlite::Result<usize> {
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
                    row.inserted_at.micros(),
                    rows::message(*queue, row, row.inserted_at),
                ])?;
                let sum = rows::text(row.key, text.as_str());
                self.insert_text.execute(params![row.key.cast_signed(), text.as_str(), sum])?;
                return Ok(200 + text.len());
            }
            Record::Changed { queue, row, text, at } => {
                self.update_row(*queue, row, *at)?;
                if let Some(text) = text {
                    let sum = rows::text(row.key, text.as_str());
                    self.update_text.execute(params![row.key.cast_signed(), text.as_str(), sum])?;
                    return Ok(200 + text.len());
                }
            }
            Record::Removed { key } | Record::Expired { key } => self.remove(&[*key], stuck)?,
            Record::Queue(queue) => self.write_queue(account, queue)?,
            Record::QueueGone { name, number, messages, free_at } => {
                self.remove_queue.execute([number.cast_signed()])?;
                if let Some(free_at) = free_at {
                    let (account, name, until) =
                        (account.as_str(), name.as_str(), free_at.micros());
                    let sum = rows::deleted_queue(account, name, until);
                    self.block_name.execute(params![account, name, until, sum])?;
                }
                return self.remove_few(messages, stuck);
            }
            Record::Cleared { number, new_number, messages } => {
                self.renumber(*number, *new_number)?;
                return self.remove_few(messages, stuck);
            }
            Record::Properties(properties) => {
                let text = codec::properties_text(properties);
                let sum = rows::account(account.as_str(), &text);
                self.set_properties.execute(params![account.as_str(), text, sum])?;
            }
        }
        Ok(200)
    }

    fn write_queue(
        &mut self,
        account: &AccountName,
        queue: &QueueSettings,
    ) -> rusqlite::Result<()> {
        let (account, name) = (account.as_str(), queue.name.as_str());
        let metadata = codec::metadata_text(&queue.metadata);
        let policies = codec::policies_text(&queue.policies);
        self.set_queue.execute(params![
            queue.number.cast_signed(),
            account,
            name,
            metadata,
            policies,
            rows::queue_name(queue.number, account, name),
            rows::queue_settings(queue.number, &metadata, &policies),
        ])?;
        self.free_name.execute([account, name])?;
        Ok(())
    }

    /// Gives a queue another number, to which its checksums are bound too.
    fn renumber(&mut self, number: u64, new_number: u64) -> rusqlite::Result<()> {
        let sums = self.queue_texts.query_row([number.cast_signed()], |row| {
            let text = |index| row.get_ref(index)?.as_str().map_err(rusqlite::Error::from);
            let name = rows::queue_name(new_number, text(0)?, text(1)?);
            Ok((name, rows::queue_settings(new_number, text(2)?, text(3)?)))
        })?;
        self.renumber_queue.execute(params![
            number.cast_signed(),
            new_number.cast_signed(),
            sums.0,
            sums.1
        ])?;
        Ok(())
    }

    fn write_owner(&mut self, owner: &Owner) -> rusqlite::Result<usize> {
        let roles = owner.roles.as_ref().map(crate::role::Roles::text);
        let until = owner.until.micros();
        let sum = rows::owner(&owner.object_id, roles.as_deref(), until);
        self.set_owner.execute(params![owner.object_id, roles, until, sum])?;
        Ok(200)
    }

    fn update_row(&mut self, queue: u64, row: &Row, at: Moment) -> rusqlite::Result<()> {
        self.update_message.execute(params![
            row.key.cast_signed(),
            row.receipt.to_be_bytes(),
            row.next_visible_at.micros(),
            row.turn.cast_signed(),
            row.dequeue_count,
            at.micros(),
            rows::message(queue, row, at),
        ])?;
        Ok(())
    }

    /// Removes messages unless they are so many that others would have to wait.
    fn remove_few(&mut self, messages: &[u64], stuck: &HashSet<u64>) -> rusqlite::Result<usize> {
        if messages.len() > self.piece {
            return Ok(200);
        }
        self.remove(messages, stuck)?;
        Ok(200 + messages.len() * 100)
    }

    pub(super) fn remove(
        &mut self,
        messages: &[u64],
        stuck: &HashSet<u64>,
    ) -> rusqlite::Result<()> {
        for key in messages {
            let key = key.cast_signed();
            self.delete_message.execute([key])?;
            if !stuck.contains(&key.cast_unsigned()) {
                self.delete_text.execute([key])?;
            }
        }
        Ok(())
    }
}

/// Messages that nobody can reach after this entry, and that it did not remove since they were more
/// than `piece`.
pub(super) fn remains(entry: Entry, piece: usize) -> Vec<u64> {
    match entry {
        Entry::Change(_, Record::Cleared { messages, .. } | Record::QueueGone { messages, .. })
            if messages.len() > piece =>
        {
            messages
        }
        _ => Vec::new(),
    }
}

/// The messages that an entry removes.
pub(super) fn removes(entry: &Entry) -> &[u64] {
    match entry {
        Entry::Change(_, Record::Removed { key } | Record::Expired { key }) => {
            std::slice::from_ref(key)
        }
        Entry::Change(_, Record::Cleared { messages, .. } | Record::QueueGone { messages, .. }) => {
            messages
        }
        _ => &[],
    }
}

/// Whether an entry needs room on the disk that stays used.
pub(super) fn grows(entry: &Entry) -> bool {
    match entry {
        Entry::Owner(_) => true,
        Entry::Change(_, record) => match record {
            Record::Put { .. } | Record::Queue(_) | Record::Properties(_) => true,
            Record::Changed { text, .. } => text.is_some(),
            Record::Removed { .. }
            | Record::Expired { .. }
            | Record::Cleared { .. }
            | Record::QueueGone { .. } => false,
        },
    }
}
