//! How the core ends deliveries: deletes, releases, dead letters, and lost answers to each.

use std::{num::NonZeroU32, time::Duration};

use queue_client::{
    OpFailure, Refusal,
    processor::core::{Outcome, Reason, Settled},
};

use crate::bench::{
    Bench, FAILED, is_delete, is_letter, is_update, message, receipt, refused, tick, visibility,
};

#[test]
fn a_handler_finishes_while_a_renewal_is_under_way() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 1));
    bench.until(31.0);
    bench.done(key, Outcome::Complete);
    assert!(!bench.is_open(is_delete), "the delete waits for the renewal");
    bench.update_with(Ok("renewed"));
    assert_eq!(bench.delete_with(Ok(())), receipt("renewed"));
    assert_eq!(bench.settled(), [Settled::Completed]);
}

#[test]
fn a_delete_does_not_wait_for_a_renewal() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 1));
    bench.jump(31.0);
    bench.done(key, Outcome::Complete);
    assert!(bench.is_open(is_delete));
    bench.until(34.0);
    assert_eq!(bench.count(is_update), 0, "its answer would make the receipt of the delete stale");
    bench.delete_with(Ok(()));
    assert_eq!(bench.count(is_update), 0);
}

#[test]
fn the_message_is_kept_hidden_while_its_delete_is_refused() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 1));
    bench.done(key, Outcome::Complete);
    let mut second = 0.0;
    while second < 50.0 {
        second += 0.25;
        bench.until(second);
        if bench.is_open(is_delete) {
            bench.delete_with(Err(OpFailure::NotSent));
        }
        if bench.is_open(is_update) {
            assert!((27.0..36.0).contains(&second), "{second}");
            assert_eq!(visibility(&bench.update_with(Ok("renewed"))), 120);
        }
    }
    assert_eq!(bench.count(is_update), 1);
    assert!(bench.count(is_delete) > 10);
    bench.until_open(is_delete);
    assert_eq!(bench.delete_with(Ok(())), receipt("renewed"));
    assert_eq!(bench.settled(), [Settled::Completed]);
}

#[test]
fn a_renewal_says_what_a_lost_answer_to_a_delete_did_not() {
    for (found, then) in [
        (Err(OpFailure::NotOwner), Settled::CompletedAfterAmbiguity),
        // It is there, so that a second delete that does not find it is another matter.
        (Ok("renewed"), Settled::CompletedNotOwned { receipt_lost: false }),
    ] {
        let (mut bench, key) = Bench::running(|_| (), message(1, 1));
        bench.until(26.0);
        bench.done(key, Outcome::Complete);
        bench.delete_with(Err(OpFailure::Ambiguous));
        while !bench.is_open(is_update) {
            assert!(bench.now < tick(60.0), "the lease is not renewed");
            bench.until(bench.now.since_origin().as_secs_f64() + 0.1);
            if bench.is_open(is_delete) {
                bench.delete_with(Err(OpFailure::NotSent));
            }
        }
        bench.update_with(found.clone());
        if found.is_ok() {
            bench.until_open(is_delete);
            bench.delete_with(Err(OpFailure::NotOwner));
        }
        assert_eq!(bench.settled(), [then]);
        assert_eq!(bench.core.snapshot().remembered, 1);
    }
}

#[test]
fn a_delete_that_was_ambiguous_and_then_finds_nothing_has_succeeded() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 1));
    bench.done(key, Outcome::Complete);
    bench.delete_with(Err(OpFailure::Ambiguous));
    bench.until(1.0);
    bench.delete_with(Err(OpFailure::NotOwner));
    assert_eq!(bench.settled(), [Settled::CompletedAfterAmbiguity]);
    assert_eq!(bench.core.counters().completed, 1);
    assert_eq!(bench.core.counters().ambiguous_success, 1);
}

