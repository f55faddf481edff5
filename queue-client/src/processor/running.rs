use std::{num::NonZeroUsize, time::Duration};

use tokio::task::JoinHandle;

use super::{
    Report, Stopped,
    control::{Control, Health},
    core::{Input, ShutdownMode},
};

/// A processor that runs in a task of its own.
///
/// Dropping it lets the processor run on.
#[derive(Debug)]
pub struct Running {
    control: Control,
    task: JoinHandle<Result<Report, Stopped>>,
}

impl Running {
    pub(super) const fn new(control: Control, task: JoinHandle<Result<Report, Stopped>>) -> Self {
        Self { control, task }
    }

    /// How it is doing.
    #[must_use]
    pub fn health(&self) -> Health {
        self.control.health()
    }

    /// Receives nothing until [`resume`](Self::resume). Running handlers go on.
    pub fn pause(&self) {
        self.control.send(Input::Pause);
    }

    /// Receives again.
    pub fn resume(&self) {
        self.control.send(Input::Resume);
    }

    /// Sets how many handlers run at once, at least 1. Handlers that run go on.
    pub fn set_concurrency(&self, handlers: usize) {
        let handlers = NonZeroUsize::new(handlers).unwrap_or(NonZeroUsize::MIN);
        self.control.send(Input::SetConcurrency(handlers));
    }

    /// Ends the pause of an empty queue: somebody has sent a message.
    pub fn nudge(&self) {
        self.control.send(Input::Nudge);
    }

    /// Asks it to come to an end, without waiting for that.
    pub fn begin_shutdown(&self, mode: ShutdownMode) {
        self.control.send(Input::Shutdown(mode));
    }

    /// Ends it, and waits for that: with [`ShutdownMode::Drain`] at most the drain timeout and five
    /// seconds.
    ///
    /// # Errors
    ///
    /// When it had ended by itself.
    pub async fn shutdown(self, mode: ShutdownMode) -> Result<Report, Stopped> {
        self.begin_shutdown(mode);
        self.join().await
    }

    /// Waits until it ends.
    ///
    /// # Errors
    ///
    /// When it ended by itself.
    ///
    /// # Panics
    ///
    /// When the tokio runtime that it ran on is shut down.
    pub async fn join(self) -> Result<Report, Stopped> {
        match self.task.await {
            Ok(result) => result,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // Nobody else can cancel the task than the runtime when it is dropped.
            Err(_) => std::future::pending().await,
        }
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// How long the loop has been in its state. Short for [`health`](Self::health).
    #[must_use]
    pub fn since_last_success(&self) -> Option<Duration> {
        self.health().last_success
    }
}
