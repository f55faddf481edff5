//! Rows that are damaged, and are kept apart so that everything else goes on: [`SetAside`].

use std::fmt;
use std::time::SystemTime;

/// A stored row that does not fit its checksum or cannot be read, and what it was part of.
///
/// Such a row is never served. It stays in the table `set_aside` of the database, with its content
/// as SQL values, until somebody removes it there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetAside {
    /// The time at which the damage was found.
    pub found_at: SystemTime,
    /// What the row holds.
    pub kind: SetAsideKind,
    /// The account that it belongs to; empty if that is damaged too.
    pub account: String,
    /// The queue that it belongs to; empty if it belongs to none or that is damaged too.
    pub queue: String,
    /// The id of the message that it belongs to, if it belongs to one whose id is known.
    pub message: Option<String>,
    /// What is wrong with the row.
    pub reason: String,
}

/// What a row that was set aside holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetAsideKind {
    /// A message, or its text: the message is not in its queue any more.
    Message,
    /// A queue whose name is damaged: its messages are kept with it.
    Queue,
    /// Metadata and access policies of a queue, which goes on without.
    QueueSettings,
    /// The settings of an account, which goes on with those of a new one.
    Account,
    /// The name of a deleted queue, which can be used at once.
    DeletedQueue,
    /// The roles of an owner of a user delegation key, which is refused from now on.
    Owner,
}

impl SetAsideKind {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Message, "message"),
        (Self::Queue, "queue"),
        (Self::QueueSettings, "queue settings"),
        (Self::Account, "account"),
        (Self::DeletedQueue, "deleted queue"),
        (Self::Owner, "owner"),
    ];

    /// The name in the table.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("row", |(_, name)| name)
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}

impl fmt::Display for SetAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            SetAsideKind::Message => f.write_str("a message")?,
            SetAsideKind::Queue => f.write_str("a queue with its messages")?,
            SetAsideKind::QueueSettings => f.write_str("metadata and policies")?,
            SetAsideKind::Account => f.write_str("the settings")?,
            SetAsideKind::DeletedQueue => f.write_str("the name of a deleted queue")?,
            SetAsideKind::Owner => f.write_str("the roles of an owner of a delegation key")?,
        }
        if !self.queue.is_empty() {
            write!(f, " of queue {}", self.queue.escape_debug())?;
        }
        if !self.account.is_empty() {
            write!(f, " of account {}", self.account.escape_debug())?;
        }
        if let Some(message) = &self.message {
            write!(f, " with the id {message}")?;
        }
        write!(f, " is damaged and set aside: {}", self.reason)
    }
}
