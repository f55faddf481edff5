//! What the loop does for each action of the core.

use tracing::Instrument as _;

use super::{
    driver::Driver,
    hand_on::HandedOn,
    handler::Handler,
    perform::{self, Caller, Dead},
};
use crate::processor::{
    body_store::discard,
    core::{
        Action, DeliveryKey, Event, Input, LeaseSignal, Reason, RenewalResult, Settled, Standing,
        Tick,
    },
    explanation::Explanation,
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
                let handed_on = self.state.handed_on.get(&key).cloned();
                self.perform(Some(key), async move {
                    let answer = perform::delete(caller, op, id, receipt).await;
                    if let (Some(body), Input::Deleted { result: Ok(()), .. }) =
                        (handed_on, &answer)
                    {
                        body.is_deleted();
                    }
                    answer
                });
            }
            Action::DeadLetter { op, key, message, text, attempt, reason, give_up_at } => {
                let why = self.state.explanations.get(&key).cloned().unwrap_or_default();
                let caller = self.caller(now, give_up_at);
                let body = HandedOn::new(self.body_store.as_ref(), &text);
                self.state.handed_on.extend(body.clone().map(|body| (key, body)));
                let dead = Dead { message, text, attempt, reason, why };
                let letter = perform::letter(&caller, dead, self.instance.clone());
                let store = perform::dead_letter(caller, op, self.sink.clone(), letter, body);
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
                    self.report(now, key, None);
                }
            }
            Action::Forget { key } => {
                self.state.running.remove(&key);
                self.state.explanations.remove(&key);
                self.state.stored.remove(&key);
                self.state.handed_on.remove(&key);
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
                self.observers.event(&self.queue.name, &event);
            }
            Action::Finished(report) => self.state.report = Some(report),
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
        if let (Settled::DeadLettered { .. }, Some(body)) = (how, self.state.handed_on.remove(&key))
        {
            self.state.chores.push(Box::pin(body.finish()));
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
                view.standing = Standing::Held;
            }
            LeaseSignal::Suspect => view.standing = Standing::Suspect,
            LeaseSignal::Lost(cause) => view.standing = Standing::Lost(cause),
            LeaseSignal::Stop(cause) => view.stop = Some(cause),
        });
    }
}
