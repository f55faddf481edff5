//! Real time: a handler that blocks the only thread of its runtime.

use std::time::Duration;

use queue_client::{
    QueueServiceClient,
    processor::{Isolation, LeaseState, Processor},
    transport::from_fn,
};
use queue_emulator::Emulator;

#[tokio::test(flavor = "current_thread")]
async fn a_handler_that_blocks_keeps_its_lease() {
    let emulator = Emulator::new();
    let queue = QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")
        .unwrap()
        .transport(from_fn(move |request| Ok(emulator.handle(request))))
        .build()
        .unwrap()
        .queue("blocking")
        .unwrap();
    queue.create().await.unwrap();
    queue.send("slow").await.unwrap();
    let report = Processor::new(queue)
        .isolation(Isolation::OwnThread)
        .lease(Duration::from_secs(5))
        .drain_once(|message| async move {
            std::thread::sleep(Duration::from_secs(7));
            let state = message.lease().state();
            assert!(matches!(state, LeaseState::Held { .. }), "{state:?}");
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!((report.counters.completed, report.counters.started), (1, 1));
    assert!(report.counters.renewals > 0);
}
