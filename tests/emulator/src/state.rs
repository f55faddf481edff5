//! The service as pure data and rules: [`Service`] has the queues of an account, [`Queue`] the messages
//! of a queue. There is no IO, no clock and no protocol here.
//!
//! Every operation is given `now` and draws receipts and ids from the [`fastrand::Rng`] it is
//! handed, so the same calls with the same seed end in the same state.

#[cfg_attr(not(feature = "durable"), expect(dead_code, reason = "nobody keeps the records"))]
mod journal;
#[cfg(feature = "control")]
mod look;
mod message;
mod moment;
mod queue;
mod service;
#[cfg(test)]
mod tests;

#[cfg(any(feature = "control", feature = "durable"))]
pub(crate) use journal::Kept;
#[cfg(feature = "durable")]
pub(crate) use journal::{Journal, QueueSettings, Record};
#[cfg(feature = "control")]
pub(crate) use look::{Counts, Seen};
#[cfg(feature = "durable")]
pub(crate) use message::Row;
pub(crate) use message::{Peeked, Received, Scheduled, Sent};
pub(crate) use moment::Moment;
pub(crate) use queue::{Queue, Stale};
pub(crate) use service::{Created, Page, Refusal, Service};
