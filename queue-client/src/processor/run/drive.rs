//! The loop around the core, on tokio: it waits for something to happen, tells the core, and carries
//! out what the core wants.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use futures_util::StreamExt as _;
use queue_auth::BoxFuture;
use tokio::task::{Id, JoinError};

use super::{
    control::{Command, Question},
    driver::{Driver, Handled},
    handler::{Handler, Verdict},
};
use crate::{
    processor::{
        core::{AskId, DeliveryKey, Input, Outcome, Reason, Report, ShutdownMode, Tick},
        explanation::Explanation,
        observe::ProcessReport,
    },
    runtime::Runtime,
};

/// By how much the time of day may outrun the monotonic clock before that counts as a jump.
const JUMP: Duration = Duration::from_secs(1);
/// A loop that runs this much later than it wanted to is being kept from running.
const LATE: Duration = Duration::from_secs(1);
/// How long the end of a run waits for bodies to be deleted from their store.
const CHORES: Duration = Duration::from_secs(2);

enum Happened {
    Command(Command),
    Answered(Input),
    Handled(Result<(Id, Handled), JoinError>),
    Stop(ShutdownMode),
    Time,
}

impl<T, H> Driver<T, H>
where
    T: Send + 'static,
    H: Handler<T>,
{
    /// Runs until the core is finished. Dropping the future drops all handlers.
    pub(super) async fn run(mut self) -> Report {
        let runtime = Arc::clone(&self.queue.shared.runtime);
        let mut clocks = Clocks::read(&*runtime);
        loop {
            if let Some(report) = self.pump() {
                self.finish_chores(&runtime).await;
                return report;
            }
            let wake = self.next_wake();
            let happened = self.wait(&runtime, wake).await;
            let now = self.control.now();
            if let Some(by) = clocks.jump(&*runtime) {
                self.core.handle(now, Input::ClockJump { by });
            }
            if let Some(wake) = wake
                && now.since(wake) > LATE
            {
                tracing::warn!(
                    target: "queue_client::processor",
                    queue = %self.queue.name,
                    late_ms = now.since(wake).as_millis() as u64,
                    "the processor was kept from running: a handler blocks its thread, or the \
                     machine is overloaded"
                );
            }
            self.take(now, happened);
        }
    }

    /// Carries out what the core wants, until it wants nothing.
    fn pump(&mut self) -> Option<Report> {
        let now = self.control.now();
        loop {
            while let Some(action) = self.core.poll(now) {
                self.act(now, action);
            }
            let changed = match &mut self.seat {
                Some(seat) => seat.exchange(now, &mut self.core),
                None => false,
            };
            if !changed {
                break;
            }
        }
        let wakes_at = self.next_wake();
        {
            let snapshot = self.core.snapshot();
            let mut seen = self.control.seen();
            if seen.snapshot.as_ref().is_none_or(|before| before.state != snapshot.state) {
                seen.since = now;
            }
            seen.snapshot = Some(snapshot);
            seen.wakes_at = wakes_at;
        }
        self.observers.health(&self.queue.name, || self.control.health());
        self.state.report.take()
    }

    /// The next instant at which the core has something to do, or wants a place to do it.
    fn next_wake(&self) -> Option<Tick> {
        let wants = self.seat.as_ref().and_then(|_| self.core.wants_again_at(self.control.now()));
        [self.core.next_wake(), wants].into_iter().flatten().min()
    }

    /// Gives what is done on the side a moment to end.
    async fn finish_chores(&mut self, runtime: &Arc<dyn Runtime>) {
        let mut sleep = runtime.sleep(CHORES);
        poll_fn(|context| {
            while let Poll::Ready(done) = self.state.chores.poll_next_unpin(context) {
                if done.is_none() {
                    return Poll::Ready(());
                }
            }
            sleep.as_mut().poll(context)
        })
        .await;
    }

    async fn wait(&mut self, runtime: &Arc<dyn Runtime>, wake: Option<Tick>) -> Happened {
        let mut sleep = wake.map(|wake| {
            let pause = self.control.now().until(wake);
            if self.core.waits_idly() { runtime.idle(pause) } else { runtime.sleep(pause) }
        });
        poll_fn(|context| self.poll_wait(context, sleep.as_mut())).await
    }

    fn poll_wait(
        &mut self,
        context: &mut Context<'_>,
        sleep: Option<&mut BoxFuture<'_, ()>>,
    ) -> Poll<Happened> {
        if let Poll::Ready(Some(command)) = self.commands.poll_recv(context) {
            return Poll::Ready(Happened::Command(command));
        }
        if let Poll::Ready(mode) = self.stop.poll(context) {
            return Poll::Ready(Happened::Stop(mode));
        }
        if let Poll::Ready(Some(result)) = self.state.handlers.poll_join_next_with_id(context) {
            return Poll::Ready(Happened::Handled(result));
        }
        if let Poll::Ready(Some(input)) = self.state.operations.poll_next_unpin(context) {
            return Poll::Ready(Happened::Answered(input));
        }
        // They tell nothing.
        while let Poll::Ready(Some(())) = self.state.chores.poll_next_unpin(context) {}
        if let Some(sampler) = &mut self.sampler {
            let _ = sampler.as_mut().poll(context);
        }
        match sleep {
            Some(sleep) => sleep.as_mut().poll(context).map(|()| Happened::Time),
            None => Poll::Pending,
        }
    }

    fn take(&mut self, now: Tick, happened: Happened) {
        match happened {
            Happened::Time | Happened::Command(Command::Look) => {}
            Happened::Answered(input) => self.core.handle(now, input),
            Happened::Stop(mode) => self.core.handle(now, Input::Shutdown(mode)),
            Happened::Command(Command::Input(input)) => self.core.handle(now, input),
            Happened::Command(Command::Watch { key, reply }) => {
                // A delivery that is over already has nobody to answer, and the sender is dropped.
                if self.state.running.contains_key(&key) {
                    self.state.watched.insert(key, reply);
                }
            }
            Happened::Command(Command::Ask { key, question, reply }) => {
                let ask = AskId::new(self.state.next_ask);
                self.state.next_ask += 1;
                self.state.asks.insert(ask, reply);
                self.core.handle(
                    now,
                    match question {
                        Question::Renew => Input::RenewNow { key, ask },
                        Question::Checkpoint(text) => Input::Checkpoint { key, ask, text },
                    },
                );
            }
            Happened::Handled(Ok((id, handled))) => self.handled(now, id, handled),
            Happened::Handled(Err(error)) => {
                let id = error.id();
                if error.is_panic() {
                    let why = Explanation::new(&panic_text(error));
                    let outcome = Outcome::Retry { after: None };
                    let verdict = Verdict::failed(outcome, Reason::HandlerPanicked, why);
                    self.handled(now, id, Handled { verdict, stored: None });
                } else {
                    // It was dropped, and the core knows.
                    self.state.tasks.remove(&id);
                }
            }
        }
    }

    /// Tells the observers how a handler ended, or that it was dropped.
    pub(super) fn report(&self, now: Tick, key: DeliveryKey, verdict: Option<&Verdict>) {
        let Some(run) = self.state.running.get(&key) else { return };
        let why = verdict.map(|verdict| &verdict.why);
        let report = ProcessReport {
            queue: &self.queue.name,
            id: &run.id,
            outcome: verdict.map(|verdict| &verdict.outcome),
            failure: verdict.and_then(|verdict| verdict.failure),
            error: why.and_then(|why| why.error.as_deref()),
            causes: why.map_or(&[], |why| &why.causes),
            duration: now.since(run.since),
            attempt: run.attempt,
            queue_time: run.queue_time,
        };
        run.span.record("outcome", report.outcome_name());
        self.observers.processed(&report);
    }

    fn handled(&mut self, now: Tick, id: Id, handled: Handled) {
        let Handled { verdict, stored } = handled;
        let Some(key) = self.state.tasks.remove(&id) else { return };
        // Without a run that is not over it was dropped after it had returned.
        let Some(run) = self.state.running.get_mut(&key).filter(|run| !run.over) else { return };
        run.over = true;
        self.report(now, key, Some(&verdict));
        let Verdict { outcome, failure, why } = verdict;
        self.state.explanations.insert(key, why);
        self.state.stored.extend(stored.map(|pointer| (key, pointer)));
        self.core.handle(now, Input::HandlerDone { key, outcome, failure });
    }
}

/// What a panic said.
fn panic_text(error: JoinError) -> String {
    let payload = error.into_panic();
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "the handler panicked".to_owned())
}

/// Both clocks, to notice when one of them stood still.
#[derive(Debug, Clone, Copy)]
struct Clocks {
    day: SystemTime,
    monotonic: Duration,
}

impl Clocks {
    fn read(runtime: &dyn Runtime) -> Self {
        Self { day: runtime.now(), monotonic: runtime.elapsed() }
    }

    /// By how much the time of day has outrun the monotonic clock since the last look, if notably.
    fn jump(&mut self, runtime: &dyn Runtime) -> Option<Duration> {
        let before = std::mem::replace(self, Self::read(runtime));
        let day = self.day.duration_since(before.day).ok()?;
        let by = day.checked_sub(self.monotonic.saturating_sub(before.monotonic))?;
        (by > JUMP).then_some(by)
    }
}
