//! Working on the messages of a queue: each at least once, with leases that are renewed, retries
//! with delays, dead letters and an orderly shutdown.
//!
//! A [`Processor`] receives messages, runs a handler for each, and settles them by what the handler
//! returns: `Ok` deletes, an error brings the message back later, and after the last delivery it
//! becomes a [dead letter](dead_letter). A [`Producer`] sends, and sends again what may be lost.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = queue_emulator::Emulator::new();
//! # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
//! #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
//! #     .build()?;
//! use queue_client::processor::{Processor, ResultExt};
//!
//! let orders = service.queue("orders")?;
//! # orders.create().await?;
//! # for text in ["17", "x"] { orders.send(text).await?; }
//! # let shutdown = tokio::time::sleep(std::time::Duration::from_millis(300));
//! let report = Processor::new(orders)
//!     .concurrency(16)
//!     .stop_when(shutdown) // or .stop_on_signals()
//!     .run(|order| async move {
//!         // What can never work is not tried again.
//!         let number: u32 = order.body().parse().or_dead_letter()?;
//!         // Any other error is: after 5 s, 10 s, 20 s, ...
//!         charge(number).await?;
//!         Ok(())
//!     })
//!     .await?;
//! println!("{report}"); // 1 completed, 0 retried, 1 dead-lettered
//! # assert_eq!(report.to_string(), "1 completed, 0 retried, 1 dead-lettered");
//! # Ok(())
//! # }
//! # async fn charge(_: u32) -> Result<(), std::io::Error> { Ok(()) }
//! ```
//!
//! | I want to | |
//! | --- | --- |
//! | run a function for each message | [`Processor::run`], [`Processor::spawn`] |
//! | work through what is there and end | [`Processor::drain_once`] |
//! | settle by hand | [`Processor::deliveries`] |
//! | work on many messages at once | [`Processor::run_batches`] |
//! | know whether the message is still mine | [`LeaseHandle::state`], [`Delivery::renew_now`] |
//! | refuse receivers that were overtaken | [`Delivery::fencing_token`] |
//! | store progress | [`Delivery::checkpoint`] |
//! | do the work of a message once, although it is delivered twice | [`once`] |
//! | send what is too large for a message | [`Producer::oversize`], [`Processor::body_store`], [`Sweep`] |
//! | follow a trace from sender to receiver | [`Producer::trace_context`], [`Delivery::trace_context`] |
//! | bring dead letters back | [`dead_letter::redrive`] |
//! | choose the settings | [`settings`] |
//! | see what it does, and whether it lives | [`ProcessorHandle::health`], [`Health::is_healthy`](observe::Health::is_healthy), [`observe`] |
//! | work on several queues, each with its share of the handlers | [`Processors`] |
//! | spare what the handlers call | [`Processor::concurrency`], [`Processor::rate`] |
//! | drive it with something else than tokio, or simulate it | the module `core`, with the feature `unstable-core` |
//!
//! # What is guaranteed
//!
//! It is assumed that the service hides a message for at least the time it was asked for, and
//! refuses stale receipts; that the monotonic clock of this machine is at most 5 % slow; that the
//! process is not suspended without its clocks showing it; that nobody clears the queue or deletes
//! messages behind the processor's back; and that the place for dead letters can be written to
//! eventually.
//!
//! * **No loss.** A message is deleted only after its handler returned [`Outcome::Complete`] in this
//!   process, or after its dead letter was stored.
//! * **At least once.** Every message is eventually completed or dead-lettered while one processor
//!   runs and the network lets some requests through.
//! * **Exclusive while held.** Of two handlers that run for one message at the same instant, in
//!   whatever processes, at most one sees [`LeaseState::Held`].
//! * **Bounded attempts.** With `max_deliveries` of N, handlers start at most N times for a message,
//!   over all processors that use the same N.
//! * **Bounded hiding.** After a crash a message is visible again within its current lease: 60 s for
//!   a young delivery, 5 min at most. A handler that never returns keeps it for `max_lease`, 1 h.
//! * **Told.** A handler is told before anybody else can start, provided that the processor's task
//!   gets to run; [`LeaseHandle::state`] compares the deadline with the clock itself.
//! * **Settled before exit.** After a shutdown with [`ShutdownMode::Drain`] every delivery is
//!   completed, dead-lettered, released, or listed in the [`Report`].
//! * **No silent end.** [`Processor::run`] returns with a report or with an error that names the
//!   cause.
//! * **Bounded cost.** A message costs two operations, its renewals and its retries; an empty queue
//!   one receive for each longest idle pause.
//! * **Started in time.** A message that is received ahead of its handler starts before half of its
//!   lease is over, or is given back. What has only one delivery left is kept instead, and so is what
//!   [`Processor::prefetch`] asks for.
//!
//! # What is not
//!
//! * Effects that happen exactly once. A crash between a side effect and the delete repeats the
//!   effect: use [`once`], the [fencing token](Delivery::fencing_token) or a key that makes it
//!   idempotent.
//! * Order, even for one producer.
//! * That a handler in [`LeaseState::Suspect`] is alone.
//! * That N failed runs come before a dead letter: crashes and lost answers count as deliveries.
//! * Exactly one dead letter.
//! * That a delete which was refused was not in fact this process's own: the receipt may be lost.
//! * To be faster than the polling pause and one round trip.
//! * Anything across suspended machines beyond noticing it on waking up.
//!
//! # The states of a delivery
//!
//! ```text
//!            more deliveries than allowed ─────────────────────┐
//! received ──► completed here before ──► delete                │
//!    │  └────► not readable by the codec ──────────────────────┤
//!    ▼                                                         ▼
//!  held ◄──────renewed────────┐                      put dead letter ──► delete
//!    │  └─ half of the lease ─┤                                ▲
//!    │      is over: renew    ├─ refused, not sent ─► tried again at half of the rest
//!    │                        ├─ answer lost ──────► the receipt is in doubt; tried again with it
//!    │                        └─ not the owner ────► lost
//!    │ the deadline passes                                     │
//!    ▼                                                         │
//!  suspect ──renewed──► held (recovered)                       │
//!    │ └────not the owner──► lost                              │
//!    │                                                         │
//!    └─ the handler returns, in any state ──► complete: delete │
//!                                        ├──► retry: release with a delay ── last delivery, or
//!                                        ├──► dead letter ─────┘             would expire first
//!                                        └──► abandon: nothing
//! ```
//!
//! A renewal asks for a new receipt, and only the newest counts: one request is under way for a
//! message at a time, and the settling one waits for a renewal that is. The deadline counts from
//! the instant at which a request was sent, less a twentieth of the lease and at least a second, so
//! no clocks need to agree.
//!
//! # When something breaks
//!
//! | A crash | What follows |
//! | --- | --- |
//! | before or while the handler runs | the message comes back when its lease ends |
//! | after the side effect, before the delete | **the effect is repeated** |
//! | after the delete was sent | nothing |
//! | after a dead letter was stored, before the delete | a second dead letter |
//! | after a checkpoint was sent | the next delivery has the new text, or the old one |
//! | of a producer, after a body went to its store, before its message was sent | a body that nobody needs, for a [`Sweep`] |
//! | after the body of a dead letter was stored, before the letter | the same |
//! | after the delete of a message, before that of its body | the same |
//!
//! | The answer is lost to | What follows |
//! | --- | --- |
//! | a receive | up to 32 messages come back one lease later, with one delivery used up |
//! | a renewal | the handler goes on; what the next try finds out decides |
//! | a delete | it is repeated; that the message is gone then counts as success |
//! | a release | it is repeated; that the receipt is stale then counts as success |
//! | the put of a dead letter | it is repeated: there may be two |
//!
//! A delete or a dead letter that is refused is tried again, and the lease is renewed meanwhile. The
//! place of a handler is free as soon as the handler has ended; what is settled beside it has a bound
//! of its own ([`Processor::max_settling`]).
//!
//! A message whose work is done but whose delete failed is remembered (1,024 ids, 15 min): should it
//! come back to this process, it is deleted and not worked on again.

