//! What the program says, on standard error to people and on standard output to programs.
//!
//! Whoever listens may go away at any time: a closed pipe or a full disk behind a log file is no
//! reason to stop keeping queues. So every function here drops errors of writing, where `println!`
//! and `eprintln!` panic, and standard error has a thread of its own.

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{
    OnceLock,
    atomic::{AtomicUsize, Ordering},
};
use std::time::Duration;

/// The most lines that wait to be said while nobody reads standard error.
const MAX_WAITING: usize = 10_000;

/// The most time that the program waits at its end for what is still to be said.
const PATIENCE: Duration = Duration::from_secs(1);

/// Says a line on standard error. The caller, for whom others wait, does not wait until somebody
/// reads the line.
pub(super) fn say(line: impl Display) {
    if voice().try_send(Saying::Line(line.to_string())).is_err() {
        LEFT_OUT.fetch_add(1, Ordering::Relaxed);
    }
}

/// Waits until everything is said, but for a second at most.
pub(super) fn finish() {
    let Some(voice) = VOICE.get() else { return };
    let (said, all_said) = channel();
    if voice.try_send(Saying::Told(said)).is_ok() {
        let _ = all_said.recv_timeout(PATIENCE);
    }
}

enum Saying {
    Line(String),
    /// Somebody wants to know that everything before this is said.
    Told(Sender<()>),
}

static VOICE: OnceLock<SyncSender<Saying>> = OnceLock::new();

/// How many lines there was no room for.
static LEFT_OUT: AtomicUsize = AtomicUsize::new(0);

/// The thread that writes to standard error.
fn voice() -> &'static SyncSender<Saying> {
    VOICE.get_or_init(|| {
        let (voice, sayings) = sync_channel(MAX_WAITING);
        let speak = move || speak(&sayings);
        // Without a thread nothing is said, and everything else goes on.
        let _ = std::thread::Builder::new().name("voice".to_owned()).spawn(speak);
        voice
    })
}

fn speak(sayings: &Receiver<Saying>) {
    for saying in sayings {
        match saying {
            Saying::Line(line) => write(line),
            // An error means that nobody waits any more.
            Saying::Told(said) => drop(said.send(())),
        }
        match LEFT_OUT.swap(0, Ordering::Relaxed) {
            0 => {}
            lines => write(format_args!("queue-emulator: {lines} lines more, which nobody read.")),
        }
    }
}

fn write(line: impl Display) {
    // In one piece, so that what the process's children say stays apart.
    let _ = io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}

/// Prints a line on standard output.
pub(super) fn print(line: impl Display) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush());
}

/// An error and its causes on one line.
pub(super) fn sentence(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
