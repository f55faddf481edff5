//! [`Interrupt`]: Ctrl-C and SIGTERM. The first asks a verb to finish what it holds, the second ends
//! the process at once.

use std::process;

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
        tokio::spawn(async move {
            let code = next_signal().await;
            sender.send_replace(Some(code));
            if !quiet {
                say(&first);
            }
            let code = next_signal().await;
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

/// Waits for Ctrl-C or SIGTERM; the exit code that stands for it.
async fn next_signal() -> u8 {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            return tokio::select! {
                _ = terminate.recv() => TERMINATED,
                _ = tokio::signal::ctrl_c() => INTERRUPTED,
            };
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
    INTERRUPTED
}