#[cfg(feature = "unstable-core")]
pub mod core;
#[cfg(not(feature = "unstable-core"))]
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "parts of it are for those alone who drive it themselves"
)]
mod core;

#[cfg(feature = "tokio")]
mod body_store;
#[cfg(feature = "tokio")]
pub mod dead_letter;
#[cfg(feature = "tokio")]
mod envelope;
#[cfg(feature = "tokio")]
mod explanation;
#[cfg(all(feature = "tokio", feature = "object-store"))]
pub mod object_store_0_14;
#[cfg(feature = "tokio")]
pub mod observe;
#[cfg(feature = "tokio")]
pub mod once;
#[cfg(feature = "tokio")]
mod producer;
#[cfg(feature = "tokio")]
mod run;

#[cfg(any(doc, doctest))]
#[doc = include_str!("../docs/processor-settings.md")]
pub mod settings {}

pub use self::core::{
    ConfigError, Counters, End, LeaseError, LeaseGrowth, LeftMessage, LostCause, OnLeaseLost,
    Outcome, Polling, QueueMissing, Reason, Report, RetryDelay, ShutdownMode, StopCause, Trouble,
    Typical,
};
#[cfg(all(feature = "tokio", feature = "metrics"))]
pub use self::observe::metrics::ProcessorMetrics;
#[cfg(feature = "tokio")]
pub use self::{
    body_store::{BodyStore, ListBodies, Oversize, StoredBody, Sweep, SweepError, SweepReport},
    envelope::trace::{InvalidTraceContext, TraceContext},
    explanation::BoxError,
    producer::{OnAmbiguous, Prepared, Producer, SendSummary, Sent},
    run::{
        batch::{Batch, BatchHandler},
        delivery::{CheckpointError, Delivery, FencingToken},
        handler::{Handler, HandlerError, HandlerResult, ResultExt},
        isolation::Isolation,
        lease::{LeaseHandle, LeaseState},
        processor::Processor,
        processors::{Processors, RunningProcessors},
        reports::{Reports, StoppedQueue},
        running::{ProcessorHandle, Running},
        stopped::Stopped,
        stream::{Completed, Deliveries, Leased, SettleError},
        undecodable::{TextHandler, Undecodable},
    },
};
