//! What the loop does for each action of the core.

use std::time::Duration;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tracing::{Instrument as _, Span};

use super::{
    Driver,
    perform::{self, Caller},
};
use crate::processor::{
    body_store::discard,
    core::{
        Action, DeliveryKey, Event, Input, LeaseSignal, LoopState, Next, Reason, RenewalResult,
        Settled, Tick,
    },
    handler::{Explanation, Handler},
    lease::Told,
};

impl<T, H> Driver<T, H>
where
    T: Send + 'static,
    H: Handler<T>,
{
    pub(super) fn act(&mut self, now: Tick, action: Action) {
        match action {
            Action::Receive { op, max, lease, give_up_at } => {
                let caller = self.caller(now, give_up_at);
                self.perform(None, perform::receive(caller, op, max, lease));
            }
            Action::Update { op, key, id, receipt, visibility, text, give_up_at } => {
                let caller = self.caller(now, give_up_at);
                let update = perform::update(caller, op, id, receipt, visibility, text);
                self.perform(Some(key), update);
            }
            Action::Delete { op, key, id, receipt, give_up_at } => {
                let caller = self.caller(now, give_up_at);
                self.perform(Some(key), perform::delete(caller, op, id, receipt));
            }
            Action::DeadLetter { op, key, letter, give_up_at } => {
                let why = self.state.explanations.get(&key).cloned().unwrap_or_default();
                let caller = self.caller(now, give_up_at);
                let letter = perform::letter(&caller, letter, why, self.host.clone());
                let store = perform::dead_letter(caller, op, self.sink.clone(), letter);
                self.perform(Some(key), store);
            }
            Action::CreateQueue { op, give_up_at } => {
                self.perform(None, perform::create(self.caller(now, give_up_at), op));
            }
            Action::Start { key, delivery, deadline } => self.start(now, key, delivery, deadline),
            Action::Signal { key, signal } => self.signal(key, signal),
            Action::Reply { ask, result, .. } => {
                if let Some(reply) = self.state.asks.remove(&ask) {
                    // Whoever asked may have been dropped.
                    let _ = reply.send(result);
                }
            }
            Action::Drop { key } => {
                if let Some(run) = self.state.running.get_mut(&key).filter(|run| !run.over) {
                    run.task.abort();
                    // It stays in its place for its span, until the message is settled.
                    run.over = true;
                    self.report(now, key, None, None);
                }
            }
            Action::Forget { key } => {
                self.state.running.remove(&key);
                self.state.explanations.remove(&key);
                self.state.stored.remove(&key);
            }
            Action::Emit(event) => {
                match &event {
                    Event::Settled { key, how, .. } => self.settled(*key, *how),
                    Event::Renewal { key, result } => self.renewed(*key, *result),
                    Event::Failed { key, reason: Reason::HandlerTimedOut, .. } => {
                        let why = Explanation::new("the handler took longer than its timeout");
                        self.state.explanations.insert(*key, why);
                    }
                    _ => {}
                }
                self.log(&event);
                self.observers.event(self.queue.name(), &event);
            }
            Action::Finished(summary) => self.state.summary = Some(summary),
        }
    }

    /// Begins a request, in the span of the delivery that it is for.
    fn perform(
        &mut self,
        key: Option<DeliveryKey>,
        operation: impl Future<Output = Input> + Send + 'static,
    ) {
        let run = key.and_then(|key| self.state.running.get(&key));
        self.state.operations.push(match run {
            Some(run) => Box::pin(operation.instrument(run.span.clone())),
            None => Box::pin(operation),
        });
    }

    fn renewed(&mut self, key: DeliveryKey, result: RenewalResult) {
        let Some(run) = self.state.running.get_mut(&key) else { return };
        if result == RenewalResult::Ok {
            run.renewals += 1;
            run.span.record("lease.renewals", run.renewals);
        }
        tracing::debug!(target: "queue_client::processor", parent: &run.span, ?result, "renewal");
    }

    fn settled(&mut self, key: DeliveryKey, how: Settled) {
        if let (Settled::DeadLettered { reason }, Some(run)) = (how, self.state.running.get(&key)) {
            run.span.record("reason", reason.as_str());
        }
        if let Some(reply) = self.state.watched.remove(&key) {
            // Whoever asked may have been dropped.
            let _ = reply.send(how);
        }
        // Nothing less than a confirmed delete: in doubt, somebody else needs the body.
        if how == Settled::Completed
            && let Some(pointer) = self.state.stored.remove(&key)
            && let Some(store) = self.body_store.clone()
        {
            let discard = async move { discard(&*store, &pointer).await };
            self.state.chores.push(Box::pin(discard));
        }
    }

    fn caller(&self, now: Tick, give_up_at: Tick) -> Caller {
        Caller {
            queue: self.queue.clone(),
            control: self.control.clone(),
            observers: self.observers.clone(),
            limit: now.until(give_up_at),
        }
    }

    fn signal(&mut self, key: DeliveryKey, signal: LeaseSignal) {
        let Some(run) = self.state.running.get(&key) else { return };
        run.view.send_modify(|view| match signal {
            LeaseSignal::Renewed { deadline } | LeaseSignal::Recovered { deadline } => {
                view.deadline = deadline;
                view.told = Told::Held;
            }
            LeaseSignal::Suspect => view.told = Told::Suspect,
            LeaseSignal::Lost(cause) => view.told = Told::Lost(cause),
            LeaseSignal::Stop(cause) => view.stop = Some(cause),
        });
    }

    fn explanation(&self, key: DeliveryKey) -> Explanation {
        self.state.explanations.get(&key).cloned().unwrap_or_default()
    }

    /// The span of a delivery, or that of the loop.
    fn span(&self, key: DeliveryKey) -> Span {
        self.state.running.get(&key).map_or_else(Span::current, |run| run.span.clone())
    }

    /// The time of day after so long, in UTC.
    fn date_in(&self, time: Duration) -> Option<String> {
        let at = self.queue.client().runtime.now().checked_add(time)?;
        OffsetDateTime::from(at).format(&Rfc3339).ok()
    }

    fn log(&self, event: &Event) {
        let queue = self.queue.name();
        macro_rules! log {
            ($level:ident, parent: $span:expr, $($rest:tt)*) => {
                tracing::$level!(target: "queue_client::processor", parent: $span, %queue, $($rest)*)
            };
            ($level:ident, $($rest:tt)*) => {
                tracing::$level!(target: "queue_client::processor", %queue, $($rest)*)
            };
        }
        match event {
            Event::Loop(state) => log!(info, ?state, "loop"),
            Event::Failed { key, id, attempt, reason, next } => {
                let Explanation { error, causes } = self.explanation(*key);
                let (retry_after, next_try) = match next {
                    Next::Retry { after } => (Some(*after), self.date_in(*after)),
                    _ => (None, None),
                };
                log!(
                    warn, parent: self.span(*key), %id, attempt, %reason, error, ?causes, ?next,
                    retry_after_ms = retry_after.map(|after| after.as_millis() as u64), next_try,
                    "handler failed"
                );
            }
            Event::Settled { key, id, how: Settled::DeadLettered { reason }, .. } => {
                let Explanation { error, causes } = self.explanation(*key);
                log!(warn, parent: self.span(*key), %id, %reason, error, ?causes, "dead letter");
            }
            Event::DeadLetterFailed { id, reason, .. } => {
                log!(warn, %id, %reason, "the dead letter could not be stored; the message is kept");
            }
            Event::LeaseLost { id, cause, .. } => log!(warn, %id, ?cause, "lease lost"),
            Event::UpdatesForbidden => log!(
                warn,
                "this identity must not update messages: leases are longer and are not renewed, \
                 and failed messages come back when they end; the role Storage Queue Data \
                 Contributor would allow it"
            ),
            Event::UpdatesAllowed => log!(info, "messages can be updated"),
            Event::ClockJump { by } => log!(warn, ?by, "the monotonic clock stood still"),
            Event::Settled { id, how, .. } => log!(debug, %id, ?how, "settled"),
            Event::Started { id, attempt, .. } => log!(debug, %id, attempt, "started"),
            other => log!(trace, event = ?other),
        }
        if let Event::Loop(LoopState::BackingOff(trouble)) = event {
            log!(warn, ?trouble, error = self.control.seen().last_error, "receives fail");
        }
    }
}
