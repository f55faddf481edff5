//! Several cores that share their places, in simulated time: who gets how much.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    num::{NonZeroU32, NonZeroUsize},
    time::{Duration, SystemTime},
};

use fastrand::Rng;
use queue_client::{
    processor::{
        Outcome,
        core::{Action, Core, CoreConfig, DeliveryKey, Input, NewLease, RawDelivery, Shares, Tick},
    },
    proto::{MessageId, MessageText, PopReceipt},
};

const ROUND_TRIP: Duration = Duration::from_millis(10);

/// A queue, and what its handlers take.
#[derive(Clone, Copy)]
struct Queue {
    weight: u32,
    /// The messages that are there from this time on.
    from: Duration,
    messages: u64,
    handler: Duration,
}

const fn busy(weight: u32, handler: Duration) -> Queue {
    Queue { weight, from: Duration::ZERO, messages: u64::MAX, handler }
}

const fn empty(weight: u32) -> Queue {
    Queue { messages: 0, ..busy(weight, Duration::from_millis(20)) }
}

struct Side {
    queue: Queue,
    core: Core,
    left: u64,
    granted: usize,
    running: BTreeMap<DeliveryKey, Tick>,
    polls: u64,
    /// The seconds for which handlers ran.
    used: f64,
    first_start: Option<Tick>,
}

struct World {
    now: Tick,
    until: Tick,
    shares: Shares,
    places: usize,
    sides: Vec<Side>,
    events: BinaryHeap<Reverse<(Tick, u64)>>,
    inputs: BTreeMap<u64, (usize, Input)>,
    next: u64,
    rng: Rng,
}

const fn at(time: Duration) -> Tick {
    Tick::new(time)
}

impl World {
    fn new(places: usize, queues: &[Queue]) -> Self {
        let places = NonZeroUsize::new(places).unwrap();
        let now = at(Duration::ZERO);
        let weights = queues.iter().map(|queue| NonZeroU32::new(queue.weight).unwrap());
        let side = |(number, queue): (usize, &Queue)| {
            let mut config = CoreConfig::default();
            config.concurrency = places;
            let mut core = Core::new(config, number as u64, now).unwrap();
            core.handle(now, Input::Allow(0));
            Side {
                queue: *queue,
                core,
                left: queue.messages,
                granted: 0,
                running: BTreeMap::new(),
                polls: 0,
                used: 0.0,
                first_start: None,
            }
        };
        Self {
            now,
            until: now,
            shares: Shares::new(places, weights, now),
            places: places.get(),
            sides: queues.iter().enumerate().map(side).collect(),
            events: BinaryHeap::new(),
            inputs: BTreeMap::new(),
            next: 0,
            rng: Rng::with_seed(7),
        }
    }

    fn later(&mut self, at: Tick, side: usize, input: Input) {
        self.next += 1;
        self.events.push(Reverse((at, self.next)));
        self.inputs.insert(self.next, (side, input));
    }

    /// Lets the cores work for that time.
    fn run(&mut self, time: Duration) {
        self.until = self.now + time;
        loop {
            self.settle();
            let wake = self.sides.iter().filter_map(|side| {
                let wants = side.core.wants_again_at(self.now);
                [side.core.next_wake(), wants].into_iter().flatten().min()
            });
            let event = self.events.peek().map(|Reverse((at, _))| *at);
            let Some(next) = wake.chain(event).min() else { break };
            if next > self.until {
                break;
            }
            self.now = self.now.max(next);
            while let Some(Reverse((at, number))) = self.events.peek().copied() {
                if at > self.now {
                    break;
                }
                self.events.pop();
                let (side, input) = self.inputs.remove(&number).unwrap();
                if let Input::HandlerDone { key, .. } = &input {
                    let since = self.sides[side].running.remove(key).unwrap();
                    self.sides[side].used += self.now.since(since).as_secs_f64();
                }
                self.sides[side].core.handle(self.now, input);
            }
        }
        self.now = self.until;
    }

