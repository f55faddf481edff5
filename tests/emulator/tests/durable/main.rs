//! Queues on disk: what was answered is there again, whatever happened in between.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../it/common.rs"]
mod common;
mod folder;
mod model;
mod refusals;
mod reopen;
