//! [`Gate`]: bounds how many requests of a producer are under way at once.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{RwLock, RwLockReadGuard, Semaphore, SemaphorePermit};

use crate::execute::shared::Target;

/// The place where the sends of all clones of a producer wait for each other.
pub(super) struct Gate {
    most: usize,
    slots: Semaphore,
    /// The slots that nobody gets at the moment, since the service is busy: never all of them, so that
    /// the end of a request always makes room for another one.
    withheld: Mutex<usize>,
    /// Is read by every send that has begun. Whoever gets to write waited for all of them.
    begun: RwLock<()>,
}

/// The right to have a request under way.
pub(super) struct Slot<'a> {
    gate: &'a Gate,
    queue: &'a Target,
    permit: Option<SemaphorePermit<'a>>,
    _begun: RwLockReadGuard<'a, ()>,
}

impl Gate {
    /// A gate for `most` requests at once, at least 1.
    pub(super) fn new(most: usize) -> Self {
        let most = most.clamp(1, Semaphore::MAX_PERMITS);
        let (slots, withheld) = (Semaphore::new(most), Mutex::default());
        Self { most, slots, withheld, begun: RwLock::default() }
    }

    pub(super) const fn most(&self) -> usize {
        self.most
    }

    /// Waits for a slot.
    pub(super) async fn enter<'a>(&'a self, queue: &'a Target) -> Slot<'a> {
        let begun = self.begun.read().await;
        self.adjust(queue, None);
        // It is never closed.
        let permit = self.slots.acquire().await.ok();
        Slot { gate: self, queue, permit, _begun: begun }
    }

    /// Waits until all that has begun before is over.
    pub(super) async fn flush(&self) {
        drop(self.begun.write().await);
    }

    /// Withholds as many slots as the queue wants, one that comes back before those that are free:
    /// others may wait for it, and would get it at once.
    fn adjust(&self, queue: &Target, back: Option<SemaphorePermit<'_>>) {
        let wanted = self.most.saturating_sub(queue.allowed(self.most));
        let mut withheld = self.withheld();
        if let Some(back) = back
            && *withheld < wanted
        {
            back.forget();
            *withheld += 1;
        }
        if *withheld < wanted {
            *withheld += self.slots.forget_permits(wanted - *withheld);
        } else {
            self.slots.add_permits(*withheld - wanted);
            *withheld = wanted;
        }
    }

    fn withheld(&self) -> MutexGuard<'_, usize> {
        self.withheld.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.gate.adjust(self.queue, self.permit.take());
    }
}
