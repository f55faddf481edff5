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

    /// Time that only moves forward, since an origin of the runtime's choice: it measures
    /// deadlines.
    fn elapsed(&self) -> Duration;

    /// Completes when `duration` has passed. Dropping the future cancels the timer.
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()>;

    /// The same for a wait that no call depends on, such as the pause of a processor between two
    /// looks at an empty queue. A clock for tests does not move for its sake.
    ///
    /// Default: [`sleep`](Self::sleep).
    fn idle(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.sleep(duration)
    }

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

    fn idle(&self, duration: Duration) -> BoxFuture<'_, ()> {
        (**self).idle(duration)
    }

    fn random(&self) -> u64 {
        (**self).random()
    }
}
