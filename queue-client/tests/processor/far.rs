//! Sending to a service that is far away, and that is too busy for a while, in the virtual time of
//! tokio: how much is under way at once, and what comes of it.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response, StatusCode};
use queue_client::{
    BoxFuture, QueueClient, QueueServiceClient,
    processor::Producer,
    transport::{Transport, TransportError},
};
use queue_emulator::Emulator;
use tokio::time::{Instant, sleep};

use crate::support::VirtualTime;

/// A way to the service or back that takes so long that a test needs few messages.
const LONG_WAY: Duration = Duration::from_millis(50);

/// A service at a distance, and a look at what is on its way.
#[derive(Clone)]
struct Far {
    /// Half of a round trip.
    way: Duration,
    emulator: Emulator,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    under_way: usize,
    /// The most since somebody asked last.
    most: usize,
    /// What arrives before is refused.
    busy_until: Option<Instant>,
    refused: usize,
}

impl std::fmt::Debug for Far {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Far")
    }
}

impl Transport for Far {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            {
                let mut state = self.state.lock().unwrap();
                state.under_way += 1;
                state.most = state.most.max(state.under_way);
            }
            sleep(self.way).await;
            let is_busy = {
                let mut state = self.state.lock().unwrap();
                let is_busy = state.busy_until.is_some_and(|end| Instant::now() < end);
                state.refused += usize::from(is_busy);
                is_busy
            };
            let answer = if is_busy {
                let busy = Response::builder().status(StatusCode::SERVICE_UNAVAILABLE);
                busy.header("x-ms-error-code", "ServerBusy").body(Bytes::new()).unwrap()
            } else {
                self.emulator.handle(request)
            };
            sleep(self.way).await;
            self.state.lock().unwrap().under_way -= 1;
            Ok(answer)
        })
    }
}

impl Far {
    async fn new(way: Duration) -> (Self, QueueClient) {
        let time = VirtualTime::new();
        let clock = time.clone();
        let emulator =
            Emulator::builder().clock(move || queue_client::runtime::Runtime::now(&clock)).build();
        let far = Self { way, emulator, state: Arc::default() };
        let service =
            QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")
                .unwrap()
                .transport(far.clone())
                .runtime(time)
                .build()
                .unwrap();
        let queue = service.queue("orders").unwrap();
        queue.create().await.unwrap();
        (far, queue)
    }

    /// Refuses what arrives within this time.
    fn is_busy_for(&self, time: Duration) {
        self.state.lock().unwrap().busy_until = Some(Instant::now() + time);
    }

    /// The most requests that are under way at once within this time, from its start on.
    async fn most_within(&self, time: Duration) -> usize {
        {
            let mut state = self.state.lock().unwrap();
            state.most = state.under_way;
        }
        sleep(time).await;
        self.state.lock().unwrap().most
    }

    /// The most requests that are under way at once in each of so many seconds.
    async fn most_by_second(&self, seconds: usize) -> Vec<usize> {
        let mut most = Vec::new();
        for _ in 0..seconds {
            // What was sent before it shrank is left out.
            sleep(4 * self.way).await;
            most.push(self.most_within(Duration::from_secs(1) - 4 * self.way).await);
        }
        most
    }
}

fn items(count: u32) -> impl Iterator<Item = String> + Clone {
    (0..count).map(|number| number.to_string())
}

#[tokio::test(start_paused = true)]
async fn by_default_as_much_is_sent_as_a_queue_takes() {
    let (_, queue) = Far::new(Duration::from_millis(10)).await;
    let began = Instant::now();
    assert!(queue.send_all(items(1_200)).await.iter().all(Result::is_ok));
    let took = began.elapsed();
    assert!(took <= Duration::from_millis(600), "a batch: {took:?}");

    let began = Instant::now();
    let summary = Producer::new(queue).send_all(stream::iter(items(1_200))).await;
    let took = began.elapsed();
    assert_eq!(summary.sent(), 1_200);
    assert!(took <= Duration::from_millis(600), "a producer: {took:?}");
}

#[tokio::test(start_paused = true)]
async fn the_clones_of_a_producer_share_what_is_under_way() {
    let (far, queue) = Far::new(LONG_WAY).await;
    let producer = Producer::new(queue);
    let sends = [producer.clone(), producer.clone(), producer]
        .map(|producer| async move { producer.send_all(stream::iter(items(300))).await.sent() });
    let (most, sent) = tokio::join!(
        far.most_within(Duration::from_secs(1)),
        futures_util::future::join_all(sends)
    );
    assert_eq!((most, sent), (64, vec![300; 3]));
}

/// A busy service is what more requests at once make worse.
#[tokio::test(start_paused = true)]
async fn a_busy_service_gets_half_as_much_at_once_for_a_while() {
    for by_producer in [false, true] {
        let (far, queue) = Far::new(LONG_WAY).await;
        let sending = tokio::spawn(async move {
            if by_producer {
                drop(Producer::new(queue).send_all(stream::iter(items(9_000))).await);
            } else {
                drop(queue.send_all(items(9_000)).await);
            }
        });
        assert_eq!(far.most_within(Duration::from_secs(1)).await, 64);
        // All that is under way is refused: one fact and not 64.
        far.is_busy_for(2 * LONG_WAY);
        sleep(2 * LONG_WAY).await;
        let most = far.most_by_second(6).await;
        let refused = far.state.lock().unwrap().refused;
        assert_eq!(refused, 64);
        assert_eq!(most.first(), Some(&32), "{most:?}");
        // It comes back an eighth at a time.
        let grown = [32, 40, 48, 56, 64, 64];
        assert!(most.iter().zip(grown).all(|(most, grown)| most.abs_diff(grown) <= 1), "{most:?}");
        sending.abort();
    }
}

/// While the service goes on to refuse, less and less is under way, and never nothing: the end of its
/// trouble is noticed.
#[tokio::test(start_paused = true)]
async fn a_service_that_stays_busy_is_still_asked() {
    let (far, queue) = Far::new(LONG_WAY).await;
    let producer = Producer::new(queue);
    let sender = producer.clone();
    let sending = tokio::spawn(async move { sender.send_all(stream::iter(items(9_000))).await });
    sleep(Duration::from_secs(1)).await;
    far.is_busy_for(Duration::from_secs(30));
    sleep(Duration::from_secs(10)).await;
    assert!(far.most_within(Duration::from_secs(10)).await <= 2);
    let before = far.state.lock().unwrap().refused;
    sleep(Duration::from_secs(5)).await;
    assert!(far.state.lock().unwrap().refused > before);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(far.most_within(Duration::from_secs(1)).await, 64);
    // What waits for all that has begun is not held up by what was withheld.
    producer.flush().await;
    sending.abort();
}

/// What one sender learns, the others of the same client know.
#[tokio::test(start_paused = true)]
async fn a_producer_knows_what_a_call_of_its_queue_was_told() {
    let (far, queue) = Far::new(LONG_WAY).await;
    far.is_busy_for(2 * LONG_WAY);
    queue.send("a").await.unwrap();
    let producer = Producer::new(queue.clone());
    let (most, summary) = tokio::join!(
        far.most_within(Duration::from_millis(500)),
        producer.send_all(stream::iter(items(200)))
    );
    assert_eq!((most, summary.sent()), (32, 200));
    producer.flush().await;
    // A producer that rested has all of it again.
    sleep(Duration::from_secs(10)).await;
    let (most, summary) = tokio::join!(
        far.most_within(Duration::from_millis(500)),
        producer.send_all(stream::iter(items(200)))
    );
    assert_eq!((most, summary.sent()), (64, 200));
}
