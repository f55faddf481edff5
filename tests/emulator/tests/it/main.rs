//! The emulator from outside: in process, over HTTP, and as a program.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod errors;
mod http;
mod operations;
#[cfg(unix)]
mod program;
