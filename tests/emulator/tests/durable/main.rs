//! Queues on disk: what was answered is there again, whatever happened in between.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[cfg(unix)]
mod client;
#[path = "../it/common.rs"]
mod common;
#[cfg(unix)]
mod crash;
mod damage;
mod files;
mod folder;
#[cfg(unix)]
mod full;
mod model;
mod older;
mod refusals;
mod reopen;
#[cfg(unix)]
#[path = "../it/running.rs"]
mod running;
#[cfg(unix)]
mod voices;
