//! `azq` as a process, against the emulator in this one.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod doctor;
mod examples;
mod harness;
mod kills;
mod mass;
mod reading;
mod scripts;
mod signatures;
mod work;
