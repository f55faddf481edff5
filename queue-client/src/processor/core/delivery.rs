//! One message that is held.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use queue_proto::{MessageText, PopReceipt};

use super::{
    AskId, DeliveryKey, DeliverySnapshot, OpId, Outcome, RawDelivery, Reason, Stage, Tick,
    lease::Lease, settling::Settling,
};

#[derive(Debug)]
pub(super) struct Delivery {
    /// As it was received. The handler has this one.
    pub(super) raw: Arc<RawDelivery>,
    /// The text that the service has, as far as that is known.
    pub(super) text: Arc<MessageText>,
    /// A text that the service has perhaps: the answer to a checkpoint was lost.
    pub(super) doubtful_text: Option<Arc<MessageText>>,
    /// The newest receipt.
    pub(super) receipt: PopReceipt,
    /// The number of deliveries so far.
    pub(super) attempt: u32,
    pub(super) lease: Lease,
    pub(super) work: Work,
    /// The one request that is in flight for it.
    pub(super) op: Option<InFlight>,
    /// What the handler asked for.
    pub(super) asks: VecDeque<Ask>,
    /// When to look at it again, as it stands in the timers.
    pub(super) scheduled: Option<Tick>,
}

/// What happens with a delivery.
#[derive(Debug)]
pub(super) enum Work {
    /// It waits for a free handler.
    Buffered(Waiting),
    /// Its handler runs.
    Running(Running),
    /// Its handler is over, or was never started.
    Settling(Settling),
}

#[derive(Debug)]
pub(super) struct Waiting {
    /// The lease is renewed before the handler starts.
    pub(super) renew_first: bool,
    /// An older delivery of the same message, which has to end first.
    pub(super) after: Option<DeliveryKey>,
}

#[derive(Debug)]
pub(super) struct Running {
    pub(super) since: Tick,
    /// The message was received again with another text, and this handler's outcome no longer
    /// counts.
    pub(super) replaced: bool,
    /// It was told that the longest time in all is near.
    pub(super) warned: bool,
}

#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) id: OpId,
    pub(super) kind: OpKind,
    /// The local clock stood still for this long since the request was issued.
    pub(super) jumped: Duration,
    /// The message was received anew since: the receipt in the request or in its answer is old.
    pub(super) superseded: bool,
}

#[derive(Debug)]
pub(super) enum OpKind {
    Renew { visibility: Duration, asks: Vec<AskId> },
    Checkpoint { visibility: Duration, ask: AskId, text: Arc<MessageText> },
    Release,
    Delete,
    Letter,
}

impl OpKind {
    pub(super) const fn is_update(&self) -> bool {
        matches!(self, Self::Renew { .. } | Self::Checkpoint { .. } | Self::Release)
    }

    pub(super) const fn is_delete(&self) -> bool {
        matches!(self, Self::Delete)
    }

    pub(super) const fn is_letter(&self) -> bool {
        matches!(self, Self::Letter)
    }
}

#[derive(Debug)]
pub(super) enum Ask {
    Renew(AskId),
    Checkpoint(AskId, Arc<MessageText>),
}

impl Ask {
    pub(super) const fn id(&self) -> AskId {
        match self {
            Self::Renew(id) | Self::Checkpoint(id, _) => *id,
        }
    }
}

/// What becomes of a delivery after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Keep,
    Gone,
}

impl Delivery {
    pub(super) fn new(raw: RawDelivery, lease: Lease, work: Work) -> Self {
        Self {
            text: Arc::clone(&raw.text),
            doubtful_text: None,
            receipt: raw.receipt.clone(),
            attempt: raw.attempt,
            raw: Arc::new(raw),
            lease,
            work,
            op: None,
            asks: VecDeque::new(),
            scheduled: None,
        }
    }

    pub(super) const fn is_running(&self) -> bool {
        matches!(self.work, Work::Running(_))
    }

    /// Whether the text of a later delivery is one that this process knows of.
    pub(super) fn knows_text(&self, text: &MessageText) -> bool {
        *self.text == *text || self.doubtful_text.as_deref() == Some(text)
    }

    /// Whether its handler, or the wish to settle it, ended with the work done.
    pub(super) const fn is_completed(&self) -> bool {
        match &self.work {
            Work::Settling(settling) => settling.is_delete(),
            _ => false,
        }
    }

    pub(super) fn snapshot(&self, key: DeliveryKey) -> DeliverySnapshot {
        DeliverySnapshot {
            key,
            id: self.raw.id.clone(),
            attempt: self.attempt,
            stage: match self.work {
                Work::Buffered(_) => Stage::Buffered,
                Work::Running(_) => Stage::Running,
                Work::Settling(_) => Stage::Settling,
            },
            standing: self.lease.standing,
            receipt_unknown: self.lease.receipt_unknown,
            deadline: self.lease.deadline(),
            busy: self.op.is_some(),
        }
    }
}

impl Outcome {
    /// Failed, to be received again as the settings say.
    #[must_use]
    pub const fn failed(reason: Reason) -> Self {
        Self::Retry { after: None, reason }
    }

    /// The kind of failure that this is, if it is none that the handler chose.
    pub(super) const fn failure(&self) -> Option<Reason> {
        match self {
            Self::Retry { reason, .. } | Self::DeadLetter { reason } => match reason {
                Reason::HandlerFailed
                | Reason::HandlerPanicked
                | Reason::HandlerTimedOut
                | Reason::Undecodable => Some(*reason),
                Reason::Requested | Reason::DeliveriesExhausted | Reason::WouldExpire => None,
            },
            Self::Complete | Self::Abandon => None,
        }
    }
}
