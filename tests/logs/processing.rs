//! A processor at work, with observers that log all they hear, and handlers whose errors say what
//! they should not.

use std::time::{Duration, SystemTime};

use queue_auth::{AccountKey, SharedKey};
use queue_client::{
    BoxFuture, codec,
    processor::{
        Outcome, Processor,
        dead_letter::{DeadLetter, DeadLetterSink, DeadLetterTo, SinkError},
        observe::{Event, Observer, OperationReport, ProcessReport},
    },
};
use queue_proto::{DEVSTORE_ACCOUNT, DEVSTORE_KEY, QueueName};
use queue_tests::server::Server;

use crate::{
    capture::{note, note_failure},
    secrets::Secrets,
};

const SIGNATURE: &str = "YSBzaWduYXR1cmUgdGhhdCBhbiBlcnJvciByZXBlYXRz";

/// Logs all that a processor tells.
#[derive(Debug)]
struct LogWork;

impl Observer for LogWork {
    fn event(&self, queue: &QueueName, event: &Event) {
        note(&(queue, event));
    }

    fn operation(&self, report: &OperationReport<'_>) {
        note(report);
    }

    fn processed(&self, report: &ProcessReport<'_>) {
        note(report);
    }

    fn dead_letter(&self, queue: &QueueName, letter: &DeadLetter) {
        note(&(queue, letter));
    }
}

impl DeadLetterSink for LogWork {
    fn store(&self, letter: DeadLetter) -> BoxFuture<'_, Result<(), SinkError>> {
        note(&letter);
        Box::pin(async { Ok(()) })
    }
}

/// What the handler does with a number: complete it, fail in one of the ways in which credentials
/// get into errors, or give it up.
fn work(number: u32) -> Result<Outcome, String> {
    match number {
        0 => Ok(Outcome::Complete),
        1 => Ok(Outcome::DeadLetter { reason: "it is a one".into() }),
        2 => Err(format!("GET http://localhost/queue?sv=2025-07-05&sig={SIGNATURE} failed")),
        3 => Err(format!("cannot connect with AccountName=a;AccountKey={DEVSTORE_KEY};")),
        4 => Err(format!("sent Authorization: SharedKey a:{SIGNATURE}")),
        5 => Err(format!("sent Authorization: SharedKeyLite a:{SIGNATURE}")),
        _ => Err(format!("sent Authorization: Bearer {SIGNATURE}")),
    }
}

pub(crate) async fn play(server: &Server, secrets: &Secrets) {
    secrets.add("signature of a SAS", SIGNATURE);
    let service = server.client();
    let texts = service.queue("work").unwrap();
    texts.create().await.unwrap();
    let numbers = texts.clone().with_codec(codec::Json::<u32>::new());
    for to in [
        DeadLetterTo::default(),
        DeadLetterTo::default().in_envelope(),
        DeadLetterTo::sink(LogWork),
        DeadLetterTo::nowhere(),
    ] {
        for number in 0..7_u32 {
            numbers.send(number).await.unwrap();
        }
        texts.send("\"no number, but confidential\"").await.unwrap();
        let processor =
            Processor::new(numbers.clone()).max_deliveries(1).dead_letter(to).observer(LogWork);
        note(&processor);
        let report = processor.drain_once(|message| async move {
            note(&message);
            message.renew_now().await?;
            message.checkpoint(message.body()).await?;
            Ok(work(*message.body())?)
        });
        let report = report.await.unwrap();
        note(&report);
        assert_eq!(report.counters.completed, 1, "{report}");
        texts.clear().await.unwrap();
    }

    // Dead letters, worked on in their turn.
    let letters = service.queue("work-poison").unwrap();
    let report = Processor::new(letters).observer(LogWork).drain_once(|message| async move {
        note(&(&message, message.dead_letter_info()));
        Ok(())
    });
    note(&report.await.unwrap());

    let wrong = AccountKey::from_base64("YSBrZXkgdGhhdCBvcGVucyBub3RoaW5n").unwrap();
    secrets.add("account key", "YSBrZXkgdGhhdCBvcGVucyBub3RoaW5n");
    let stranger = server.builder().authorizer(SharedKey::new(DEVSTORE_ACCOUNT, wrong));
    let stranger = stranger.build().unwrap().queue("work").unwrap();
    let started = SystemTime::now();
    note_failure(Processor::new(stranger).observer(LogWork).run(|_| async { Ok(()) }).await);
    assert!(started.elapsed().unwrap() < Duration::from_secs(30));
    texts.delete_queue().await.unwrap();
}
