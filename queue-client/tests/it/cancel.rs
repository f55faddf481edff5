//! A call can be dropped at any point.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use queue_client::{
    BoxFuture, QueueServiceClient,
    transport::{Transport, TransportError},
};
use queue_emulator::Emulator;

/// Answers after being polled three times, so that a call has several points to be dropped at.
#[derive(Debug, Clone)]
struct Hesitant(Emulator);

impl Transport for Hesitant {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            pause().await;
            let answer = self.0.handle(request);
            pause().await;
            pause().await;
            Ok(answer)
        })
    }
}

/// Is ready when it is polled again.
async fn pause() {
    let mut polled = false;
    poll_fn(|context| {
        if polled {
            return Poll::Ready(());
        }
        polled = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Polls the future so often, then drops it. True if it was over before.
fn drop_after<F: Future>(polls: usize, future: F) -> bool {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..polls).any(|_| future.as_mut().poll(&mut context).is_ready())
}

#[tokio::test]
async fn a_dropped_call_leaves_the_client_usable() {
    let service = QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")
        .unwrap()
        .transport(Hesitant(Emulator::new()))
        .build()
        .unwrap();
    let queue = service.queue("orders").unwrap();
    queue.create().await.unwrap();

    let mut polls = 0;
    loop {
        queue.send("a").await.unwrap();
        let mut message = queue.receive_one().await.unwrap().unwrap();
        let over = [
            drop_after(polls, queue.send("b").into_future()),
            drop_after(polls, queue.peek(32).into_future()),
            drop_after(polls, queue.update(&mut message, Duration::from_secs(60)).into_future()),
            drop_after(polls, queue.send_all(["c", "d", "e"]).into_future()),
            drop_after(polls, service.list_queues().all()),
            drop_after(polls, queue.properties()),
        ];
        // The client goes on as if nothing had been.
        queue.clear().await.unwrap();
        assert_eq!(queue.peek(32).await.unwrap().len(), 0);
        if over.iter().all(|over| *over) {
            break;
        }
        polls += 1;
        assert!(polls < 100, "a call never ends");
    }
    assert!(polls > 3, "there were points to drop at");
}

#[tokio::test]
async fn a_page_that_was_not_awaited_to_its_end_is_fetched_again() {
    let service = QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")
        .unwrap()
        .transport(Hesitant(Emulator::new()))
        .build()
        .unwrap();
    for name in ["apple", "banana"] {
        service.queue(name).unwrap().create().await.unwrap();
    }
    let mut pages = service.list_queues();
    assert!(!drop_after(2, pages.next()));
    assert_eq!(pages.next().await.unwrap().unwrap().len(), 2);
    assert!(pages.next().await.unwrap().is_none());
}
