//! How often the core asks for messages, and for how many.

use std::{num::NonZeroUsize, time::Duration};

use queue_client::{
    OpFailure, Refusal,
    processor::core::{
        Action, CoreConfig, End, Event, Input, LoopState, Outcome, QueueMissing, Tick, Trouble,
    },
};

use crate::bench::{Bench, is_delete, is_receive, message, refused, tick};

fn asked(bench: &Bench) -> Vec<u32> {
    bench
        .requests
        .iter()
        .filter_map(|(_, action)| match action {
            Action::Receive { max, .. } => Some(max.get()),
            _ => None,
        })
        .collect()
}

fn last_asked(bench: &Bench) -> Tick {
    bench.requests.last().expect("nothing was asked for").0
}

fn answer_all(
    bench: &mut Bench,
    result: &Result<Vec<queue_client::processor::core::RawDelivery>, OpFailure>,
    until: f64,
) -> Vec<f64> {
    let mut pauses = vec![];
    let mut last = bench.now;
    while bench.now.since_origin().as_secs_f64() < until {
        if bench.is_open(is_receive) {
            pauses.push(bench.now.since(last).as_secs_f64());
            last = bench.now;
            bench.receive_with(result.clone());
        }
        let Some(next) = bench.core.next_wake() else { break };
        bench.until(next.since_origin().as_secs_f64().min(until));
    }
    pauses.remove(0);
    pauses
}

#[test]
fn an_idle_hour_costs_little() {
    let mut bench = Bench::new(|_| ());
    let pauses = answer_all(&mut bench, &Ok(vec![]), 3600.0);
    assert!(pauses.iter().all(|pause| (0.1..=10.0).contains(pause)), "{pauses:?}");
    assert!((360..=460).contains(&pauses.len()), "{} receives", pauses.len());
    assert!(pauses[0] < 0.15);
}

#[test]
fn failures_have_pauses_of_their_own() {
    for (failure, first, cap) in [
        (refused(Refusal::Throttled), 1.0, 60.0),
        (OpFailure::Ambiguous, 0.5, 30.0),
        (refused(Refusal::QueueNotFound), 1.0, 60.0),
    ] {
        let mut bench = Bench::new(|_| ());
        bench.receive(vec![]);
        let pauses = answer_all(&mut bench, &Err(failure.clone()), 3600.0);
        for (number, pause) in pauses.iter().enumerate() {
            let exact = (first * 2_f64.powi(number.min(20) as i32)).min(cap);
            assert!(
                *pause >= exact * 0.499 && *pause <= exact * 1.001,
                "{failure:?}: pause {number} is {pause} s"
            );
        }
    }
}

#[test]
fn an_outage_does_not_leave_the_loop_at_its_slowest() {
    let mut bench = Bench::new(|_| ());
    // Long idle: the pause is at its longest.
    answer_all(&mut bench, &Ok(vec![]), 300.0);
    let idle = bench.core.snapshot().waits_until.unwrap().since(bench.now);
    bench.until(bench.now.since_origin().as_secs_f64() + idle.as_secs_f64() + 0.01);
    // One failure: its pause is that of a first failure, not that of a long idle time.
    bench.receive_with(Err(OpFailure::NotSent));
    let pause = bench.core.snapshot().waits_until.unwrap().since(bench.now);
    assert!(pause <= Duration::from_millis(500), "{pause:?}");
    assert!(bench.events.contains(&Event::Loop(LoopState::BackingOff(Trouble::Network))));
    // And the first success after it starts the idle pauses anew.
    bench.until(bench.now.since_origin().as_secs_f64() + 1.0);
    bench.receive(vec![]);
    let pause = bench.core.snapshot().waits_until.unwrap().since(bench.now);
    assert!(pause <= Duration::from_millis(120), "{pause:?}");
}

#[test]
fn emptiness_does_not_make_failures_count_more() {
    let mut bench = Bench::new(|_| ());
    for _ in 0..20 {
        bench.receive(vec![]);
        bench.until(bench.now.since_origin().as_secs_f64() + 10.1);
    }
    bench.receive_with(Err(refused(Refusal::Throttled)));
    let pause = bench.core.snapshot().waits_until.unwrap().since(bench.now);
    assert!(pause <= Duration::from_secs(1), "{pause:?}");
}

