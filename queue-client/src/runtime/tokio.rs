//! [`TokioRuntime`]: the clock of the system and the timers of tokio.

use std::{
    fmt,
    time::{Duration, Instant, SystemTime},
};

use queue_auth::BoxFuture;

use super::Runtime;

/// The clock of the system and the timers of tokio. The default.
///
/// Calls must be awaited inside a tokio runtime with its time driver enabled.
#[derive(Clone, Copy)]
pub struct TokioRuntime {
    origin: Instant,
}

impl TokioRuntime {
    /// A runtime whose [`elapsed`](Runtime::elapsed) starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { origin: Instant::now() }
    }
}

impl Default for TokioRuntime {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TokioRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokioRuntime").finish_non_exhaustive()
    }
}

impl Runtime for TokioRuntime {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn random(&self) -> u64 {
        fastrand::u64(..)
    }
}
