//! From a message to a handler that runs.

use std::sync::Arc;

use tokio::sync::watch;
use tracing::{Instrument as _, Span, field::Empty};

use super::{
    delivery::{Delivery, Facts},
    driver::{Driver, Handled, Run},
    handler::{Handler, Verdict},
    lease::{LeaseHandle, View},
    undecodable::Undecodable,
};
use crate::{
    message_codec::MessageCodec,
    processor::{
        body_store::{BodyStore, fetch},
        core::{DeliveryKey, RawDelivery, Standing, Tick},
        envelope::{message::Content, opened::Opened},
    },
    semconv,
};

/// All that a task needs to work on one message.
struct Work<T, H> {
    codec: Arc<dyn MessageCodec<Value = T>>,
    handler: Arc<H>,
    undecodable: Undecodable,
    body_store: Option<Arc<dyn BodyStore>>,
}

impl<T, H> Driver<T, H>
where
    T: Send + 'static,
    H: Handler<T>,
{
    pub(super) fn start(
        &mut self,
        now: Tick,
        key: DeliveryKey,
        raw: Arc<RawDelivery>,
        deadline: Tick,
    ) {
        let queue_time = raw.answered_at.and_then(|at| at.duration_since(raw.inserted_at).ok());
        let (id, attempt) = (raw.id.clone(), raw.attempt);
        let (view, lease) = watch::channel(View { deadline, standing: Standing::Held, stop: None });
        let span = tracing::info_span!(
            target: "queue_client::processor",
            "process",
            otel.name = Empty,
            otel.kind = "consumer",
            { semconv::SYSTEM_NAME } = semconv::SYSTEM_VALUE,
            { semconv::SYSTEM } = semconv::SYSTEM_VALUE,
            { semconv::OPERATION_NAME } = semconv::PROCESS,
            { semconv::OPERATION_TYPE } = semconv::PROCESS,
            { semconv::DESTINATION } = %self.queue.name,
            { semconv::MESSAGE_ID } = %raw.id,
            attempt,
            lease.remaining_ms = now.until(deadline).as_millis() as u64,
            lease.renewals = Empty,
            outcome = Empty,
            reason = Empty,
            traceparent = Empty,
        );
        if !span.is_disabled() {
            span.record("otel.name", format!("process {}", &self.queue.name));
        }
        let work = Work {
            codec: Arc::clone(&self.codec),
            handler: Arc::clone(&self.handler),
            undecodable: self.undecodable.clone(),
            body_store: self.body_store.clone(),
        };
        let Opened { content, trace, dead_letter } = Opened::new(&raw.text);
        let facts = Facts {
            key,
            queue: self.queue.name.clone(),
            raw,
            max_deliveries: self.max_deliveries,
            lease: LeaseHandle::new(lease, Arc::clone(&self.queue.shared.runtime)),
            control: self.control.clone(),
            dead_letter,
            trace,
        };
        let task = work.run(content, facts).instrument(span.clone());
        let task = self.state.handlers.spawn_on(task, &self.state.runtime);
        self.state.tasks.insert(task.id(), key);
        let run =
            Run { task, view, since: now, span, renewals: 0, id, attempt, queue_time, over: false };
        self.state.running.insert(key, run);
    }
}

impl<T, H> Work<T, H>
where
    T: Send + 'static,
    H: Handler<T>,
{
    async fn run(self, content: Content, facts: Facts) -> Handled {
        if let Some(trace) = &facts.trace {
            Span::current().record("traceparent", trace.traceparent());
        }
        let (text, stored) = match content {
            Content::Text(text) => (text, None),
            Content::Stored(pointer) => match fetch(self.body_store.as_deref(), &pointer).await {
                Ok(text) => (Arc::new(text), (!pointer.is_shared()).then_some(pointer)),
                Err(error) => {
                    let verdict = Verdict::from(Err(error.into()));
                    return Handled { verdict, stored: None };
                }
            },
        };
        let verdict = match self.codec.read(&text).finish().await {
            Ok(body) => {
                let delivery = Delivery::new(body, self.codec, facts);
                self.handler.handle(delivery).await.into()
            }
            // Nothing is wrong with the message: a key vault is away.
            Err(error) if error.is_temporary() => Verdict::from(Err(error.into())),
            Err(error) => self.undecodable.settle(text.as_str(), facts, error).await,
        };
        Handled { verdict, stored }
    }
}
