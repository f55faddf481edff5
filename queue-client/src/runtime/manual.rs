use std::{
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::{Duration, SystemTime},
};

use fastrand::Rng;
use queue_auth::BoxFuture;

use super::Runtime;

/// Time that moves only when told to, or when somebody sleeps.
///
/// A sleep gives other tasks a turn, then moves the clock to its end and completes, so a test of
/// retries, of a lease that runs out or of a message that expires takes no time at all. Clones share
/// one clock; give it to the client and to the emulator, and both see the same time:
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use queue_client::runtime::{ManualRuntime, Runtime};
///
/// let time = ManualRuntime::starting_at(UNIX_EPOCH + Duration::from_secs(1_800_000_000));
/// let before = time.now();
/// time.advance(Duration::from_secs(30));
/// assert_eq!(time.now(), before + Duration::from_secs(30));
/// ```
#[derive(Debug, Clone)]
pub struct ManualRuntime {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    start: SystemTime,
    elapsed: Duration,
    random: Rng,
}

impl ManualRuntime {
    /// A clock that shows `start`, with random numbers from a fixed seed.
    #[must_use]
    pub fn starting_at(start: SystemTime) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                start,
                elapsed: Duration::ZERO,
                random: Rng::with_seed(0),
            })),
        }
    }

    /// Starts the random numbers anew from `seed`.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        self.state().random = Rng::with_seed(seed);
        self
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let mut state = self.state();
        state.elapsed = state.elapsed.saturating_add(by);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A clock holds no invariant that a panic elsewhere could break.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runtime for ManualRuntime {
    fn now(&self) -> SystemTime {
        let state = self.state();
        state.start.checked_add(state.elapsed).unwrap_or(state.start)
    }

    fn elapsed(&self) -> Duration {
        self.state().elapsed
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let end = self.elapsed().saturating_add(duration);
        let mut others_had_a_turn = false;
        Box::pin(poll_fn(move |context| {
            if !others_had_a_turn {
                others_had_a_turn = true;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let mut state = self.state();
            state.elapsed = state.elapsed.max(end);
            Poll::Ready(())
        }))
    }

    fn random(&self) -> u64 {
        self.state().random.u64(..)
    }
}
