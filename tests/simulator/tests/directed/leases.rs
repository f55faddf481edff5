//! Leases of the core, case by case: renewals, doubts about the receipt, loss and recovery.

use std::{sync::Arc, time::Duration};

use queue_client::{
    OpFailure, Refusal,
    processor::core::{
        Action, AskId, Event, Input, LeaseError, LeaseGrowth, LeaseSignal, LostCause, OnLeaseLost,
        Outcome, Settled, Standing, StopCause,
    },
    proto::MessageText,
};

use crate::bench::{
    Bench, FAILED, is_delete, is_receive, is_update, message, message_with, receipt, refused, secs,
    tick, visibility,
};

#[test]
fn a_late_answer_just_before_its_deadline_is_renewed_before_the_handler_starts() {
    let mut bench = Bench::new(|config| config.prefetch = Some(0));
    bench.until(30.0);
    bench.receive(vec![message(1, 1)]);
    assert_eq!(bench.started.len(), 1, "exactly half of the lease is left");

    let mut bench = Bench::new(|_| ());
    bench.jump(56.9);
    bench.receive(vec![message(1, 1)]);
    assert!(bench.started.is_empty());
    bench.until(57.0 - 0.01);
    bench.update_with(Ok("new"));
    assert_eq!(bench.started.len(), 1);
    // The deadline counts from the instant at which the renewal was sent.
    let held = bench.core.deliveries().next().unwrap();
    assert_eq!(held.deadline, tick(56.9 + 120.0 - 6.0));
}

#[test]
fn a_late_answer_just_after_its_deadline_is_discarded() {
    let mut bench = Bench::new(|_| ());
    bench.jump(57.0);
    bench.receive(vec![message(1, 1), message(2, 1)]);
    assert!(bench.started.is_empty());
    assert!(bench.core.deliveries().count() == 0);
    assert!(bench.events.contains(&Event::LateAnswer { messages: 2 }));
    assert!(bench.open.values().all(|(_, action)| is_receive(action)));
}

#[test]
fn the_deadline_counts_from_the_instant_of_sending() {
    let mut bench = Bench::new(|_| ());
    bench.until(20.0);
    bench.receive(vec![message(1, 1)]);
    assert_eq!(bench.core.deliveries().next().unwrap().deadline, tick(57.0));
    // So does that of a renewal whose answer takes its time.
    bench.until(30.0);
    let sent = bench.open.values().find(|(_, action)| is_update(action)).unwrap().0;
    bench.until(39.0);
    bench.update_with(Ok("new"));
    assert_eq!(bench.core.deliveries().next().unwrap().deadline, sent + secs(114.0));
}

#[test]
fn leases_grow_up_to_the_cap_and_are_renewed_at_half() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 1));
    let mut lengths = vec![];
    for renewal in 1..=7 {
        bench.until_open(is_update);
        lengths.push(visibility(&bench.update_with(Ok(&format!("r{renewal}")))));
    }
    assert_eq!(lengths, [120, 240, 300, 300, 300, 300, 300]);
    bench.done(key, Outcome::Complete);
    assert_eq!(bench.delete_with(Ok(())), receipt("r7"));
}

#[test]
fn a_fixed_lease_does_not_grow() {
    let fixed = |config: &mut queue_client::processor::core::CoreConfig| {
        config.lease_growth = LeaseGrowth::None;
    };
    let (mut bench, _) = Bench::running(fixed, message(1, 1));
    bench.until(31.0);
    assert_eq!(visibility(&bench.update_with(Ok("r1"))), 60);
}

