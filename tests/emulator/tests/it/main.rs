//! The emulator from outside: in process, over HTTP, and as a program.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod errors;
mod faults;
mod http;
mod https;
mod limits;
mod matrix;
mod operations;
#[expect(dead_code, reason = "shared with the tests of hostile clients, which use the rest")]
mod plain;
#[cfg(unix)]
mod program;
mod records;
#[cfg(unix)]
#[expect(dead_code, reason = "shared with the tests of queues on disk, which use the rest")]
mod running;
mod secondary;
mod secrets;
mod users;
#[expect(dead_code, reason = "shared with the list of differences, which uses all of it")]
#[path = "../wire/mod.rs"]
mod wire;