#[test]
fn retry_after_is_waited_for() {
    let mut bench = Bench::new(|_| ());
    let retry_after = Some(Duration::from_secs(20));
    bench.receive_with(Err(OpFailure::Refused { kind: Refusal::Throttled, retry_after }));
    bench.until(19.9);
    assert!(!bench.is_open(is_receive));
    bench.until(20.0);
    assert!(bench.is_open(is_receive));
}

#[test]
fn no_more_is_asked_for_than_can_start() {
    let mut bench = Bench::new(|config| config.concurrency = NonZeroUsize::new(40).unwrap());
    assert_eq!(asked(&bench), [32]);
    bench.receive((0..32).map(|id| message(id, 1)).collect());
    assert_eq!(bench.started.len(), 32);
    assert_eq!(asked(&bench), [32, 8]);
    bench.receive((40..48).map(|id| message(id, 1)).collect());
    assert!(!bench.is_open(is_receive), "nothing is free");
    bench.done(bench.started[0].0, Outcome::Complete);
    assert!(bench.is_open(is_delete), "a settlement holds no handler's place");
    assert_eq!(asked(&bench), [32, 8, 1]);
    bench.delete_with(Ok(()));
    assert_eq!(asked(&bench), [32, 8, 1], "a place is free once");
}

#[test]
fn a_busy_queue_is_asked_several_times_at_once() {
    let mut bench = Bench::new(|config| config.concurrency = NonZeroUsize::new(320).unwrap());
    bench.receive((0..32).map(|id| message(id, 1)).collect());
    assert_eq!(bench.core.snapshot().receives_in_flight, 8);
    bench.receive(vec![message(100, 1)]);
    assert_eq!(bench.core.snapshot().receives_in_flight, 7, "a short answer ends that");
}

#[test]
fn a_nudge_ends_an_idle_pause_and_not_a_back_off() {
    let mut bench = Bench::new(|_| ());
    answer_all(&mut bench, &Ok(vec![]), 300.0);
    assert!(!bench.is_open(is_receive));
    bench.input(Input::Nudge);
    assert!(bench.is_open(is_receive));
    bench.receive_with(Err(refused(Refusal::Throttled)));
    bench.input(Input::Nudge);
    assert!(!bench.is_open(is_receive));
}

#[test]
fn a_nudge_during_a_receive_makes_another() {
    let mut bench = Bench::new(|_| ());
    answer_all(&mut bench, &Ok(vec![]), 300.0);
    bench.until(bench.core.next_wake().unwrap().since_origin().as_secs_f64());
    bench.input(Input::Nudge);
    bench.receive(vec![]);
    bench.until(bench.now.since_origin().as_secs_f64() + 0.011);
    assert!(bench.is_open(is_receive));
}

#[test]
fn a_wrong_credential_shows_at_once_and_a_lost_one_is_waited_for() {
    let mut bench = Bench::new(|_| ());
    bench.receive_with(Err(refused(Refusal::Unauthorized)));
    assert_eq!(bench.report.unwrap().end, End::Unauthorized);

    let mut bench = Bench::new(|_| ());
    bench.receive(vec![]);
    bench.until(1.0);
    bench.receive_with(Err(refused(Refusal::Unauthorized)));
    assert!(bench.report.is_none());
    let pause = bench.core.snapshot().waits_until.unwrap().since(bench.now);
    assert!(pause >= Duration::from_secs(5) && pause <= Duration::from_secs(10), "{pause:?}");
}

#[test]
fn a_queue_that_is_deleted_under_load_is_waited_for() {
    let mut bench = Bench::new(|_| ());
    bench.receive((0..16).map(|id| message(id, 1)).collect());
    let keys: Vec<_> = bench.started.iter().map(|(key, _)| *key).collect();
    for key in keys {
        bench.done(key, Outcome::Complete);
    }
    while bench.is_open(is_delete) {
        bench.delete_with(Err(refused(Refusal::QueueNotFound)));
    }
    assert!(bench.core.deliveries().count() == 0);
    bench.receive_with(Err(refused(Refusal::QueueNotFound)));
    assert_eq!(bench.core.snapshot().state, LoopState::BackingOff(Trouble::QueueMissing));
    bench.until(2.0);
    bench.receive(vec![message(77, 1)]);
    assert_eq!(bench.started.len(), 17);
    assert_eq!(bench.core.snapshot().state, LoopState::Working);
}

