//! How many calls of a batch are under way at once.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use http::{Request, Response};
use queue_client::{
    BoxFuture, QueueServiceClient,
    transport::{Transport, TransportError},
};
use queue_emulator::Emulator;

/// Counts how many requests are under way at once.
#[derive(Debug, Clone)]
struct Slow {
    emulator: Emulator,
    under_way: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Transport for Slow {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            tokio::task::yield_now().await;
            self.under_way.fetch_sub(1, Ordering::SeqCst);
            Ok(self.emulator.handle(request))
        })
    }
}

#[tokio::test]
async fn no_more_calls_are_under_way_than_asked_for() {
    let transport =
        Slow { emulator: Emulator::new(), under_way: Arc::default(), most: Arc::default() };
    let service = QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")
        .unwrap()
        .transport(transport.clone())
        .build()
        .unwrap();
    let queue = service.queue("orders").unwrap();
    queue.create().await.unwrap();
    let results = queue.send_all((0..100).map(|number| number.to_string())).concurrency(7).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(transport.most.load(Ordering::SeqCst), 7);
}
