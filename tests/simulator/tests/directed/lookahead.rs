//! How far the core looks ahead, what becomes of messages that wait, and what settlements hold.

use std::{num::NonZeroUsize, time::Duration};

use queue_client::{
    OpFailure, Refusal,
    processor::core::{Action, CoreConfig, Event, Input, Outcome, Settled, ShutdownMode},
};

use crate::bench::{
    Bench, is_delete, is_letter, is_receive, is_update, message, refused, tick, visibility,
};

/// How many messages are asked for at the moment.
fn asked(bench: &Bench) -> u32 {
    let asked = |(_, action): &(_, Action)| match action {
        Action::Receive { max, .. } => max.get(),
        _ => 0,
    };
    bench.open.values().map(asked).sum()
}

fn pass(bench: &mut Bench, seconds: f64) {
    bench.until(bench.now.since_origin().as_secs_f64() + seconds);
}

/// Answers the open receives in full, with messages of these numbers.
fn fill(bench: &mut Bench, ids: &mut impl Iterator<Item = u32>) {
    let open = bench.open.values().filter(|(_, action)| is_receive(action)).count();
    for _ in 0..open {
        let (op, sent_at, action) = bench.take(is_receive).unwrap();
        let Action::Receive { max, .. } = action else { unreachable!() };
        let messages = ids.take(max.get() as usize).map(|id| message(id, 1)).collect();
        bench.input(Input::Received { op, sent_at, result: Ok(messages) });
    }
}

/// Ends all handlers that run, and those that follow them, until no message waits.
fn work(bench: &mut Bench) {
    while !bench.started.is_empty() {
        for (key, _) in std::mem::take(&mut bench.started) {
            bench.done(key, Outcome::Complete);
        }
        while bench.is_open(is_delete) {
            bench.delete_with(Ok(()));
        }
    }
}

/// A core that knows fast handlers and receives of 20 ms, with nothing held.
fn fast(change: impl FnOnce(&mut CoreConfig), ids: &mut impl Iterator<Item = u32>) -> Bench {
    let mut bench = Bench::new(change);
    for _ in 0..20 {
        pass(&mut bench, 0.02);
        fill(&mut bench, ids);
        work(&mut bench);
    }
    assert_eq!(bench.core.deliveries().count(), 0);
    bench
}

#[test]
fn fast_handlers_are_looked_ahead_to() {
    let bench = fast(|_| (), &mut (0..));
    // What a queue brings in a round trip and a batch: 4000/s * 20 ms + 32, in whole batches.
    assert!((96..=160).contains(&asked(&bench)), "{}", asked(&bench));
    let typical = bench.core.snapshot().typical.unwrap();
    assert_eq!(typical.handler, Duration::ZERO);
    assert!((19..=21).contains(&typical.receive.as_millis()), "{typical:?}");
}

#[test]
fn nothing_is_looked_ahead_to_if_the_settings_say_so() {
    let none = |config: &mut CoreConfig| config.prefetch = Some(0);
    assert!(asked(&fast(none, &mut (0..))) <= 16);
    // What has one delivery only cannot be given back.
    let once = |config: &mut CoreConfig| config.max_deliveries = std::num::NonZeroU32::new(1);
    assert!(asked(&fast(once, &mut (0..))) <= 16);
}

#[test]
fn the_first_handlers_are_no_measure_of_the_others() {
    let mut bench = Bench::new(|_| ());
    pass(&mut bench, 0.02);
    bench.receive((0..16).map(|id| message(id, 1)).collect());
    let first = bench.started[0].0;
    bench.done(first, Outcome::Complete);
    assert_eq!(asked(&bench), 2, "one place is free, and one handler was seen");
}

#[test]
fn handlers_that_become_slow_end_it() {
    let ids = &mut (0..);
    let mut bench = fast(|_| (), ids);
    pass(&mut bench, 0.02);
    let ahead = asked(&bench);
    fill(&mut bench, ids);
    // From here on no handler ends. Nobody has seen a slow one end, and still nothing is asked for.
    assert_eq!((bench.started.len(), bench.core.snapshot().running), (16, 16));
    assert_eq!(bench.core.snapshot().waiting, ahead as usize - 16);
    bench.until(bench.now.since_origin().as_secs_f64() + 20.0);
    assert_eq!(asked(&bench), 0);
    // A place that comes free is filled from what waits.
    let key = bench.started[0].0;
    bench.done(key, Outcome::Complete);
    assert_eq!((bench.started.len(), asked(&bench)), (17, 0));
    bench.delete_with(Ok(()));
    // And when what waited is given back, it is filled with one message, although nearly all handlers
    // that have ended were fast.
    pass(&mut bench, 11.0);
    while bench.is_open(is_update) {
        bench.update_with(Ok("new"));
    }
    let (key, _) = bench.started[1];
    bench.done(key, Outcome::Complete);
    let held = bench.core.snapshot();
    assert_eq!((held.running, held.waiting, asked(&bench)), (15, 0, 1));
}

