//! [`Queue`]: the messages of a queue, and the two orders that keep every operation logarithmic. Look
//! here for who gets which message when, and which receipt is valid.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::time::Duration;

use fastrand::Rng;
use queue_proto::{MessageText, Metadata, QueueName, SignedIdentifiers, TimeToLive};
use uuid::{Builder, Uuid};

use super::Moment;
use super::journal::{Kept, Log, QueueSettings, Record};
use super::message::{Message, Peeked, Received, Scheduled, Sent};

/// The time for which a message is passed over whose text cannot be read, before it is tried again.
const PUT_OFF: Duration = Duration::from_secs(60);

/// The messages and settings of one queue.
///
/// `order` holds every message by the moment it becomes visible, so the visible ones are its front
/// and those handed out wait behind them. Handing out takes the first; a message whose time runs
/// out is visible again without anybody moving it. Since a put makes a message visible at once,
/// this is first in, first out; a message that reappears queues behind what was visible before it.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    pub(crate) metadata: Metadata,
    /// The stored access policies.
    pub(crate) policies: SignedIdentifiers,
    /// The number that the journal knows the queue by.
    pub(super) number: u64,
    pub(super) log: Log,
    pub(super) messages: BTreeMap<Uuid, Message>,
    pub(super) order: BTreeMap<(Moment, u64), Uuid>,
    pub(super) expiry: BTreeSet<(Moment, Uuid)>,
    next_turn: u64,
}

/// There is no message with this id whose current receipt is the given one: it was deleted, has
/// expired, or was handed out or updated since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stale;

impl Queue {
    /// A queue without messages, whose changes go to `log`.
    pub(super) fn new(metadata: Metadata, log: Log) -> Self {
        Self { metadata, number: log.next_number(), log, ..Self::default() }
    }

    /// A queue as a journal kept it, still without its messages.
    #[cfg(feature = "durable")]
    pub(super) fn restored(settings: QueueSettings, log: Log) -> Self {
        let QueueSettings { number, metadata, policies, .. } = settings;
        Self { metadata, policies, number, log, ..Self::default() }
    }

    /// Takes in a message as a journal kept it; `text` is `None` if the journal still does.
    #[cfg(feature = "durable")]
    pub(crate) fn restore(&mut self, row: &super::Row, text: Option<MessageText>) {
        self.next_turn = self.next_turn.max(row.turn);
        self.insert(row.id, Message::of(row, text));
    }

    /// The number of messages that have not expired, hidden ones included.
    pub(crate) fn len(&mut self, now: Moment) -> usize {
        self.expire(now);
        self.messages.len()
    }

    /// Adds a message that becomes visible after `hidden_for`.
    pub(crate) fn put(
        &mut self,
        text: MessageText,
        hidden_for: Duration,
        time_to_live: TimeToLive,
        now: Moment,
        rng: &mut Rng,
    ) -> Sent {
        self.expire(now);
        let id = Builder::from_random_bytes(rng.u128(..).to_be_bytes()).into_uuid();
        let expires_at = time_to_live.as_duration().map_or(Moment::NEVER, |life| now.after(life));
        let mut message = Message {
            key: self.log.next_number(),
            text: None,
            receipt: rng.u128(..),
            inserted_at: now,
            expires_at,
            next_visible_at: now.after(hidden_for),
            turn: self.take_turn(),
            dequeue_count: 0,
        };
        let sent = Sent {
            id,
            receipt: message.receipt,
            inserted_at: now,
            expires_at,
            next_visible_at: message.next_visible_at,
        };
        match &self.log {
            Log(None) => message.text = Some(text),
            log => log.record(|| Record::Put { queue: self.number, row: message.row(id), text }),
        }
        self.insert(id, message);
        sent
    }

    fn insert(&mut self, id: Uuid, message: Message) {
        self.order.insert((message.next_visible_at, message.turn), id);
        if message.expires_at < Moment::NEVER {
            self.expiry.insert((message.expires_at, id));
        }
        self.messages.insert(id, message);
    }

