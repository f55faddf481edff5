//! `azq` as a process, against the emulator in this one.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod attacks;
mod doctor;
mod examples;
#[cfg(unix)]
mod formats;
mod harness;
mod kills;
mod mass;
#[cfg(unix)]
mod picture;
#[cfg(target_os = "linux")]
mod processes;
#[cfg(unix)]
mod pty;
mod reading;
#[cfg(unix)]
mod readme;
#[cfg(unix)]
mod redact;
mod scripts;
mod signatures;
mod speed;
#[cfg(unix)]
mod terminal;
mod work;
