//! Records on their way to the disk, and those who wait for them.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use queue_proto::AccountName;

use super::{StoreError, lock};
use crate::state::Record;

/// How writing a batch went.
type Outcome = Result<(), Arc<StoreError>>;

/// Records that are written together.
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
            progress.outcome = Some(outcome);
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
    records: Vec<(AccountName, Record)>,
    /// The batch that `records` will be.
    next: Arc<Batch>,
    /// The batch that is being written.
    writing: Option<Arc<Batch>>,
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
    Write(Vec<(AccountName, Record)>, Arc<Batch>),
    /// Nothing has come in.
    Nothing,
    Stop,
}

impl Inbox {
    pub(super) fn new() -> Self {
        let state = Waiting {
            records: Vec::new(),
            next: Arc::new(Batch::new()),
            writing: None,
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

    pub(super) fn push(&self, account: AccountName, record: Record) {
        let idle = {
            let mut waiting = lock(&self.state);
            if waiting.closed.is_some() {
                return;
            }
            waiting.records.push((account, record));
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
        let batch =
            if waiting.records.is_empty() { waiting.writing.as_ref() } else { Some(&waiting.next) };
        batch.cloned().map(Ticket)
    }

    /// Takes what has come in, and says that the last batch is done. Without records it waits for
    /// some if `patient`.
    pub(super) fn take(&self, patient: bool) -> Work {
        let mut waiting = lock(&self.state);
        if waiting.writing.take().is_some() {
            self.rested.notify_all();
        }
        loop {
            if !waiting.records.is_empty() {
                let records = mem::take(&mut waiting.records);
                let batch = mem::replace(&mut waiting.next, Arc::new(Batch::new()));
                waiting.writing = Some(Arc::clone(&batch));
                return Work::Write(records, batch);
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
            waiting.closed = Some(Arc::clone(error));
            self.closed.store(true, Ordering::Release);
            waiting.records.clear();
            mem::replace(&mut waiting.next, Arc::new(Batch::new()))
        };
        next.finish(Err(Arc::clone(error)));
    }

    /// Closes it for good: nobody takes anything from it any more.
    pub(super) fn abandon(&self, error: &Arc<StoreError>) {
        let writing = {
            let mut waiting = lock(&self.state);
            waiting.abandoned = true;
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
        while waiting.writing.is_some() {
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
