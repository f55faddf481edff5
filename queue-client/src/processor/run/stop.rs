//! [`Stop`]: what ends a run from outside.

use std::task::{Context, Poll};

use queue_auth::BoxFuture;

use crate::processor::core::ShutdownMode;

/// Futures and signals that end a run.
#[derive(Default)]
pub(super) struct Stop {
    once: Vec<BoxFuture<'static, ()>>,
    #[cfg(feature = "signals")]
    signal: Option<BoxFuture<'static, ()>>,
    #[cfg(feature = "signals")]
    demands: u32,
}

impl Stop {
    /// Drains when the future completes.
    pub(super) fn when(&mut self, stop: BoxFuture<'static, ()>) {
        self.once.push(stop);
    }

    /// Drains at the first signal, and ends at once at the second.
    #[cfg(feature = "signals")]
    pub(super) fn on_signals(&mut self) {
        self.signal = Some(Box::pin(signal()));
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<ShutdownMode> {
        let done = self.once.iter_mut().position(|stop| stop.as_mut().poll(context).is_ready());
        if let Some(done) = done {
            drop(self.once.swap_remove(done));
            return Poll::Ready(ShutdownMode::Drain);
        }
        #[cfg(feature = "signals")]
        if let Some(waiting) = &mut self.signal
            && waiting.as_mut().poll(context).is_ready()
        {
            self.demands += 1;
            self.on_signals();
            let again = self.demands > 1;
            return Poll::Ready(if again { ShutdownMode::Abort } else { ShutdownMode::Drain });
        }
        Poll::Pending
    }
}

/// Completes at ctrl-c, and at SIGTERM where there is such a thing. Where the system does not let
/// the program listen, it never completes.
#[cfg(feature = "signals")]
async fn signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let terminate = async {
        #[cfg(unix)]
        if let Ok(mut signal) =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        {
            signal.recv().await;
            return;
        }
        std::future::pending::<()>().await;
    };
    futures_util::future::select(std::pin::pin!(interrupt), std::pin::pin!(terminate)).await;
}
