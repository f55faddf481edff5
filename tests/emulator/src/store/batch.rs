//! The way of records to the disk: the [`Inbox`] where they wait for the thread that writes, and the
//! [`Ticket`] of those who wait for them.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use queue_proto::AccountName;

use super::damage::Damaged;
use super::error::StoreError;
use crate::directory::Owner;
use crate::lock::lock;
use crate::state::Record;

/// How writing a batch went.
type Outcome = Result<(), Arc<StoreError>>;

/// Something to write before an answer that tells of it may be given.
#[derive(Debug)]
pub(super) enum Entry {
    Change(AccountName, Record),
    /// The owner of a user delegation key that was given out.
    #[cfg_attr(not(feature = "bearer"), expect(dead_code, reason = "nobody gives keys out"))]
    Owner(Owner),
}

/// Something to do that no answer waits for. If it is lost it is found again at the next start.
#[derive(Debug)]
pub(super) enum Chore {
    /// A message to remove, which has expired or belongs to no queue any more.
    Remove(u64),
    SetAside(Damaged),
}

/// Entries that are written together.
pub(super) struct Batch {
    state: Mutex<Progress>,
    finished: Condvar,
}

#[derive(Default)]
struct Progress {
    outcome: Option<Outcome>,
    wakers: Vec<Waker>,
}

impl Batch {
    pub(super) fn new() -> Self {
        Self { state: Mutex::default(), finished: Condvar::new() }
    }

