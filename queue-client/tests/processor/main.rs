//! The processor through its driver, on the emulator, in virtual time.
#![cfg(all(feature = "processor", feature = "tokio"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod bodies;
mod clocks;
mod envelopes;
mod failures;
mod far;
mod faults;
mod handlers;
mod hands;
mod health;
mod isolation;
mod leases;
mod limits;
mod manual_time;
#[cfg(feature = "metrics")]
mod metrics;
mod redrive;
#[cfg(feature = "aad")]
mod roles;
mod sending;
mod several;
mod shutdown;
#[cfg(all(unix, feature = "signals"))]
mod signals;
mod spans;
mod striped;
mod support;
