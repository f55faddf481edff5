//! What the loop does for each action of the core.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use tracing::{Instrument as _, field::Empty};

use super::{
    Driver, Run,
    perform::{self, Caller},
};
use crate::processor::{
    Undecodable,
    core::{
        Action, DeliveryKey, Event, Input, LeaseSignal, LoopState, Outcome, RawDelivery, Reason,
        Settled, Tick,
    },
    delivery::{self, Delivery, unwrapped},
    handler::{Handler, Trouble},
    lease::{LeaseHandle, Told, View},
    observe::ProcessReport,
};

impl<T, H> Driver<T, H>
where
    T: Send + 'static,
    H: Handler<T>,
{
    pub(super) fn act(&mut self, now: Tick, action: Action) {
        match action {
            Action::Receive { op, max, lease, give_up_at } => {
                self.perform(perform::receive(self.caller(now, give_up_at), op, max, lease));
            }
            Action::Update { op, id, receipt, visibility, text, give_up_at, .. } => {
                let caller = self.caller(now, give_up_at);
                self.perform(perform::update(caller, op, id, receipt, visibility, text));
            }
            Action::Delete { op, id, receipt, give_up_at, .. } => {
                let caller = self.caller(now, give_up_at);
                self.perform(perform::delete(caller, op, id, receipt));
            }
            Action::DeadLetter { op, key, letter, give_up_at } => {
                let trouble = self.state.troubles.get(&key).cloned().unwrap_or_default();
                let caller = self.caller(now, give_up_at);
                let letter = perform::letter(&caller, letter, trouble, self.host.clone());
                self.perform(perform::dead_letter(caller, op, self.sink.clone(), letter));
            }
            Action::CreateQueue { op, give_up_at } => {
                self.perform(perform::create(self.caller(now, give_up_at), op));
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
                if let Some(run) = self.state.running.remove(&key) {
                    run.task.abort();
                    self.report(now, &run, None);
                }
            }
            Action::Forget { key } => {
                self.state.running.remove(&key);
                self.state.troubles.remove(&key);
            }
            Action::Emit(event) => {
                if let Event::Settled { key, how, .. } = &event
                    && let Some(reply) = self.state.watched.remove(key)
                {
                    // Whoever asked may have been dropped.
                    let _ = reply.send(*how);
                }
                self.log(&event);
                self.observers.event(self.queue.name(), &event);
            }
            Action::Finished(summary) => self.state.summary = Some(summary),
        }
    }

    fn perform(&mut self, operation: impl Future<Output = Input> + Send + 'static) {
        self.state.operations.push(Box::pin(operation));
    }

    fn caller(&self, now: Tick, give_up_at: Tick) -> Caller {
        Caller {
            queue: self.queue.clone(),
            control: self.control.clone(),
            observers: self.observers.clone(),
            limit: now.until(give_up_at),
        }
    }

    fn start(&mut self, now: Tick, key: DeliveryKey, raw: Arc<RawDelivery>, deadline: Tick) {
        let (text, dead_letter) = unwrapped(&raw);
        let queue_time = raw.answered_at.and_then(|at| at.duration_since(raw.inserted_at).ok());
        let body = match self.codec.decode(&text) {
            Ok(body) => body,
            Err(error) => {
                let trouble = Trouble { error: Some(error.to_string()), chain: Vec::new() };
                self.state.troubles.insert(key, trouble);
                let reason = Reason::Undecodable;
                let outcome = match self.undecodable {
                    Undecodable::DeadLetter => Outcome::DeadLetter { reason },
                    Undecodable::Retry => Outcome::failed(reason),
                    Undecodable::Abandon => Outcome::Abandon,
                };
                self.observers.processed(&ProcessReport {
                    queue: self.queue.name(),
                    outcome: Some(&outcome),
                    duration: Duration::ZERO,
                    attempt: raw.attempt,
                    queue_time,
                });
                return self.core.handle(now, Input::HandlerDone { key, outcome });
            }
        };
        let (view, lease) = watch::channel(View { deadline, told: Told::Held, stop: None });
        let span = tracing::info_span!(
            target: "queue_client::processor",
            "process",
            otel.name = Empty,
            otel.kind = "consumer",
            messaging.system = "azure_storage_queue",
            messaging.operation.name = "process",
            messaging.destination.name = %self.queue.name(),
            messaging.message.id = %raw.id,
            attempt = raw.attempt,
            lease.remaining_ms = now.until(deadline).as_millis() as u64,
        );
        if !span.is_disabled() {
            span.record("otel.name", format!("process {}", self.queue.name()));
        }
        let attempt = raw.attempt;
        let runtime = Arc::clone(&self.queue.client().runtime);
        let delivery = Delivery::new(
            body,
            delivery::Shared {
                key,
                raw,
                max_deliveries: self.max_deliveries,
                lease: LeaseHandle::new(lease, runtime),
                control: self.control.clone(),
                codec: Arc::clone(&self.codec),
                dead_letter,
            },
        );
        let handler = Arc::clone(&self.handler);
        let work = async move { handler.handle(delivery).await }.instrument(span);
        let task = self.state.handlers.spawn_on(work, &self.handlers);
        self.state.tasks.insert(task.id(), key);
        self.state.running.insert(key, Run { task, view, since: now, attempt, queue_time });
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

    fn log(&self, event: &Event) {
        let queue = self.queue.name();
        macro_rules! log {
            ($level:ident, $($rest:tt)*) => {
                tracing::$level!(target: "queue_client::processor", %queue, $($rest)*)
            };
        }
        match event {
            Event::Loop(state) => log!(info, ?state, "loop"),
            Event::Settled { id, how: Settled::DeadLettered { reason }, .. } => {
                log!(warn, %id, %reason, "dead letter");
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
