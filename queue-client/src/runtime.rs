//! Time, sleep and randomness: the three things that a client needs from the world besides a
//! [transport](crate::transport).

mod manual;
#[cfg(feature = "blocking")]
mod thread;
#[cfg(feature = "tokio")]
mod tokio;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use queue_auth::BoxFuture;

pub use self::manual::ManualRuntime;
#[cfg(feature = "blocking")]
pub use self::thread::ThreadRuntime;
#[cfg(feature = "tokio")]
pub use self::tokio::TokioRuntime;

/// What a client needs from the world besides a transport.
///
/// [`TokioRuntime`] is the default; [`ManualRuntime`] lets a test decide what time it is.
pub trait Runtime: fmt::Debug + Send + Sync {
    /// The time of day: it dates and signs requests.
    fn now(&self) -> SystemTime;

    /// Time that only moves forward, since an origin of the runtime's choice: it measures deadlines.
    fn elapsed(&self) -> Duration;

    /// Completes when `duration` has passed. Dropping the future cancels the timer.
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()>;

    /// A random number, for jitter and request ids, never for keys.
    fn random(&self) -> u64;
}

impl<R: Runtime + ?Sized> Runtime for Arc<R> {
    fn now(&self) -> SystemTime {
        (**self).now()
    }

    fn elapsed(&self) -> Duration {
        (**self).elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        (**self).sleep(duration)
    }

    fn random(&self) -> u64 {
        (**self).random()
    }
}