#[test]
fn what_does_not_start_in_time_is_given_back() {
    let ids = &mut (0..);
    let mut bench = fast(|_| (), ids);
    let sent = bench.now;
    pass(&mut bench, 0.02);
    fill(&mut bench, ids);
    let waiting = bench.core.snapshot().waiting;
    assert!(waiting > 32);
    bench.until(sent.since_origin().as_secs_f64() + 26.9);
    assert_eq!(bench.core.snapshot().waiting, waiting);
    bench.until(sent.since_origin().as_secs_f64() + 30.0);
    assert_eq!(bench.core.snapshot().waiting, 0, "before half of the lease is over");
    let (mut given_back, mut renewed) = (0, 0);
    while bench.is_open(is_update) {
        match visibility(&bench.update_with(Ok("new"))) {
            0 => given_back += 1,
            _ => renewed += 1,
        }
    }
    assert_eq!((given_back, renewed), (waiting, 16), "what runs is renewed");
    let settled = bench.settled();
    assert_eq!(settled.iter().filter(|how| **how == Settled::GivenBack).count(), waiting);
    assert_eq!(bench.core.counters().given_back, waiting as u64);
    assert_eq!(asked(&bench), 0);
}

#[test]
fn a_last_delivery_is_kept() {
    let mut bench = fast(|config| config.concurrency = NonZeroUsize::MIN, &mut (0..));
    let sent = bench.now;
    bench.receive(vec![message(1000, 1), message(1001, 4), message(1002, 5)]);
    bench.until(sent.since_origin().as_secs_f64() + 31.0);
    let mut updates = Vec::new();
    while bench.is_open(is_update) {
        updates.push(visibility(&bench.update_with(Ok("new"))));
    }
    updates.sort_unstable();
    // Given back once more, the last one would become a dead letter without a run.
    assert_eq!(updates, [0, 120, 120]);
    bench.done(bench.started[0].0, Outcome::Complete);
    assert_eq!(bench.started[1].1.id.as_str(), "1002");
}

#[test]
fn handlers_wait_when_settlements_pile_up() {
    let few = |config: &mut CoreConfig| {
        config.concurrency = NonZeroUsize::new(4).unwrap();
        config.max_settling = NonZeroUsize::new(6);
        config.prefetch = Some(20);
    };
    let mut bench = Bench::new(few);
    bench.receive((0..24).map(|id| message(id, 1)).collect());
    while let Some((key, _)) = bench.started.pop() {
        bench.done(key, Outcome::Complete);
        assert!(bench.core.snapshot().running <= 4);
    }
    // Those that ran already when the bound was reached have ended too.
    let held = bench.core.snapshot();
    assert!((6..6 + 4).contains(&held.settling), "{held:?}");
    assert_eq!((held.running, held.free, held.settling_full), (0, 0, true));
    assert!(bench.events.contains(&Event::SettlingFull { settling: 6 }));
    let receives = bench.count(is_receive);
    pass(&mut bench, 5.0);
    assert_eq!((bench.count(is_receive), bench.started.len()), (receives, 0));
    while bench.core.snapshot().settling > 6 {
        bench.delete_with(Ok(()));
    }
    assert!(bench.started.is_empty());
    bench.delete_with(Ok(()));
    assert_eq!((bench.started.len(), bench.core.snapshot().settling_full), (4, true));
    bench.delete_with(Ok(()));
    assert!(!bench.events.contains(&Event::SettlingEased));
    bench.delete_with(Ok(()));
    assert_eq!((bench.started.len(), bench.core.snapshot().settling_full), (4, false));
    assert!(bench.events.contains(&Event::SettlingEased));
}

