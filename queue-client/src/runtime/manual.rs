//! [`ManualRuntime`], the clock of tests: it stands still until somebody moves it or waits for it.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::{Duration, SystemTime},
};

use fastrand::Rng;
use queue_auth::BoxFuture;

use super::Runtime;

/// How often a sleep lets all other tasks go on before it moves the clock. A message needs some such
/// turns on its way through a processor, and should be through before it is later.
const TURNS: u32 = 32;

/// Time that moves only when told to, or as far as somebody waits for.
///
/// A test of retries, of a lease that runs out or of a message that expires takes no time at all:
///
/// * [`advance`](Self::advance) moves the clock at once.
/// * A [`sleep`](Runtime::sleep), of a test or of a call that is tried again, gives other tasks many
///   turns and then moves the clock to its end. It stops on the way wherever somebody else waits
///   for: a processor looks at its queue and renews its leases when it would have.
/// * What only [idles](Runtime::idle) moves nothing. A processor with nothing to do leaves the clock
///   where it is, and so does one whose handlers run.
///
/// Clones share one clock; give it to the client and to the emulator, and both see the same time,
/// as [`testing::in_process`](crate::testing::in_process) does. Each request that a transport does
/// not answer within those turns runs into its timeout, so the transport must be in the process.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use queue_client::runtime::{ManualRuntime, Runtime};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let time = ManualRuntime::starting_at(UNIX_EPOCH + Duration::from_secs(1_800_000_000));
/// let before = time.now();
/// time.advance(Duration::from_secs(30));
/// time.sleep(Duration::from_secs(3600)).await;
/// assert_eq!(time.now(), before + Duration::from_secs(3630));
/// # }
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
    /// Who waits, by the end of the wait. Whoever is due is woken and leaves.
    waiting: BTreeMap<(Duration, u64), Waker>,
    last_id: u64,
}

impl State {
    /// Moves the clock forward to `elapsed`, and returns who has to be woken.
    #[must_use]
    fn move_to(&mut self, elapsed: Duration) -> Vec<Waker> {
        self.elapsed = self.elapsed.max(elapsed);
        let later = self.waiting.split_off(&(self.elapsed, u64::MAX));
        std::mem::replace(&mut self.waiting, later).into_values().collect()
    }
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
                waiting: BTreeMap::new(),
                last_id: 0,
            })),
        }
    }

    /// Starts the random numbers anew from `seed`.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        self.state().random = Rng::with_seed(seed);
        self
    }

    /// Moves the clock forward at once. Whoever waits for a time until then finds it passed.
    pub fn advance(&self, by: Duration) {
        let mut state = self.state();
        let end = state.elapsed.saturating_add(by);
        let due = state.move_to(end);
        drop(state);
        due.into_iter().for_each(Waker::wake);
    }

    /// The time of day as a function, for the clock of an emulator.
    pub fn clock(&self) -> impl Fn() -> SystemTime + Send + Sync + 'static {
        let time = self.clone();
        move || time.now()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A clock holds no invariant that a panic elsewhere could break.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, duration: Duration, idle: bool) -> BoxFuture<'static, ()> {
        let mut state = self.state();
        state.last_id += 1;
        let seen = state.elapsed;
        let key = (seen.saturating_add(duration), state.last_id);
        drop(state);
        Box::pin(Wait { time: self.clone(), key, idle, turns: 0, seen })
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
        self.wait(duration, false)
    }

    fn idle(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.wait(duration, true)
    }

    fn random(&self) -> u64 {
        self.state().random.u64(..)
    }
}

struct Wait {
    time: ManualRuntime,
    /// When it ends, and which of those that end then it is.
    key: (Duration, u64),
    idle: bool,
    /// How many turns the other tasks have had since this began or the clock was last moved.
    turns: u32,
    /// What the clock showed then.
    seen: Duration,
}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let time = self.time.clone();
        let mut state = time.state();
        // Even a wait that is over gives others one turn: a loop around it must not keep them from
        // running.
        if self.turns > 0 && state.elapsed >= self.key.0 {
            state.waiting.remove(&self.key);
            return Poll::Ready(());
        }
        // Whoever is due by a move gets its turns before the next move, also one in the same task.
        self.turns = if self.seen == state.elapsed { self.turns + 1 } else { 1 };
        self.seen = state.elapsed;
        state.waiting.insert(self.key, context.waker().clone());
        if self.idle && state.elapsed < self.key.0 {
            return Poll::Pending;
        }
        let mut due = Vec::new();
        if self.turns > TURNS {
            // This is among those that wait, so the first of them ends no later.
            if let Some(((end, _), _)) = state.waiting.first_key_value() {
                let end = *end;
                due = state.move_to(end);
            }
        }
        drop(state);
        due.into_iter().for_each(Waker::wake);
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.time.state().waiting.remove(&self.key);
    }
}
