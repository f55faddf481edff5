//! What the core counted, what it holds, and how it ended.

use std::{fmt, time::Duration};

use queue_proto::MessageId;

use super::{
    event::{LoopState, Trouble},
    ids::DeliveryKey,
    standing::Standing,
    time::Tick,
};

/// What a processor has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// The number of messages received.
    pub received: u64,
    /// The number of handlers started.
    pub started: u64,
    /// The number of messages deleted after their handler completed, as far as that is known.
    pub completed: u64,
    /// The number of completed messages whose delete found the message gone after an answer had been
    /// lost.
    pub ambiguous_success: u64,
    /// The number of messages whose handler completed and that could not be deleted: they may be worked
    /// on again.
    pub completed_not_owned: u64,
    /// The number of messages given back with a delay, to be tried again.
    pub retried: u64,
    /// The number of messages given back because of a shutdown.
    pub released: u64,
    /// The number of messages that were received ahead and given back, since no handler could start
    /// before half of their lease was over.
    pub given_back: u64,
    /// The number of messages that became dead letters.
    pub dead_lettered: u64,
    /// The number of dead letters that could not be stored.
    pub dead_letter_failed: u64,
    /// The number of messages left to come back when their lease ends.
    pub lapsed: u64,
    /// The number of deliveries that ended with nothing to do since somebody else has the message.
    pub not_owned: u64,
    /// The number of completed messages that came back and were deleted without a second run.
    pub duplicates_suppressed: u64,
    /// The number of messages that came back while their handler was running.
    pub redelivered_while_running: u64,
    /// The number of renewals that succeeded.
    pub renewals: u64,
    /// The number of leases lost while a handler was running.
    pub leases_lost: u64,
    /// The number of receives answered, empty ones and failures included.
    pub polls: u64,
    /// The number of answers that were ignored because nothing waited for them.
    pub unknown_answers: u64,
}

/// What a processor did, once it has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The cause of the end.
    pub end: End,
    /// What the processor did.
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
    /// The processor was told to.
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

/// How long handlers and receives took of late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Typical {
    /// The time that half of the last handlers took no longer than.
    pub handler: Duration,
    /// The mean time from asking for messages to the answer, in which the last answers count most.
    pub receive: Duration,
}

/// What the core does at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// What the loop does at the moment.
    pub state: LoopState,
    /// The number of receives in flight.
    pub receives_in_flight: usize,
    /// The instant until which the loop waits before the next receive, if it does.
    pub waits_until: Option<Tick>,
    /// The instant at which a request last succeeded: a receive, a renewal, or what settles a message.
    pub last_success: Option<Tick>,
    /// The instant of the first request that no good answer has followed; `None` when nothing is waited
    /// for.
    pub unanswered_since: Option<Tick>,
    /// The number of messages that wait for their handlers.
    pub waiting: usize,
    /// The number of handlers that run.
    pub running: usize,
    /// The number of messages that are being deleted, given back or dead-lettered.
    pub settling: usize,
    /// Whether no handler starts because so many messages are being settled: from the bound of the
    /// settings until half of them are settled.
    pub settling_full: bool,
    /// The number of handlers that could start besides.
    pub free: usize,
    /// What is known of handlers and receives, and decides how many messages are received ahead;
    /// `None` until one of each has ended.
    pub typical: Option<Typical>,
    /// The number of completed messages whose ids are remembered.
    pub remembered: usize,
    /// What the processor has done so far.
    pub counters: Counters,
}

/// One delivery at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeliverySnapshot {
    /// The name of the delivery.
    pub key: DeliveryKey,
    /// The id of the message.
    pub id: MessageId,
    /// The number of its deliveries so far.
    pub attempt: u32,
    /// What happens with the message.
    pub stage: Stage,
    /// What is known about its lease.
    pub standing: Standing,
    /// The answer to an update was lost: the receipt may be stale.
    pub receipt_unknown: bool,
    /// The instant until which nobody else can have the message.
    pub deadline: Tick,
    /// Whether a request is in flight for the delivery.
    pub busy: bool,
}

/// What happens with a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// The message waits for its handler to start.
    Buffered,
    /// The handler runs.
    Running,
    /// The handler has ended, or never started; the message is being deleted, given back or
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
            (counters.given_back, "given back unstarted"),
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
