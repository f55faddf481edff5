//! Bodies in a store, and programs that end at any step: never a message whose body is gone.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{Method, Request, Response};
use queue_client::{
    BoxFuture, QueueClient, QueueServiceClient,
    processor::{
        BodyStore, BoxError, ListBodies, Outcome, Oversize, Processor, Producer, RetryDelay,
        StoredBody, Sweep,
        dead_letter::{DeadLetterTo, redrive},
    },
    runtime::Runtime as _,
    transport::{Transport, TransportError, TransportErrorKind},
};
use queue_emulator::Emulator;
use tokio::{sync::Notify, time::sleep};

use crate::support::VirtualTime;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// What outlives each program: the service, the store, and time.
#[derive(Clone)]
struct World {
    emulator: Emulator,
    time: VirtualTime,
    bodies: Arc<Mutex<HashMap<String, (Bytes, SystemTime)>>>,
    /// The texts of messages are letters in envelopes.
    envelopes: bool,
    /// Every other answer to a put is lost.
    lossy: bool,
    puts: Arc<AtomicU32>,
}

impl World {
    async fn new(envelopes: bool, lossy: bool) -> Self {
        let time = VirtualTime::new();
        let clock = time.clone();
        let emulator = Emulator::builder().clock(move || clock.now()).seed(1).build();
        let (bodies, puts) = Default::default();
        let world = Self { emulator, time, bodies, envelopes, lossy, puts };
        let life = Life::new(&world, None);
        for queue in [life.queue("orders"), life.queue("orders-poison")] {
            queue.create().await.unwrap();
        }
        world
    }

    /// Every message, hidden ones too, has its body.
    fn check(&self, what: &str) {
        let bodies = self.bodies.lock().unwrap();
        for queue in self.emulator.inspect().queues {
            for message in queue.messages {
                if let Some(key) = key_in(message.text.as_str()) {
                    assert!(bodies.contains_key(key), "a body is gone after {what}: {key}");
                }
            }
        }
    }

    fn messages(&self) -> usize {
        self.emulator.inspect().queues.iter().map(|queue| queue.messages.len()).sum()
    }

    fn len(&self) -> usize {
        self.bodies.lock().unwrap().len()
    }
}

/// The key of a body in a text, wherever it is.
fn key_in(text: &str) -> Option<&str> {
    text.match_indices("orders-").find_map(|(at, _)| {
        let key = text.get(at..at + "orders-".len() + 32)?;
        let random = key.strip_prefix("orders-")?;
        random.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(key)
    })
}

/// Where a program ends.
#[derive(Debug, Clone, Copy)]
struct Death {
    step: u32,
    /// Its last step was done, and it did not learn of that.
    after: bool,
}

/// One program, which ends at a step.
#[derive(Clone)]
struct Life {
    world: World,
    death: Option<Death>,
    steps: Arc<AtomicU32>,
    dead: Arc<AtomicBool>,
    died: Arc<Notify>,
}

impl std::fmt::Debug for Life {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Life")
    }
}

impl Life {
    fn new(world: &World, death: Option<Death>) -> Self {
        let (steps, dead, died) = Default::default();
        Self { world: world.clone(), death, steps, dead, died }
    }

    /// Does a step, unless the program ends before or after it.
    async fn step<T>(&self, what: &str, step: impl FnOnce() -> T) -> T {
        // A request takes a moment, so that other things can happen meanwhile.
        sleep(Duration::from_millis(2)).await;
        let number = self.steps.fetch_add(1, Ordering::Relaxed);
        let last = self.death.filter(|death| death.step == number);
        if !self.dead.load(Ordering::Relaxed) && last.is_none_or(|death| death.after) {
            let result = step();
            self.world.check(what);
            if last.is_none() {
                sleep(Duration::from_millis(2)).await;
                return result;
            }
        }
        self.dead.store(true, Ordering::Relaxed);
        self.died.notify_one();
        std::future::pending().await
    }

    fn service(&self) -> QueueServiceClient {
        QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")
            .unwrap()
            .transport(self.clone())
            .runtime(self.world.time.clone())
            .build()
            .unwrap()
    }

    fn queue(&self, name: &str) -> QueueClient {
        self.service().queue(name).unwrap()
    }

    fn store(&self) -> Arc<Self> {
        Arc::new(self.clone())
    }

    async fn send(&self) {
        let producer =
            Producer::new(self.queue("orders")).oversize(Oversize::ClaimCheck(self.store()));
        for kind in ["complete", "retry", "dead-letter"] {
            producer.send(&kind.repeat(14_000)).await.unwrap();
        }
    }