#[test]
fn the_answer_to_the_first_renewal_is_lost() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 1));
    bench.until(31.0);
    bench.until(41.0);
    bench.update_with(Err(OpFailure::Ambiguous));
    let held = bench.core.deliveries().next().unwrap();
    assert_eq!(held.standing, Standing::Held, "the old deadline still counts");
    assert!(held.receipt_unknown);
    // The old receipt is tried again; that it is refused means that the first renewal was applied.
    bench.until(46.5);
    let again = bench.update_with(Err(OpFailure::NotOwner));
    let Action::Update { receipt: used, .. } = again else { unreachable!() };
    assert_eq!(used, receipt("got-1-1"));
    assert_eq!(bench.signals, [LeaseSignal::Lost(LostCause::ReceiptLost)]);
    // The handler goes on. No delete is sent with the dead receipt, and a second run is avoided.
    bench.done(key, Outcome::Complete);
    assert!(!bench.is_open(is_delete));
    assert_eq!(bench.settled(), [Settled::CompletedNotOwned { receipt_lost: true }]);
    bench.until(200.0);
    bench.receive_now(vec![message(1, 2)]);
    assert_eq!(bench.started.len(), 1);
    assert_eq!(bench.delete_with(Ok(())), receipt("got-1-2"));
    assert_eq!(bench.core.counters().duplicates_suppressed, 1);
}

#[test]
fn the_answer_to_a_renewal_is_lost_and_the_next_succeeds() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 1));
    bench.until(31.0);
    bench.update_with(Err(OpFailure::Ambiguous));
    bench.until(37.0);
    bench.update_with(Ok("second"));
    let delivery = &bench.core.deliveries().next().unwrap();
    assert!(!delivery.receipt_unknown);
    assert_eq!(delivery.standing, Standing::Held);
    bench.done(key, Outcome::Complete);
    assert_eq!(bench.delete_with(Ok(())), receipt("second"));
    assert_eq!(bench.settled(), [Settled::Completed]);
}

#[test]
fn the_answer_to_every_renewal_is_lost() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 1));
    for _ in 0..6 {
        bench.until_open(is_update);
        bench.until(bench.now.since_origin().as_secs_f64() + 10.0);
        bench.update_with(Err(OpFailure::Ambiguous));
    }
    // Nobody says that it is lost, but it cannot be trusted since the old deadline.
    assert_eq!(bench.signals, [LeaseSignal::Suspect]);
    let suspect = bench.core.deliveries().next().unwrap().standing;
    assert_eq!(suspect, Standing::Suspect);
    // The delete is tried all the same, and what it finds decides.
    bench.until(bench.now.since_origin().as_secs_f64() + 1.0);
    bench.done(key, Outcome::Complete);
    if bench.is_open(is_update) {
        bench.update_with(Err(OpFailure::Ambiguous));
    }
    bench.delete_with(Err(OpFailure::NotOwner));
    assert_eq!(bench.settled(), [Settled::CompletedNotOwned { receipt_lost: true }]);
}

#[test]
fn a_refused_renewal_is_tried_again_and_again() {
    let (mut bench, _) = Bench::running(|_| (), message(1, 1));
    let mut refusals = 0;
    while bench.now < tick(56.9) {
        let second = bench.now.since_origin().as_secs_f64();
        bench.until(second + 0.1);
        if bench.is_open(is_update) {
            bench.update_with(Err(refused(Refusal::Throttled)));
            refusals += 1;
        }
    }
    assert!(refusals >= 5, "{refusals}");
    assert!(bench.signals.is_empty());
    bench.until(57.5);
    assert_eq!(bench.signals, [LeaseSignal::Suspect]);
    // A renewal that succeeds now proves that nobody else had the message.
    bench.until(62.6);
    bench.update_with(Ok("late"));
    assert!(matches!(bench.signals[1], LeaseSignal::Recovered { .. }), "{:?}", bench.signals);
}

#[test]
fn a_taken_message_is_reported_at_once() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 1));
    bench.until(31.0);
    bench.update_with(Err(OpFailure::NotOwner));
    assert_eq!(bench.signals, [LeaseSignal::Lost(LostCause::Taken)]);
    bench.fail(key, FAILED);
    assert!(!bench.is_open(is_update), "there is nothing to give back");
    assert_eq!(bench.settled(), [Settled::NotOwned]);
}

