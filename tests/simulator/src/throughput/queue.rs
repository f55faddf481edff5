//! A queue that is full at the start and answers everything: [`Queue`].

use std::sync::Arc;

use queue_client::{
    OpFailure,
    processor::core::{Action, Input, NewLease, RawDelivery, Tick},
    proto::{MessageId, MessageText, PopReceipt},
};

use crate::time::Micros;

/// Messages by their number; those that were given back come first.
#[derive(Debug)]
pub(super) struct Queue {
    messages: usize,
    next: usize,
    /// Message, instant from which it is visible, and deliveries so far.
    again: Vec<(usize, Micros, u32)>,
    text: Arc<MessageText>,
}

impl Queue {
    pub(super) fn new(messages: usize) -> Self {
        Self { messages, next: 0, again: Vec::new(), text: Arc::new(MessageText::default()) }
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.next >= self.messages && self.again.is_empty()
    }

    /// What the queue answers to a request, as it is fed to the core.
    pub(super) fn answer(&mut self, now: Micros, action: &Action, sent_at: Tick) -> Option<Input> {
        Some(match action {
            Action::Receive { op, max, .. } => {
                let max = max.get() as usize;
                Input::Received { op: *op, sent_at, result: Ok(self.take(now, max)) }
            }
            Action::Update { op, id, receipt, visibility, .. } => {
                if visibility.as_secs() == 0 {
                    let number = id.as_str().parse().ok()?;
                    self.again.push((number, now, attempt(receipt)));
                }
                let lease = NewLease::new(receipt.clone());
                Input::Updated { op: *op, sent_at, result: Ok::<_, OpFailure>(lease) }
            }
            Action::Delete { op, .. } => Input::Deleted { op: *op, result: Ok(()) },
            _ => return None,
        })
    }

    fn take(&mut self, now: Micros, max: usize) -> Vec<RawDelivery> {
        let mut taken = Vec::new();
        while taken.len() < max {
            let (number, earlier) = match self.again.iter().position(|(_, at, _)| *at <= now) {
                Some(place) => {
                    let (number, _, earlier) = self.again.swap_remove(place);
                    (number, earlier)
                }
                None if self.next < self.messages => {
                    self.next += 1;
                    (self.next - 1, 0)
                }
                None => break,
            };
            let count = earlier + 1;
            let (Ok(id), Ok(receipt)) =
                (MessageId::new(number.to_string()), PopReceipt::new(format!("{number}-{count}")))
            else {
                unreachable!("both are short");
            };
            let mut raw = RawDelivery::new(id, receipt, Arc::clone(&self.text));
            raw.attempt = count;
            taken.push(raw);
        }
        taken
    }
}

/// The deliveries so far, as the receipt says them.
fn attempt(receipt: &PopReceipt) -> u32 {
    receipt.as_str().split_once('-').and_then(|(_, count)| count.parse().ok()).unwrap_or(1)
}
