//! Whole queues, on the emulator, in virtual time: scans and transfers, with lost answers and crashes.
#![cfg(all(feature = "bulk", feature = "tokio"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod crashes;
mod scans;
#[path = "../processor/support.rs"]
#[allow(dead_code, reason = "a part of what the tests of the processor need")]
mod support;
mod transfers;
