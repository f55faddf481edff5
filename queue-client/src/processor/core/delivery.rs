//! [`Delivery`]: one message that is held, what happens with it, and the request that is in flight
//! for it.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use queue_proto::{MessageText, PopReceipt};

use super::{
    event::{Next, Settled},
    ids::{AskId, DeliveryKey, OpId},
    lease::Lease,
    message::{RawDelivery, Reason},
    report::{DeliverySnapshot, Stage},
    time::Tick,
};

/// How long settling is tried at least.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

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
pub(super) enum Settling {
    Delete(Delete),
    Release(Release),
    Letter(Letter),
}

#[derive(Debug)]
pub(super) struct Delete {
    pub(super) after: DeleteAfter,
    /// The answer to an earlier delete was lost.
    pub(super) ambiguous: bool,
    pub(super) tries: Tries,
}

/// What makes a delete right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeleteAfter {
    Complete,
    /// It was completed in an earlier delivery.
    Duplicate,
    /// The dead letter is stored.
    Letter(Reason),
}

impl DeleteAfter {
    /// How a delivery ends whose message is gone, perhaps by an earlier delete.
    pub(super) const fn done(self, ambiguous: bool) -> Settled {
        match self {
            Self::Complete if ambiguous => Settled::CompletedAfterAmbiguity,
            Self::Complete => Settled::Completed,
            Self::Duplicate => Settled::Duplicate,
            Self::Letter(reason) => Settled::DeadLettered { reason },
        }
    }
}

#[derive(Debug)]
pub(super) struct Release {
    pub(super) delay: Duration,
    pub(super) why: GiveBack,
    pub(super) tries: Tries,
}

/// Why a message is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GiveBack {
    /// Its handler failed, or it cannot become a dead letter.
    Failed(Reason),
    /// The processor shuts down.
    Shutdown,
    /// It was received ahead, and no handler came free in time.
    Unstarted,
}

#[derive(Debug)]
pub(super) struct Letter {
    pub(super) reason: Reason,
    pub(super) tries: Tries,
}

/// When a settling request is tried again, and until when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tries {
    pub(super) failures: u32,
    pub(super) next_at: Tick,
    pub(super) give_up_at: Tick,
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

    /// When its handler started, if the handler runs.
    pub(super) const fn started(&self) -> Option<Tick> {
        match &self.work {
            Work::Running(running) => Some(running.since),
            Work::Buffered(_) | Work::Settling(_) => None,
        }
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

impl Tries {
    pub(super) const fn until(now: Tick, give_up_at: Tick) -> Self {
        Self { failures: 0, next_at: now, give_up_at }
    }
}

impl Settling {
    pub(super) fn delete(now: Tick, lease: &Lease, after: DeleteAfter) -> Self {
        let tries = Tries::until(now, (now + PATIENCE).max(lease.end()));
        Self::Delete(Delete { after, ambiguous: false, tries })
    }

    pub(super) fn give_back_at_once(now: Tick, why: GiveBack) -> Self {
        let tries = Tries::until(now, now + PATIENCE);
        Self::Release(Release { delay: Duration::ZERO, why, tries })
    }

    pub(super) const fn is_delete(&self) -> bool {
        matches!(
            self,
            Self::Delete(Delete { after: DeleteAfter::Complete | DeleteAfter::Letter(_), .. })
        )
    }

    /// Whether its lease is renewed between two tries: a release ends the lease by itself.
    pub(super) const fn keeps_its_lease(&self) -> bool {
        matches!(self, Self::Letter(_) | Self::Delete(_))
    }

    /// There is a new receipt, and all that is known of requests with the old one no longer counts.
    pub(super) fn restart(&mut self, now: Tick, lease: &Lease) {
        if let Self::Delete(delete) = self {
            delete.ambiguous = false;
        }
        let tries = self.tries_mut();
        tries.next_at = now;
        tries.give_up_at = tries.give_up_at.max(lease.end());
    }

    /// What a message comes to whose handler failed.
    pub(super) const fn next(&self) -> Next {
        match self {
            Self::Release(release) => Next::Retry { after: release.delay },
            Self::Delete(_) | Self::Letter(_) => Next::DeadLetter,
        }
    }

    pub(super) fn due(&self) -> Tick {
        self.tries().next_at
    }

    pub(super) const fn tries(&self) -> &Tries {
        match self {
            Self::Delete(Delete { tries, .. })
            | Self::Release(Release { tries, .. })
            | Self::Letter(Letter { tries, .. }) => tries,
        }
    }

    pub(super) const fn tries_mut(&mut self) -> &mut Tries {
        match self {
            Self::Delete(Delete { tries, .. })
            | Self::Release(Release { tries, .. })
            | Self::Letter(Letter { tries, .. }) => tries,
        }
    }
}
