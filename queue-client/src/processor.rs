//! At-least-once processing of a queue.

pub mod core;

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

pub use self::core::{
    LeaseGrowth, LostCause, OnLeaseLost, Polling, QueueMissing, Reason, RetryDelay, ShutdownMode,
    StopCause,
};
#[cfg(feature = "tokio")]
pub use self::{
    builder::{Processor, Undecodable},
    control::Health,
    delivery::{Delivery, FencingToken},
    handler::{BoxError, Handler, HandlerError, Outcome, ResultExt},
    lease::{LeaseError, LeaseHandle, LeaseState},
    report::{LeftMessage, Report, Stopped},
    running::Running,
};
