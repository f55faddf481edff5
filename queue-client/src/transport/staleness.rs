//! Notices connections that were closed while nothing was sent.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// The shortest silence in which a connection may have been closed unnoticed.
const SILENCE: Duration = Duration::from_millis(10);

/// Remembers whether the runtime has looked at its sockets lately.
///
/// A runtime of one thread sees that a server closed a connection only when it polls the operating
/// system. It does not while that thread is blocked, or between two calls of `block_on`; the pool
/// then hands out a connection of which the machine has long known that it is closed. So after a
/// silence the runtime gets a turn before a connection is taken from the pool.
#[derive(Debug, Clone)]
pub(super) struct Staleness {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    origin: Instant,
    /// The time at which the runtime last looked at its sockets, in milliseconds since the origin.
    looked_at: AtomicU64,
}

impl Staleness {
    pub(super) fn new() -> Self {
        Self { shared: Arc::new(Shared { origin: Instant::now(), looked_at: AtomicU64::new(0) }) }
    }

    /// To be awaited before a connection is taken from the pool.
    pub(super) async fn clear(&self) {
        let silence = self.now().saturating_sub(self.shared.looked_at.load(Ordering::Relaxed));
        if u128::from(silence) < SILENCE.as_millis() {
            return;
        }
        // The first turn polls the sockets and wakes the tasks of closed connections; in `block_on`
        // they run only after the task that yielded, so it yields once more.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        self.looked();
    }

    /// Tells that the runtime just delivered something from a socket.
    pub(super) fn looked(&self) {
        self.shared.looked_at.store(self.now(), Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.shared.origin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