#[test]
fn a_delete_that_finds_nothing_at_first_is_remembered() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 1));
    bench.done(key, Outcome::Complete);
    bench.delete_with(Err(OpFailure::NotOwner));
    assert_eq!(bench.settled(), [Settled::CompletedNotOwned { receipt_lost: false }]);
    // It comes back: deleted without another run.
    bench.receive(vec![message(1, 2)]);
    assert_eq!(bench.started.len(), 1);
    bench.delete_with(Ok(()));
    assert_eq!(bench.settled()[1], Settled::Duplicate);
    assert_eq!(bench.core.snapshot().remembered, 0);
}

#[test]
fn a_late_delete_is_tried() {
    let (mut bench, key) = Bench::running(|config| config.renew = false, message(1, 1));
    bench.until(300.0);
    bench.done(key, Outcome::Complete);
    bench.delete_with(Ok(()));
    assert_eq!(bench.settled(), [Settled::Completed]);
}

#[test]
fn the_count_is_checked_before_the_handler_runs() {
    let mut bench = Bench::new(|_| ());
    bench.receive(vec![message(1, 6)]);
    assert!(bench.started.is_empty());
    assert_eq!(bench.letter_with(Ok(())), Reason::DeliveriesExhausted);
    bench.delete_with(Ok(()));
}

#[test]
fn the_last_failure_makes_a_dead_letter_at_once() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 5));
    bench.fail(key, FAILED);
    assert!(!bench.is_open(is_update));
    assert_eq!(bench.letter_with(Ok(())), Reason::HandlerFailed);
    assert_eq!(bench.delete_with(Ok(())), receipt("got-1-5"));
    assert_eq!(bench.settled(), [Settled::DeadLettered { reason: Reason::HandlerFailed }]);
}

#[test]
fn a_message_is_put_before_it_is_deleted() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 1));
    bench.done(key, Outcome::DeadLetter { reason: "dead".into() });
    assert!(!bench.is_open(is_delete));
    bench.letter_with(Err(OpFailure::Ambiguous));
    bench.until(1.0);
    assert!(!bench.is_open(is_delete), "nothing is known about the put");
    bench.letter_with(Ok(()));
    assert!(!bench.is_open(is_letter));
    bench.delete_with(Ok(()));
}

#[test]
fn a_crash_between_put_and_delete_makes_a_second_letter_and_no_second_run() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 5));
    bench.fail(key, FAILED);
    bench.letter_with(Ok(()));
    drop(bench);
    // The next process gets the message when the lease is over.
    let mut bench = Bench::new(|_| ());
    bench.receive(vec![message(1, 6)]);
    assert!(bench.started.is_empty());
    assert_eq!(bench.letter_with(Ok(())), Reason::DeliveriesExhausted);
    bench.delete_with(Ok(()));
}

#[test]
fn a_letter_that_cannot_be_stored_leaves_the_message_where_it_is() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 1));
    bench.done(key, Outcome::DeadLetter { reason: "dead".into() });
    bench.letter_with(Err(refused(Refusal::Unauthorized)));
    assert_eq!(visibility(&bench.update_with(Ok("kept"))), 600);
    assert_eq!(bench.count(is_delete), 0);
    assert_eq!(bench.core.counters().dead_letter_failed, 1);
}

#[test]
fn the_message_is_kept_hidden_while_the_letter_is_slow() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 1));
    bench.until(20.0);
    bench.done(key, Outcome::DeadLetter { reason: "dead".into() });
    let mut second = 20.0;
    while second < 55.0 {
        second += 0.25;
        bench.until(second);
        if bench.is_open(is_letter) {
            bench.letter_with(Err(refused(Refusal::Throttled)));
        }
        if bench.is_open(is_update) {
            bench.update_with(Ok("renewed"));
        }
    }
    assert_eq!(bench.count(is_update), 1);
    bench.until_open(is_letter);
    bench.letter_with(Ok(()));
    assert_eq!(bench.delete_with(Ok(())), receipt("renewed"));
}

