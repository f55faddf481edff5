//! Requests to stop: [`Signals`], from the terminal or from whoever started the program.

use std::io;

/// A request to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Ctrl-c at the terminal, which tells the command of `--exec` too.
    Interrupt,
    /// SIGTERM, which only this program got.
    #[cfg(unix)]
    Terminate,
    /// SIGHUP: the terminal has gone, or somebody says so.
    #[cfg(unix)]
    HangUp,
}

/// The signals that are listened to.
#[cfg(unix)]
pub(super) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    /// Listens from now on.
    pub(super) fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        // Who started this with `nohup` wants it to go on when the terminal goes.
        let hang_up =
            if hang_ups_are_ignored() { None } else { Some(signal(SignalKind::hangup())?) };
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up,
        })
    }

    /// Waits for the next.
    pub(super) async fn next(&mut self) -> Stop {
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Stop::Interrupt,
            _ = self.terminate.recv() => Stop::Terminate,
            _ = hang_up => Stop::HangUp,
        }
    }
}

/// Whether this process was started with SIGHUP ignored, which a handler would undo.
#[cfg(target_os = "linux")]
fn hang_ups_are_ignored() -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return false };
    // A mask in hexadecimal, whose lowest bit stands for signal 1, which is SIGHUP.
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 == 1)
}

/// Elsewhere only unsafe code can ask. `nohup` sends what goes to a terminal elsewhere.
#[cfg(all(unix, not(target_os = "linux")))]
fn hang_ups_are_ignored() -> bool {
    use std::io::IsTerminal as _;

    !io::stderr().is_terminal()
}

/// The signals that are listened to.
#[cfg(windows)]
pub(super) struct Signals {
    ctrl_c: tokio::signal::windows::CtrlC,
}

#[cfg(windows)]
impl Signals {
    /// Listens from now on.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { ctrl_c: tokio::signal::windows::ctrl_c()? })
    }

    /// Waits for the next.
    pub(super) async fn next(&mut self) -> Stop {
        self.ctrl_c.recv().await;
        Stop::Interrupt
    }
}
