//! [`Pool`]: the places of handlers that several processors share, and their ways to each other.

use std::{
    fmt,
    num::{NonZeroU32, NonZeroUsize},
    sync::{Arc, Mutex, PoisonError},
};

use super::control::{Command, Control};
use crate::{
    processor::core::{Core, Demand, Input, Shares, Tick},
    runtime::Runtime,
};

/// The places, and the loops of all processors that share them.
pub(super) struct Pool {
    shares: Mutex<Shares>,
    controls: Vec<Control>,
    /// The clocks of the queues may differ in their origins; the places live by this one.
    runtime: Arc<dyn Runtime>,
}

/// The seat of one processor in a pool. Without it its places are free.
pub(super) struct Seat {
    pool: Arc<Pool>,
    queue: usize,
    granted: usize,
}

impl Pool {
    pub(super) fn new(
        places: NonZeroUsize,
        weights: impl IntoIterator<Item = NonZeroU32>,
        controls: Vec<Control>,
        runtime: Arc<dyn Runtime>,
    ) -> Arc<Self> {
        let now = Tick::new(runtime.elapsed());
        let shares = Mutex::new(Shares::new(places, weights, now));
        Arc::new(Self { shares, controls, runtime })
    }

    pub(super) fn seat(self: &Arc<Self>, queue: usize) -> Seat {
        Seat { pool: Arc::clone(self), queue, granted: 0 }
    }

    fn exchange(&self, queue: usize, demand: Demand) -> usize {
        let (granted, gained) = {
            let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
            let gained = shares.exchange(Tick::new(self.runtime.elapsed()), queue, demand);
            (shares.granted(queue), gained)
        };
        for control in gained.into_iter().filter_map(|queue| self.controls.get(queue)) {
            control.tell(Command::Look);
        }
        granted
    }
}

impl Seat {
    /// Tells the pool how the core is doing, and the core how many handlers may run. Says whether that
    /// has changed.
    pub(super) fn exchange(&mut self, now: Tick, core: &mut Core) -> bool {
        let granted = self.pool.exchange(self.queue, core.demand(now));
        let changed = std::mem::replace(&mut self.granted, granted) != granted;
        if changed {
            core.handle(now, Input::Allow(granted));
        }
        changed
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.pool.exchange(self.queue, Demand::NONE);
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat").field("queue", &self.queue).finish_non_exhaustive()
    }
}
