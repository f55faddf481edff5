//! [`Isolation`]: where the loop of a processor runs.

use tokio::sync::oneshot;

use super::{control::Control, driver::Driver, handler::Handler};
use crate::processor::core::{Input, Report, ShutdownMode};

/// Where the loop of a processor runs, which receives, renews and settles. Handlers always run as
/// tasks of the tokio runtime that the processor was started on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Isolation {
    /// The loop runs beside the handlers. A handler that blocks its thread can keep the loop from
    /// renewing leases.
    #[default]
    Shared,
    /// The loop and its requests run on a thread of their own. Handlers may block their threads.
    OwnThread,
}

/// Ends the loop on the other thread when the future that waits for it is dropped.
struct Abort(Control);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.send(Input::Shutdown(ShutdownMode::Abort));
    }
}

pub(super) async fn run<T, H>(
    driver: Driver<T, H>,
    isolation: Isolation,
    control: &Control,
) -> Report
where
    T: Send + 'static,
    H: Handler<T>,
{
    if isolation == Isolation::Shared {
        return driver.run().await;
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            shared_after_all(&error);
            return driver.run().await;
        }
    };
    let (done, report) = oneshot::channel();
    let (give, take) = std::sync::mpsc::channel::<Driver<T, H>>();
    let thread = std::thread::Builder::new().name("queue-processor".to_owned()).spawn(move || {
        if let Ok(driver) = take.recv() {
            // Whoever waited may have been dropped.
            let _ = done.send(runtime.block_on(driver.run()));
        }
    });
    let thread = match thread {
        Ok(thread) => thread,
        Err(error) => {
            shared_after_all(&error);
            return driver.run().await;
        }
    };
    let _abort = Abort(control.clone());
    match give.send(driver) {
        Ok(()) => match report.await {
            Ok(report) => report,
            // The loop has panicked on its thread, which is ending.
            Err(_) => match thread.join() {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(()) => unreachable!("the thread tells how it ended, or panics"),
            },
        },
        // The thread waits for it, so this does not happen.
        Err(std::sync::mpsc::SendError(driver)) => driver.run().await,
    }
}

fn shared_after_all(error: &std::io::Error) {
    tracing::warn!(
        target: "queue_client::processor",
        %error,
        "the processor cannot have a thread of its own, and shares those of the handlers"
    );
}