#[test]
fn a_missing_queue_is_made_or_ends_the_run_if_the_settings_say_so() {
    let missing = |policy| move |config: &mut CoreConfig| config.queue_missing = Some(policy);
    let mut bench = Bench::new(missing(QueueMissing::Fail));
    bench.receive_with(Err(refused(Refusal::QueueNotFound)));
    assert_eq!(bench.report.unwrap().end, End::QueueMissing);

    let mut bench = Bench::new(missing(QueueMissing::Create));
    bench.receive_with(Err(refused(Refusal::QueueNotFound)));
    let (op, _, _) = bench.take(|action| matches!(action, Action::CreateQueue { .. })).unwrap();
    bench.until(5.0);
    assert!(!bench.is_open(is_receive), "it waits for the queue");
    bench.input(Input::QueueCreated { op, result: Ok(()) });
    assert!(bench.is_open(is_receive));
}

#[test]
fn what_is_received_ahead_is_renewed_and_started_in_turn() {
    let mut bench = Bench::new(|config| {
        config.concurrency = NonZeroUsize::MIN;
        config.prefetch = Some(2);
    });
    assert_eq!(asked(&bench), [3]);
    bench.receive(vec![message(1, 1), message(2, 1), message(3, 1)]);
    assert_eq!(bench.started.len(), 1);
    bench.until(31.0);
    for number in 0..3 {
        bench.update_with(Ok(&format!("renewed-{number}")));
    }
    bench.done(bench.started[0].0, Outcome::Complete);
    bench.delete_with(Ok(()));
    assert_eq!(bench.started.len(), 2);
    assert_eq!(bench.started[1].1.id.as_str(), "2");
}

#[test]
fn a_paused_processor_receives_nothing() {
    let mut bench = Bench::new(|_| ());
    bench.receive(vec![]);
    bench.input(Input::Pause);
    bench.until(100.0);
    assert!(!bench.is_open(is_receive));
    assert_eq!(bench.core.snapshot().state, LoopState::Paused);
    bench.input(Input::Resume);
    assert!(bench.is_open(is_receive));
}

/// The service never does that, so it is not the service that answers.
#[test]
fn an_answer_with_more_messages_than_asked_for_is_refused() {
    let mut bench = Bench::new(|config| config.concurrency = NonZeroUsize::new(4).unwrap());
    for surplus in [2000, 33, 5] {
        let before = bench.requests.len();
        bench.receive((0..surplus).map(|id| message(id, 1)).collect());
        let state = LoopState::BackingOff(Trouble::NotTheService);
        assert_eq!(bench.core.snapshot().state, state, "{surplus}");
        assert_eq!(bench.requests.len(), before, "nothing is given back");
        assert!(bench.started.is_empty() && bench.core.deliveries().count() == 0);
        bench.until_open(is_receive);
    }
    // 1 s, 2 s, 4 s, less half of it at most.
    assert!(bench.now >= tick(3.5), "{:?}", bench.now);
    bench.receive((0..4).map(|id| message(id, 1)).collect());
    assert_eq!(bench.started.len(), 4);
}

#[test]
fn receives_that_keep_failing_end_the_run_if_the_settings_say_so() {
    let give_up = |seconds| move |config: &mut CoreConfig| config.give_up_after = seconds;
    let busy = || Err(refused(Refusal::Throttled));
    let mut bench = Bench::new(give_up(Some(Duration::from_secs(30))));
    bench.receive(vec![message(1, 1)]);
    let key = bench.started[0].0;
    bench.until_open(is_receive);
    bench.receive(vec![]);
    let mut since = None;
    while bench.core.snapshot().state != LoopState::Draining {
        bench.until_open(is_receive);
        since.get_or_insert(last_asked(&bench));
        bench.receive_with(busy());
    }
    let tried = bench.now.since(since.unwrap());
    assert!(tried > Duration::from_secs(5) && tried <= Duration::from_secs(30), "{tried:?}");
    // What runs is finished first.
    bench.done(key, Outcome::Complete);
    bench.delete_with(Ok(()));
    assert_eq!(bench.report.unwrap().end, End::GaveUp(Trouble::Throttled));

    let mut bench = Bench::new(give_up(Some(Duration::ZERO)));
    bench.until(1.0);
    bench.receive_with(Err(OpFailure::NotSent));
    assert_eq!(bench.report.unwrap().end, End::GaveUp(Trouble::Network));

    // A success in between counts from anew.
    let mut bench = Bench::new(give_up(Some(Duration::from_secs(3))));
    for _ in 0..100 {
        bench.until_open(is_receive);
        bench.receive_with(busy());
        bench.until_open(is_receive);
        bench.receive(vec![]);
    }
    assert!(bench.report.is_none());

    let mut bench = Bench::new(give_up(None));
    answer_all(&mut bench, &busy(), 100_000.0);
    assert!(bench.report.is_none());
}