    /// All cores do what they want, until none wants more.
    fn settle(&mut self) {
        let mut open: Vec<_> = (0..self.sides.len()).collect();
        while let Some(side) = open.pop() {
            while let Some(action) = self.sides[side].core.poll(self.now) {
                self.act(side, action);
            }
            let demand = self.sides[side].core.demand(self.now);
            open.extend(self.shares.exchange(self.now, side, demand));
            let granted = self.shares.granted(side);
            if self.sides[side].granted != granted {
                self.sides[side].granted = granted;
                self.sides[side].core.handle(self.now, Input::Allow(granted));
                open.push(side);
            }
        }
    }

    fn act(&mut self, number: usize, action: Action) {
        let (sent_at, back) = (self.now, self.now + ROUND_TRIP);
        let side = &mut self.sides[number];
        let input = match action {
            Action::Receive { op, max, .. } => {
                side.polls += 1;
                let there = if self.now >= at(side.queue.from) { side.left } else { 0 };
                let count = there.min(u64::from(max.get()));
                side.left -= if side.left == u64::MAX { 0 } else { count };
                let messages = (0..count).map(|_| message(&mut self.rng)).collect();
                Input::Received { op, sent_at, result: Ok(messages) }
            }
            Action::Start { key, .. } => {
                side.first_start.get_or_insert(self.now);
                side.running.insert(key, self.now);
                let running: usize = self.sides.iter().map(|side| side.running.len()).sum();
                assert!(running <= self.places, "{running} handlers run in {} places", self.places);
                let took = self.sides[number].queue.handler.mul_f64(0.5 + self.rng.f64());
                let done = Input::HandlerDone { key, outcome: Outcome::Complete, failure: None };
                return self.later(self.now + took, number, done);
            }
            Action::Update { op, .. } => {
                let receipt = PopReceipt::new("new").unwrap();
                Input::Updated { op, sent_at, result: Ok(NewLease::new(receipt)) }
            }
            Action::Delete { op, .. } => Input::Deleted { op, result: Ok(()) },
            _ => return,
        };
        self.later(back, number, input);
    }

    /// The part of all that was used that each queue had.
    fn parts(&self) -> Vec<f64> {
        let all: f64 = self.sides.iter().map(|side| side.used).sum();
        self.sides.iter().map(|side| side.used / all).collect()
    }

    /// The part of the time for which the places were in use.
    fn utilization(&self) -> f64 {
        let used: f64 = self.sides.iter().map(|side| side.used).sum();
        let seconds = self.until.since(at(Duration::ZERO)).as_secs_f64();
        used / (seconds * self.places as f64)
    }
}

fn message(rng: &mut Rng) -> RawDelivery {
    let id = format!("{:08x}-0000-4000-8000-{:012x}", rng.u32(..), rng.u64(..) >> 16);
    let mut raw = RawDelivery::new(
        MessageId::new(id).unwrap(),
        PopReceipt::new("first").unwrap(),
        MessageText::try_from("a text").unwrap(),
    );
    raw.attempt = 1;
    raw.inserted_at = SystemTime::UNIX_EPOCH;
    raw
}

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[test]
fn weights_are_obeyed_within_five_percent_while_all_have_work() {
    let cases: &[(usize, &[Queue])] = &[
        (64, &[busy(4, ms(20)), busy(1, ms(20))]),
        (16, &[busy(4, ms(20)), busy(1, ms(100))]),
        (16, &[busy(4, ms(100)), busy(1, ms(20))]),
        (16, &[busy(1, ms(20)), busy(1, ms(20)), busy(1, ms(20))]),
        (7, &[busy(3, ms(50)), busy(2, ms(150)), busy(1, ms(100))]),
        (4, &[busy(4, ms(100)), busy(1, ms(100))]),
        (4, &[busy(5, ms(1_000)), busy(2, ms(1_000))]),
        (2, &[busy(1, ms(300)), busy(1, ms(300)), busy(1, ms(300))]),
        (1, &[busy(2, ms(100)), busy(1, ms(100))]),
    ];
    for (places, queues) in cases {
        let mut world = World::new(*places, queues);
        // So long that some thousand handlers run.
        let longest = queues.iter().map(|queue| queue.handler).max().unwrap_or_default();
        world.run(longest * 4_000 / *places as u32);
        let total: u32 = queues.iter().map(|queue| queue.weight).sum();
        for (queue, part) in queues.iter().zip(world.parts()) {
            let fair = f64::from(queue.weight) / f64::from(total);
            let told: Vec<_> = queues.iter().map(|queue| (queue.weight, queue.handler)).collect();
            println!("{places} places, {told:?}: {part:.4} of {fair:.4}");
            assert!(
                (part / fair - 1.0).abs() < 0.05,
                "{places} places, {told:?}: {part} of {fair}"
            );
        }
    }
}

