//! Waits on the calling thread for a future to complete.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use crate::error::SetupError;

#[derive(Debug, Clone)]
pub(super) struct Executor {
    #[cfg(feature = "tokio")]
    driver: Arc<driver::Driver>,
}

impl Executor {
    #[cfg(feature = "tokio")]
    pub(super) fn start() -> Result<Self, SetupError> {
        let driver = driver::Driver::start().map_err(SetupError::Thread)?;
        Ok(Self { driver: Arc::new(driver) })
    }

    #[cfg(not(feature = "tokio"))]
    #[expect(clippy::unnecessary_wraps, reason = "with tokio it can fail")]
    pub(super) const fn start() -> Result<Self, SetupError> {
        Ok(Self {})
    }

    /// Runs `future` to its end.
    pub(super) fn block_on<F>(&self, future: F) -> F::Output
    where
        F: IntoFuture + Send,
        F::Output: Send,
    {
        #[cfg(feature = "tokio")]
        if tokio::runtime::Handle::try_current().is_ok() {
            return self.block_on_elsewhere(future);
        }
        self.block_on_here(future)
    }

    fn block_on_here<F: IntoFuture>(&self, future: F) -> F::Output {
        // Sockets, timers and tasks that are made in here belong to the thread of the driver.
        #[cfg(feature = "tokio")]
        let _inside = self.driver.enter();
        let mut future = pin!(future.into_future());
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        loop {
            match future.as_mut().poll(&mut context) {
                Poll::Ready(output) => return output,
                // A wake that came since the poll makes this return at once.
                Poll::Pending => thread::park(),
            }
        }
    }

    /// Runs `future` on a thread of its own.
    ///
    /// On a thread that works for a tokio runtime, what is polled counts as a part of the task that
    /// called: what yields is put aside until that task returns, and so would be what is waited for
    /// here.
    #[cfg(feature = "tokio")]
    fn block_on_elsewhere<F>(&self, future: F) -> F::Output
    where
        F: IntoFuture + Send,
        F::Output: Send,
    {
        let outcome = thread::scope(|scope| scope.spawn(|| self.block_on_here(future)).join());
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(feature = "tokio")]
mod driver {
    use std::{io, thread};

    use tokio::{
        runtime::{Builder, EnterGuard, Handle},
        sync::oneshot,
    };

    /// A thread with a tokio runtime of its own.
    ///
    /// It always waits for the sockets, so that a connection which a server closes between two
    /// calls is noticed at once.
    #[derive(Debug)]
    pub(super) struct Driver {
        handle: Handle,
        /// Dropping it ends the thread.
        _stop: oneshot::Sender<()>,
    }

    impl Driver {
        pub(super) fn start() -> io::Result<Self> {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let handle = runtime.handle().clone();
            let (stop, stopped) = oneshot::channel();
            thread::Builder::new().name("queue-client".into()).spawn(move || {
                // Nothing is ever sent: it ends when the sender is dropped.
                let _ = runtime.block_on(stopped);
            })?;
            Ok(Self { handle, _stop: stop })
        }

        pub(super) fn enter(&self) -> EnterGuard<'_> {
            self.handle.enter()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, time::Duration};

    use super::*;

    #[test]
    fn waits_for_a_wake_from_another_thread() {
        let executor = Executor::start().unwrap();
        let mut polls = 0;
        let output = executor.block_on(poll_fn(|context| {
            polls += 1;
            if polls == 3 {
                return Poll::Ready("done");
            }
            let waker = context.waker().clone();
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(5));
                waker.wake();
            });
            Poll::Pending
        }));
        assert_eq!((output, polls), ("done", 3));
    }

    #[test]
    fn a_wake_during_the_poll_is_not_lost() {
        let mut woken = false;
        Executor::start().unwrap().block_on(poll_fn(|context| {
            if woken {
                return Poll::Ready(());
            }
            woken = true;
            context.waker().wake_by_ref();
            Poll::Pending
        }));
    }

    #[cfg(feature = "tokio")]
    #[test]
    fn the_thread_ends_with_the_last_clone() {
        let executor = Executor::start().unwrap();
        let handle = executor.block_on(async { tokio::runtime::Handle::current() });
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        handle.spawn(async move {
            std::future::pending::<()>().await;
            drop(sender);
        });
        drop(executor.clone());
        executor.block_on(async { tokio::time::sleep(Duration::from_millis(5)).await });
        assert!(receiver.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty));
        drop(executor);
        let end = receiver.recv_timeout(Duration::from_secs(10));
        assert_eq!(end, Err(std::sync::mpsc::RecvTimeoutError::Disconnected));
    }
}