#[test]
fn what_may_not_start_yet_is_not_received() {
    let mut bench = Bench::new(|config| config.rate = Some(2.0));
    assert_eq!(asked(&bench), [1]);
    bench.receive(vec![message(1, 1)]);
    assert_eq!(bench.started.len(), 1);
    bench.until(0.39);
    assert!(!bench.is_open(is_receive));
    bench.until(0.4);
    assert_eq!(asked(&bench), [1, 1]);
    // An empty queue is not asked more often for the rate, and one that was idle has saved up none.
    bench.receive(vec![]);
    bench.until(30.0);
    bench.until_open(is_receive);
    assert_eq!(asked(&bench).last(), Some(&1));

    let mut bench = Bench::new(|config| config.rate = Some(200.0));
    assert_eq!(asked(&bench), [16], "as many as can run at once");
    let ids = &mut (0..);
    while bench.now < tick(10.0) {
        while bench.is_open(is_receive) {
            let (op, sent_at, action) = bench.take(is_receive).unwrap();
            let Action::Receive { max, .. } = action else { unreachable!() };
            let messages = ids.take(max.get() as usize).map(|id| message(id, 1)).collect();
            bench.input(Input::Received { op, sent_at, result: Ok(messages) });
        }
        for key in std::mem::take(&mut bench.started) {
            bench.done(key.0, Outcome::Complete);
            bench.delete_with(Ok(()));
        }
        if !bench.is_open(is_receive) {
            bench.until(bench.core.next_wake().unwrap().since_origin().as_secs_f64());
        }
    }
    let started = bench.core.counters().started;
    assert!((2000..=2022).contains(&started), "{started} in ten seconds");
}

#[test]
fn a_message_that_waits_for_another_does_not_lose_its_turn_to_the_rate() {
    let mut bench = Bench::new(|config| {
        config.rate = Some(1.0);
        config.concurrency = NonZeroUsize::new(2).unwrap();
    });
    bench.receive(vec![message(1, 1)]);
    let first = bench.started[0].0;
    bench.until(1.0);
    // It came back with another text: it starts when the first handler has ended.
    bench.receive(vec![crate::bench::message_with(1, 2, "another")]);
    bench.until(20.0);
    assert_eq!(bench.started.len(), 1);
    bench.done(first, Outcome::Complete);
    assert_eq!(bench.started.len(), 2);
}

/// What a liveness probe is told.
#[test]
fn a_busy_processor_waits_for_nothing_and_a_cut_off_one_does() {
    let waits = |bench: &Bench| bench.core.snapshot().unanswered_since;
    let (mut bench, key) = Bench::running(|_| (), message(1, 1));
    assert_eq!((waits(&bench), bench.core.snapshot().last_success), (None, Some(tick(0.0))));
    bench.until_open(crate::bench::is_update);
    let asked_at = last_asked(&bench);
    assert_eq!(waits(&bench), Some(asked_at));
    bench.until(asked_at.since_origin().as_secs_f64() + 1.0);
    bench.update_with(Err(OpFailure::NotSent));
    bench.until_open(crate::bench::is_update);
    assert_eq!(waits(&bench), Some(asked_at), "a failure is no sign of life");
    bench.update_with(Ok("renewed"));
    assert_eq!((waits(&bench), bench.core.snapshot().last_success), (None, Some(bench.now)));
    // A refusal is an answer too, but no success.
    bench.until_open(crate::bench::is_update);
    let renewed_at = bench.core.snapshot().last_success;
    bench.update_with(Err(refused(Refusal::Unauthorized)));
    assert_eq!((waits(&bench), bench.core.snapshot().last_success), (None, renewed_at));
    bench.done(key, Outcome::Complete);
    assert_eq!(waits(&bench), Some(bench.now));
    bench.delete_with(Ok(()));
    assert_eq!(bench.core.snapshot().last_success, Some(bench.now));
    // With the delete a receive became possible, which has no answer yet.
    let cut_off = bench.now;
    for _ in 0..10 {
        bench.until_open(is_receive);
        bench.receive_with(Err(OpFailure::Ambiguous));
    }
    assert_eq!(waits(&bench), Some(cut_off));
    // Who is told to receive nothing waits for nothing.
    bench.input(Input::Pause);
    assert_eq!(waits(&bench), None);
}
