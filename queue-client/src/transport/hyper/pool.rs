//! [`Pool`]: the connections that are open and that nobody uses at the moment. Come here to learn
//! why a connection was used again, or was not.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use tokio::task;

use super::connection::{Connection, Origin};
use crate::transport::HttpOptions;

/// The idle connections. Cheap to clone; clones share them.
#[derive(Clone)]
pub(super) struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    idle_timeout: Duration,
    max_idle_per_host: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The connection that was used last is at the end, and is used next: so those that are too
    /// many grow old and are closed, and the one that is used is least likely to have been closed
    /// by the server (`tests/transport/pool.rs`).
    idle: Vec<Idle>,
    has_sweeper: bool,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

impl Pool {
    pub(super) fn new(options: &HttpOptions) -> Self {
        Self {
            shared: Arc::new(Shared {
                idle_timeout: options.pool_idle_timeout,
                max_idle_per_host: options.pool_max_idle_per_host,
                state: Mutex::default(),
            }),
        }
    }

    /// A connection that waits to be used, if there is one.
    pub(super) fn take(&self, origin: &Origin) -> Option<Connection> {
        let mut state = self.shared.state();
        loop {
            let is_ours = |idle: &Idle| idle.connection.origin() == origin;
            let index = state.idle.iter().rposition(is_ours)?;
            // A connection that is too old or closed is dropped here, so it is looked at once only.
            let Idle { connection, since } = state.idle.remove(index);
            if since.elapsed() < self.shared.idle_timeout && connection.is_ready() {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection on which an answer was read to its end.
    pub(super) async fn put(&self, mut connection: Connection) {
        if !connection.is_ready() {
            // The task of the connection may just not have had a turn since the end of the body.
            task::yield_now().await;
        }
        if connection.is_ready() {
            self.keep(connection);
        } else if !connection.is_closed() {
            let pool = self.clone();
            task::spawn(async move {
                if connection.ready().await {
                    pool.keep(connection);
                }
            });
        }
    }

    fn keep(&self, connection: Connection) {
        let mut state = self.shared.state();
        let origin = connection.origin();
        let same = state.idle.iter().filter(|idle| idle.connection.origin() == origin);
        if same.count() >= self.shared.max_idle_per_host {
            return;
        }
        state.idle.push(Idle { connection, since: Instant::now() });
        let had_sweeper = mem::replace(&mut state.has_sweeper, true);
        // A runtime that shuts down drops the task at once, which takes the lock again.
        drop(state);
        if !had_sweeper {
            task::spawn(Sweeper { shared: Arc::downgrade(&self.shared) }.sweep());
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is a single step, which a panic elsewhere cannot leave half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes what nobody has used for too long, and says when to look again, if anything is left.
    fn close_old(&self) -> Option<Duration> {
        let mut state = self.state();
        state.idle.retain(|idle| {
            idle.since.elapsed() < self.idle_timeout && !idle.connection.is_closed()
        });
        let oldest = state.idle.iter().map(|idle| idle.since.elapsed()).max();
        state.has_sweeper = oldest.is_some();
        Some(self.idle_timeout.saturating_sub(oldest?))
    }
}

/// A task that lasts as long as connections are idle.
struct Sweeper {
    shared: Weak<Shared>,
}

impl Sweeper {
    async fn sweep(self) {
        let mut pause = Duration::ZERO;
        loop {
            tokio::time::sleep(pause).await;
            let Some(shared) = self.shared.upgrade() else { return };
            match shared.close_old() {
                Some(next) => pause = next,
                None => return,
            }
        }
    }
}

impl Drop for Sweeper {
    /// Its runtime may end before its time, and another one use the pool.
    fn drop(&mut self) {
        if let Some(shared) = self.shared.upgrade() {
            shared.state().has_sweeper = false;
        }
    }
}
