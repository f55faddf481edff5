//! What a queue looks like to those who watch it: [`Counts`], and a part of its messages. Looking
//! takes time that grows with what is shown, and not with what is there.

use queue_proto::MessageText;
use uuid::Uuid;

use super::message::Received;
use super::queue::Queue;
use super::{Kept, Moment};

/// The most hidden messages that are looked at one by one.
const MAX_LOOK: usize = 10_000;

/// How many messages a queue has, by what can be done with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) visible: usize,
    /// Hidden, and delivered before.
    pub(crate) hidden: usize,
    /// Hidden, and never delivered.
    pub(crate) delayed: usize,
    /// When the message was put that is handed out next.
    pub(crate) head_inserted_at: Option<Moment>,
    /// When the next hidden message becomes visible.
    pub(crate) next_visible_at: Option<Moment>,
    /// When the next message expires.
    pub(crate) next_expiry: Option<Moment>,
}

/// A message, with the receipt that is valid now.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) received: Received,
    /// `None` when the text cannot be read now.
    pub(crate) readable: bool,
}

impl Queue {
    /// How many messages there are, and when that changes by itself.
    pub(crate) fn counts(&mut self, now: Moment) -> Counts {
        let (next_visible_at, next_expiry) = self.next_changes(now);
        let total = self.messages.len();
        // The two ends are counted in step: the shorter one ends the count.
        let (mut visible, mut hidden) = (self.visible(now), self.hidden(now));
        let mut steps = 0;
        let (visible, hidden) = loop {
            match (visible.next(), hidden.next()) {
                (None, _) => break (steps, total - steps),
                (_, None) => break (total - steps, steps),
                _ => steps += 1,
            }
        };
        let never_delivered =
            |id: &Uuid| self.messages.get(id).is_some_and(|message| message.dequeue_count == 0);
        let delayed = self.hidden(now).take(MAX_LOOK).filter(never_delivered).count();
        let head = self.visible(now).next().and_then(|id| self.messages.get(&id));
        Counts {
            visible,
            hidden: hidden - delayed,
            delayed,
            head_inserted_at: head.map(|message| message.inserted_at),
            next_visible_at,
            next_expiry,
        }
    }

    /// When the next hidden message becomes visible, and when the next message expires.
    pub(crate) fn next_changes(&mut self, now: Moment) -> (Option<Moment>, Option<Moment>) {
        self.expire(now);
        let visible = self.order.range((now.next(), 0)..).next().map(|((at, _), _)| *at);
        (visible, self.expiry.first().map(|(at, _)| *at))
    }

    /// A part of the messages in the order in which they are handed out, `skip` of them left out.
    pub(crate) fn part(&mut self, skip: usize, limit: usize, now: Moment) -> Vec<Seen> {
        self.expire(now);
        let ids: Vec<Uuid> = self.order.values().copied().skip(skip).take(limit).collect();
        self.see(&ids)
    }

    /// The message with this id, if it is there.
    pub(crate) fn one(&mut self, id: Uuid, now: Moment) -> Option<Seen> {
        self.expire(now);
        self.see(&[id]).pop()
    }

    /// The messages with these ids. Unlike a receiver, whoever looks changes nothing: a text that
    /// cannot be read is left out, and its message stays.
    fn see(&self, ids: &[Uuid]) -> Vec<Seen> {
        let found = ids.iter().filter_map(|id| Some((*id, self.messages.get(id)?)));
        let texts = self.log.texts(found.clone().map(|(_, message)| message));
        found
            .zip(texts)
            .filter_map(|((id, message), text)| {
                let (text, readable) = match text {
                    Kept::Text(text) => (text, true),
                    Kept::Damaged | Kept::Unreadable => (MessageText::new("").ok()?, false),
                };
                let received = Received {
                    message: message.peeked(id, text),
                    receipt: message.receipt,
                    next_visible_at: message.next_visible_at,
                };
                Some(Seen { received, readable })
            })
            .collect()
    }

    fn hidden(&self, now: Moment) -> impl Iterator<Item = Uuid> + '_ {
        self.order.range((now.next(), 0)..).map(|(_, id)| *id)
    }
}