    /// Works until nothing is left that comes back soon.
    async fn work(&self, complete: bool) {
        let place = DeadLetterTo::poison_queue();
        let place = if self.world.envelopes { place.in_envelope() } else { place };
        for _ in 0..4 {
            Processor::new(self.queue("orders"))
                .body_store(self.store())
                .retry(RetryDelay::new(Duration::from_secs(1), Duration::from_secs(1)))
                .dead_letter(place.clone())
                .drain_once(move |message| {
                    let first = message.attempt() == 1 && !complete;
                    let kind = message.body().chars().next();
                    async move {
                        match kind {
                            Some('r') if first => Err("not now".into()),
                            // The next delivery, after a crash, completes it.
                            Some('d') if first => {
                                Ok(Outcome::DeadLetter { reason: "no glass".into() })
                            }
                            Some('c' | 'r' | 'd') => Ok(Outcome::Complete),
                            _ => Err("another body".into()),
                        }
                    }
                })
                .await
                .unwrap();
            sleep(Duration::from_secs(20)).await;
        }
    }

    async fn redrive(&self) {
        // Lost answers use up the budget of retries: a later try goes on.
        for _ in 0..10 {
            let (from, to) = (self.queue("orders-poison"), self.queue("orders"));
            if redrive(&from, &to).allow_duplicates().await.is_ok() {
                return;
            }
            sleep(Duration::from_secs(120)).await;
        }
        panic!("the dead letters were not brought back");
    }

    /// Lives until the program ends, one way or the other. Says whether all was done.
    async fn live(&self, whole: bool) -> bool {
        let life = async {
            if whole {
                self.send().await;
            }
            self.work(false).await;
            self.redrive().await;
            self.work(true).await;
        };
        tokio::select! {
            biased;
            () = self.died.notified() => false,
            () = life => true,
        }
    }
}

impl Transport for Life {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let put = request.method() == Method::POST;
            let what = format!("{} {}", request.method(), request.uri().path());
            let answer = self.step(&what, || self.world.emulator.handle(request)).await;
            if put
                && self.world.lossy
                && self.world.puts.fetch_add(1, Ordering::Relaxed).is_multiple_of(2)
            {
                return Err(TransportError::new(TransportErrorKind::Interrupted));
            }
            Ok(answer)
        })
    }
}

impl BodyStore for Life {
    fn put<'a>(&'a self, key: &'a str, body: Bytes) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let put = || {
                let now = self.world.time.now();
                self.world.bodies.lock().unwrap().insert(key.to_owned(), (body, now))
            };
            assert!(self.step("a body is put", put).await.is_none(), "a key is there twice");
            Ok(())
        })
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Bytes, BoxError>> {
        Box::pin(async move {
            let get = || self.world.bodies.lock().unwrap().get(key).map(|(body, _)| body.clone());
            self.step("a body is got", get).await.ok_or_else(|| "there is no such body".into())
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let delete = || self.world.bodies.lock().unwrap().remove(key);
            self.step("a body is deleted", delete).await;
            Ok(())
        })
    }
}

impl ListBodies for Life {
    fn list(&self, before: SystemTime) -> BoxFuture<'_, Result<Vec<StoredBody>, BoxError>> {
        let bodies = self.world.bodies.lock().unwrap();
        let old = bodies.iter().filter(|(_, (_, stored_at))| *stored_at < before);
        let list = old.map(|(key, (body, stored_at))| StoredBody {
            key: key.clone(),
            stored_at: *stored_at,
            bytes: body.len() as u64,
        });
        let list = list.collect();
        Box::pin(async { Ok(list) })
    }
}

fn sweep(world: &World) -> Sweep {
    let life = Life::new(world, None);
    Sweep::new(life.store()).queue(&life.queue("orders")).queue(&life.queue("orders-poison"))
}

/// One life that ends there, and one that finds what it left. How many bodies were left at the end is
/// returned; `None` if the first life was over before.
async fn crash(death: Death, envelopes: bool, lossy: bool) -> Option<usize> {
    let world = World::new(envelopes, lossy).await;
    if Life::new(&world, Some(death)).live(true).await {
        return None;
    }
    // What the dead one held comes back.
    sleep(Duration::from_secs(600)).await;
    assert!(Life::new(&world, None).live(false).await);
    assert_eq!(world.messages(), 0, "{death:?}");
    let left = world.len();
    assert_eq!(sweep(&world).run().await.unwrap().deleted.len(), 0, "they are too young");
    world.time.pass(DAY + DAY);
    let report = sweep(&world).run().await.unwrap();
    assert_eq!((report.unseen, report.deleted.len(), world.len()), (0, left, 0), "{death:?}");
    Some(left)
}

