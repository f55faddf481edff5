//! `Once`: the layer, the stores, and processes that are killed between every two steps.
#![cfg(all(feature = "processor", feature = "tokio"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[cfg(feature = "hyper")]
mod kills;
mod layer;
mod sqlite;
mod stores;
#[cfg(feature = "hyper")]
mod worker;
