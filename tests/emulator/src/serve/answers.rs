//! The bound on what is being answered at once: [`Answers`] limits the memory of answers that clients
//! ask for and do not take.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::{Mutex, MutexGuard, Notify};

/// Answers up to this size are not counted: they are no larger than what a connection costs
/// anyway, and most answers are.
const SMALL: usize = 8 * 1024;

/// The large answers that were not sent yet.
///
/// An answer is there as a whole before its first byte is sent, and a page of messages has up to
/// 10 MB. Requests for pages wait while there is too much of it; what they wait for is an end of
/// the answers before them, and so those must come to an end: see [`is_crowded`](Self::is_crowded).
#[derive(Debug)]
pub(super) struct Answers {
    most: usize,
    unsent: AtomicUsize,
    waiting: AtomicUsize,
    /// Held by the request that is the next to be answered.
    turn: Mutex<()>,
    room: Notify,
}

impl Answers {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            unsent: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            turn: Mutex::new(()),
            room: Notify::new(),
        })
    }

    /// Waits until one more request may be answered. A request that had to wait holds up the others
    /// until its answer is there and counted: the caller keeps the guard for as long, so that two
    /// cannot take the same room.
    pub(super) async fn room(&self) -> Option<MutexGuard<'_, ()>> {
        if self.waiting.load(Ordering::Relaxed) == 0 && !self.is_full() {
            return None;
        }
        let _waiting = Waiting::new(&self.waiting);
        let turn = self.turn.lock().await;
        loop {
            // Before the look, so that no room is made between the two unseen.
            let room = self.room.notified();
            if !self.is_full() {
                return Some(turn);
            }
            room.await;
        }
    }

    /// Counts the body of an answer until it has been sent or given up.
    pub(super) fn count(self: &Arc<Self>, body: Bytes) -> Bytes {
        if body.len() <= SMALL {
            return body;
        }
        self.unsent.fetch_add(body.len(), Ordering::Relaxed);
        Bytes::from_owner(Counted { body, answers: Arc::clone(self) })
    }

    /// Tells whether others wait for room, so that clients must take their answers.
    pub(super) fn is_crowded(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0 && self.is_full()
    }

    fn is_full(&self) -> bool {
        self.unsent.load(Ordering::Relaxed) >= self.most
    }
}

/// A body that is counted as long as a byte of it is needed.
struct Counted {
    body: Bytes,
    answers: Arc<Answers>,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.answers.unsent.fetch_sub(self.body.len(), Ordering::Relaxed);
        // Only the one whose turn it is listens.
        self.answers.room.notify_waiters();
    }
}

/// One request that waits; dropping it ends the count.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
