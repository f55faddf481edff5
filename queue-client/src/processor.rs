//! At-least-once processing of a queue.

pub mod core;

#[cfg(feature = "tokio")]
mod batch;
#[cfg(feature = "tokio")]
mod builder;
#[cfg(feature = "tokio")]
mod control;
#[cfg(feature = "tokio")]
pub mod dead_letter;
#[cfg(feature = "tokio")]
mod delivery;
#[cfg(feature = "tokio")]
mod driver;
#[cfg(feature = "tokio")]
mod handler;
#[cfg(feature = "tokio")]
mod lease;
#[cfg(all(feature = "tokio", feature = "metrics"))]
mod metrics;
#[cfg(feature = "tokio")]
pub mod observe;
#[cfg(feature = "tokio")]
mod producer;
#[cfg(feature = "tokio")]
mod report;
#[cfg(feature = "tokio")]
mod running;
#[cfg(feature = "tokio")]
mod stop;
#[cfg(feature = "tokio")]
mod stream;

pub use self::core::{
    LeaseGrowth, LostCause, OnLeaseLost, Polling, QueueMissing, Reason, RetryDelay, ShutdownMode,
    StopCause,
};
#[cfg(all(feature = "tokio", feature = "metrics"))]
pub use self::metrics::MetricsObserver;
#[cfg(feature = "tokio")]
pub use self::{
    batch::{Batch, BatchHandler},
    builder::{Processor, Undecodable},
    control::Health,
    delivery::{Delivery, FencingToken},
    handler::{BoxError, Handler, HandlerError, Outcome, ResultExt},
    lease::{LeaseError, LeaseHandle, LeaseState},
    producer::{OnAmbiguous, Prepared, Producer, SendSummary, Sent},
    report::{LeftMessage, Report, Stopped},
    running::Running,
    stream::{Completed, Deliveries, Leased, SettleError},
};