/// Ends a life at each step, or at every so many.
async fn crash_everywhere(envelopes: bool, lossy: bool, every: usize) {
    let (mut crashes, mut left) = (0, 0);
    for after in [false, true] {
        for step in (0..).step_by(every) {
            let Some(bodies) = crash(Death { step, after }, envelopes, lossy).await else { break };
            crashes += 1;
            left += bodies;
        }
    }
    println!("{crashes} crashes, {left} bodies left to the sweep");
    assert!(crashes >= 40, "{crashes}");
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_step_takes_no_body_from_a_message() {
    crash_everywhere(false, false, 1).await;
}

#[tokio::test(start_paused = true)]
async fn nor_does_it_with_letters_in_envelopes() {
    crash_everywhere(true, false, 2).await;
}

#[tokio::test(start_paused = true)]
async fn nor_does_it_when_answers_are_lost_besides() {
    crash_everywhere(false, true, 4).await;
}

#[tokio::test(start_paused = true)]
async fn without_a_crash_only_what_was_redriven_is_left() {
    let world = World::new(false, false).await;
    let life = Life::new(&world, None);
    life.send().await;
    assert_eq!((world.messages(), world.len()), (3, 3));
    life.work(false).await;
    assert_eq!((world.messages(), world.len()), (1, 1), "the dead letter has its body");
    life.redrive().await;
    life.work(true).await;
    assert_eq!((world.messages(), world.len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_put_twice_has_two_bodies() {
    let world = World::new(false, true).await;
    let life = Life::new(&world, None);
    let producer = Producer::new(life.queue("orders")).oversize(Oversize::ClaimCheck(life.store()));
    let sent = producer.send(&"c".repeat(100_000)).await.unwrap();
    assert_eq!((sent.resends(), world.messages(), world.len()), (1, 2, 2));
    life.work(true).await;
    assert_eq!((world.messages(), world.len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_sweep_deletes_nothing_while_a_message_is_hidden() {
    let world = World::new(false, false).await;
    let life = Life::new(&world, None);
    let orders = life.queue("orders");
    let producer = Producer::new(orders.clone()).oversize(Oversize::ClaimCheck(life.store()));
    producer.send(&"c".repeat(100_000)).await.unwrap();
    leave_a_body(&world);
    world.time.pass(DAY + DAY);
    let hidden = orders.receive_one().await.unwrap().unwrap();
    let report = sweep(&world).run().await.unwrap();
    assert_eq!((report.unseen, report.deleted.len(), report.in_use), (1, 0, 0));
    sleep(Duration::from_secs(31)).await;
    let report = sweep(&world).dry_run().run().await.unwrap();
    assert_eq!((report.unseen, report.deleted.len(), report.in_use, world.len()), (0, 1, 1, 2));
    let report = sweep(&world).run().await.unwrap();
    assert_eq!(report.to_string(), "1 bodies deleted, 1 in use, 0 messages unseen");
    assert_eq!((world.len(), hidden.dequeue_count()), (1, 1));
    assert_eq!(orders.receive_one().await.unwrap().unwrap().dequeue_count(), 2, "it was peeked at");
    world.check("the sweep");
}

/// A body that no message points to.
fn leave_a_body(world: &World) {
    let mut bodies = world.bodies.lock().unwrap();
    let body = (Bytes::from_static(b"left"), world.time.now());
    bodies.insert(format!("orders-{:032x}", 0xabc), body);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_of_many_messages_holds_them_all() {
    let world = World::new(false, false).await;
    let life = Life::new(&world, None);
    let orders = life.queue("orders");
    let producer = Producer::new(orders.clone()).oversize(Oversize::ClaimCheck(life.store()));
    for _ in 0..3 {
        producer.send(&"c".repeat(100_000)).await.unwrap();
    }
    for result in orders.send_all((0..100).map(|number| number.to_string())).await {
        result.unwrap();
    }
    life.queue("orders-poison").send("small").await.unwrap();
    leave_a_body(&world);
    world.time.pass(DAY + DAY);
    let report = sweep(&world).run().await.unwrap();
    assert_eq!((report.unseen, report.deleted.len(), report.in_use), (0, 1, 3));
    world.check("the sweep");
    assert_eq!(
        (world.len(), orders.count_visible().await.unwrap().to_string()),
        (3, "32 or more visible, about 103 with the hidden ones".to_owned())
    );

    leave_a_body(&world);
    world.time.pass(DAY + DAY);
    orders.receive_one().await.unwrap();
    let report = sweep(&world).run().await.unwrap();
    assert_eq!((report.unseen, report.deleted.len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn another_body_is_not_worked_on() {
    for damage in [|body: &mut Vec<u8>| body.truncate(99), |body: &mut Vec<u8>| body[7] = b'x'] {
        let world = World::new(true, false).await;
        let life = Life::new(&world, None);
        let producer =
            Producer::new(life.queue("orders")).oversize(Oversize::ClaimCheck(life.store()));
        producer.send(&"c".repeat(100_000)).await.unwrap();
        for (body, _) in world.bodies.lock().unwrap().values_mut() {
            let mut bytes = body.to_vec();
            damage(&mut bytes);
            *body = bytes.into();
        }
        let report = Processor::new(life.queue("orders"))
            .body_store(life.store())
            .max_deliveries(1)
            .dead_letter(DeadLetterTo::poison_queue().in_envelope())
            .drain_once(|_| async { Ok(()) })
            .await
            .unwrap();
        assert_eq!((report.counters.completed, report.counters.dead_lettered), (0, 1));
        let letter = life.queue("orders-poison").peek(1).await.unwrap().remove(0);
        assert!(letter.text().contains("another body than the message's"));
        world.check("the letter");
    }
}
