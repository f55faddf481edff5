//! A model of the queue service: what the REST reference promises, and nothing else.

use std::{sync::Arc, time::Duration};

use queue_client::{
    OpFailure, Refusal,
    processor::core::{NewLease, RawDelivery},
    proto::{MessageId, MessageText, PopReceipt},
};

use crate::time::Micros;

/// One queue and its dead letters.
#[derive(Debug, Default)]
pub struct Service {
    messages: Vec<Message>,
    /// Whether the queue exists.
    pub missing: bool,
    /// Whether every request is refused with 403.
    pub forbidden: bool,
    /// Whether Update Message is refused with 403.
    pub updates_forbidden: bool,
    /// Until when requests are answered with 503.
    pub busy_until: Micros,
    /// Which message a receipt was made for.
    receipts: Vec<usize>,
    letters: Vec<u32>,
}

/// A message, also after its end.
#[derive(Debug)]
#[non_exhaustive]
pub struct Message {
    /// The id; its text is the index.
    pub id: MessageId,
    /// The text now.
    pub text: Arc<MessageText>,
    /// When it is, or was last, visible again.
    pub visible_at: Micros,
    /// When it expires.
    pub expires_at: Option<Micros>,
    /// How often it was handed out.
    pub count: u32,
    /// How it ended.
    pub gone: Option<Gone>,
    receipt: Option<usize>,
}

/// How a message ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gone {
    /// It was deleted with its receipt.
    Deleted,
    /// Its time to live was over.
    Expired,
    /// The queue was cleared or deleted.
    Cleared,
}

/// What a processor asks of the service.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Request {
    /// The operation Get Messages.
    Get {
        /// The largest number of messages.
        max: usize,
        /// The time for which the messages are hidden.
        lease: Duration,
    },
    /// The operation Update Message.
    Update {
        /// The receipt that is shown to the service.
        receipt: PopReceipt,
        /// The time for which the message is hidden.
        visibility: Duration,
        /// The new text.
        text: Option<Arc<MessageText>>,
        /// Whether the processor gives the message back, rather than keeping it.
        release: bool,
    },
    /// The operation Delete Message.
    Delete {
        /// The receipt that is shown to the service.
        receipt: PopReceipt,
    },
    /// Put Message to the dead-letter queue.
    Letter {
        /// The number of the message.
        index: usize,
    },
    /// The operation Create Queue.
    Create,
}

/// What the service answers.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Answer {
    /// The answer to Get Messages.
    Got(Result<Vec<RawDelivery>, OpFailure>),
    /// The answer to Update Message.
    Updated(Result<NewLease, OpFailure>),
    /// The answer to any other operation.
    Done(Result<(), OpFailure>),
}

impl Request {
    /// The answer that says that it failed in this way.
    #[must_use]
    pub const fn failed(&self, failure: OpFailure) -> Answer {
        match self {
            Self::Get { .. } => Answer::Got(Err(failure)),
            Self::Update { .. } => Answer::Updated(Err(failure)),
            Self::Delete { .. } | Self::Letter { .. } | Self::Create => Answer::Done(Err(failure)),
        }
    }
}

/// A refusal that applied nothing.
#[must_use]
pub const fn refused(kind: Refusal) -> OpFailure {
    OpFailure::Refused { kind, retry_after: None }
}

impl Service {
    /// Puts a message.
    pub fn put(&mut self, now: Micros, delay: Micros, time_to_live: Option<Micros>) -> usize {
        let index = self.messages.len();
        let (Ok(id), Ok(text)) =
            (MessageId::new(index.to_string()), MessageText::new(format!("message {index}")))
        else {
            unreachable!("both are numbers");
        };
        self.messages.push(Message {
            id,
            text: Arc::new(text),
            visible_at: now + delay,
            expires_at: time_to_live.map(|time| now + time),
            count: 0,
            gone: self.missing.then_some(Gone::Cleared),
            receipt: None,
        });
        self.letters.push(0);
        index
    }

    /// All messages ever put.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// How many dead letters were stored for a message.
    #[must_use]
    pub fn letters(&self, index: usize) -> u32 {
        self.letters.get(index).copied().unwrap_or_default()
    }

