//! [`ThreadRuntime`]: the clock of the system and timers on a thread, for programs without tokio.

use std::{
    collections::BTreeMap,
    fmt,
    pin::Pin,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant, SystemTime},
};

use queue_auth::BoxFuture;

use super::Runtime;

/// The time for which the thread waits for something to do before it ends.
const IDLE: Duration = Duration::from_secs(5);

/// The clock of the system, and timers on a thread: for programs without tokio.
///
/// The thread is started when somebody waits, and ends when for a while nobody does. Clones share
/// it.
///
/// ```
/// use queue_client::{QueueServiceClient, runtime::ThreadRuntime, transport::from_fn};
/// # let emulator = queue_emulator::Emulator::new();
///
/// // Any HTTP client that blocks can stand behind the function. It needs timeouts of its own: those of
/// // the client cannot interrupt it.
/// let service = QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
///     .transport(from_fn(move |request| Ok(emulator.handle(request))))
///     .runtime(ThreadRuntime::new())
///     .build_blocking()?;
/// service.queue("orders")?.create()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ThreadRuntime {
    origin: Instant,
    timers: Arc<Timers>,
}

impl ThreadRuntime {
    /// A runtime whose [`elapsed`](Runtime::elapsed) starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { origin: Instant::now(), timers: Arc::default() }
    }
}

impl Default for ThreadRuntime {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ThreadRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadRuntime").finish_non_exhaustive()
    }
}

impl Runtime for ThreadRuntime {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let at = Instant::now().checked_add(duration);
        Box::pin(Sleep { at, id: None, timers: Arc::clone(&self.timers) })
    }

    fn random(&self) -> u64 {
        fastrand::u64(..)
    }
}

#[derive(Default)]
struct Timers {
    state: Mutex<State>,
    /// An earlier time is waited for than before.
    sooner: Condvar,
}

#[derive(Default)]
struct State {
    waiting: BTreeMap<(Instant, u64), Waker>,
    last_id: u64,
    has_thread: bool,
}

impl Timers {
    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is a single step, which a panic elsewhere cannot leave half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes those whose time has come, until nobody has waited for a while.
    fn run(&self) {
        let mut idle_since = Instant::now();
        let mut state = self.state();
        loop {
            let now = Instant::now();
            while let Some(entry) = state.waiting.first_entry().filter(|entry| entry.key().0 <= now)
            {
                let waker = entry.remove();
                drop(state);
                waker.wake();
                state = self.state();
            }
            let until = match state.waiting.first_key_value() {
                Some(((at, _), _)) => {
                    idle_since = now;
                    *at
                }
                None if now < idle_since + IDLE => idle_since + IDLE,
                None => {
                    state.has_thread = false;
                    return;
                }
            };
            let pause = until.saturating_duration_since(now);
            state = match self.sooner.wait_timeout(state, pause) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}

struct Sleep {
    /// None when it is further ahead than the clock can tell.
    at: Option<Instant>,
    /// Set while it is among those that wait.
    id: Option<u64>,
    timers: Arc<Timers>,
}

impl Sleep {
    fn stop_waiting(&mut self) {
        if let (Some(at), Some(id)) = (self.at, self.id.take()) {
            self.timers.state().waiting.remove(&(at, id));
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else { return Poll::Pending };
        if Instant::now() >= at {
            self.stop_waiting();
            return Poll::Ready(());
        }
        let timers = Arc::clone(&self.timers);
        let mut state = timers.state();
        let id = *self.id.get_or_insert_with(|| {
            state.last_id += 1;
            state.last_id
        });
        state.waiting.insert((at, id), context.waker().clone());
        let is_first = state.waiting.first_key_value().is_some_and(|(key, _)| *key == (at, id));
        if !state.has_thread {
            let on_thread = Arc::clone(&timers);
            let spawned = thread::Builder::new()
                .name("queue-client-timers".into())
                .spawn(move || on_thread.run());
            match spawned {
                Ok(_) => state.has_thread = true,
                // No thread to be had: the one that polls looks at the clock itself, over and over.
                Err(_) => context.waker().wake_by_ref(),
            }
        } else if is_first {
            timers.sooner.notify_one();
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.stop_waiting();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        sync::mpsc,
        task::{Wake, Waker},
    };

    use super::*;

    struct Tell(mpsc::Sender<&'static str>, &'static str);

    impl Wake for Tell {
        fn wake(self: Arc<Self>) {
            let _ = self.0.send(self.1);
        }
    }

    #[test]
    fn sleepers_are_woken_in_the_order_of_their_times() {
        let runtime = ThreadRuntime::new();
        let (sender, woken) = mpsc::channel();
        let waker = |name| Waker::from(Arc::new(Tell(sender.clone(), name)));
        let start = Instant::now();
        let mut late = runtime.sleep(Duration::from_millis(900));
        let mut early = runtime.sleep(Duration::from_millis(500));
        let mut never = runtime.sleep(Duration::MAX);
        let mut dropped = runtime.sleep(Duration::from_millis(200));
        for (name, sleep) in [
            ("late", &mut late),
            ("early", &mut early),
            ("never", &mut never),
            ("dropped", &mut dropped),
        ] {
            let waker = waker(name);
            assert!(sleep.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        drop(dropped);
        let limit = Duration::from_secs(30);
        assert_eq!(woken.recv_timeout(limit), Ok("early"));
        assert!(start.elapsed() >= Duration::from_millis(500));
        assert_eq!(woken.recv_timeout(limit), Ok("late"));
        assert!(start.elapsed() >= Duration::from_millis(900));
        for sleep in [&mut late, &mut early] {
            assert!(sleep.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
        }
        drop(sender);
        assert!(runtime.timers.state().waiting.is_empty());
    }

    #[test]
    fn no_time_has_passed_already() {
        let runtime = ThreadRuntime::new();
        let sleep = pin!(runtime.sleep(Duration::ZERO));
        assert!(sleep.poll(&mut Context::from_waker(Waker::noop())).is_ready());
        assert!(!runtime.timers.state().has_thread);
    }
}
