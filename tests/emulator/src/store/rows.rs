//! The checksum of each row: what is stored in it, bound to the key it is stored under.
//!
//! One function for each table, used where the row is written and where it is read.

use super::checksum::checksum;
use crate::state::{Moment, Row};

/// The checksum of a message without its text.
pub(super) fn message(queue: u64, row: &Row, changed_at: Moment) -> i64 {
    let mut bytes = Vec::with_capacity(96);
    bytes.extend_from_slice(&queue.to_be_bytes());
    bytes.extend_from_slice(row.id.as_bytes());
    bytes.extend_from_slice(&row.receipt.to_be_bytes());
    for at in [row.inserted_at, row.expires_at, row.next_visible_at, changed_at] {
        bytes.extend_from_slice(&at.micros().to_be_bytes());
    }
    bytes.extend_from_slice(&row.turn.to_be_bytes());
    bytes.extend_from_slice(&row.dequeue_count.to_be_bytes());
    checksum(&bytes, row.key).cast_signed()
}

/// The checksum of the text of a message.
pub(super) fn text(key: u64, text: &str) -> i64 {
    checksum(text.as_bytes(), key).cast_signed()
}

/// The checksum of what says which queue a row is.
pub(super) fn queue_name(number: u64, account: &str, name: &str) -> i64 {
    of(number, &[account, name])
}

/// The checksum of the settings of a queue.
pub(super) fn queue_settings(number: u64, metadata: &str, policies: &str) -> i64 {
    of(number, &[metadata, policies])
}

/// The checksum of the settings of an account.
pub(super) fn account(name: &str, properties: &str) -> i64 {
    of(0, &[name, properties])
}

/// The checksum of the name of a deleted queue.
pub(super) fn deleted_queue(account: &str, name: &str, free_at: i64) -> i64 {
    of(free_at.cast_unsigned(), &[account, name])
}

/// The checksum of the owner of a user delegation key.
pub(super) fn owner(object_id: &str, roles: Option<&str>, until: i64) -> i64 {
    match roles {
        Some(roles) => of(until.cast_unsigned(), &[object_id, roles]),
        None => of(until.cast_unsigned(), &[object_id]),
    }
}

/// The checksum of texts, each with its length before it, so that none runs into the next.
fn of(seed: u64, texts: &[&str]) -> i64 {
    let mut bytes = Vec::new();
    for text in texts {
        bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    checksum(&bytes, seed).cast_signed()
}