    /// Lets go all who wait.
    pub(super) fn finish(&self, outcome: Outcome) {
        let wakers = {
            let mut progress = lock(&self.state);
            // Who waits may not have looked yet, and is told what came first.
            progress.outcome.get_or_insert(outcome);
            mem::take(&mut progress.wakers)
        };
        self.finished.notify_all();
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// A place in a batch: a future that is ready when the batch is written.
#[derive(Clone)]
pub(crate) struct Ticket(Arc<Batch>);

impl Ticket {
    /// Blocks until the batch is written.
    pub(crate) fn wait(&self) -> Outcome {
        let mut progress = lock(&self.0.state);
        loop {
            if let Some(outcome) = &progress.outcome {
                return outcome.clone();
            }
            progress = self.0.finished.wait(progress).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Future for Ticket {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        let mut progress = lock(&self.0.state);
        match &progress.outcome {
            Some(outcome) => Poll::Ready(outcome.clone()),
            None => {
                if !progress.wakers.iter().any(|waker| waker.will_wake(context.waker())) {
                    progress.wakers.push(context.waker().clone());
                }
                Poll::Pending
            }
        }
    }
}

/// Where records wait for the committer.
pub(super) struct Inbox {
    state: Mutex<Waiting>,
    arrived: Condvar,
    /// The committer is done with a batch.
    rested: Condvar,
    /// Whether it is closed, to be asked without a lock.
    closed: AtomicBool,
}

struct Waiting {
    entries: Vec<Entry>,
    chores: Vec<Chore>,
    /// The batch that `entries` will be.
    next: Arc<Batch>,
    /// The batch that is being written.
    writing: Option<Arc<Batch>>,
    /// Whether chores are being done.
    busy: bool,
    /// Why no records are taken.
    closed: Option<Arc<StoreError>>,
    /// Whether the committer sleeps.
    idle: bool,
    stop: bool,
    /// Whether the committer is gone, and nothing will be written.
    abandoned: bool,
}

/// What the committer is to do next.
pub(super) enum Work {
    Write(Vec<Entry>, Arc<Batch>),
    /// Nobody waits for these.
    Chores(Vec<Chore>),
    /// Nothing has come in.
    Nothing,
    Stop,
}

impl Inbox {
    pub(super) fn new() -> Self {
        let state = Waiting {
            entries: Vec::new(),
            chores: Vec::new(),
            next: Arc::new(Batch::new()),
            writing: None,
            busy: false,
            closed: None,
            idle: false,
            stop: false,
            abandoned: false,
        };
        Self {
            state: Mutex::new(state),
            arrived: Condvar::new(),
            rested: Condvar::new(),
            closed: AtomicBool::new(false),
        }
    }

    pub(super) fn push(&self, entry: Entry) {
        self.put_in(|waiting| {
            // What the state does while it is not what is stored comes to nothing.
            if waiting.closed.is_none() {
                waiting.entries.push(entry);
            }
        });
    }

    pub(super) fn push_chores(&self, chores: impl IntoIterator<Item = Chore>) {
        self.put_in(|waiting| waiting.chores.extend(chores));
    }

    fn put_in(&self, put: impl FnOnce(&mut Waiting)) {
        let idle = {
            let mut waiting = lock(&self.state);
            put(&mut waiting);
            mem::take(&mut waiting.idle)
        };
        if idle {
            self.arrived.notify_one();
        }
    }

    /// What has to be written before everything that was pushed up to now is.
    pub(super) fn ticket(&self) -> Option<Ticket> {
        let waiting = lock(&self.state);
        if let Some(error) = &waiting.closed {
            let failed = Batch::new();
            failed.finish(Err(Arc::clone(error)));
            return Some(Ticket(Arc::new(failed)));
        }
        // An answer without an entry of its own may still tell of what is being written: a message
        // that another client has put must not be seen before it is stored
        // (crash.rs: what_was_answered_survives_being_killed).
        let batch =
            if waiting.entries.is_empty() { waiting.writing.as_ref() } else { Some(&waiting.next) };
        batch.cloned().map(Ticket)
    }

    /// Takes what has come in, and says that the last of it is done. Without anything to do it waits
    /// for it if `patient`.
    pub(super) fn take(&self, patient: bool) -> Work {
        let mut waiting = lock(&self.state);
        if waiting.writing.take().is_some() || mem::take(&mut waiting.busy) {
            self.rested.notify_all();
        }
        loop {
            // Chores have their turn between two batches, so that a busy store does them too.
            if !waiting.chores.is_empty() {
                waiting.busy = true;
                return Work::Chores(mem::take(&mut waiting.chores));
            }
            if !waiting.entries.is_empty() {
                // All that came in since the last batch shares one transaction and one wait for the
                // disk. Under one lock, so that no ticket is given for a batch without its entry.
                let entries = mem::take(&mut waiting.entries);
                let batch = mem::replace(&mut waiting.next, Arc::new(Batch::new()));
                waiting.writing = Some(Arc::clone(&batch));
                return Work::Write(entries, batch);
            }
            if waiting.stop {
                return Work::Stop;
            }
            if !patient {
                return Work::Nothing;
            }
            waiting.idle = true;
            waiting = self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes no more records, and puts an end to those that wait.
    pub(super) fn close(&self, error: &Arc<StoreError>) {
        let next = {
            let mut waiting = lock(&self.state);
            // In one step with the entries that are dropped: one that came in between would be
            // written to a state that it was not made for.
            waiting.closed = Some(Arc::clone(error));
            self.closed.store(true, Ordering::Release);
            waiting.entries.clear();
            mem::replace(&mut waiting.next, Arc::new(Batch::new()))
        };
        next.finish(Err(Arc::clone(error)));
    }

    /// Closes it for good: nobody takes anything from it any more.
    pub(super) fn abandon(&self, error: &Arc<StoreError>) {
        let writing = {
            let mut waiting = lock(&self.state);
            waiting.abandoned = true;
            waiting.busy = false;
            waiting.chores.clear();
            waiting.writing.take()
        };
        self.close(error);
        if let Some(batch) = writing {
            batch.finish(Err(Arc::clone(error)));
        }
        self.rested.notify_all();
    }

    pub(super) fn is_abandoned(&self) -> bool {
        lock(&self.state).abandoned
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Waits until nothing is being written.
    pub(super) fn wait_until_rested(&self) {
        let mut waiting = lock(&self.state);
        while waiting.writing.is_some() || waiting.busy {
            waiting = self.rested.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until every chore that came in up to now is done.
    pub(super) fn wait_for_chores(&self) {
        let mut waiting = lock(&self.state);
        while waiting.busy || !(waiting.chores.is_empty() || waiting.abandoned) {
            waiting = self.rested.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) fn reopen(&self) {
        lock(&self.state).closed = None;
        self.closed.store(false, Ordering::Release);
    }

    /// Sends the committer home when it has written what has come in.
    pub(super) fn stop(&self) {
        lock(&self.state).stop = true;
        self.arrived.notify_one();
    }
}
