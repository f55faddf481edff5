//! [`Gate`], a lock that is awaited, for one fetch at a time. It needs no runtime.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// A gate that lets one task at a time pass.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    taken: bool,
    next_ticket: u64,
    waiting: BTreeMap<u64, Waker>,
}

impl Gate {
    /// Waits until no other task holds the pass. Dropping the future leaves the queue.
    pub(crate) async fn pass(&self) -> Pass<'_> {
        let mut place = Place { gate: self, ticket: None };
        poll_fn(|context| {
            let mut state = self.lock();
            if !state.taken {
                state.taken = true;
                if let Some(ticket) = place.ticket.take() {
                    state.waiting.remove(&ticket);
                }
                return Poll::Ready(());
            }
            let ticket = *place.ticket.get_or_insert_with(|| {
                state.next_ticket += 1;
                state.next_ticket
            });
            state.waiting.insert(ticket, context.waker().clone());
            Poll::Pending
        })
        .await;
        Pass { gate: self }
    }

    /// The pass, if no other task holds it.
    pub(crate) fn try_pass(&self) -> Option<Pass<'_>> {
        let mut state = self.lock();
        if state.taken {
            return None;
        }
        state.taken = true;
        Some(Pass { gate: self })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes all who wait: the first to run passes, the rest wait on. If only one were woken and its
    /// task dropped before it runs, the others would wait for ever. Pinned by
    /// `one_who_gives_up_does_not_block_the_others` in tests/credential.rs.
    fn wake(&self) {
        let wakers: Vec<Waker> = self.lock().waiting.values().cloned().collect();
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// The place of a task among those who wait.
struct Place<'a> {
    gate: &'a Gate,
    ticket: Option<u64>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.gate.lock().waiting.remove(&ticket);
        }
    }
}

/// The pass; dropping it lets the next one through.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    gate: &'a Gate,
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.gate.lock().taken = false;
        self.gate.wake();
    }
}
