//! Going through whole queues, moving and copying, on the calling thread.

use queue_client::{
    QueueServiceClient, VisibleCount,
    blocking::QueueClient,
    bulk::{FileJournal, Lifetime},
    transport::from_fn,
};
use queue_emulator::Emulator;

fn queues() -> (QueueClient, QueueClient) {
    let emulator = Emulator::new();
    let service =
        QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true").unwrap();
    let service = service.transport(from_fn(move |request| Ok(emulator.handle(request))));
    let service = service.build_blocking().unwrap();
    let queues = (service.queue("orders").unwrap(), service.queue("archive").unwrap());
    queues.0.create().unwrap();
    queues.1.create().unwrap();
    for result in queues.0.send_all((0..100).map(|number| number.to_string())).run() {
        result.unwrap();
    }
    queues
}

#[test]
fn a_scan_shows_each_message_once_and_deletes_what_it_is_told() {
    let (orders, _) = queues();
    let mut scan = orders.scan().max_attempt(9).limit(1_000);
    assert_eq!(scan.received_at(), None);
    let mut seen = Vec::new();
    while let Some(message) = scan.next().unwrap() {
        if message.text().ends_with('7') {
            scan.delete(message.id());
        }
        seen.push(message.text().to_owned());
        assert!(scan.received_at().is_some());
    }
    seen.sort();
    seen.dedup();
    assert_eq!((seen.len(), scan.report().seen), (100, 100));
    let report = scan.finish();
    assert_eq!((report.deleted, report.released), (10, 90));
    assert!(matches!(orders.count_visible().unwrap(), VisibleCount::Between { at_least: 32, .. }));
    assert_eq!(orders.properties().unwrap().approximate_messages_count(), 90);
}

#[test]
fn messages_are_moved_and_copied_with_the_options_of_a_transfer() {
    let (orders, archive) = queues();
    let journal = std::env::temp_dir().join(format!("blocking-bulk-{}", std::process::id()));
    let report = orders
        .move_to(&archive)
        .matching(|message| message.text().len() == 1)
        .lifetime(Lifetime::ServiceDefault)
        .journal(FileJournal::new(&journal))
        .run()
        .unwrap();
    assert_eq!((report.moved, report.skipped), (10, 90));
    assert!(!journal.exists());
    let report = orders.copy_to(&archive).max(5).run().unwrap();
    assert_eq!(report.moved, 5);
    assert_eq!(orders.properties().unwrap().approximate_messages_count(), 90);
    assert_eq!(archive.properties().unwrap().approximate_messages_count(), 15);
    assert!(orders.move_to(&orders).run().is_err());
}

/// Also where the calling thread works for a runtime.
#[cfg(feature = "tokio")]
#[tokio::test]
async fn a_scan_works_within_a_runtime() {
    let (orders, _) = queues();
    let mut scan = orders.scan();
    let mut seen = 0;
    while scan.next().unwrap().is_some() {
        seen += 1;
    }
    assert_eq!((seen, scan.finish().released), (100, 100));
}