#[test]
fn a_handler_is_dropped_with_its_lease_if_the_settings_say_so() {
    let (mut bench, key) =
        Bench::running(|config| config.on_lease_lost = OnLeaseLost::Drop, message(1, 1));
    bench.until(31.0);
    bench.update_with(Err(OpFailure::NotOwner));
    assert_eq!(bench.dropped, [key]);
    assert!(bench.core.deliveries().count() == 0);
}

#[test]
fn the_same_message_received_while_it_runs_is_adopted() {
    let mut bench = Bench::new(|_| ());
    bench.receive(vec![message(1, 1)]);
    let key = bench.started[0].0;
    // Renewals fail and the lease ends.
    bench.until(31.0);
    let (op, sent_at, _) = bench.take(is_update).unwrap();
    bench.until(61.0);
    bench.receive_now(vec![message(1, 2)]);
    assert_eq!(bench.started.len(), 1, "nothing starts twice");
    assert!(matches!(bench.signals[..], [LeaseSignal::Suspect, LeaseSignal::Recovered { .. }]));
    // An answer to the renewal that comes now belongs to the past.
    let result = Ok(queue_client::processor::core::NewLease::new(receipt("old")));
    bench.input(Input::Updated { op, sent_at, result });
    bench.done(key, Outcome::Complete);
    assert_eq!(bench.delete_with(Ok(())), receipt("got-1-2"));
    assert_eq!(bench.core.counters().redelivered_while_running, 1);
}

#[test]
fn the_same_message_with_another_text_replaces_the_one_that_runs() {
    let mut bench = Bench::new(|_| ());
    bench.receive(vec![message_with(1, 1, "step 1")]);
    let old = bench.started[0].0;
    bench.until(61.0);
    bench.take(is_update);
    bench.receive_now(vec![message_with(1, 3, "step 2")]);
    assert_eq!(bench.started.len(), 1, "the old handler has to end first");
    assert!(bench.signals.contains(&LeaseSignal::Stop(StopCause::Superseded)));
    bench.done(old, Outcome::Complete);
    assert!(!bench.is_open(is_delete), "what the old handler says does not count");
    assert_eq!(bench.started.len(), 2);
    assert_eq!(bench.started[1].1.text.as_str(), "step 2");
}

#[test]
fn a_handler_that_hangs_does_not_keep_its_message() {
    let mut bench = Bench::new(|config| {
        config.max_lease = Some(Duration::from_secs(120));
    });
    bench.receive(vec![message(1, 1)]);
    let mut second = 0.0;
    while second < 130.0 {
        second += 0.5;
        bench.until(second);
        if bench.is_open(is_update) {
            bench.update_with(Ok("r"));
        }
    }
    assert_eq!(
        bench.signals.iter().filter(|s| **s == LeaseSignal::Stop(StopCause::MaxLease)).count(),
        1
    );
    assert_eq!(bench.signals.last(), Some(&LeaseSignal::Suspect));
    let hidden_until = bench
        .requests
        .iter()
        .filter(|(_, action)| is_update(action))
        .map(|(at, action)| at.since_origin() + Duration::from_secs(visibility(action).into()));
    assert!(hidden_until.max().unwrap() <= Duration::from_secs(120));
    // This process receives it too, and does not take the hung handler for its owner.
    bench.receive_now(vec![message(1, 2)]);
    assert_eq!(bench.started.len(), 2);
}