#[test]
fn retries_are_delayed_and_the_delay_doubles() {
    for (attempt, shortest, longest) in [(1, 4, 6), (2, 8, 12), (3, 16, 24), (4, 32, 48)] {
        let (mut bench, key) = Bench::running(|_| (), message(1, attempt));
        bench.fail(key, FAILED);
        let delay = visibility(&bench.update_with(Ok("released")));
        assert!((shortest..=longest).contains(&delay), "attempt {attempt}: {delay} s");
    }
    let many = |config: &mut queue_client::processor::core::CoreConfig| {
        config.max_deliveries = NonZeroU32::new(100);
    };
    for attempt in 40..80 {
        let (mut bench, key) = Bench::running(many, message(1, attempt));
        bench.until(f64::from(attempt) / 10.0);
        bench.fail(key, FAILED);
        let delay = visibility(&bench.update_with(Ok("released")));
        assert!((480..=600).contains(&delay), "{delay} s");
    }
}

#[test]
fn a_release_whose_answer_is_lost_is_repeated_and_then_done() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 1));
    bench.fail(key, FAILED);
    bench.update_with(Err(OpFailure::Ambiguous));
    bench.until(1.0);
    bench.update_with(Err(OpFailure::NotOwner));
    assert!(matches!(bench.settled()[..], [Settled::Retried { .. }]));
}

#[test]
fn a_message_that_would_expire_before_its_next_delivery_becomes_a_dead_letter() {
    let mut raw = message(1, 1);
    raw.expires_in = Some(Duration::from_secs(5));
    let (mut bench, key) = Bench::running(|config| config.retry.jitter = 0.0, raw.clone());
    bench.fail(key, FAILED);
    assert_eq!(bench.letter_with(Ok(())), Reason::WouldExpire);

    raw.expires_in = Some(Duration::from_secs(7));
    let (mut bench, key) = Bench::running(|config| config.retry.jitter = 0.0, raw);
    bench.fail(key, FAILED);
    assert_eq!(visibility(&bench.update_with(Ok("released"))), 5);
}

#[test]
fn without_a_place_for_letters_messages_stay() {
    let (mut bench, key) = Bench::running(|config| config.dead_letter = false, message(1, 5));
    bench.fail(key, FAILED);
    assert_eq!(visibility(&bench.update_with(Ok("kept"))), 600);
    bench.receive(vec![message(1, 6)]);
    assert_eq!(bench.started.len(), 1, "a sixth run is one too many");
    assert_eq!(visibility(&bench.update_with(Ok("kept"))), 600);
}

#[test]
fn a_delete_is_tried_for_as_long_as_the_lease_and_at_least_a_minute() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 1));
    bench.done(key, Outcome::Complete);
    let mut second = 0.0;
    while bench.settled().is_empty() {
        second += 0.25;
        bench.until(second);
        if bench.is_open(is_delete) {
            bench.delete_with(Err(refused(Refusal::Throttled)));
        }
        if bench.is_open(is_update) {
            bench.update_with(Err(refused(Refusal::Throttled)));
        }
        assert!(second < 100.0);
    }
    assert!(bench.now >= tick(60.0), "{:?}", bench.now);
    assert_eq!(bench.settled(), [Settled::CompletedNotOwned { receipt_lost: false }]);
    assert_eq!(bench.core.snapshot().remembered, 1);
}

#[test]
fn a_handler_that_takes_too_long_is_dropped() {
    let limit = |config: &mut queue_client::processor::core::CoreConfig| {
        config.handler_timeout = Some(Duration::from_secs(10));
    };
    let (mut bench, key) = Bench::running(limit, message(1, 5));
    bench.until(10.0);
    assert_eq!(bench.dropped, [key]);
    assert_eq!(bench.letter_with(Ok(())), Reason::HandlerTimedOut);
    // What the handler has returned meanwhile comes too late.
    bench.done(key, Outcome::Complete);
    bench.delete_with(Ok(()));
    assert_eq!(bench.core.counters().completed, 0);
}
