//! What the program says, on standard error to people and on standard output to programs.
//!
//! Whoever listens may go away at any time: a closed pipe or a full disk behind a log file is no
//! reason to stop keeping queues. So every function here drops errors of writing, where `println!`
//! and `eprintln!` panic.

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write as _};

/// Says a line on standard error.
pub(crate) fn say(line: impl Display) {
    // In one piece, so that lines of several threads stay apart.
    let _ = io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}

/// Prints a line on standard output.
pub(crate) fn print(line: impl Display) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush());
}

/// An error and its causes on one line.
pub(crate) fn sentence(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
