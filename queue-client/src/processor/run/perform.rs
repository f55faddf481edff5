//! The requests of the core, as futures that end with the input that answers them.

use std::{sync::Arc, time::Duration};

use queue_proto::{
    LeaseTimeout, MessageCount, MessageId, MessageText, Operation, OperationKind, PopReceipt,
    VisibilityTimeout,
    ops::{CreateQueue, DeleteMessage, GetMessages, ReceivedMessage, UpdateMessage},
};

use super::{control::Control, hand_on::HandedOn};
use crate::{
    error::Error,
    execute::shared::Target,
    failure::OpFailure,
    processor::{
        core::{Input, NewLease, OpId, RawDelivery, Reason, Tick},
        dead_letter::DeadLetterSink,
        envelope::{letter::DeadLetter, message},
        explanation::Explanation,
        observe::{Observers, OperationReport},
    },
};

/// What a request needs.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) queue: Target,
    pub(super) control: Control,
    pub(super) observers: Observers,
    /// How long the answer is waited for.
    pub(super) limit: Duration,
}

impl Caller {
    async fn call<O: Operation>(&self, operation: &O) -> Result<O::Response, OpFailure> {
        let started = self.control.now();
        let result = self.queue.once_within(operation, self.limit).await;
        self.report(O::KIND, started, result.as_ref().err());
        result.map_err(|error| {
            self.control.saw_error(&error);
            error.failure().clone()
        })
    }

    fn report(&self, operation: OperationKind, started: Tick, error: Option<&Error>) {
        self.observers.operation(&OperationReport {
            queue: &self.queue.name,
            operation,
            duration: self.control.now().since(started),
            failure: error.map(Error::failure),
        });
    }
}

pub(super) async fn receive(
    caller: Caller,
    op: OpId,
    max: MessageCount,
    lease: LeaseTimeout,
) -> Input {
    let sent_at = caller.control.now();
    let get = GetMessages::new(caller.queue.name.clone()).count(max).visibility_timeout(lease);
    let result = caller.call(&get).await.map(|answer| {
        answer.messages.into_iter().map(|message| raw(message, lease.as_duration())).collect()
    });
    Input::Received { op, sent_at, result }
}

/// All times of an answer are by the clock of the service, so its own time follows from them: it
/// made the message visible again one lease later than it answered.
fn raw(message: ReceivedMessage, lease: Duration) -> RawDelivery {
    let answered_at = message.next_visible_at().checked_sub(lease);
    let (attempt, inserted_at, expires_at) =
        (message.dequeue_count(), message.inserted_at(), message.expires_at());
    let (id, pop_receipt, text) = message.into_parts();
    let mut raw = RawDelivery::new(id, pop_receipt, text);
    raw.attempt = attempt;
    raw.inserted_at = inserted_at;
    raw.expires_at = expires_at;
    raw.answered_at = answered_at;
    raw.expires_in = expires_at
        .and_then(|expires_at| Some(expires_at.duration_since(answered_at?).unwrap_or_default()));
    raw
}

pub(super) async fn update(
    caller: Caller,
    op: OpId,
    id: MessageId,
    receipt: PopReceipt,
    visibility: VisibilityTimeout,
    text: Option<Arc<MessageText>>,
) -> Input {
    let sent_at = caller.control.now();
    let mut update = UpdateMessage::new(caller.queue.name.clone(), id, receipt, visibility);
    if let Some(text) = text {
        update = update.text(MessageText::clone(&text));
    }
    let result = caller.call(&update).await.map(|answer| NewLease::new(answer.pop_receipt));
    Input::Updated { op, sent_at, result }
}

pub(super) async fn delete(caller: Caller, op: OpId, id: MessageId, receipt: PopReceipt) -> Input {
    let delete = DeleteMessage::new(caller.queue.name.clone(), id, receipt);
    let result = caller.call(&delete).await.map(drop);
    Input::Deleted { op, result }
}

pub(super) async fn create(caller: Caller, op: OpId) -> Input {
    let create = CreateQueue::new(caller.queue.name.clone());
    let result = caller.call(&create).await.map(drop);
    Input::QueueCreated { op, result }
}

/// A message that is dead, and why.
pub(super) struct Dead {
    pub(super) message: Arc<RawDelivery>,
    /// The text of the last checkpoint, or that which was received.
    pub(super) text: Arc<MessageText>,
    pub(super) attempt: u32,
    pub(super) reason: Reason,
    pub(super) why: Explanation,
}

/// The letter with all that is known about the end of its message.
pub(super) fn letter(caller: &Caller, dead: Dead, host: Option<String>) -> DeadLetter {
    DeadLetter {
        queue: caller.queue.name.to_string(),
        account: Some(caller.queue.shared.endpoint.account().to_string()),
        id: dead.message.id.to_string(),
        attempt: dead.attempt,
        inserted_at: Some(dead.message.inserted_at),
        dead_at: Some(caller.queue.shared.runtime.now()),
        reason: dead.reason.as_str().to_owned(),
        error: dead.why.error,
        error_chain: dead.why.causes,
        host,
        traceparent: message::open(&dead.text)
            .and_then(|opened| opened.trace)
            .map(|trace| trace.traceparent().to_owned()),
        text: MessageText::clone(&dead.text),
    }
}

pub(super) async fn dead_letter(
    caller: Caller,
    op: OpId,
    sink: Option<Arc<dyn DeadLetterSink>>,
    mut letter: DeadLetter,
    body: Option<HandedOn>,
) -> Input {
    let started = caller.control.now();
    let Some(sink) = sink else {
        // The core asks for no letter without a place for letters.
        return Input::DeadLettered { op, result: Err(OpFailure::NotSent) };
    };
    let stored = async {
        let own = match &body {
            Some(body) => body.copy(&caller.queue.name, &mut letter).await?,
            None => None,
        };
        let seen = caller.observers.are_some().then(|| letter.clone());
        match sink.store(letter).await {
            Ok(()) => {
                if let (Some(body), Some(_)) = (&body, own) {
                    body.is_copied();
                }
                Ok(seen)
            }
            Err(error) => {
                if let (Some(body), Some(own), false) = (&body, own, error.may_be_stored()) {
                    body.discard(&own).await;
                }
                Err(error)
            }
        }
    };
    let result = caller.queue.shared.within(caller.limit, Box::pin(stored)).await;
    let result = match result {
        Some(Ok(seen)) => {
            if let Some(letter) = seen {
                caller.observers.dead_letter(&caller.queue.name, &letter);
            }
            Ok(())
        }
        Some(Err(error)) => {
            let text = std::error::Error::source(&error).map(ToString::to_string);
            caller.control.seen().last_error = text;
            Err(error.into_failure())
        }
        None => Err(OpFailure::Ambiguous),
    };
    caller.observers.operation(&OperationReport {
        queue: &caller.queue.name,
        operation: OperationKind::PutMessage,
        duration: caller.control.now().since(started),
        failure: result.as_ref().err(),
    });
    Input::DeadLettered { op, result }
}