    /// Hands out up to `count` visible messages and hides them for `hidden_for`.
    pub(crate) fn get(
        &mut self,
        count: usize,
        hidden_for: Duration,
        now: Moment,
        rng: &mut Rng,
    ) -> Vec<Received> {
        self.expire(now);
        // Chosen before any is moved: with `hidden_for` zero a message would be handed out twice in
        // one answer (state/tests/model.rs).
        self.choose(count, now)
            .into_iter()
            .filter_map(|(id, text)| {
                let message = self.messages.get_mut(&id)?;
                message.dequeue_count = message.dequeue_count.saturating_add(1);
                let Scheduled { receipt, next_visible_at } =
                    self.reschedule(id, now.after(hidden_for), None, now, rng)?;
                let message = self.messages.get(&id)?.peeked(id, text);
                Some(Received { message, receipt, next_visible_at })
            })
            .collect()
    }

    /// Shows up to `count` visible messages and changes nothing.
    pub(crate) fn peek(&mut self, count: usize, now: Moment) -> Vec<Peeked> {
        self.expire(now);
        let shown = self.choose(count, now).into_iter();
        shown.filter_map(|(id, text)| Some(self.messages.get(&id)?.peeked(id, text))).collect()
    }

    /// Hides a message for `hidden_for` from now, and replaces its text if one is given.
    ///
    /// The service lets a message be hidden beyond its expiry (its reference says otherwise);
    /// expiry and dequeue count stay as they are.
    pub(crate) fn update(
        &mut self,
        id: Uuid,
        receipt: u128,
        hidden_for: Duration,
        text: Option<MessageText>,
        now: Moment,
        rng: &mut Rng,
    ) -> Result<Scheduled, Stale> {
        // Before anything changes: whoever holds a stale receipt must not move a message that
        // another client is working on (state/tests.rs).
        self.owned(id, receipt, now)?;
        self.reschedule(id, now.after(hidden_for), text, now, rng).ok_or(Stale)
    }

    /// Removes a message.
    pub(crate) fn delete(&mut self, id: Uuid, receipt: u128, now: Moment) -> Result<(), Stale> {
        self.owned(id, receipt, now)?;
        self.remove(id);
        Ok(())
    }

    /// Removes every message, and returns them so that the caller chooses when to free them.
    pub(crate) fn clear(&mut self) -> Self {
        let number = self.log.next_number();
        self.log.record(|| Record::Cleared {
            number: self.number,
            new_number: number,
            messages: self.keys(),
        });
        let emptied = Self {
            metadata: mem::take(&mut self.metadata),
            policies: mem::take(&mut self.policies),
            number,
            log: self.log.clone(),
            next_turn: self.next_turn,
            ..Self::default()
        };
        mem::replace(self, emptied)
    }