/// The dead letters of 16 messages cannot be stored, since their queue is throttled.
#[test]
fn a_poison_queue_that_is_throttled_does_not_block_good_messages() {
    let mut bench = Bench::new(|_| ());
    bench.receive((0..16).map(|id| message(id, 5)).collect());
    for (key, _) in std::mem::take(&mut bench.started) {
        bench.fail(key, Outcome::Retry { after: None });
    }
    let throttle = |bench: &mut Bench| {
        while bench.is_open(is_letter) {
            bench.letter_with(Err(refused(Refusal::Throttled)));
        }
    };
    throttle(&mut bench);
    assert_eq!(bench.core.snapshot().settling, 16);
    let mut good = (100..124).peekable();
    while good.peek().is_some() {
        assert!(bench.now < tick(1.0), "good messages wait");
        fill(&mut bench, &mut good);
        work(&mut bench);
        pass(&mut bench, 0.02);
        throttle(&mut bench);
    }
    assert_eq!((bench.core.counters().completed, bench.core.snapshot().settling), (24, 16));
}

#[test]
fn an_empty_queue_is_not_asked_more_for_fast_handlers() {
    let mut bench = fast(|_| (), &mut (0..));
    let before = bench.count(is_receive);
    let hour = bench.now.since_origin().as_secs_f64() + 3600.0;
    while bench.now < tick(hour) {
        while bench.is_open(is_receive) {
            bench.receive(vec![]);
        }
        let next = bench.core.next_wake().unwrap();
        bench.until(next.since_origin().as_secs_f64().min(hour));
    }
    let receives = bench.count(is_receive) - before;
    assert!((360..=470).contains(&receives), "{receives} receives in an hour");
}

#[test]
fn a_queue_that_fills_again_is_drained_at_full_speed_in_two_round_trips() {
    let ids = &mut (0..);
    let mut bench = fast(|_| (), ids);
    let full = asked(&bench);
    for _ in 0..30 {
        pass(&mut bench, 0.02);
        while bench.is_open(is_receive) {
            bench.receive(vec![]);
        }
        bench.until(bench.core.next_wake().unwrap().since_origin().as_secs_f64());
    }
    pass(&mut bench, 0.02);
    bench.receive(vec![]);
    bench.input(Input::Nudge);
    let waiting = bench.open.values().filter(|(_, action)| is_receive(action)).count();
    assert_eq!((waiting, asked(&bench)), (1, 32), "one receive finds out");
    pass(&mut bench, 0.02);
    fill(&mut bench, ids);
    work(&mut bench);
    assert!(asked(&bench) >= full, "{} and before {full}", asked(&bench));
}

#[test]
fn throttling_halves_what_is_asked_for_and_it_comes_back() {
    let ids = &mut (0..);
    let mut bench = fast(|_| (), ids);
    let full = asked(&bench);
    // A delete that is refused says it as well as a receive.
    pass(&mut bench, 0.02);
    let (op, sent_at, _) = bench.take(is_receive).unwrap();
    bench.input(Input::Received { op, sent_at, result: Ok(vec![message(9000, 1)]) });
    let (key, _) = bench.started.remove(0);
    bench.done(key, Outcome::Complete);
    bench.delete_with(Err(refused(Refusal::Throttled)));
    let mut most = 0;
    for _ in 0..100 {
        pass(&mut bench, 0.02);
        fill(&mut bench, ids);
        work(&mut bench);
        most = most.max(asked(&bench));
    }
    assert!(most <= full / 2 && most >= 16, "{most} of {full}");
    for _ in 0..1000 {
        pass(&mut bench, 0.02);
        fill(&mut bench, ids);
        work(&mut bench);
    }
    assert!(asked(&bench) >= full, "{} of {full}", asked(&bench));
}

#[test]
fn a_settlement_is_not_forgotten_in_the_report_of_a_shutdown() {
    let mut bench = Bench::new(|config| config.concurrency = NonZeroUsize::new(2).unwrap());
    bench.receive(vec![message(1, 1), message(2, 1)]);
    let key = bench.started[0].0;
    bench.done(key, Outcome::Complete);
    bench.input(Input::Shutdown(ShutdownMode::Drain));
    bench.delete_with(Err(OpFailure::Ambiguous));
    pass(&mut bench, 1.0);
    bench.input(Input::Shutdown(ShutdownMode::Abort));
    let left: Vec<_> = bench.report.unwrap().left;
    let left: Vec<_> = left.iter().map(|one| (one.id.as_str(), one.completed)).collect();
    assert_eq!(left, [("1", true), ("2", false)]);
}
