//! [`Running`], a processor in a task of its own, and [`ProcessorHandle`], what others may do with it.

use std::{num::NonZeroUsize, ops::Deref, time::Duration};

use tokio::task::JoinHandle;

use super::{control::Control, stopped::Stopped};
use crate::processor::{
    core::{Input, Report, ShutdownMode},
    observe::Health,
};

/// A processor that runs in a task of its own.
///
/// It has all methods of a [`ProcessorHandle`], and it alone can wait for the end. Dropping it lets
/// the processor run on.
#[derive(Debug)]
pub struct Running {
    handle: ProcessorHandle,
    task: JoinHandle<Result<Report, Stopped>>,
}

/// The way to a processor that runs: to look at it, to steer it, and to tell it to end.
///
/// Clones are cheap, lead to the same processor, and do not keep it running. After the end of the
/// processor they do nothing, and its [`health`](Self::health) says that it has ended.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = queue_emulator::Emulator::new();
/// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
/// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
/// #     .build()?;
/// use std::time::Duration;
/// use queue_client::processor::{Processor, ShutdownMode};
///
/// let orders = service.queue("orders")?;
/// # orders.create().await?;
/// let running = Processor::new(orders).spawn(|_| async { Ok(()) });
/// let handle = running.handle();
///
/// // In the web server of the program, for its orchestrator:
/// assert!(handle.health().is_healthy(Duration::from_secs(180)));
/// // At another place, when it is time to go:
/// handle.begin_shutdown(ShutdownMode::Drain);
///
/// let report = running.join().await?;
/// assert_eq!(handle.health().counters, report.counters);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ProcessorHandle {
    control: Control,
}

impl ProcessorHandle {
    pub(super) const fn new(control: Control) -> Self {
        Self { control }
    }

    /// How the processor is doing.
    #[must_use]
    pub fn health(&self) -> Health {
        self.control.health()
    }

    /// Lets the processor receive nothing until [`resume`](Self::resume). Handlers that run go on.
    pub fn pause(&self) {
        self.control.send(Input::Pause);
    }

    /// Ends a [`pause`](Self::pause): messages are received again.
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

    /// Asks the processor to come to an end, without waiting for that.
    pub fn begin_shutdown(&self, mode: ShutdownMode) {
        self.control.send(Input::Shutdown(mode));
    }

    /// How long ago a request last succeeded: a receive, a renewal of a lease, or what settles a
    /// message; `None` if none has. The same as [`Health::last_success`]; what a probe wants to know
    /// is [`Health::is_healthy`].
    #[must_use]
    pub fn since_last_success(&self) -> Option<Duration> {
        self.health().last_success
    }
}

impl Running {
    pub(super) const fn new(control: Control, task: JoinHandle<Result<Report, Stopped>>) -> Self {
        Self { handle: ProcessorHandle { control }, task }
    }

    /// A handle for others to look at the processor and to steer it.
    #[must_use]
    pub fn handle(&self) -> ProcessorHandle {
        self.handle.clone()
    }

    /// Ends the processor, and waits for that: with [`ShutdownMode::Drain`] at most the drain
    /// timeout and five seconds.
    ///
    /// # Errors
    ///
    /// The errors are those of [`join`](Self::join).
    pub async fn shutdown(self, mode: ShutdownMode) -> Result<Report, Stopped> {
        self.begin_shutdown(mode);
        self.join().await
    }

    /// Waits until the processor ends. A panic of its loop or of an observer goes on here.
    ///
    /// # Errors
    ///
    /// When the processor ended by itself, or [with its runtime](Stopped::RuntimeGone).
    pub async fn join(self) -> Result<Report, Stopped> {
        joined(self.task).await.unwrap_or(Err(Stopped::RuntimeGone))
    }

    /// Whether the processor has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }
}

impl Deref for Running {
    type Target = ProcessorHandle;

    fn deref(&self) -> &ProcessorHandle {
        &self.handle
    }
}

/// What came of a task, whose panic goes on here; `None` if its runtime ended before it.
pub(super) async fn joined<T>(task: JoinHandle<T>) -> Option<T> {
    match task.await {
        Ok(result) => Some(result),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // Nobody else can cancel the task than the runtime when it is dropped.
        Err(_) => None,
    }
}