    /// Every message that has not expired, in the order in which they are handed out, but those
    /// whose text cannot be read.
    pub(crate) fn all(&mut self, now: Moment) -> impl Iterator<Item = Received> + '_ {
        self.expire(now);
        let ids: Vec<Uuid> = self.order.values().copied().collect();
        let readable = self.with_texts(ids, now).0.into_iter();
        readable.filter_map(|(id, text)| {
            let message = self.messages.get(&id)?;
            Some(Received {
                message: message.peeked(id, text),
                receipt: message.receipt,
                next_visible_at: message.next_visible_at,
            })
        })
    }

    /// Whether `receipt` is the one handed out last for this message. It need not still be hidden:
    /// a receipt outlives its lease until somebody else gets or updates the message.
    fn owned(&mut self, id: Uuid, receipt: u128, now: Moment) -> Result<(), Stale> {
        self.expire(now);
        match self.messages.get(&id) {
            Some(message) if message.receipt == receipt => Ok(()),
            _ => Err(Stale),
        }
    }

    /// Up to `count` visible messages with their texts. One whose text is damaged leaves the
    /// queue, and one whose text cannot be read now is passed over for a while, so that neither
    /// keeps what is behind it from being handed out.
    fn choose(&mut self, count: usize, now: Moment) -> Vec<(Uuid, MessageText)> {
        let mut chosen: Vec<(Uuid, MessageText)> = Vec::new();
        loop {
            // Those chosen before are still in front; the others have left it.
            let missing = count - chosen.len();
            let next = self.visible(now).skip(chosen.len()).take(missing).collect();
            let (readable, passed_over) = self.with_texts(next, now);
            chosen.extend(readable);
            if !passed_over {
                return chosen;
            }
        }
    }

    /// The messages whose texts can be read, and whether there were others, which are visible no
    /// more.
    fn with_texts(&mut self, ids: Vec<Uuid>, now: Moment) -> (Vec<(Uuid, MessageText)>, bool) {
        let texts = self.log.texts(ids.iter().filter_map(|id| self.messages.get(id)));
        let count = ids.len();
        let mut readable = Vec::with_capacity(count);
        for (id, text) in ids.into_iter().zip(texts) {
            match text {
                Kept::Text(text) => readable.push((id, text)),
                // The journal knows it.
                Kept::Damaged => drop(self.take_out(id)),
                Kept::Unreadable => self.put_off(id, now.after(PUT_OFF)),
            }
        }
        let passed_over = readable.len() < count;
        (readable, passed_over)
    }

    /// Hides a message without a word to the journal: after a restart it is tried again at once.
    fn put_off(&mut self, id: Uuid, until: Moment) {
        if let Some(message) = self.messages.get_mut(&id)
            && message.next_visible_at < until
        {
            self.order.remove(&(message.next_visible_at, message.turn));
            message.next_visible_at = until;
            self.order.insert((until, message.turn), id);
        }
    }

    pub(super) fn visible(&self, now: Moment) -> impl Iterator<Item = Uuid> + '_ {
        self.order.range(..=(now, u64::MAX)).map(|(_, id)| *id)
    }

    /// Tells the journal of the settings; `name` is what the queue is called.
    pub(super) fn record_settings(&self, name: &QueueName) {
        self.log.record(|| {
            Record::Queue(QueueSettings {
                name: name.clone(),
                number: self.number,
                metadata: self.metadata.clone(),
                policies: self.policies.clone(),
            })
        });
    }

    /// The numbers under which the journal keeps the messages.
    pub(super) fn keys(&self) -> Vec<u64> {
        self.messages.values().map(|message| message.key).collect()
    }

    fn reschedule(
        &mut self,
        id: Uuid,
        at: Moment,
        text: Option<MessageText>,
        now: Moment,
        rng: &mut Rng,
    ) -> Option<Scheduled> {
        let turn = self.take_turn();
        let message = self.messages.get_mut(&id)?;
        self.order.remove(&(message.next_visible_at, message.turn));
        message.next_visible_at = at;
        message.turn = turn;
        // A receipt dies with the next get or update, so that of two holders only the last can
        // delete.
        message.receipt = rng.u128(..);
        self.order.insert((at, turn), id);
        match (&self.log, text) {
            (Log(None), Some(text)) => message.text = Some(text),
            (log, text) => log.record(|| Record::Changed {
                queue: self.number,
                row: message.row(id),
                text,
                at: now,
            }),
        }
        Some(Scheduled { receipt: message.receipt, next_visible_at: at })
    }

    pub(super) fn expire(&mut self, now: Moment) {
        while let Some(&(expires_at, id)) = self.expiry.first()
            && expires_at <= now
        {
            match self.take_out(id) {
                Some(message) => self.log.record(|| Record::Expired { key: message.key }),
                None => drop(self.expiry.pop_first()),
            }
        }
    }

    fn remove(&mut self, id: Uuid) {
        if let Some(message) = self.take_out(id) {
            self.log.record(|| Record::Removed { key: message.key });
        }
    }

    /// Takes a message out of memory.
    fn take_out(&mut self, id: Uuid) -> Option<Message> {
        let message = self.messages.remove(&id)?;
        self.order.remove(&(message.next_visible_at, message.turn));
        self.expiry.remove(&(message.expires_at, id));
        Some(message)
    }

    fn take_turn(&mut self) -> u64 {
        self.next_turn += 1;
        self.next_turn
    }
}
