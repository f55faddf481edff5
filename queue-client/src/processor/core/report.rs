//! What the core counted, and what it holds.

use queue_proto::MessageId;

use super::{DeliveryKey, LoopState, LostCause, ShutdownMode, Tick, Trouble};

/// What happened so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Messages received.
    pub received: u64,
    /// Handlers started.
    pub started: u64,
    /// Messages deleted after their handler completed, as far as that is known.
    pub completed: u64,
    /// Of these, deletes that found the message gone after an answer had been lost.
    pub ambiguous_success: u64,
    /// Handlers that completed a message that could not be deleted: it may be worked on again.
    pub completed_not_owned: u64,
    /// Messages given back with a delay.
    pub retried: u64,
    /// Messages given back because of a shutdown.
    pub released: u64,
    /// Messages that became dead letters.
    pub dead_lettered: u64,
    /// Dead letters that could not be stored.
    pub dead_letter_failed: u64,
    /// Messages left to come back when their lease ends.
    pub lapsed: u64,
    /// Deliveries that ended with nothing to do since somebody else has the message.
    pub not_owned: u64,
    /// Completed messages that came back and were deleted without a second run.
    pub duplicates_suppressed: u64,
    /// Messages that came back while their handler was running.
    pub redelivered_while_running: u64,
    /// Renewals that succeeded.
    pub renewals: u64,
    /// Leases lost while a handler was running.
    pub leases_lost: u64,
    /// Receives answered, empty ones and failures included.
    pub polls: u64,
    /// Answers that were ignored because nothing waited for them.
    pub unknown_answers: u64,
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Why it ended.
    pub end: End,
    /// What happened.
    pub counters: Counters,
    /// What was neither completed, dead-lettered nor released.
    pub left: Vec<Left>,
    /// Receives without an answer. Each may have hidden up to 32 messages for one lease.
    pub unanswered_receives: usize,
}

/// A message that comes back when its lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Left {
    /// Its id.
    pub id: MessageId,
    /// When it is visible again, at the latest, unless it was deleted after all.
    pub visible_at: Tick,
    /// Its handler had completed, and only the delete is unconfirmed.
    pub completed: bool,
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// It was told to.
    Shutdown(ShutdownMode),
    /// The queue was empty, and that was the goal.
    Empty,
    /// The queue does not exist, and the settings say to fail then.
    QueueMissing,
    /// The credential was refused before a single receive had succeeded.
    Unauthorized,
    /// Receives have failed for as long as the settings allow, at last for this reason.
    GaveUp(Trouble),
}

/// What the core holds at a moment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// What the loop does.
    pub state: LoopState,
    /// Receives in flight.
    pub receives_in_flight: usize,
    /// Until when the loop waits before the next receive, if it does.
    pub waits_until: Option<Tick>,
    /// When a request last succeeded: a receive, a renewal, or what settles a message.
    pub last_success: Option<Tick>,
    /// When the first request was made that no good answer has followed; `None` when nothing is
    /// waited for.
    pub unanswered_since: Option<Tick>,
    /// The deliveries, in the order of their arrival.
    pub deliveries: Vec<DeliverySnapshot>,
    /// How many more can be held.
    pub free: usize,
    /// Ids of completed messages that are remembered.
    pub remembered: usize,
    /// What happened so far.
    pub counters: Counters,
}

/// One delivery at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeliverySnapshot {
    /// Its name.
    pub key: DeliveryKey,
    /// The message.
    pub id: MessageId,
    /// Its number of deliveries.
    pub attempt: u32,
    /// What happens with it.
    pub stage: Stage,
    /// What is known about its lease.
    pub standing: Standing,
    /// The answer to an update was lost: the receipt may be stale.
    pub receipt_unknown: bool,
    /// Until when nobody else can have it.
    pub deadline: Tick,
    /// Whether a request is in flight for it.
    pub busy: bool,
}

/// What happens with a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// It waits for its handler to start.
    Buffered,
    /// Its handler runs.
    Running,
    /// Its handler has ended, or never started; the message is being deleted, given back or
    /// dead-lettered.
    Settling,
}

/// What is known about a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// Nobody else can have the message before the deadline.
    Held,
    /// The deadline has passed. The receipt still works if nobody has received the message since.
    Suspect,
    /// The message is somebody else's, or the receipt is dead.
    Lost(LostCause),
}
