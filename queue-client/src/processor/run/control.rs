//! How handlers and the owner of a processor talk to its loop.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use queue_proto::MessageText;
use tokio::sync::{mpsc, oneshot};

use crate::{
    error::Error,
    processor::{
        core::{DeliveryKey, Input, LeaseError, LoopState, Settled, Snapshot, Tick},
        observe::Health,
    },
    runtime::Runtime,
};

/// The way to the loop of a processor. Clones lead to the same loop.
#[derive(Clone)]
pub(super) struct Control {
    commands: mpsc::UnboundedSender<Command>,
    health: Arc<Mutex<Seen>>,
    runtime: Arc<dyn Runtime>,
}

pub(super) enum Command {
    Input(Input),
    /// Look at how many places there are among queues that share them.
    Look,
    /// Tell how that delivery is settled.
    Watch {
        key: DeliveryKey,
        reply: oneshot::Sender<Settled>,
    },
    Ask {
        key: DeliveryKey,
        question: Question,
        reply: oneshot::Sender<Result<Tick, LeaseError>>,
    },
}

pub(super) enum Question {
    Renew,
    Checkpoint(Arc<MessageText>),
}

/// What the loop last said about itself.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) snapshot: Option<Snapshot>,
    /// Since when the loop is in its state.
    pub(super) since: Tick,
    /// When the loop runs again although nothing happens.
    pub(super) wakes_at: Option<Tick>,
    pub(super) last_error: Option<String>,
}

impl Control {
    pub(super) fn new(runtime: Arc<dyn Runtime>) -> (Self, mpsc::UnboundedReceiver<Command>) {
        let (commands, receiver) = mpsc::unbounded_channel();
        let now = Tick::new(runtime.elapsed());
        // A loop that is never run is late from the start.
        let seen = Seen { since: now, wakes_at: Some(now), ..Seen::default() };
        (Self { commands, health: Arc::new(Mutex::new(seen)), runtime }, receiver)
    }

    /// The clock of the loop.
    pub(super) fn now(&self) -> Tick {
        Tick::new(self.runtime.elapsed())
    }

    /// Whether there is still a loop to hear it.
    pub(super) fn send(&self, input: Input) -> bool {
        self.commands.send(Command::Input(input)).is_ok()
    }

    pub(super) fn tell(&self, command: Command) {
        // Without a loop there is nobody to tell.
        let _ = self.commands.send(command);
    }

    /// How a delivery is settled, once it is.
    pub(super) fn watch(&self, key: DeliveryKey) -> oneshot::Receiver<Settled> {
        let (reply, settled) = oneshot::channel();
        // Without a loop the sender is dropped, and the receiver says so.
        let _ = self.commands.send(Command::Watch { key, reply });
        settled
    }

    pub(super) async fn ask(
        &self,
        key: DeliveryKey,
        question: Question,
    ) -> Result<Tick, LeaseError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.commands.send(Command::Ask { key, question, reply });
        if sent.is_err() {
            return Err(LeaseError::Over);
        }
        answer.await.unwrap_or(Err(LeaseError::Over))
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn saw_error(&self, error: &Error) {
        self.seen().last_error = Some(error.to_string());
    }

    pub(super) fn health(&self) -> Health {
        let now = self.now();
        let seen = self.seen();
        let snapshot = seen.snapshot.as_ref();
        let state = snapshot.map_or(LoopState::Working, |snapshot| snapshot.state);
        let unanswered = snapshot.and_then(|snapshot| snapshot.unanswered_since);
        let late = [unanswered, seen.wakes_at].into_iter().flatten().map(|at| now.since(at));
        Health {
            // Without anybody who hears commands there is no loop.
            state: if self.commands.is_closed() { LoopState::Finished } else { state },
            since: now.since(seen.since),
            overdue: late.max().unwrap_or_default(),
            counters: snapshot.map(|snapshot| snapshot.counters).unwrap_or_default(),
            last_success: snapshot
                .and_then(|snapshot| snapshot.last_success)
                .map(|at| now.since(at)),
            in_flight: snapshot.map_or(0, |held| held.waiting + held.running + held.settling),
            waiting: snapshot.map_or(0, |held| held.waiting),
            running: snapshot.map_or(0, |held| held.running),
            settling: snapshot.map_or(0, |held| held.settling),
            settling_full: snapshot.is_some_and(|held| held.settling_full),
            free: snapshot.map_or(0, |held| held.free),
            typical: snapshot.and_then(|held| held.typical),
            last_error: seen.last_error.clone(),
        }
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").finish_non_exhaustive()
    }
}
