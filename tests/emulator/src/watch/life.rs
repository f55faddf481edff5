//! [`Life`]: the events of one message in order, with those that nobody asked for (it reappeared, it
//! expired), and why things happened.

use std::collections::HashMap;

use super::event::{Entry, Happening, MessageEvent, What};
use super::story::{Hold, span, to_duration, why_again, why_refused};
use crate::state::Moment;
use crate::wire::message_id;

/// The life of a message, as far as it is remembered.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Life {
    /// The events, the oldest first.
    pub events: Vec<MessageEvent>,
    /// What is to be known about the message, in sentences: above all why it was delivered more
    /// than once.
    pub story: Vec<String>,
}

/// Makes a life of the events of one message and those of its whole queue.
///
/// `lost` has the requests whose answers a fault lost, by their number.
pub(crate) fn life(entries: &[Entry], lost: &HashMap<u64, String>, now: Moment) -> Life {
    let Some(first) = entries.iter().position(|entry| !entry.is_of_queue()) else {
        return Life::default();
    };
    let entries = entries.get(first..).unwrap_or_default();
    let mut writer =
        Writer { life: Life::default(), hold: None, expires: Moment::NEVER, over: false };
    if entries.first().is_none_or(|entry| entry.what.what != Happening::Put) {
        writer.tell("Its first events are no longer remembered.".to_owned());
    }
    for (index, entry) in entries.iter().enumerate() {
        let What { what, .. } = entry.what;
        writer.let_pass(entry, entry.at);
        if what == Happening::QueueCreated || (writer.over && entry.is_of_queue()) {
            continue;
        }
        let mut event = entry.event();
        let before = entries.get(..index).unwrap_or_default();
        event.reason = match what {
            Happening::Received => writer.hold.and_then(|hold| why_again(hold, entry, lost)),
            Happening::DeleteRefused | Happening::UpdateRefused => {
                Some(why_refused(before, entry, writer.over))
            }
            _ => None,
        };
        if let (Happening::Received, Some(reason)) = (what, &event.reason) {
            let number = entry.what.count;
            writer.tell(format!("Delivery {number} happened because {reason}."));
        }
        if let (Happening::DeleteRefused, Some(reason)) = (what, &event.reason) {
            let name = entry.client.name();
            writer.tell(format!("A delete by {name} was refused because {reason}."));
        }
        if let Some(fault) = lost.get(&entry.request) {
            let note = format!("its answer was lost by the fault `{fault}`");
            event.reason = Some(match event.reason {
                Some(reason) => format!("{reason}; {note}"),
                None => note,
            });
        }
        writer.life.events.push(event);
        writer.take(entry);
    }
    if let Some(last) = entries.last() {
        writer.let_pass(last, now);
        writer.conclude(entries, now);
    }
    writer.life
}

struct Writer<'a> {
    life: Life,
    hold: Option<Hold<'a>>,
    expires: Moment,
    /// Whether the message is gone.
    over: bool,
}

impl<'a> Writer<'a> {
    fn tell(&mut self, sentence: String) {
        self.life.story.push(sentence);
    }

    /// Adds what happened by itself up to a moment.
    fn let_pass(&mut self, about: &Entry, now: Moment) {
        if self.over {
            return;
        }
        if let Some(hold) = self.hold
            && hold.is_lease()
            && hold.until() > hold.entry.at
            && hold.until() <= now
            && hold.until() < self.expires
            // A lease that lapsed is told of once.
            && self.life.events.last().is_none_or(|event| event.what != Happening::Reappeared)
            && !self.told_of(hold.until())
        {
            self.add(about, Happening::Reappeared, hold.until());
        }
        if self.expires <= now {
            self.add(about, Happening::Expired, self.expires);
            self.over = true;
        }
    }

    fn told_of(&self, at: Moment) -> bool {
        let at = at.to_system_time();
        self.life.events.iter().any(|event| event.what == Happening::Reappeared && event.at == at)
    }

    fn add(&mut self, about: &Entry, what: Happening, at: Moment) {
        self.life.events.push(MessageEvent {
            number: None,
            at: at.to_system_time(),
            account: about.account.clone(),
            queue: about.queue.clone(),
            message: self
                .life
                .events
                .iter()
                .find_map(|event| event.message.clone())
                .or_else(|| (!about.is_of_queue()).then(|| message_id(about.what.id))),
            what,
            until: None,
            dequeue_count: None,
            text_changed: false,
            client: None,
            request: None,
            reason: None,
        });
    }

    fn take(&mut self, entry: &'a Entry) {
        let What { what, expires, .. } = entry.what;
        if matches!(what, Happening::Put | Happening::Received) {
            self.expires = expires;
        }
        if what.gives_receipt() {
            self.hold = Some(Hold { entry });
        }
        if what.is_end() {
            self.over = true;
        }
    }

    /// Says how things stand.
    fn conclude(&mut self, entries: &[Entry], now: Moment) {
        let deliveries =
            entries.iter().filter(|entry| entry.what.what == Happening::Received).count();
        // Of those that are told of: what happens to the queue later is no matter.
        let told = self.life.events.iter().rev().find(|event| event.what.is_end());
        let end = entries
            .iter()
            .rev()
            .find(|entry| told.is_some_and(|told| told.number == Some(entry.number)));
        let sentence = if let Some(end) = end {
            let name = end.client.name();
            match (end.what.what, deliveries) {
                (Happening::Deleted, 0) => format!("{name} deleted it before it was delivered."),
                (Happening::Deleted, _) => format!("{name} deleted it: it is done."),
                (Happening::Cleared, _) => format!("{name} cleared the queue."),
                _ => format!("{name} deleted the queue."),
            }
        } else if self.over {
            match deliveries {
                0 => "It expired, and nobody had received it.".to_owned(),
                _ => "It expired before anybody deleted it.".to_owned(),
            }
        } else {
            match self.hold {
                Some(hold) if hold.until() > now => {
                    let left = span(to_duration(now, hold.until()));
                    match hold.is_lease() {
                        true => format!(
                            "{} has it. It becomes visible again in {left}, unless it is deleted \
                             or renewed before.",
                            hold.entry.client.name()
                        ),
                        false => format!("It is delayed: it becomes visible in {left}."),
                    }
                }
                _ if deliveries == 0 => "It is visible, and nobody has received it yet.".to_owned(),
                _ => "It is visible: the next receiver gets it again.".to_owned(),
            }
        };
        self.tell(sentence);
    }
}