    /// The message that a receipt was made for.
    #[must_use]
    pub fn message_of(&self, receipt: &PopReceipt) -> Option<usize> {
        self.receipts.get(number(receipt)?).copied()
    }

    /// Clear Messages, or the end of the queue.
    pub fn clear(&mut self) {
        for message in &mut self.messages {
            message.gone.get_or_insert(Gone::Cleared);
        }
    }

    /// Removes what has expired.
    pub fn expire(&mut self, now: Micros) {
        for message in &mut self.messages {
            if message.gone.is_none() && message.expires_at.is_some_and(|at| now >= at) {
                message.gone = Some(Gone::Expired);
            }
        }
    }

    /// Carries out a request.
    pub fn handle(&mut self, now: Micros, request: &Request) -> Answer {
        if let Request::Letter { index } = request {
            // Another queue, with rights of its own.
            if let Some(count) = self.letters.get_mut(*index) {
                *count += 1;
            }
            return Answer::Done(Ok(()));
        }
        if self.forbidden {
            return request.failed(refused(Refusal::Unauthorized));
        }
        if let Request::Create = request {
            self.missing = false;
            return Answer::Done(Ok(()));
        }
        if self.missing {
            return request.failed(refused(Refusal::QueueNotFound));
        }
        self.expire(now);
        match request {
            Request::Get { max, lease } => Answer::Got(Ok(self.get(now, *max, *lease))),
            Request::Update { .. } if self.updates_forbidden => {
                Answer::Updated(Err(refused(Refusal::Unauthorized)))
            }
            Request::Update { receipt, visibility, text, .. } => {
                let Some(index) = self.owned(receipt) else {
                    return Answer::Updated(Err(OpFailure::NotOwner));
                };
                let (receipt, number) = self.new_receipt(index);
                let Some(message) = self.messages.get_mut(index) else {
                    return Answer::Updated(Err(OpFailure::NotOwner));
                };
                message.receipt = Some(number);
                message.visible_at = now + crate::time::micros(*visibility);
                if let Some(text) = text {
                    message.text = Arc::clone(text);
                }
                Answer::Updated(Ok(NewLease::new(receipt)))
            }
            Request::Delete { receipt } => {
                let owned = self.owned(receipt);
                let Some(message) = owned.and_then(|index| self.messages.get_mut(index)) else {
                    return Answer::Done(Err(OpFailure::NotOwner));
                };
                message.gone = Some(Gone::Deleted);
                Answer::Done(Ok(()))
            }
            Request::Letter { .. } | Request::Create => Answer::Done(Ok(())),
        }
    }

    fn get(&mut self, now: Micros, max: usize, lease: Duration) -> Vec<RawDelivery> {
        let mut visible: Vec<_> = (0..self.messages.len())
            .filter_map(|index| {
                let message = self.messages.get(index)?;
                let free = message.gone.is_none() && message.visible_at <= now;
                free.then_some((message.visible_at, index))
            })
            .collect();
        visible.sort_unstable();
        visible.truncate(max);
        visible
            .into_iter()
            .filter_map(|(_, index)| {
                let (receipt, number) = self.new_receipt(index);
                let message = self.messages.get_mut(index)?;
                message.receipt = Some(number);
                message.visible_at = now + crate::time::micros(lease);
                message.count += 1;
                let mut raw =
                    RawDelivery::new(message.id.clone(), receipt, Arc::clone(&message.text));
                raw.attempt = message.count;
                raw.expires_in = message.expires_at.map(|at| Duration::from_micros(at - now));
                Some(raw)
            })
            .collect()
    }

    fn owned(&self, receipt: &PopReceipt) -> Option<usize> {
        let number = number(receipt)?;
        let index = *self.receipts.get(number)?;
        let message = self.messages.get(index)?;
        (message.gone.is_none() && message.receipt == Some(number)).then_some(index)
    }

    fn new_receipt(&mut self, index: usize) -> (PopReceipt, usize) {
        let number = self.receipts.len();
        self.receipts.push(index);
        let Ok(receipt) = PopReceipt::new(format!("r{number}")) else {
            unreachable!("it is short");
        };
        (receipt, number)
    }
}

fn number(receipt: &PopReceipt) -> Option<usize> {
    receipt.as_str().strip_prefix('r')?.parse().ok()
}
