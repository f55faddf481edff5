//! What is told of a handler that fails: in the log, to observers, and with the dead letter.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use queue_client::{
    QueueName,
    codec::Base64Text,
    processor::{
        HandlerError, Outcome, Processor, RetryDelay, Undecodable,
        dead_letter::DeadLetter,
        observe::{Event, Next},
        observe::{Observer, ProcessReport},
    },
};
use tokio::time::sleep;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::{
    spans::{Seen, Spans},
    support::{listen, queue},
};

const SECOND: Duration = Duration::from_secs(1);

#[derive(Debug, Default, Clone)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Observer for Told {
    fn event(&self, _: &QueueName, event: &Event) {
        if let Event::Failed { attempt, reason, next, .. } = event {
            let next = match next {
                Next::Retry { after } => format!("again in {after:?}"),
                Next::DeadLetter => "dead".to_owned(),
                other => format!("{other:?}"),
            };
            self.0.lock().unwrap().push(format!("{attempt}: {reason}, {next}"));
        }
    }

    fn processed(&self, report: &ProcessReport<'_>) {
        let (outcome, error) = (report.outcome_name(), report.error);
        assert!(report.id.as_str().len() > 30);
        self.0.lock().unwrap().push(format!("{outcome}: {error:?} {:?}", report.causes));
    }

    fn dead_letter(&self, queue: &QueueName, letter: &DeadLetter) {
        let (text, error) = (letter.text.as_str(), &letter.error);
        self.0.lock().unwrap().push(format!("letter of {queue}: {text}: {error:?}"));
    }
}

/// An error with a cause and a signature in it.
#[derive(Debug)]
struct Declined;

impl std::fmt::Display for Declined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GET https://pay.example/card?sig=Zm9v&x=1 failed")
    }
}

impl std::error::Error for Declined {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&std::fmt::Error)
    }
}

fn warnings(spans: &Spans, message: &str) -> Vec<Seen> {
    let events = spans.events.lock().unwrap();
    let fits = |event: &&Seen| event.fields.get("message").map(String::as_str) == Some(message);
    let warnings: Vec<_> = events.iter().filter(fits).cloned().collect();
    assert!(warnings.iter().all(|event| event.level == Some(tracing::Level::WARN)), "{warnings:?}");
    warnings
}

#[tokio::test(start_paused = true)]
async fn why_a_handler_failed_is_told_everywhere() {
    let spans = Spans::default();
    let told = Told::default();
    let (queue, _) = queue().await;
    queue.send("confidential").await.unwrap();
    let subscriber = tracing_subscriber::registry().with(spans.clone());
    let guard = listen(subscriber);
    Processor::new(queue.clone())
        .observer(told.clone())
        .max_deliveries(2)
        .retry(RetryDelay::new(7 * SECOND, 7 * SECOND).jitter(0.0))
        .stop_when(sleep(60 * SECOND))
        .run(|_| async { Err::<(), HandlerError>(Declined.into()) })
        .await
        .unwrap();
    drop(guard);

    let error = "Some(\"GET https://pay.example/card?sig=REDACTED&x=1 failed\")";
    let cause = std::fmt::Error.to_string();
    assert_eq!(
        *told.0.lock().unwrap(),
        [
            format!("retry: {error} [{cause:?}]"),
            "1: handler_failed, again in 7s".to_owned(),
            format!("retry: {error} [{cause:?}]"),
            "2: handler_failed, dead".to_owned(),
            // The queue for dead letters has the bare text.
            format!("letter of orders: confidential: {error}"),
        ]
    );

    let spans_seen = spans.spans.lock().unwrap().clone();
    let failed = warnings(&spans, "handler failed");
    let [first, second] = &failed[..] else { panic!("{failed:?}") };
    for (event, attempt) in [(first, "1"), (second, "2")] {
        let span = &spans_seen[event.parent.expect("it is in the span of the delivery")];
        assert_eq!((span.name, span.fields["attempt"].as_str()), ("process", attempt));
        assert_eq!(event.fields["id"], span.fields["messaging.message.id"]);
        assert_eq!(event.fields["attempt"], attempt);
        assert_eq!(event.fields["error"], "GET https://pay.example/card?sig=REDACTED&x=1 failed");
        assert!(event.fields["causes"].contains(&cause));
    }
    // The clock of the tests starts at 2027-01-15T08:00:00Z.
    assert!(first.fields["next_try"].starts_with("2027-01-15T08:00:07"), "{first:?}");
    assert_eq!(first.fields["retry_after_ms"], "7000");
    assert!(!second.fields.contains_key("next_try"), "{second:?}");
    let dead = warnings(&spans, "dead letter");
    let [dead] = &dead[..] else { panic!("{dead:?}") };
    assert_eq!(dead.parent, second.parent);
    assert_eq!(dead.fields["error"], second.fields["error"]);
    let all = format!("{spans_seen:?}{:?}", spans.events.lock().unwrap());
    assert!(!all.contains("confidential") && !all.contains("Zm9v"), "{all}");
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_failure_is_told_with_its_error() {
    let spans = Spans::default();
    let told = Told::default();
    let (queue, _) = queue().await;
    let queue = queue.with_codec(Base64Text);
    for text in ["panics", "hangs", "asks for it", "leaves it", "is tried again"] {
        queue.send(text.to_owned()).await.unwrap();
    }
    queue.clone().with_codec(queue_client::codec::Text).send("no base64!").await.unwrap();
    let subscriber = tracing_subscriber::registry().with(spans.clone());
    let guard = listen(subscriber);
    let report = Processor::new(queue)
        .observer(told.clone())
        .max_deliveries(1)
        .undecodable(Undecodable::DeadLetter)
        .handler_timeout(20 * SECOND)
        .drain_once(|message| async move {
            match message.body().as_str() {
                "panics" => panic!("out of bounds"),
                "hangs" => std::future::pending().await,
                "asks for it" => Ok(Outcome::DeadLetter { reason: "not ours".into() }),
                "leaves it" => Ok(Outcome::Abandon),
                _ => Ok(Outcome::Retry { after: None }),
            }
        })
        .await
        .unwrap();
    drop(guard);
    assert_eq!((report.counters.dead_lettered, report.counters.lapsed), (5, 1));
    let errors = |message: &str| {
        let mut errors: Vec<_> = warnings(&spans, message)
            .into_iter()
            .map(|event| {
                let error = event.fields.get("error").map_or("", String::as_str);
                format!("{}: {error}", event.fields["reason"])
            })
            .collect();
        errors.sort();
        errors
    };
    let failed = errors("handler failed");
    let [panicked, timed_out, undecodable] = &failed[..] else { panic!("{failed:?}") };
    assert_eq!(panicked, "handler_panicked: out of bounds");
    assert_eq!(timed_out, "handler_timed_out: the handler took longer than its timeout");
    assert!(undecodable.starts_with("undecodable: ") && undecodable.len() > 20, "{undecodable}");
    let dead = errors("dead letter");
    assert_eq!(dead.len(), 5);
    assert!(dead.contains(&"requested: not ours".to_owned()), "{dead:?}");
    for error in &failed {
        assert!(dead.contains(error), "{error} of {dead:?}");
    }
}
