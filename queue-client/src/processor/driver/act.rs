//! What the loop does for each action of the core.

use super::{
    Driver,
    perform::{self, Caller},
};
use crate::processor::{
    body_store::discard,
    core::{Action, DeliveryKey, Event, Input, LeaseSignal, LoopState, Settled, Tick},
    handler::Handler,
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
                self.state.stored.remove(&key);
            }
            Action::Emit(event) => {
                if let Event::Settled { key, how, .. } = &event {
                    self.settled(*key, *how);
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

    fn settled(&mut self, key: DeliveryKey, how: Settled) {
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
