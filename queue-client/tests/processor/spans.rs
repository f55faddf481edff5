//! The spans of deliveries, and of the requests within.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex},
    time::Duration,
};

use queue_client::processor::{HandlerError, Processor, Producer, TraceContext};
use tokio::time::sleep;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt as _},
    registry::{LookupSpan, SpanRef},
};

use crate::support::{listen, queue};

pub(crate) type Fields = BTreeMap<&'static str, String>;

/// A span or an event: its name, the place of the span that it is in, and its fields.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) name: &'static str,
    /// That of an event.
    pub(crate) level: Option<Level>,
    pub(crate) parent: Option<usize>,
    pub(crate) fields: Fields,
}

/// In the order in which they begin.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spans {
    pub(crate) spans: Arc<Mutex<Vec<Seen>>>,
    pub(crate) events: Arc<Mutex<Vec<Seen>>>,
}

/// The place of a span, which it carries, since ids are used again.
#[derive(Debug, Clone, Copy)]
struct Place(usize);

fn place<'a, S: LookupSpan<'a>>(span: &SpanRef<'a, S>) -> usize {
    span.extensions().get::<Place>().unwrap().0
}

struct Read<'a>(&'a mut Fields);

impl Visit for Read<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        let parent = span.parent().map(|parent| place(&parent));
        let mut seen = Seen { name: span.name(), level: None, parent, fields: Fields::new() };
        attributes.record(&mut Read(&mut seen.fields));
        let mut spans = self.spans.lock().unwrap();
        span.extensions_mut().insert(Place(spans.len()));
        spans.push(seen);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let place = place(&context.span(id).unwrap());
        values.record(&mut Read(&mut self.spans.lock().unwrap()[place].fields));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let parent = context.event_span(event).map(|span| place(&span));
        let mut seen = Seen {
            name: "",
            level: Some(*event.metadata().level()),
            parent,
            fields: Fields::new(),
        };
        event.record(&mut Read(&mut seen.fields));
        self.events.lock().unwrap().push(seen);
    }
}

#[tokio::test(start_paused = true)]
async fn a_delivery_has_a_span_with_its_requests_within() {
    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let spans = Spans::default();
    let (queue, _) = queue().await;
    let traced = Producer::new(queue.clone()).trace_context(|| TraceContext::new(PARENT).ok());
    traced.send(&"secret slow".to_owned()).await.unwrap();
    queue.send("secret dead").await.unwrap();
    let subscriber = tracing_subscriber::registry().with(spans.clone());
    let guard = listen(subscriber);
    let report = Processor::new(queue)
        .drain_once(|message| async move {
            tracing::info!("at work");
            if message.body() == "secret dead" {
                return Err(HandlerError::permanent("no"));
            }
            sleep(Duration::from_secs(100)).await;
            Ok(())
        })
        .await
        .unwrap();
    drop(guard);
    assert_eq!((report.counters.completed, report.counters.dead_lettered), (1, 1));

    let spans_seen = spans.spans.lock().unwrap().clone();
    let process = spans_seen.iter().enumerate().filter(|(_, span)| span.name == "process");
    let process: Vec<_> = process.collect();
    let [(slow, slow_span), (dead, dead_span)] = process[..] else { panic!("{process:?}") };
    let has = |span: &Seen, name: &str, value: &str| {
        assert_eq!(span.fields.get(name).map(String::as_str), Some(value), "{name} of {span:?}");
    };
    has(slow_span, "otel.name", "process orders");
    has(slow_span, "messaging.system", "azure_storage_queue");
    has(slow_span, "messaging.system.name", "azure_storage_queue");
    has(slow_span, "messaging.operation.type", "process");
    has(slow_span, "attempt", "1");
    has(slow_span, "outcome", "complete");
    has(slow_span, "lease.renewals", "2");
    has(slow_span, "traceparent", PARENT);
    has(dead_span, "outcome", "dead_letter");
    has(dead_span, "reason", "handler_failed");
    assert!(!dead_span.fields.contains_key("traceparent"));

    let within = |parent| {
        let calls = spans_seen.iter().filter(|span| span.parent == Some(parent));
        let names = calls.map(|span| span.fields["messaging.operation.name"].clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!(within(slow), ["UpdateMessage", "UpdateMessage", "DeleteMessage"]);
    // The queue for dead letters is made when it is needed.
    assert_eq!(within(dead), ["PutMessage", "CreateQueue", "PutMessage", "DeleteMessage"]);

    let call = |name: &str| {
        let named =
            |span: &&Seen| span.fields.get("messaging.operation.name").is_some_and(|is| is == name);
        spans_seen.iter().find(named).unwrap()
    };
    for (name, kind, operation) in [
        ("PutMessage", "producer", "send"),
        ("GetMessages", "client", "receive"),
        ("UpdateMessage", "client", "settle"),
        ("DeleteMessage", "client", "settle"),
    ] {
        has(call(name), "otel.kind", kind);
        has(call(name), "messaging.operation.type", operation);
        has(call(name), "messaging.system.name", "azure_storage_queue");
        has(call(name), "server.address", "127.0.0.1");
        has(call(name), "server.port", "10001");
    }
    has(call("GetMessages"), "messaging.batch.message_count", "2");
    assert!(!call("DeleteMessage").fields.contains_key("messaging.batch.message_count"));
    assert!(!call("CreateQueue").fields.contains_key("messaging.operation.type"));

    let events = spans.events.lock().unwrap().clone();
    let told = |parent, message: &str| {
        let told =
            |event: &&Seen| event.parent == Some(parent) && event.fields["message"] == message;
        events.iter().filter(told).count()
    };
    assert_eq!((told(slow, "at work"), told(slow, "renewal")), (1, 2));
    assert_eq!((told(dead, "at work"), told(dead, "renewal")), (1, 0));
    let all = format!("{spans_seen:?}{events:?}");
    assert!(!all.contains("secret"), "{all}");
}
