//! What the emulator remembers, and the control interface: over HTTP, as tests in other languages
//! use it.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod description;
mod desk;
mod interface;
mod lives;
mod strangers;
mod streams;
#[path = "../wire/mod.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod wire;
