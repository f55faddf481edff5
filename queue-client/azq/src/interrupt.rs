//! [`Interrupt`]: Ctrl-C and SIGTERM. The first asks a verb to finish what it holds, the second ends
//! the process at once.

use std::process;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::{
    app::App,
    failure::{Exit, Failure},
};

/// The exit code after Ctrl-C: 128 and the number of SIGINT.
const INTERRUPTED: u8 = 130;
/// The exit code after SIGTERM.
#[cfg(unix)]
const TERMINATED: u8 = 143;

/// What a verb knows of Ctrl-C and SIGTERM.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt {
    signal: watch::Receiver<Option<u8>>,
}

impl Interrupt {
    /// Listens from now on. At the first signal `first` is said, at the second `second`, and the
    /// process ends: it tells what becomes of what was held.
    pub(crate) fn listen(app: &App, first: &str, second: &str) -> Self {
        let (sender, signal) = watch::channel(None);
        let quiet = app.talk.quiet;
        let (first, second) = (first.to_owned(), second.to_owned());
        let mut signals = Signals::listen();
        tokio::spawn(async move {
            let code = signals.next().await;
            sender.send_replace(Some(code));
            if !quiet {
                say(&first);
            }
            let code = signals.next().await;
            say(&second);
            process::exit(code.into());
        });
        Self { signal }
    }

    /// Waits for the first signal.
    pub(crate) async fn wait(&self) {
        let mut signal = self.signal.clone();
        if signal.wait_for(Option::is_some).await.is_err() {
            // The listener never ends before the process does.
            std::future::pending::<()>().await;
        }
    }

    /// Says whether there was a signal.
    pub(crate) fn came(&self) -> bool {
        self.signal.borrow().is_some()
    }

    /// The end of a verb that finished what it held after a signal: without words, with the code of
    /// the signal; and of one that was not interrupted.
    pub(crate) fn end(&self) -> Result<(), Failure> {
        match *self.signal.borrow() {
            Some(code) => Err(Failure::silent(Exit::Code(code))),
            None => Ok(()),
        }
    }
}

fn say(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr().lock(), "\n{line}");
}

/// Ctrl-C and SIGTERM, none of which ends the process any more.
#[derive(Debug)]
pub(crate) struct Signals {
    #[cfg(unix)]
    both: Option<(Signal, Signal)>,
}

impl Signals {
    /// Listens from now on: no signal is missed between two calls of [`next`](Self::next).
    pub(crate) fn listen() -> Self {
        Self {
            #[cfg(unix)]
            both: signal(SignalKind::interrupt()).ok().zip(signal(SignalKind::terminate()).ok()),
        }
    }

    /// Waits for the next signal; the exit code that stands for it.
    pub(crate) async fn next(&mut self) -> u8 {
        #[cfg(unix)]
        if let Some((interrupt, terminate)) = &mut self.both {
            return tokio::select! {
                _ = terminate.recv() => TERMINATED,
                _ = interrupt.recv() => INTERRUPTED,
            };
        }
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        INTERRUPTED
    }
}