#[test]
fn what_a_queue_does_not_need_is_there_for_the_others() {
    let handler = ms(1_000);
    let mut alone = World::new(16, &[busy(1, handler)]);
    alone.run(Duration::from_secs(300));
    let mut world = World::new(16, &[busy(1, handler), empty(4), empty(4)]);
    world.run(Duration::from_secs(300));
    let (alone, beside) = (alone.utilization(), world.utilization());
    println!("{alone:.4} alone, {beside:.4} beside empty queues");
    assert!(beside > alone * 0.99, "{beside} beside empty queues, {alone} alone");
}

#[test]
fn several_queues_use_the_places_as_well_as_one() {
    for handler in [ms(20), ms(1_000)] {
        let mut alone = World::new(16, &[busy(1, handler)]);
        alone.run(Duration::from_secs(30));
        let mut world = World::new(16, &[busy(2, handler), busy(1, handler), busy(1, handler)]);
        world.run(Duration::from_secs(30));
        let (alone, together) = (alone.utilization(), world.utilization());
        println!("{handler:?}: {alone:.4} alone, {together:.4} together");
        assert!(together > alone * 0.95, "{handler:?}: {together} together, {alone} alone");
    }
}

#[test]
fn a_queue_with_a_hundredth_of_the_weight_does_not_starve() {
    let mut world = World::new(2, &[busy(100, ms(50)), busy(1, ms(50))]);
    world.run(Duration::from_secs(200));
    let part = world.parts()[1] * 101.0;
    assert!((0.5..1.5).contains(&part), "{part} of its share");
}

/// A queue that gets work late does not wait for those that were there before, and does not make up
/// for the time in which it had none.
#[test]
fn a_queue_that_gets_work_has_its_share_soon_and_no_more() {
    let late = Queue { from: Duration::from_secs(300), ..busy(1, ms(400)) };
    let mut world = World::new(16, &[busy(1, ms(400)), late]);
    world.run(Duration::from_secs(300));
    let before: Vec<_> = world.sides.iter().map(|side| side.used).collect();
    world.run(Duration::from_secs(60));
    // The longest pause of an empty queue, and a handler.
    let start = world.sides[1].first_start.unwrap();
    assert!(start <= at(Duration::from_secs(313)), "{start:?}");
    let since = start.until(world.now).as_secs_f64();
    let part = (world.sides[1].used - before[1]) / (since * 16.0);
    assert!((0.45..0.53).contains(&part), "{part} of the time since {start:?}");
}

#[test]
fn an_empty_queue_is_asked_no_more_often_than_by_a_processor_of_its_own() {
    let hour = Duration::from_secs(3_600);
    let mut alone = World::new(16, &[empty(1)]);
    alone.run(hour);
    for others in [&[][..], &[busy(1, ms(10_000))], &[empty(1), empty(1), empty(1)]] {
        let queues: Vec<_> = [&[empty(1)], others].concat();
        let mut world = World::new(16, &queues);
        world.run(hour);
        let (polls, own) = (world.sides[0].polls, alone.sides[0].polls);
        assert!(polls <= own + own / 100, "{polls} polls beside {}, {own} alone", others.len());
        assert!(polls > own * 9 / 10, "{polls} polls beside {}, {own} alone", others.len());
    }
}

#[test]
fn everything_is_worked_through() {
    let some = |weight, messages| Queue { messages, ..busy(weight, ms(30)) };
    let mut world = World::new(8, &[some(9, 2_000), some(3, 7), some(1, 500), some(1, 1)]);
    world.run(Duration::from_secs(30));
    for side in &world.sides {
        assert_eq!(side.core.counters().completed, side.queue.messages);
        assert!(side.running.is_empty());
    }
}