#[test]
fn a_process_that_was_suspended_for_ten_minutes_trusts_nothing() {
    let mut bench = Bench::new(|_| ());
    bench.receive(vec![message(1, 1)]);
    let key = bench.started[0].0;
    bench.until(5.0);
    let (op, sent_at, _) = bench.take(is_receive).expect("a receive is under way");
    // The monotonic clock has not moved, and ten minutes have passed.
    bench.input(Input::ClockJump { by: Duration::from_secs(600) });
    assert_eq!(bench.signals, [LeaseSignal::Suspect]);
    assert!(bench.is_open(is_update), "it is renewed at once");
    // Nor is an answer to a request from before trusted.
    let result = Ok(vec![message(2, 1)]);
    bench.input(Input::Received { op, sent_at, result });
    assert_eq!(bench.started.len(), 1);
    assert!(bench.events.contains(&Event::LateAnswer { messages: 1 }));
    bench.update_with(Ok("after"));
    assert!(matches!(bench.signals[1], LeaseSignal::Recovered { .. }));
    bench.done(key, Outcome::Complete);
    assert_eq!(bench.delete_with(Ok(())), receipt("after"));
}

#[test]
fn updates_alone_are_forbidden() {
    let mut bench = Bench::new(|_| ());
    bench.receive(vec![message(1, 1)]);
    let key = bench.started[0].0;
    bench.until(31.0);
    bench.update_with(Err(refused(Refusal::Unauthorized)));
    assert!(bench.events.contains(&Event::UpdatesForbidden));
    // No more renewals, longer leases, no early loss.
    bench.until(55.0);
    assert!(!bench.is_open(is_update));
    assert!(bench.signals.is_empty());
    bench.fail(key, FAILED);
    assert!(!bench.is_open(is_update), "the lease is left to lapse");
    assert_eq!(bench.settled(), [Settled::Lapsed]);
    bench.receive(vec![]);
    bench.until(70.0);
    let leases: Vec<_> = bench
        .requests
        .iter()
        .filter_map(|(_, action)| match action {
            Action::Receive { lease, .. } => Some(lease.as_secs()),
            _ => None,
        })
        .collect();
    assert_eq!(leases.last(), Some(&600));
    // Deletes work, so messages are completed as ever.
    bench.receive(vec![message(2, 1)]);
    bench.done(bench.started[1].0, Outcome::Complete);
    bench.delete_with(Ok(()));
    assert_eq!(bench.core.counters().completed, 1);
}

#[test]
fn a_handler_asks_and_is_answered() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 1));
    bench.until(1.0);
    bench.input(Input::RenewNow { key, ask: AskId::new(1) });
    bench.input(Input::RenewNow { key, ask: AskId::new(2) });
    let text = Arc::new(MessageText::new("half done").unwrap());
    bench.input(Input::Checkpoint { key, ask: AskId::new(3), text });
    bench.until(1.1);
    bench.update_with(Ok("a"));
    // The second asked while the first was under way: it wants to know about now.
    bench.update_with(Ok("b"));
    let stored = bench.update_with(Ok("c"));
    assert!(
        matches!(stored, Action::Update { text: Some(text), .. } if text.as_str() == "half done")
    );
    let answers: Vec<_> = bench
        .replies
        .iter()
        .map(|reply| match reply {
            Action::Reply { ask, result: Ok(_), .. } => ask.get(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(answers, [1, 2, 3]);
    bench.fail(key, FAILED);
    bench.input(Input::RenewNow { key, ask: AskId::new(4) });
    assert!(matches!(bench.replies[3], Action::Reply { result: Err(LeaseError::Over), .. }));
}

#[test]
fn an_older_delivery_of_a_held_message_is_ignored() {
    let many = std::num::NonZeroUsize::new(320).unwrap();
    let mut bench = Bench::new(|config| config.concurrency = many);
    // Two receives are under way, and the answer to the earlier comes later.
    bench.receive((1..=32).map(|id| message(id, 2)).collect());
    bench.receive(vec![message(1, 1)]);
    assert!(bench.events.iter().any(|event| matches!(event, Event::StaleDelivery { .. })));
    bench.done(bench.started[0].0, Outcome::Complete);
    assert_eq!(bench.delete_with(Ok(())), receipt("got-1-2"));
}
