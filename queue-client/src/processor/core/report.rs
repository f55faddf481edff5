//! What the core counted, what it holds, and how it ended.

use std::{fmt, time::Duration};

use queue_proto::MessageId;

use super::{
    event::{LoopState, Trouble},
    ids::DeliveryKey,
    standing::Standing,
    time::Tick,
};

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

/// What a processor did, once it has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Why it ended.
    pub end: End,
    /// What it did.
    pub counters: Counters,
    /// The messages that were neither completed, dead-lettered nor given back: they come back when
    /// their leases end.
    pub left: Vec<LeftMessage>,
    /// The number of receives that were not answered in time. Each may have hidden up to 32 messages
    /// for one lease.
    pub unanswered_receives: usize,
}

/// A message that comes back when its lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftMessage {
    /// The id of the message.
    pub id: MessageId,
    /// The time after the end of the run at which the message is visible again, at the latest, unless
    /// it was deleted after all.
    pub visible_in: Duration,
    /// Whether its handler had completed, and only the delete is not confirmed.
    pub completed: bool,
}

/// How to come to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ShutdownMode {
    /// Receive nothing more and wait for the running handlers, as long as the settings say. Then
    /// they are told to stop, three seconds later dropped, and their messages are released; two
    /// seconds after that it is over.
    Drain,
    /// Tell the running handlers to stop, drop them after five seconds and release their messages,
    /// for which there are another five seconds.
    Release,
    /// End at once. What is held comes back when its lease ends.
    Abort,
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

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counters = &self.counters;
        write!(
            f,
            "{} completed, {} retried, {} dead-lettered",
            counters.completed + counters.completed_not_owned,
            counters.retried,
            counters.dead_lettered
        )?;
        let rest = [
            (counters.released, "released"),
            (counters.lapsed, "left to lapse"),
            (counters.completed_not_owned, "perhaps to be repeated"),
            (counters.duplicates_suppressed, "repetitions avoided"),
        ];
        for (count, what) in rest {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}
