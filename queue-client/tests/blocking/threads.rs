//! The clients that block, on many threads, with a runtime that is not tokio's.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, Response};
use queue_client::{
    BoxFuture, Cause, OpFailure, QueueServiceClient, blocking,
    codec::Base64Bytes,
    proto::{MaxResults, ops::CreateQueueResponse},
    retry::ExponentialBackoff,
    runtime::ThreadRuntime,
    transport::{Transport, TransportError, TransportErrorKind, from_fn},
};
use queue_emulator::Emulator;

fn service(transport: impl Transport + 'static) -> blocking::QueueServiceClient {
    QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")
        .unwrap()
        .transport(transport)
        .retry(ExponentialBackoff::new().base(Duration::from_millis(20)))
        .attempt_timeout(Duration::from_millis(100))
        .runtime(ThreadRuntime::new())
        .build_blocking()
        .unwrap()
}

fn emulator() -> blocking::QueueServiceClient {
    let emulator = Emulator::new();
    service(from_fn(move |request| Ok(emulator.handle(request))))
}

#[test]
fn a_queue_from_its_making_to_its_end() {
    let service = emulator();
    let orders = service.queue("orders").unwrap();
    assert!(!orders.exists().unwrap());
    assert_eq!(orders.create().unwrap(), CreateQueueResponse::Created);
    assert_eq!(orders.create_if_missing().unwrap(), CreateQueueResponse::AlreadyExists);

    let sent = orders.send("17 bottles").never_expires().run().unwrap();
    assert_eq!(orders.peek(1).run().unwrap()[0].id(), sent.id());
    let mut message = orders.receive_one().unwrap().unwrap();
    orders.update(&mut message, Duration::from_secs(60)).value("16 bottles").run().unwrap();
    assert_eq!(orders.decode(&message).unwrap(), "16 bottles");
    orders.delete(&message).unwrap();
    let error = orders.delete(&message).unwrap_err();
    assert!(error.is_not_owner(), "{error}");
    let error = orders.send("soon").visibility_timeout(Duration::MAX).run().unwrap_err();
    assert!(matches!(error.cause(), Cause::InvalidArgument(_)), "{error}");

    orders.clear().unwrap();
    assert!(orders.delete_queue_if_exists().unwrap());
    assert!(!orders.delete_queue_if_exists().unwrap());
}

#[test]
fn batches_and_codecs() {
    let bytes = emulator().queue("bytes").unwrap().with_codec(Base64Bytes);
    bytes.create().unwrap();
    let mut progress = Vec::new();
    let results = bytes
        .send_all((0..10_u8).map(|number| vec![number]))
        .concurrency(3)
        .on_progress(|done, all| progress.push((done, all)))
        .run();
    assert!(results.into_iter().all(|result| result.is_ok()));
    assert_eq!(progress.last(), Some(&(10, 10)));
    let messages = bytes.receive(32).visibility_timeout(Duration::from_secs(5)).run().unwrap();
    let values: BTreeSet<_> =
        messages.iter().map(|message| bytes.decode(message).unwrap()).collect();
    assert_eq!(values, (0..10_u8).map(|number| Bytes::from(vec![number])).collect());
    assert!(bytes.delete_all(&messages).run().into_iter().all(|result| result.is_ok()));
    assert_eq!(bytes.properties().unwrap().approximate_messages_count(), 0);
}

#[test]
fn queues_are_listed_page_by_page_and_one_by_one() {
    let service = emulator();
    let names = ["list-a", "list-b", "list-c", "list-d", "list-e"];
    for name in names.iter().rev() {
        service.queue(*name).unwrap().create().unwrap();
    }
    let pages = || service.list_queues().prefix("list-").unwrap();
    let by_two = || pages().max_results(MaxResults::new(2).unwrap());
    let found = |queues: Vec<queue_client::proto::ops::QueueItem>| -> Vec<_> {
        queues.into_iter().map(|queue| queue.name().to_string()).collect()
    };
    assert_eq!(found(pages().all().unwrap()), names);
    assert_eq!(found(by_two().into_iter().collect::<Result<_, _>>().unwrap()), names);
    let mut pages = by_two();
    assert_eq!(found(pages.next().unwrap().unwrap()), names[..2]);
    assert_eq!(found(pages.all().unwrap()), names[2..]);
}

#[test]
fn an_error_ends_the_list() {
    let service = service(from_fn(|_| Err(TransportError::new(TransportErrorKind::NotSent))));
    let mut queues = service.list_queues().into_iter();
    assert!(queues.next().unwrap().is_err());
    assert!(queues.next().is_none());
}

#[test]
fn many_threads_share_a_client() {
    let orders = emulator().queue("orders").unwrap();
    orders.create().unwrap();
    thread::scope(|scope| {
        for sender in 0..8 {
            let orders = &orders;
            scope.spawn(move || {
                for number in 0..20 {
                    orders.send(format!("{sender}-{number}")).run().unwrap();
                }
            });
        }
    });
    let mut texts = BTreeSet::new();
    loop {
        let messages = orders.receive(32).run().unwrap();
        if messages.is_empty() {
            break;
        }
        texts.extend(messages.into_iter().map(|message| message.into_text()));
    }
    assert_eq!(texts.len(), 160);
}

/// Refuses the first requests, or never answers them.
#[derive(Debug)]
struct Slow {
    emulator: Emulator,
    failures: AtomicU32,
    silent: bool,
}

impl Transport for Slow {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let left = |count: u32| count.checked_sub(1);
        if self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, left).is_err() {
            let answer = self.emulator.handle(request);
            return Box::pin(async { Ok(answer) });
        }
        if self.silent {
            return Box::pin(std::future::pending());
        }
        Box::pin(async { Err(TransportError::new(TransportErrorKind::Connect)) })
    }
}

#[test]
fn retries_wait_and_attempts_end() {
    for silent in [false, true] {
        let transport =
            Arc::new(Slow { emulator: Emulator::new(), failures: AtomicU32::new(0), silent });
        let orders = service(Arc::clone(&transport)).queue("orders").unwrap();
        orders.create().unwrap();
        transport.failures.store(2, Ordering::SeqCst);
        let start = Instant::now();
        orders.clear().unwrap();
        let waited = start.elapsed();
        if silent {
            assert!(waited >= Duration::from_millis(200), "{waited:?}");
        }
        assert!(waited < Duration::from_secs(10), "{waited:?}");

        transport.failures.store(9, Ordering::SeqCst);
        let error = orders.send("once").run().unwrap_err();
        assert_eq!(error.failure().may_be_applied(), silent, "{error}");
        assert_eq!(*error.failure() == OpFailure::NotSent, !silent, "{error}");
    }
}
