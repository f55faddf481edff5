//! Cases that a random search finds too rarely, each by name.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "tests"
)]

mod bench;
mod leases;
mod lookahead;
mod polling;
mod settling;
mod shutdown;
