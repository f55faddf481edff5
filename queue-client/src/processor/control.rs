//! How handlers and the owner of a processor talk to its loop.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use queue_proto::MessageText;
use tokio::sync::{mpsc, oneshot};

use super::core::{AskFailure, DeliveryKey, Input, LoopState, Settled, Snapshot, Tick};
use crate::{error::Error, runtime::Runtime};

/// The way to the loop of a processor. Clones lead to the same loop.
#[derive(Clone)]
pub(super) struct Control {
    commands: mpsc::UnboundedSender<Command>,
    health: Arc<Mutex<Seen>>,
    runtime: Arc<dyn Runtime>,
}

pub(super) enum Command {
    Input(Input),
    /// Tell how that delivery is settled.
    Watch {
        key: DeliveryKey,
        reply: oneshot::Sender<Settled>,
    },
    Ask {
        key: DeliveryKey,
        question: Question,
        reply: oneshot::Sender<Result<Tick, AskFailure>>,
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
    pub(super) since: Tick,
    pub(super) last_error: Option<String>,
}

/// How a processor is doing.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Health {
    /// What it does.
    pub state: LoopState,
    /// For how long it has done that.
    pub since: Duration,
    /// How long ago a receive last succeeded; `None` if none has. When this grows although the loop
    /// is [`Working`](LoopState::Working), something is wrong.
    pub last_success: Option<Duration>,
    /// Messages that are held: worked on, waiting, or being settled.
    pub in_flight: usize,
    /// How many more can be held.
    pub free: usize,
    /// The last error of a receive, update, delete or dead letter, if there was any.
    pub last_error: Option<String>,
}

impl Control {
    pub(super) fn new(runtime: Arc<dyn Runtime>) -> (Self, mpsc::UnboundedReceiver<Command>) {
        let (commands, receiver) = mpsc::unbounded_channel();
        (Self { commands, health: Arc::default(), runtime }, receiver)
    }

    /// The clock of the loop.
    pub(super) fn now(&self) -> Tick {
        Tick::new(self.runtime.elapsed())
    }

    /// Whether there is still a loop to hear it.
    pub(super) fn send(&self, input: Input) -> bool {
        self.commands.send(Command::Input(input)).is_ok()
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
    ) -> Result<Tick, AskFailure> {
        let (reply, answer) = oneshot::channel();
        let sent = self.commands.send(Command::Ask { key, question, reply });
        if sent.is_err() {
            return Err(AskFailure::Over);
        }
        answer.await.unwrap_or(Err(AskFailure::Over))
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
        Health {
            state: snapshot.map_or(LoopState::Working, |snapshot| snapshot.state),
            since: now.since(seen.since),
            last_success: snapshot
                .and_then(|snapshot| snapshot.last_success)
                .map(|at| now.since(at)),
            in_flight: snapshot.map_or(0, |snapshot| snapshot.deliveries.len()),
            free: snapshot.map_or(0, |snapshot| snapshot.free),
            last_error: seen.last_error.clone(),
        }
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").finish_non_exhaustive()
    }
}
