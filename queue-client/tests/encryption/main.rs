//! Client-side encryption: what others encrypted, what they would read, and what fails.
#![cfg(feature = "encryption")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod failures;
#[cfg(all(feature = "processor", feature = "tokio"))]
mod processing;
mod queues;
mod support;
mod vectors;
